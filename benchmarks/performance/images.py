"""The images that are sent: 27 photographs and pages, and drawn ones of any size."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from math import ceil, sqrt
from pathlib import Path

from PIL import Image, ImageDraw, ImageEnhance, ImageFont

from benchmarks.drawing import PRINT, STORY, Drawn
from benchmarks.truth import EVALUATION
from visionhelpers.images import SAMPLES, load_image, sample_path

PAGES = (
    "democritus.png", "handwriting.jpg", "handwritten_note.jpg", "handwritten_text.jpg",
    "printed_page.jpg", "printed_text.jpg",
)  # fmt: skip
"""The images among them that show text and little else."""
STREET, PORTRAIT = "gateway_of_india.jpg", "eileen_collins_portrait.jpg"
LARGEST = 3160, 3160
FACE_SIDE = 200
"""Pixels of a portrait; its face takes a third of that."""
LINES_PER_COLUMN, LINE_PITCH, COLUMN_WIDTH, MARGIN, FONT_SIZE = 100, 30, 780, 40, 20
"""A page of 200 lines has 10 megapixels, which is all that OCR accepts, if it is wider."""


def files() -> list[Path]:
    """Return the samples and the evaluation images, where they are: 27 files, or 18.

    Two samples are parts of others, with the subject off the center. They are left out.
    """
    samples = [path for path in SAMPLES.iterdir() if "off_centre" not in path.name]
    found = [*samples, *(EVALUATION / "images").glob("*")]
    return sorted(path for path in found if path.suffix in (".jpg", ".png"))


def jpeg(image: Image.Image) -> bytes:
    """Return an image as a JPEG file; one of 12 megapixels takes less than the 4 MB of API v1.0."""
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def photograph(megapixels: float) -> bytes:
    """Return a photograph of a street at night with people, scaled to a number of pixels."""
    image = load_image(sample_path(STREET))
    scale = sqrt(megapixels * 1e6 / (image.width * image.height))
    size = round(image.width * scale), round(image.height * scale)
    return jpeg(image.resize(size, Image.Resampling.LANCZOS))


def portraits(count: int) -> bytes:
    """Return an image of one portrait in rows and columns, each a little brighter or darker.

    No two are alike, so that no result of one serves for another.
    """
    portrait = load_image(sample_path(PORTRAIT))
    side = min(portrait.size)
    left = (portrait.width - side) // 2
    face = portrait.resize((FACE_SIDE, FACE_SIDE), box=(left, 0, left + side, side))
    columns = ceil(sqrt(count * 1.5)) if count > 1 else 1
    rows = ceil(count / columns)
    image = Image.new("RGB", (columns * FACE_SIDE, rows * FACE_SIDE), "gray")
    for number in range(count):
        place = number % columns * FACE_SIDE, number // columns * FACE_SIDE
        image.paste(ImageEnhance.Brightness(face).enhance(0.9 + 0.2 * number / count), place)
    return jpeg(image)


@cache
def page(count: int) -> Drawn:
    """Draw print of a number of lines, each with its number, in columns of at most 100."""
    columns = ceil(count / LINES_PER_COLUMN)
    height = 2 * MARGIN + min(count, LINES_PER_COLUMN) * LINE_PITCH
    image = Image.new("RGB", (2 * MARGIN + columns * COLUMN_WIDTH, height), "white")
    draw, font = ImageDraw.Draw(image), ImageFont.truetype(PRINT, FONT_SIZE)
    lines = [f"{number + 1} {_words(number)}" for number in range(count)]
    for number, line in enumerate(lines):
        column, row = divmod(number, LINES_PER_COLUMN)
        draw.text((MARGIN + column * COLUMN_WIDTH, MARGIN + row * LINE_PITCH), line, "black", font)
    return Drawn(image, lines)


def _words(number: int) -> str:
    """Return two lines of the story as one, another pair for each of many numbers."""
    first, step = number % len(STORY), 1 + number // len(STORY) % (len(STORY) - 1)
    return f"{STORY[first]} {STORY[(first + step) % len(STORY)].lower()}"


def large_page() -> bytes:
    """Return a page of 200 lines on 10 megapixels, the largest image that OCR accepts."""
    return jpeg(page(200).image.resize(LARGEST, Image.Resampling.LANCZOS))


def large_photograph() -> bytes:
    """Return a photograph of 10 megapixels, the largest image that OCR accepts."""
    return jpeg(load_image(sample_path(STREET)).resize(LARGEST, Image.Resampling.LANCZOS))
