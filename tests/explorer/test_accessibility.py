"""Tested in a browser too, with real keys: `tests/browser/test_explorer.py`."""

from visionhelpers import Explorer
from visionhelpers.explorer.accessibility import GUARD_CLASS, LiveRegion, ShortcutGuard


def test_shortcuts_are_suppressed_in_the_whole_explorer(refused):
    explorer = Explorer(refused)
    (guard,) = (child for child in explorer.children if isinstance(child, ShortcutGuard))
    assert GUARD_CLASS in explorer._dom_classes
    assert f'closest(".{GUARD_CLASS}")' in guard._esm
    assert guard.layout.display == "none"
    explorer.wait()


def test_a_live_region_sends_its_html_and_its_urgency_in_one_message():
    region = LiveRegion()
    sent: list[set[str]] = []
    region.send_state = lambda keys: sent.append(set(keys))
    region.update("<p>no</p>", urgent=True)
    assert [keys for keys in sent if keys] == [{"value", "urgent"}]
    assert (region.value, region.urgent) == ("<p>no</p>", True)
