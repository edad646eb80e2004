from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from visionservice.engines.captions.template import text_plan
from visionservice.engines.evidence.evidence import Evidence

Look = Callable[[str | Path], Evidence]


def phrases(evidence: Evidence) -> list[str]:
    plan = text_plan(evidence)
    return [plan.subject.text, *(detail.text for detail in plan.details)] if plan else []


def test_a_long_text_is_quoted_in_part(look: Look) -> None:
    (name, quote) = phrases(look("printed_page.jpg"))
    assert name == "a page of text"
    assert quote.startswith('that reads "')
    assert quote.endswith(' ..."')
    assert len(quote.split()) <= 12


def test_a_distant_page_is_only_text(look: Look) -> None:
    page = look("printed_page.jpg")
    distant = replace(page.text, coverage=page.text.coverage / 4)
    assert phrases(page.with_results(text=distant))[0] == "text"


def test_a_note_is_a_close_up_and_is_quoted_if_its_confidence_is_high(look: Look) -> None:
    note = look("handwritten_note.jpg")
    name, quote = phrases(note)
    assert name == "a close up of text"
    assert quote.startswith('that reads "Dear Ada')
    lines = tuple(replace(line, confidence=0.9) for line in note.text.lines)
    assert phrases(note.with_results(text=replace(note.text, lines=lines))) == [name]


def test_an_image_without_text_has_no_plan(look: Look) -> None:
    assert phrases(look("coffee_cup.jpg")) == []
