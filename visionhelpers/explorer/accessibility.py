"""Keys that are typed in the Explorer are not JupyterLab's."""

from __future__ import annotations

from anywidget import AnyWidget
from ipywidgets import Layout

QUIET = "visionhelpers-quiet"
SCRIPT = f"""
const EDITING = ["a", "c", "v", "x", "y", "z", "enter"];

function render({{ el }}) {{
  const mark = ({{ target, key, ctrlKey, metaKey }}) => {{
    if (!el.closest(".{QUIET}")?.contains(target)) return;
    const theirs = (ctrlKey || metaKey) && !EDITING.includes(key.toLowerCase());
    target.toggleAttribute("data-lm-suppress-shortcuts", !theirs);
  }};
  window.addEventListener("keydown", mark, true); // before JupyterLab, which listens on document
  return () => window.removeEventListener("keydown", mark, true);
}}

export default {{ render }};
"""
"""JupyterLab looks for the mark on what has the focus itself: around it is not enough.

Saving and the like stay JupyterLab's; what edits text with Ctrl or Cmd would edit its cells."""


class Quiet(AnyWidget):
    """Nothing to see: it keeps JupyterLab's shortcuts out of the box of class `QUIET` around it.

    They reach lists, buttons and boxes to tick in an output too: whoever types the first letters
    of a choice would copy, paste and delete cells.
    """

    _esm = SCRIPT

    def __init__(self) -> None:
        super().__init__(layout=Layout(display="none"))
