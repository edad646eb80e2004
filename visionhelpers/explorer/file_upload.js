// A button that uploads a file; the kernel asks for it part by part.
const GONE = "The notebook's kernel no longer knows this button: run the cell again.";
const measured = (size) =>
  size < 2 ** 20 ? `${Math.ceil(size / 2 ** 10)} KB` : `${(size / 2 ** 20).toFixed(1)} MB`;

function make(kind, properties) {
  return Object.assign(document.createElement(kind), properties);
}

function render({ model, el }) {
  const input = make("input", { type: "file", accept: model.get("accept") });
  const button = make("button", {
    type: "button",
    className: "jupyter-widgets jupyter-button widget-button",
    textContent: model.get("description"),
  });
  const status = make("span", { role: "status" });
  const bar = make("progress", { ariaLabel: "Upload", hidden: true });
  Object.assign(button.style, { width: "auto", margin: "0 0.5em 0 0" });
  el.append(button, status, " ", bar);
  let file = null;
  let id = "";

  function begin(chosen) {
    file = chosen;
    id = `${Date.now()} ${Math.random()}`;
    status.textContent = `Uploading ${file.name}, ${measured(file.size)}`;
    Object.assign(bar, { hidden: false, max: file.size || 1, value: 0 });
    try {
      model.send({ kind: "chosen", id, name: file.name, size: file.size });
    } catch {
      end();
      status.textContent = GONE;
    }
  }

  function end() {
    file = null;
    status.textContent = "";
    bar.hidden = true;
  }

  async function answer({ id: asked, offset }) {
    if (!file || asked !== id) return; // another view's file, or an earlier one
    if (offset === null) return end();
    bar.value = offset;
    try {
      const part = await file.slice(offset, offset + model.get("part")).arrayBuffer();
      if (asked === id) model.send({ kind: "part", id, offset }, undefined, [part]);
    } catch (error) {
      model.send({ kind: "unreadable", id, why: error.message });
    }
  }

  button.onclick = () => {
    input.value = ""; // so that the same file can be chosen again
    input.click();
  };
  input.onchange = () => input.files.length && begin(input.files[0]);
  model.on("msg:custom", answer);
  return () => model.off("msg:custom", answer);
}

export default { render };
