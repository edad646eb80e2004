"""Widgets for keyboards and screen readers: a guard against shortcuts, and an ARIA live region."""

from pathlib import Path

from anywidget import AnyWidget
from traitlets import Bool, Unicode

GUARD_CLASS = "visionhelpers-shortcut-guard"


class ShortcutGuard(AnyWidget):
    """An empty widget that suppresses JupyterLab's shortcuts in its ancestor of `GUARD_CLASS`.

    Without it, the first letters of a choice typed in a list copy, paste and delete cells.
    """

    _esm = Path(__file__).with_name("shortcut_guard.js")


class LiveRegion(AnyWidget):
    """HTML that screen readers announce when it changes, and at once if it is `urgent`."""

    _esm = Path(__file__).with_name("live_region.js")
    value = Unicode().tag(sync=True)
    urgent = Bool(False).tag(sync=True)

    def update(self, value: str, *, urgent: bool = False) -> None:
        """Replace the HTML and its urgency in one message."""
        with self.hold_sync():
            self.urgent, self.value = urgent, value
