"""Tested in a browser too, with real keys: `tests/browser/test_explorer_access.py`."""

from __future__ import annotations

from visionhelpers import Explorer, VisionClient
from visionhelpers.explorer.accessibility import GUARD_CLASS, LiveRegion, ShortcutGuard


def test_shortcuts_are_suppressed_in_the_whole_explorer(refused: VisionClient) -> None:
    explorer = Explorer(refused)
    (guard,) = (child for child in explorer.children if isinstance(child, ShortcutGuard))
    assert GUARD_CLASS in explorer._dom_classes
    assert f'closest(".{GUARD_CLASS}")' in guard._esm
    assert guard.layout.display == "none"
    explorer.wait()


def test_a_live_region_contains_the_last_update() -> None:
    region = LiveRegion()
    region.update("<p>one</p>", urgent=True)
    region.update("<p>two</p>")
    assert (region.value, region.urgent) == ("<p>two</p>", False)


def test_the_html_and_its_urgency_arrive_together() -> None:
    region = LiveRegion()
    sent: list[set[str]] = []
    region.send_state = lambda keys: sent.append(set(keys))
    region.update("<p>no</p>", urgent=True)
    assert [keys for keys in sent if keys] == [{"value", "urgent"}]
