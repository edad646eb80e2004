from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from visionhelpers.service.engines.findings import Findings
from visionhelpers.service.engines.tags import CUTOFF, tags

Look = Callable[[str | Path], Findings]


def test_general_words_come_before_the_breed(look: Look) -> None:
    names = [tag.name for tag in tags(look("chelsea_the_cat.jpg"))]
    assert names.index("animal") < names.index("Egyptian cat")
    assert names.index("cat") < names.index("Egyptian cat")


def test_they_are_sorted_and_none_is_less_likely_than_not(look: Look) -> None:
    for name in ("eileen_collins.jpg", "coffee_cup.jpg", "summer_palace.jpg"):
        sure = [tag.confidence for tag in tags(look(name))]
        assert sure == sorted(sure, reverse=True)
        assert all(CUTOFF <= confidence <= 1 for confidence in sure)
        assert len({tag.name for tag in tags(look(name))}) == len(sure) > 2


def test_a_portrait_a_page_and_a_night_are_called_so(look: Look) -> None:
    assert {"person", "woman", "portrait"} <= {t.name for t in tags(look("eileen_collins.jpg"))}
    assert {"text"} <= {t.name for t in tags(look("printed_page.jpg"))}
    assert {"night", "rocket", "outdoor"} <= {t.name for t in tags(look("rocket_at_dusk.jpg"))}
    assert "black and white" in {t.name for t in tags(look("photographer.jpg"))}


def test_a_drawing_has_no_place_and_no_weather(evaluation: Path, look: Look) -> None:
    names = {tag.name for tag in tags(look(evaluation / "images/lion_drawing.png"))}
    assert "drawing" in names
    assert names.isdisjoint({"outdoor", "indoor", "sky", "grass"})
