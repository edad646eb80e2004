"""Cut thumbnails out of pictures: `generateThumbnail` of API v1.0.

The cut is the largest of the asked shape, so it can move along one side of the picture only, and
every place of it is judged: first by how many faces it shows whole, the larger ones and some room
around them next, then by how much of the things found and of what stands out is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from .geometry import Box

if TYPE_CHECKING:
    from .base import Object

Size = tuple[int, int]
"""Width and height in pixels."""

Stretch = tuple[int, int]
"""Where something starts and ends on a side of the picture, in pixels."""

LONG, SHORT = 64, 8
"""The longer side that saliency is measured at, and the least of the shorter one, in pixels."""

BLUR = 2.5
"""How far, in those pixels, what stands out is spread."""

BORDER = 0.04
"""The share of the shorter side that is the picture's border."""

NOISE = 20.0
"""The variance of colors (CIE Lab) that a border has at least."""

PLAIN = 3
"""The levels of 255 that each channel of a picture differs by at least if anything stands out."""

WHOLE, LARGER, ROOM, THINGS = 10.0, 0.1, 3.0, 1.5
"""What a whole face counts for, the size of it, the room around the faces and the things, beside 1
for all that stands out. Chosen, as the saliency was, on 41 photographs besides the samples."""

MARGIN = 0.15
"""The room wanted on each side of a face, in its own widths and heights."""

HEAD = 0.25
"""The part of a person, from the top, where the head is; it counts for as much as the whole."""

EVEN = 1e-3
"""What a place in the middle is better by, where nothing else tells two apart."""


def crop(
    image: NDArray[np.uint8],
    width: int,
    height: int,
    *,
    smart: bool,
    faces: Sequence[Box] = (),
    things: Sequence[Object] = (),
) -> NDArray[np.uint8]:
    """Return a cut-out of a picture scaled to exactly width x height pixels.

    Args:
        image: Height x width x 3, uint8, RGB.
        width: Of the thumbnail, at least 1.
        height: Of the thumbnail, at least 1.
        smart: Cut around the subjects; else in the middle, whatever is there.
        faces: What must not be cut through when smart.
        things: What to keep as much of as the faces allow.
    """
    picture, size = Image.fromarray(image), (width, height)
    if not smart:
        return np.asarray(ImageOps.fit(picture, size, Image.Resampling.LANCZOS))
    cut = best_window(picture.size, size, faces, things, saliency(picture))
    edges = (cut.left, cut.top, cut.right, cut.bottom)
    return np.asarray(picture.resize(size, Image.Resampling.LANCZOS, edges, reducing_gap=3))


def best_window(
    picture: Size,
    shape: Size,
    faces: Sequence[Box],
    things: Sequence[Object],
    seen: NDArray[np.float64],
) -> Box:
    """Return the best of the largest windows of a shape in a picture.

    Args:
        picture: The size of the picture.
        shape: The width and height whose proportion the window has, give or take a pixel.
        faces: Boxes in the picture.
        things: What else was found in it.
        seen: Rows x columns that lie over the whole picture: how much stands out where.
    """
    width, height = largest(picture, shape)
    sideways = width < picture[0]
    side, length = (picture[0], width) if sideways else (picture[1], height)
    places = _Placements(side, length)
    worth = places.density(seen.sum(axis=0 if sideways else 1))
    worth += _faces(places, [_stretch(box, picture, sideways) for box in faces])
    for weight, thing in zip(_weights(things), things, strict=True):
        start, end = _stretch(thing.box, picture, sideways)
        kept = places.share(start, end)
        if thing.name == "person" and not sideways:
            kept = (kept + places.share(start, start + HEAD * (end - start))) / 2
        worth += THINGS * weight * kept
    first = places.best(worth)
    return Box(first, 0, width, height) if sideways else Box(0, first, width, height)


def area(image: NDArray[np.uint8], boxes: Sequence[Box]) -> Box:
    """Return the area of interest of a picture, as the API's operation of that name.

    Args:
        image: Height x width x 3, uint8, RGB.
        boxes: The faces and things found in it; where there are none, what stands out counts.
    """
    height, width = image.shape[:2]
    if boxes:
        sides = ((box.left, box.top, box.right, box.bottom) for box in boxes)
        lefts, tops, rights, bottoms = zip(*sides, strict=True)
        around = Box.from_edges(min(lefts), min(tops), max(rights), max(bottoms))
        return around.within(width, height)
    seen = saliency(Image.fromarray(image))
    down, across = (np.flatnonzero((seen > 2 * seen.mean()).any(axis=axis)) for axis in (1, 0))
    if not len(down):
        return Box(0, 0, width, height)
    rows, columns = height / seen.shape[0], width / seen.shape[1]
    edges = across[0] * columns, down[0] * rows, (across[-1] + 1) * columns, (down[-1] + 1) * rows
    return Box.from_edges(*edges)


def largest(picture: Size, shape: Size) -> Size:
    """Return the size of the largest window of a shape that fits in a picture."""
    scale = min(picture[0] / shape[0], picture[1] / shape[1])
    width, height = round(shape[0] * scale), round(shape[1] * scale)
    return min(max(1, width), picture[0]), min(max(1, height), picture[1])


def saliency(picture: Image.Image) -> NDArray[np.float64]:
    """Return how much stands out in each part of a picture: rows x columns, 1 in all.

    What is unlike the rest in its frequencies (the spectral residual of Hou and Zhang, 2007, of
    each channel) and what is unlike the border in its colour.
    """
    scale = LONG / max(picture.size)
    sides = [max(SHORT, round(side * scale)) for side in picture.size]
    small = np.asarray(picture.resize((sides[0], sides[1]), reducing_gap=2), np.float32)
    if np.ptp(small, axis=(0, 1)).max() < PLAIN:
        return np.full(small.shape[:2], 1 / (small.shape[0] * small.shape[1]))
    colors = cv2.cvtColor(small / 255, cv2.COLOR_RGB2Lab).astype(np.float64)
    both = _share_of(_residual(colors)) + _share_of(_from_border(colors))
    return _share_of(both**2)


def _residual(colors: NDArray[np.float64]) -> NDArray[np.float64]:
    spectrum = np.fft.fft2(colors, axes=(0, 1))
    loudness = np.log(np.abs(spectrum) + 1e-6)
    residual = np.exp(loudness - cv2.blur(loudness, (3, 3)) + 1j * np.angle(spectrum))
    seen = (np.abs(np.fft.ifft2(residual, axes=(0, 1))) ** 2).sum(axis=2)
    return np.asarray(cv2.GaussianBlur(seen, (0, 0), BLUR))


def _from_border(colors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each pixel's distance (Mahalanobis) from the colors of the border."""
    edge = max(1, round(BORDER * min(colors.shape[:2])))
    inside = np.zeros(colors.shape[:2], bool)
    inside[edge:-edge, edge:-edge] = True
    border = colors[~inside]
    inverse = np.linalg.inv(np.cov(border.T) + NOISE * np.eye(3))
    away = colors - border.mean(axis=0)
    return np.asarray(np.sqrt(np.einsum("ijk,kl,ijl->ij", away, inverse, away)))


def _share_of(seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale to 1 in all, nothing where least is."""
    above = seen - seen.min() + 1e-9
    return np.asarray(above / above.sum())


def _stretch(box: Box, picture: Size, sideways: bool) -> Stretch:
    within = box.within(*picture)
    return (within.left, within.right) if sideways else (within.top, within.bottom)


def _weights(things: Sequence[Object]) -> list[float]:
    """Say how much each thing counts, 1 at most together: by its size, and twice by how sure."""
    sides = [thing.box.area**0.5 for thing in things]
    return [
        thing.confidence**2 * side / max(1.0, sum(sides))
        for thing, side in zip(things, sides, strict=True)
    ]


def _faces(places: _Placements, faces: Sequence[Stretch]) -> NDArray[np.float64]:
    worth = np.zeros(len(places.starts))
    for start, end in faces:
        margin = MARGIN * (end - start)
        whole = places.share(start, end) > 1 - 1e-9
        worth += WHOLE * whole * (1 + LARGER * (end - start) / places.side)
        worth += ROOM / len(faces) * whole * places.room(start, end, margin)
        worth += places.share(start, end) / len(faces)
    return worth


class _Placements:
    """Every place of a window of a length on a side of the picture, judged all at once."""

    def __init__(self, side: int, length: int) -> None:
        self.side, self.length = side, length
        self.starts = np.arange(side - length + 1)
        self.ends = self.starts + length

    def share(self, start: float, end: float) -> NDArray[np.float64]:
        """Return how much of a stretch is in each."""
        kept = np.minimum(self.ends, end) - np.maximum(self.starts, start)
        return np.asarray(np.clip(kept, 0, None) / max(1, end - start))

    def room(self, start: float, end: float, margin: float) -> NDArray[np.float64]:
        """Return how much of the margin is free on the nearer side, none being at the picture's."""
        before = np.where(self.starts == 0, margin, start - self.starts)
        after = np.where(self.ends == self.side, margin, self.ends - end)
        return np.asarray(np.clip(np.minimum(before, after) / max(1.0, margin), 0, 1))

    def density(self, profile: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how much of what lies along the side is in each."""
        edges = np.linspace(0, self.side, len(profile) + 1)
        summed = np.concatenate([[0], np.cumsum(profile)])
        return np.asarray(np.diff(np.interp([self.starts, self.ends], edges, summed), axis=0)[0])

    def best(self, worth: NDArray[np.float64]) -> int:
        """Return where the best starts, the one nearest the middle of many."""
        off_centre = np.abs(self.starts - (self.side - self.length) / 2) / self.side
        return int(np.argmax(worth - EVEN * off_centre))
