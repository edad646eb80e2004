from __future__ import annotations

import io

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font

from visionhelpers.drawing.fonts import UNKNOWN, typeface

UNASSIGNED = "\u0378"
"""A code that no font has a glyph for, because no character has it."""


def draw(text: str) -> None:
    face = typeface([text])
    figure = Figure()
    figure.text(0.1, 0.5, face.spell(text), family=list(face.families), parse_math=False)
    figure.savefig(io.BytesIO())


def has(family: str, character: str) -> bool:
    path = findfont(FontProperties(family=[family]), fallback_to_default=False)
    return bool(get_font(path).get_char_index(ord(character)))


def test_the_readers_own_font_is_enough_for_its_own_letters():
    assert typeface(["Grüße"]).families == ("sans-serif",)


@pytest.mark.parametrize("text", ["Москва", "Ελλάδα", "العربية"])
@pytest.mark.filterwarnings("error")
def test_an_installed_font_is_added_for_a_script_that_the_own_font_lacks(text, caplog):
    with mpl.rc_context({"font.family": ["cmtt10"]}):  # a typewriter font of Latin letters
        own, *others = typeface([text]).families
        assert own == "cmtt10"
        assert not has(own, text[0])
        assert all(any(has(family, each) for family in others) for each in text)
        assert typeface([text]).spell(text) == text
        draw(text)
    assert not caplog.records


@pytest.mark.filterwarnings("error")
def test_a_script_that_dejavu_lacks_is_drawn_with_whichever_font_has_it(caplog):
    text = "東京"
    face = typeface([text])
    draw(text)
    if face.missing:
        pytest.skip("no font with Chinese characters here: make debian")
    assert any(has(family, "東") for family in face.families[1:])
    assert not caplog.records


@pytest.mark.filterwarnings("error")
def test_a_character_that_no_font_has_is_a_box_and_no_warning(caplog):
    text = f"a{UNASSIGNED}b"
    face = typeface([text])
    assert face.missing == {UNASSIGNED}
    assert face.spell(text) == f"a{UNKNOWN}b"
    draw(text)
    assert not caplog.records


def test_text_is_spelled_on_one_line_without_control_characters():
    text = "  one\ntwo\t\x07three "
    assert typeface([text]).spell(text) == "one two three"
