"""Variants of an image with known truth: turned, scaled, pressed, in other light, cut."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from math import cos, radians, sin

from PIL import Image, ImageChops, ImageEnhance, ImageOps

from benchmarks.measures import Box, area

TURNS = (90, 180, 270)
TILTS = (-10, 10)
NOTHING = "as it is"


@dataclass(frozen=True, slots=True)
class Variant:
    """An image made of another, and how: mirrored, turned clockwise in degrees, scaled."""

    name: str
    image: Image.Image
    original: tuple[int, int]
    turn: int = 0
    scale: float = 1
    mirrored: bool = False
    quality: int = 92

    @property
    def data(self) -> bytes:
        """The variant as a JPEG file."""
        buffer = BytesIO()
        self.image.save(buffer, "JPEG", quality=self.quality)
        return buffer.getvalue()

    def box(self, box: Box) -> Box:
        """Return where an upright square of the original stands, as an upright square."""
        x = (box[0] + box[2] - self.original[0]) / 2 * (-1 if self.mirrored else 1)
        y = (box[1] + box[3] - self.original[1]) / 2
        turn = radians(self.turn)
        across = (x * cos(turn) - y * sin(turn)) * self.scale + self.image.width / 2
        down = (x * sin(turn) + y * cos(turn)) * self.scale + self.image.height / 2
        half = (box[2] - box[0]) / 2 * self.scale
        return across - half, down - half, across + half, down + half


Variants = Callable[[Image.Image], Iterator[Variant]]
"""Give variants of an image."""


def unchanged(image: Image.Image) -> Variant:
    """Take an image as it is."""
    return Variant(NOTHING, image, image.size)


def turned(image: Image.Image, degrees: int) -> Variant:
    """Turn an image clockwise; the corners that appear take its average color."""
    colour = image.resize((1, 1)).getpixel((0, 0))
    picture = image.rotate(-degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=colour)
    return Variant(f"turned by {degrees}", picture, image.size, turn=degrees)


def scaled(image: Image.Image, scale: float) -> Variant:
    """Scale an image."""
    width, height = (round(side * scale) for side in image.size)
    return Variant(f"scaled by {scale:g}", image.resize((width, height)), image.size, scale=scale)


def in_light(image: Image.Image, light: float) -> Variant:
    """Make an image brighter or darker."""
    name = f"{'brighter' if light > 1 else 'darker'} by {abs(light - 1):.0%}"
    return Variant(name, ImageEnhance.Brightness(image).enhance(light), image.size)


def mirrored(image: Image.Image) -> Variant:
    """Mirror an image."""
    return Variant("mirrored", ImageOps.mirror(image), image.size, mirrored=True)


def upright(image: Image.Image) -> Iterator[Variant]:
    """Give every variant in which up is up, and left is left."""
    yield unchanged(image)
    yield scaled(image, 0.5)
    yield scaled(image, 2)
    yield Variant("JPEG quality 30", image, image.size, quality=30)
    yield in_light(image, 0.7)
    yield in_light(image, 1.3)


def tilted(image: Image.Image) -> Iterator[Variant]:
    """Give the variants turned a little."""
    return (turned(image, degrees) for degrees in TILTS)


def quarter_turns(image: Image.Image) -> Iterator[Variant]:
    """Give the variants turned by 90, 180 and 270 degrees."""
    return (turned(image, degrees) for degrees in TURNS)


def middle(image: Image.Image, share: float = 0.6) -> Variant:
    """Cut the middle out of an image, this share of each side."""
    width, height = (round(side * share) for side in image.size)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    picture = image.crop((left, top, left + width, top + height))
    return Variant(f"cut to {share:.0%}", picture, image.size)


def in_corners(image: Image.Image, subject: Box) -> Iterator[tuple[Image.Image, tuple[int, int]]]:
    """Shift an image so that its subject stands top left, then bottom right.

    What is shifted out on one side comes in on the other, so that every pixel is a real one; a
    twentieth of the subject's sides stays free around it. Also says how far it was shifted. A
    subject of more than half the image fits in no corner: there is no such variant.
    """
    if area(subject) > image.width * image.height / 2:
        return
    left, top, right, bottom = (round(edge) for edge in subject)
    across, down = (right - left) // 20, (bottom - top) // 20
    first = min(0, across - left), min(0, down - top)
    last = max(0, image.width - right - across), max(0, image.height - bottom - down)
    for shift in (first, last):
        yield ImageChops.offset(image, *shift), shift


def all_but_turns(image: Image.Image) -> Iterator[Variant]:
    """Give every variant but the quarter turns."""
    yield from upright(image)
    yield from tilted(image)
    yield mirrored(image)
