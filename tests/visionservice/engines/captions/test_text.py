from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from visionservice.engines.captions.text import covered, text_plan
from visionservice.engines.evidence.evidence import Evidence

Look = Callable[[str | Path], Evidence]


def said(evidence: Evidence) -> list[str]:
    found = text_plan(evidence)
    return [found.subject.text, *(detail.text for detail in found.details)] if found else []


def test_a_long_text_is_quoted_in_part(look: Look) -> None:
    (name, quote) = said(look("printed_page.jpg"))
    assert name == "a page of text"
    assert quote.startswith('that reads "')
    assert quote.endswith(' ..."')
    assert len(quote.split()) <= 12


def test_a_page_seen_from_afar_is_just_text(look: Look) -> None:
    page = look("printed_page.jpg")
    wide = page.with_results(image=np.repeat(np.repeat(page.image, 2, 0), 2, 1))
    assert covered(wide) == pytest.approx(covered(page) / 4)
    assert said(wide)[0] == "text"


def test_a_note_is_close_up_and_a_misread_one_is_not_quoted(look: Look) -> None:
    note = look("handwritten_note.jpg")
    name, quote = said(note)
    assert name == "a close up of text"
    assert quote.startswith('that reads "Dear Ada')
    lines = tuple(replace(line, confidence=0.9) for line in note.text.lines)
    assert said(note.with_results(text=replace(note.text, lines=lines))) == [name]


def test_where_nothing_is_read_there_is_no_text(look: Look) -> None:
    assert said(look("coffee_cup.jpg")) == []
