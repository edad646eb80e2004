"""Labels next to boxes, in the direction of the text and without overlap.

The text size suits the image, or is smaller where smaller labels hide less, but always legible.
Labels without space are omitted; their boxes remain, and a note on the image counts the labels.
"""

import textwrap
from bisect import bisect_left
from math import atan2, copysign, degrees, sqrt
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Bbox
from numpy.typing import ArrayLike

from ..results import Corners
from .fonts import FontStack
from .placement import Floats, place_labels, place_note

MAX_TEXT_SIZE, MIN_TEXT_SIZE = 13.0, 6.0  # points
FONT_SCALES = 1.0, 0.85, 0.7, 0.5  # text sizes to try, relative to the size that suits the image
SMALL_FONT_COST = 0.2  # cost of a label of size 0
PADDING = 0.15  # space between the text of a label and its edge, relative to the text size
NOTE = "{} of {} labels do not fit"


class LabelledBox(NamedTuple):
    """A quadrilateral with its label and color; labels of a group prefer the same side."""

    corners: Corners
    text: str
    color: str
    group: int = 0


def text_size(ax: Axes) -> float:
    """Return the text size in points that suits Axes of their current size."""
    ax.apply_aspect()
    inches = sqrt(ax.bbox.width * ax.bbox.height) / ax.figure.dpi
    return min(max(inches * 72 / 28, MIN_TEXT_SIZE), MAX_TEXT_SIZE)


def contrast_color(color: str) -> str:
    """Return black or white: the one with more contrast to a color (WCAG 2.1)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)]
    luminance = float(np.dot((0.2126, 0.7152, 0.0722), linear))
    return "black" if (luminance + 0.05) ** 2 > 1.05 * 0.05 else "white"


def wrap_text(artist: Text, width: float) -> None:
    """Break a text into lines no wider than a number of pixels."""
    text = artist.get_text()

    def is_too_wide(columns: int) -> bool:
        artist.set_text(textwrap.fill(text, columns))
        return artist.get_window_extent().width > width

    columns = bisect_left(range(1, len(text) + 1), True, key=is_too_wide)
    artist.set_text(textwrap.fill(text, max(columns, 1)))


def add_labels(ax: Axes, boxes: list[LabelledBox], size: float | None = None) -> list[Text]:
    """Label boxes, those of a group one after the other, and return the labels that fit.

    These are inside the Axes and overlap neither each other nor earlier texts of the Axes.
    """
    fonts = FontStack()
    boxes = [box for box in boxes if fonts.sanitize(box.text)]
    if not boxes:
        return []
    scaled = [max(scale * text_size(ax), MIN_TEXT_SIZE) for scale in FONT_SCALES]
    canvas = _LabelCanvas(ax, boxes, fonts)
    return canvas.draw(size or min(dict.fromkeys(scaled), key=lambda each: canvas.place(each)[0]))


class _LabelCanvas:
    """Axes in coordinates rotated so that the text is level and all rectangles are upright."""

    def __init__(self, ax: Axes, boxes: list[LabelledBox], fonts: FontStack) -> None:
        self._ax, self._fonts = ax, fonts
        self._labels = [self._label(box.text, box.color) for box in boxes]
        self._groups = [box.group for box in boxes]
        corners = np.array([ax.transData.transform(box.corners) for box in boxes])
        x, y = (corners[:, 1] - corners[:, 0]).sum(axis=0)
        angle = degrees(atan2(y, x))  # counter-clockwise
        angle -= copysign(180, angle) if abs(angle) > 95 else 0  # never upside down
        self._angle = angle if abs(angle) > 2 else 0.0
        self._rotation = Affine2D().rotate_deg(self._angle).get_matrix()[:2, :2]
        self._boxes = self._bounds(corners)
        self._occupied = self._bounds([_padded(text).corners() for text in ax.texts])

    def place(self, size: float) -> tuple[float, Floats]:
        """Return the cost and the rectangles of all labels with a text size in points."""
        for label in self._labels:
            label.set_fontsize(size)
        sizes = np.array([_padded(label).size for label in self._labels])
        cost, places = place_labels(self._boxes, sizes, self._groups, self._occupied, self._clamp)
        small = SMALL_FONT_COST * (1 - size / text_size(self._ax))
        return cost + small * len(sizes), places

    def draw(self, size: float) -> list[Text]:
        """Draw the labels that fit, with a text size in points, and a note about the others."""
        (_, places), count = self.place(size), len(self._labels)
        if not np.isnan(places).any():
            return self._draw(self._labels, places)
        note = self._label(NOTE.format(count, count), "white")
        (page,) = self._bounds([self._ax.bbox.corners()])
        size_of_note = np.array(_padded(note).size)
        place = place_note(size_of_note, page, self._boxes, self._occupied, self._clamp)
        self._occupied = np.vstack([self._occupied, place])
        drawn = self._draw(self._labels, self.place(size)[1])
        if len(drawn) < count:
            note.set_text(NOTE.format(count - len(drawn), count))
            self._draw([note], place[None])
        return drawn

    def _label(self, text: str, color: str) -> Text:
        box = {"boxstyle": f"square,pad={PADDING}", "fc": color, "ec": "none", "alpha": 0.85}
        label = Text(color=contrast_color(color), bbox=box, ha="center", va="center", zorder=3)
        self._fonts.set_text(label, text)
        label.set_fontsize(MIN_TEXT_SIZE)
        label.set_figure(self._ax.figure)
        return label

    def _draw(self, labels: list[Text], places: Floats) -> list[Text]:
        centers = (places[:, :2] + places[:, 2:]) / 2 @ self._rotation.T
        positions = self._ax.transData.inverted().transform(centers)
        for label, (x, y) in zip(labels, positions, strict=True):
            if np.isfinite(x):
                label.set(x=x, y=y, rotation=self._angle)
                self._ax.add_artist(label)
        return [label for label in labels if label.axes]

    def _bounds(self, corners: ArrayLike) -> Floats:
        """Return the rectangles, n x 4, around n x 4 corners after the rotation."""
        rotated = np.reshape(corners, (-1, 4, 2)) @ self._rotation
        return np.concatenate([rotated.min(axis=1), rotated.max(axis=1)], axis=1)

    def _clamp(self, rectangles: Floats) -> Floats:
        """Move rectangles into the Axes; those too large become NaN."""
        low, high = rectangles[..., :2], rectangles[..., 2:]
        half = (high - low) / 2
        reach = half @ abs(self._rotation)
        least, most = self._ax.bbox.min + reach, self._ax.bbox.max - reach
        centers = (low + high) / 2 @ self._rotation.T
        centers = np.where(least <= most, np.clip(centers, least, most), np.nan) @ self._rotation
        return np.concatenate([centers - half, centers + half], axis=-1)


def _padded(text: Text) -> Bbox:
    padding = PADDING * float(text.get_fontsize()) / 72 * text.figure.dpi
    return text.get_window_extent().padded(padding)
