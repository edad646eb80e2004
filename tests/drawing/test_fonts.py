from __future__ import annotations

import io

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from PIL import Image

from visionhelpers import draw_faces
from visionhelpers.drawing.fonts import FALLBACK_FONTS, UNKNOWN, FontStack

UNASSIGNED = "\u0378"
"""A code point without a character, and therefore without a glyph in any font."""


def draw(text: str) -> None:
    fonts, figure = FontStack(), Figure()
    fonts.set_text(figure.text(0.1, 0.5, ""), text)
    figure.savefig(io.BytesIO())


def contains(font: FontProperties, text: str) -> bool:
    file = get_font(findfont(font))
    return all(file.get_char_index(ord(each)) for each in text)


def test_the_fonts_of_the_settings_are_used_where_they_contain_the_text():
    assert FontStack().choose("Grüße") == FontProperties()
    with mpl.rc_context({"font.family": ["cmtt10"]}):
        assert FontStack().choose("Grusse").get_family() == ["cmtt10"]


@pytest.mark.parametrize("text", ["Москва", "Ελλάδα", "العربية"])
@pytest.mark.filterwarnings("error")
def test_a_fallback_font_is_used_for_a_script_that_the_settings_lack(text, caplog):
    with mpl.rc_context({"font.family": ["cmtt10"]}):  # a font of Latin letters
        fonts = FontStack()
        assert not contains(FontProperties(), text)
        assert contains(fonts.choose(text), text)
        assert fonts.sanitize(text) == text
        draw(text)
    assert not [each for each in caplog.records if each.name.startswith("matplotlib")]


@pytest.mark.parametrize("text", ["東京", "Tokyo 東京 (日本)", "中文简体字"])
@pytest.mark.filterwarnings("error")
def test_chinese_and_japanese_are_drawn_with_an_installed_font(text, caplog):
    if not set(FALLBACK_FONTS[2:]) & set(fontManager.get_font_names()):
        pytest.skip("no font with Chinese characters here: make debian")
    fonts = FontStack()
    assert contains(fonts.choose(text), text)
    assert fonts.sanitize(text) == text
    draw(text)
    assert not [each for each in caplog.records if each.name.startswith("matplotlib")]


@pytest.mark.parametrize("family", ["sans-serif", "cmtt10", "no such font"])
@pytest.mark.filterwarnings("error")
def test_a_character_in_no_font_becomes_a_box_without_a_warning(family, caplog):
    with mpl.rc_context({"font.family": [family]}):
        text = f"a{UNASSIGNED}b"
        assert FontStack().sanitize(text) == f"a{UNKNOWN}b"
        draw(text)
    assert not [each for each in caplog.messages if "no such font" not in each]


@pytest.mark.parametrize(
    ("text", "sanitized"),
    [("  one\ntwo\t\x07three ", "one two three"), ("\x07 \n", ""), ("cafe\u0301", "cafe\u0301")],
)
def test_text_is_on_one_line_without_control_characters(text, sanitized):
    assert FontStack().sanitize(text) == sanitized


def test_an_invisible_character_in_no_font_is_removed():
    with mpl.rc_context({"font.family": ["cmtt10"]}):
        assert FontStack().sanitize("a\U000e0041\U000e0100b") == "ab"


def test_the_font_list_of_matplotlib_does_not_change():
    before = list(fontManager.ttflist)
    face = {"left": 9, "top": 9, "width": 40, "height": 40}
    person = {"name": f"東京 Москва {UNASSIGNED}", "faceRectangle": face}
    image, ax = Image.new("RGB", (90, 90)), Figure().subplots()
    draw_faces(image, {"result": {"celebrities": [person]}}, ax)
    assert fontManager.ttflist == before
