// Suppress JupyterLab's shortcuts in an ancestor. JupyterLab checks for the attribute on the
// focused element only. Commands such as Ctrl+S pass, except those that would edit its cells.
const EDITING = ["a", "c", "v", "x", "y", "z", "enter"];

function render({ el }) {
  const suppress = ({ target, key, ctrlKey, metaKey }) => {
    if (!el.closest(".visionhelpers-shortcut-guard")?.contains(target)) return;
    const command = (ctrlKey || metaKey) && !EDITING.includes(key.toLowerCase());
    target.toggleAttribute("data-lm-suppress-shortcuts", !command);
  };
  window.addEventListener("keydown", suppress, true); // before JupyterLab's listener on document
  return () => window.removeEventListener("keydown", suppress, true);
}

export default { render };
