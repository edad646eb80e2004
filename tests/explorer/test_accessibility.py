"""Tested in a browser too, with real keys: `tests/browser/test_explorer_access.py`."""

from __future__ import annotations

from visionhelpers import Explorer, VisionClient
from visionhelpers.explorer.accessibility import QUIET, Quiet


def test_the_explorer_is_the_box_that_shortcuts_are_kept_out_of() -> None:
    explorer = Explorer(VisionClient("http://127.0.0.1:9", "key", retries=0))
    (quiet,) = (child for child in explorer.children if isinstance(child, Quiet))
    assert QUIET in explorer._dom_classes
    assert f'closest(".{QUIET}")' in quiet._esm
    assert quiet.layout.display == "none"
    explorer.model.wait()
