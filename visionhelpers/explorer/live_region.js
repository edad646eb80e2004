// Screen readers announce a change of an element that exists, not a new element.
function render({ model, el }) {
  const update = () => {
    el.setAttribute("role", model.get("urgent") ? "alert" : "status");
    el.innerHTML = model.get("value");
  };
  model.on("change:value", update);
  update();
  return () => model.off("change:value", update);
}

export default { render };
