"""Text that screen readers read out whenever it changes."""

from __future__ import annotations

from anywidget import AnyWidget
from traitlets import Bool, Unicode

LIVE = """
export default {
  render({ model, el }) {
    const show = () => {
      el.setAttribute("role", model.get("urgent") ? "alert" : "status");
      el.innerHTML = model.get("value");
    };
    model.on("change:value", show);
    show();
    return () => model.off("change:value", show);
  },
};
"""
"""Only what is put into an element that is there already is read out: not so with HTML."""


class Announcement(AnyWidget):
    """HTML of the Explorer's own, read out politely or at once.

    Attributes:
        value: The HTML.
        urgent: Whether it interrupts what is being read.
    """

    _esm = LIVE
    value = Unicode().tag(sync=True)
    urgent = Bool(False).tag(sync=True)

    def say(self, value: str, *, urgent: bool = False) -> None:
        """Put something in the place of what was said."""
        with self.hold_sync():
            self.urgent, self.value = urgent, value
