"""Fonts for text in any script: those of `rcParams`, then installed fallback fonts."""

from pathlib import Path
from unicodedata import category

from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.text import Text

FALLBACK_FONTS = (
    "DejaVu Sans", "Noto Sans", "Noto Sans CJK JP", "Hiragino Sans", "Yu Gothic",
    "Microsoft YaHei", "WenQuanYi Zen Hei", "Malgun Gothic", "Arial Unicode MS",
)  # fmt: skip
UNKNOWN = "□"


class FontStack:
    """The fonts of `rcParams`, then the fallback fonts in matplotlib's font list.

    After you install a font, delete this list: it is in `matplotlib.get_cachedir()`.
    """

    def __init__(self) -> None:
        self._fonts = [FontProperties()]
        for family in FALLBACK_FONTS:
            entries = [e for e in fontManager.ttflist if (e.name, e.style) == (family, "normal")]
            entries.sort(key=lambda entry: fontManager.score_weight(entry.weight, "normal"))
            paths = [entry.fname for entry in entries if Path(entry.fname).is_file()]
            # By name, matplotlib would log that WenQuanYi Zen Hei has no normal weight.
            self._fonts += [FontProperties(fname=path) for path in paths[:1]]

    def set_text(self, artist: Text, text: str) -> None:
        """Set a text on one line and without formulas, in a font that contains it."""
        artist.set(text=self.sanitize(text), fontproperties=self.choose(text), parse_math=False)

    def choose(self, text: str) -> FontProperties:
        """Return the first font with every character of a text, or else with most of them."""
        able = (font for font in self._fonts if not _missing(font, UNKNOWN))
        complete = (font for font in self._fonts if not _missing(font, text))
        return next(complete, None) or min(able, key=lambda font: len(_missing(font, text)))

    def sanitize(self, text: str) -> str:
        """Return a text on one line; □ replaces characters for which matplotlib would warn."""
        missing = _missing(self.choose(text), text)
        table = {ord(each): "" if category(each) in ("Cf", "Mn") else UNKNOWN for each in missing}
        text = " ".join(text.split()).translate(table)
        return "".join(each for each in text if category(each) != "Cc")


def _missing(properties: FontProperties, text: str) -> set[str]:
    missing = {each for each in text if category(each) != "Cc"}
    for family in properties.get_family():
        single = properties.copy()
        single.set_family(family)
        font = get_font(findfont(single))
        missing = {each for each in missing if not font.get_char_index(ord(each))}
    return missing
