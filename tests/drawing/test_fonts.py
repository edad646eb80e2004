from __future__ import annotations

import io

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font

from visionhelpers.drawing.fonts import FALLBACK_FONTS, UNKNOWN, FontStack

UNASSIGNED = "\u0378"
"""A code point without a character, and therefore without a glyph in any font."""
LATIN = {"font.family": ["cmtt10"]}
"""A font of Latin letters."""
INSTALLED = set(FALLBACK_FONTS[2:]) & set(fontManager.get_font_names())
CHINESE = pytest.mark.skipif(
    not INSTALLED, reason="no font with Chinese characters here: make debian"
)


def draw(text: str) -> None:
    fonts, figure = FontStack(), Figure()
    fonts.set_text(figure.text(0.1, 0.5, ""), text)
    figure.savefig(io.BytesIO())


def contains(font: FontProperties, text: str) -> bool:
    file = get_font(findfont(font))
    return all(file.get_char_index(ord(each)) for each in text)


def test_the_fonts_of_the_settings_are_used_where_they_contain_the_text() -> None:
    assert FontStack().choose("Grüße") == FontProperties()
    with mpl.rc_context(LATIN):
        assert FontStack().choose("Grusse").get_family() == ["cmtt10"]


@pytest.mark.parametrize(
    "text",
    [
        "Москва",
        "العربية",
        pytest.param("Tokyo 東京 (日本)", marks=CHINESE),
        pytest.param("中文简体字", marks=CHINESE),
    ],
)
@pytest.mark.filterwarnings("error")
def test_a_fallback_font_is_used_for_a_script_that_the_settings_lack(
    text: str, caplog: pytest.LogCaptureFixture
) -> None:
    with mpl.rc_context(LATIN):
        fonts = FontStack()
        assert not contains(FontProperties(), text)
        assert contains(fonts.choose(text), text)
        assert fonts.sanitize(text) == text
        draw(text)
    assert not [each for each in caplog.records if each.name.startswith("matplotlib")]


@pytest.mark.parametrize("family", ["sans-serif", "cmtt10", "no such font"])
@pytest.mark.filterwarnings("error")
def test_a_character_in_no_font_becomes_a_box_without_a_warning(
    family: str, caplog: pytest.LogCaptureFixture
) -> None:
    fonts = list(fontManager.ttflist)
    with mpl.rc_context({"font.family": [family]}):
        text = f"a{UNASSIGNED}b"
        assert FontStack().sanitize(text) == f"a{UNKNOWN}b"
        draw(text)
    assert not [each for each in caplog.messages if "no such font" not in each]
    assert fontManager.ttflist == fonts, "the font list of matplotlib does not change"


@pytest.mark.parametrize(
    ("text", "sanitized"),
    [
        ("  one\ntwo\t\x07three ", "one two three"),
        ("\x07 \n", ""),
        ("cafe\u0301", "cafe\u0301"),
        pytest.param("a\U000e0041\U000e0100b", "ab", id="invisible characters in no font"),
    ],
)
def test_text_is_on_one_line_without_control_characters(text: str, sanitized: str) -> None:
    assert FontStack().sanitize(text) == sanitized
