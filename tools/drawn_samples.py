"""Draw the samples with print and handwriting, with Debian's fonts."""

from __future__ import annotations

from math import sin
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

FONTS = Path("/usr/share/fonts/truetype")
BOLD = FONTS / "dejavu/DejaVuSans-Bold.ttf"
SERIF = FONTS / "dejavu/DejaVuSerif.ttf"
BREIP = FONTS / "breip/Breip.ttf"
RUFSCRIPT = FONTS / "rufscript/Rufscript010.ttf"
INK = (24, 36, 92)
PAPER = (250, 247, 238)

PANGRAMS = (
    "How vexingly quick daft zebras jump",
    "Sphinx of black quartz judge my vow",
    "Five boxing wizards jump quickly",
)
NOTE = ("Dear Ada,", "it works at last!", "Tea on Monday at four?")
LEFT = ("The engine", "A machine that weaves", "patterns of numbers as", "a loom weaves flowers.")
RIGHT = ("Visits", "Monday  10 to 16", "Friday  12 to 18", "Sunday  closed")


def font_as_wide_as(text: str, width: int, path: Path) -> ImageFont.FreeTypeFont:
    """Return the font in the largest size at which the text is at most `width` pixels wide."""
    size = 8
    while ImageFont.truetype(path, size + 1).getlength(text) <= width:
        size += 1
    return ImageFont.truetype(path, size)


def quotation() -> Image.Image:
    """Return the quotation as a poster, each line of capitals as wide as the column."""
    image = Image.new("RGB", (340, 600), "white")
    draw = ImageDraw.Draw(image)
    y = 14
    for text in ("NOTHING", "EXISTS", "EXCEPT", "ATOMS", "AND EMPTY", "SPACE."):
        font = font_as_wide_as(text, 296, BOLD)
        left, top, _, bottom = font.getbbox(text)
        draw.text((22 - left, y - top), text, "black", font)
        y += round(bottom - top) + 14
    for text in ("Everything else", "is opinion."):
        y += 10
        draw.text((318, y), text, "black", ImageFont.truetype(SERIF, 27), anchor="ra")
        y += 32
    return image.crop((0, 0, 340, y + 20))


def printed_page() -> Image.Image:
    """Return two columns of print on a sheet that is rotated, and darker toward one side."""
    sheet = Image.new("RGB", (640, 300), PAPER)
    draw = ImageDraw.Draw(sheet)
    for column, x in ((LEFT, 34), (RIGHT, 395)):
        for row, text in enumerate(column):
            font = ImageFont.truetype(BOLD if row == 0 else SERIF, 28 if row == 0 else 25)
            draw.text((x, 46 + 52 * row), text, (30, 30, 34), font)
    table = Image.new("RGB", (760, 460), (112, 96, 84))
    askew = sheet.convert("RGBA").rotate(5, Image.Resampling.BICUBIC, expand=True)
    table.paste(askew, ((760 - askew.width) // 2, (460 - askew.height) // 2), askew)
    shade = Image.linear_gradient("L").rotate(90).resize(table.size)
    lit = shade.point(lambda value: 175 + round(value * 80 / 255))
    return Image.composite(table, Image.new("RGB", table.size), lit)


def write(sheet: Image.Image, xy: tuple[int, int], text: str, font: ImageFont.FreeTypeFont) -> None:
    """Write a line word by word, each a little off the line, as a hand does."""
    x, y = xy
    for number, word in enumerate(text.split()):
        offset = round(2 * sin(number * 2.3 + y))
        ImageDraw.Draw(sheet).text((x, y + offset), word, INK, font, anchor="ls")
        x += round(font.getlength(word + " ") + font.size / 6)


def ruled(width: int, height: int, spacing: int) -> Image.Image:
    """Return ruled paper with a red margin."""
    sheet = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(sheet)
    for y in range(spacing, height, spacing):
        draw.line((0, y, width, y), (176, 200, 224), 2)
    draw.line((70, 0, 70, height), (228, 160, 160), 2)
    return sheet


def handwriting() -> Image.Image:
    """Return three pangrams, one on every other line of ruled paper."""
    sheet = ruled(800, 420, 58)
    for row, text in enumerate(PANGRAMS):
        write(sheet, (90, 114 + 116 * row), text, ImageFont.truetype(BREIP, 45))
    return sheet


def note() -> Image.Image:
    """Return a short note, slanting upwards on plain paper."""
    sheet = Image.new("RGB", (640, 330), PAPER)
    for row, text in enumerate(NOTE):
        write(sheet, (50, 90 + 88 * row), text, ImageFont.truetype(RUFSCRIPT, 44))
    return sheet.rotate(2, Image.Resampling.BICUBIC, fillcolor=PAPER)
