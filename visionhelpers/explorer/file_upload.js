// A button that uploads a file; the kernel requests it chunk by chunk.
const NO_KERNEL = "The notebook's kernel has restarted: run the cell again.";
const formatSize = (size) =>
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

  function start(chosen) {
    file = chosen;
    id = `${Date.now()} ${Math.random()}`;
    status.textContent = `Uploading ${file.name}, ${formatSize(file.size)}`;
    Object.assign(bar, { hidden: false, max: file.size || 1, value: 0 });
    try {
      model.send({ kind: "file", id, name: file.name, size: file.size });
    } catch {
      reset();
      status.textContent = NO_KERNEL;
    }
  }

  function reset() {
    file = null;
    status.textContent = "";
    bar.hidden = true;
  }

  async function onRequest({ id: requested, offset }) {
    if (!file || requested !== id) return; // the file of another view, or an earlier file
    if (offset === null) return reset();
    bar.value = offset;
    try {
      const chunk = await file.slice(offset, offset + model.get("chunk_size")).arrayBuffer();
      if (requested === id) model.send({ kind: "chunk", id, offset }, undefined, [chunk]);
    } catch (error) {
      model.send({ kind: "error", id, reason: error.message });
    }
  }

  button.onclick = () => {
    input.value = ""; // the same file can be chosen again
    input.click();
  };
  input.onchange = () => input.files.length && start(input.files[0]);
  model.on("msg:custom", onRequest);
  return () => model.off("msg:custom", onRequest);
}

export default { render };
