"""Keys pressed in the Explorer are not JupyterLab's."""

from __future__ import annotations

from anywidget import AnyWidget
from ipywidgets import Layout

QUIET = "visionhelpers-quiet"
SCRIPT = f"""
const mark = ({{ target }}) => target.setAttribute("data-lm-suppress-shortcuts", "true");

function render({{ el }}) {{
  let around = null;
  let waiting = 0;
  const listen = () => {{
    around = el.closest(".{QUIET}");
    if (around) around.addEventListener("focusin", mark);
    else waiting = requestAnimationFrame(listen); // rendered before it stands in the page
  }};
  listen();
  return () => {{
    cancelAnimationFrame(waiting);
    around?.removeEventListener("focusin", mark);
  }};
}}

export default {{ render }};
"""
"""JupyterLab looks for the mark on what has the focus itself: around it is not enough."""


class Quiet(AnyWidget):
    """Nothing to see: it keeps JupyterLab's shortcuts out of the box of class `QUIET` around it.

    They reach lists, buttons and boxes to tick in an output too: whoever types the first letters
    of a choice would copy, paste and delete cells.
    """

    _esm = SCRIPT

    def __init__(self) -> None:
        super().__init__(layout=Layout(display="none"))
