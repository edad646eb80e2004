"""Draw results on images: captions, faces, objects, words and lines.

Every function shows the image on the given Axes, or on those of a new figure, and returns the Axes.
Only these Axes change; only figures created here are resized. Labels fit the current size of the
Axes. Coordinates are pixels of the upright image: origin top left, x right, y down.
"""

from __future__ import annotations

import textwrap
from bisect import bisect_left
from itertools import cycle
from math import dist
from weakref import WeakSet

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Polygon
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.typing import ColorType
from PIL import Image

from .. import results
from ..images import ImageInput, load_image
from .fonts import font_stack
from .labels import LabelledBox, add_labels, contrast_color, text_size

LONG_SIDE, MIN_SIDE = 7.0, 0.5
"""Sides of a new figure in inches."""

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7")
"""The palette of Okabe and Ito, which color-blind readers can distinguish."""

_created_figures: WeakSet[Figure] = WeakSet()


def draw_caption(
    image: ImageInput,
    result: results.Result | str,
    ax: Axes | None = None,
    *,
    color: ColorType | None = None,
    fontsize: float | str | None = None,
    labels: bool = True,
) -> Axes:
    """Draw an image with its first caption, or landmark, as the title below the Axes.

    Args:
        image: The image, as `load_image` takes it.
        result: The result of analyze, describe or landmarks; or the caption itself.
        ax: Axes to draw on; by default those of a new figure that fits image and caption.
        color: Color of the caption.
        fontsize: Size of the caption in points; by default suited to the image.
        labels: If False, draw the image without a title.

    Raises:
        ValueError: The operation returns neither captions nor landmarks.
        ImageError: The image cannot be read.
    """
    caption = result if isinstance(result, str) else results.caption(result)
    if caption != result:
        caption = caption[:1].upper() + caption[1:]  # capitalize() changes names to lower case
    size = None if fontsize is None else FontProperties(size=fontsize).get_size_in_points()
    color = None if color is None else to_hex(color, keep_alpha=True)
    ax, fonts = _show(load_image(image), ax), font_stack()
    title = ax.set_title(fonts.sanitize(caption if labels else ""), y=0, pad=-5, va="top")
    title.set(fontproperties=fonts.choose(caption), parse_math=False)
    title.set_fontsize(size or text_size(ax) * 1.1)
    title.set_color(color or title.get_color())
    _wrap(title, ax.bbox.width)
    if isinstance(ax.figure, Figure) and ax.figure in _created_figures:
        extend_figure(ax.figure)
    return ax


def draw_faces(
    image: ImageInput,
    result: results.Result,
    ax: Axes | None = None,
    *,
    color: ColorType | None = None,
    linewidth: float | None = None,
    fontsize: float | str | None = None,
    labels: bool = True,
) -> Axes:
    """Draw a rectangle around each face, with its name, or with age and gender.

    Args:
        image: The image, as `load_image` takes it.
        result: The result of celebrities, or of analyze with Faces or Celebrities.
        ax: Axes to draw on; by default those of a new figure.
        color: Color of all boxes; by default the colors of a palette in turn.
        linewidth: Width of the lines in points; by default suited to the boxes.
        fontsize: Size of the labels in points; by default suited to the image.
        labels: If False, draw the boxes without labels.

    Raises:
        ValueError: The operation returns no faces.
        ImageError: The image cannot be read.
    """
    groups = [[face] for face in results.faces(result)]
    return _draw(load_image(image), groups, ax, color, linewidth, fontsize, labels)


def draw_objects(
    image: ImageInput,
    result: results.Result,
    ax: Axes | None = None,
    *,
    color: ColorType | None = None,
    linewidth: float | None = None,
    fontsize: float | str | None = None,
    labels: bool = True,
) -> Axes:
    """Draw a rectangle around each object, with its name.

    `result` is the result of analyze with Objects, over API v3.2. For the other arguments and the
    errors see `draw_faces`.
    """
    groups = [[each] for each in results.objects(result)]
    return _draw(load_image(image), groups, ax, color, linewidth, fontsize, labels)


def draw_words(
    image: ImageInput,
    result: results.Result,
    ax: Axes | None = None,
    *,
    color: ColorType | None = None,
    linewidth: float | None = None,
    fontsize: float | str | None = None,
    labels: bool = True,
) -> Axes:
    """Draw a box around each printed word, with its text, in one color per line.

    `result` is the result of ocr; its boxes are turned back by `textAngle` onto the words. For the
    other arguments and the errors see `draw_faces`.
    """
    image = load_image(image)
    groups = results.words(result, *image.size)
    return _draw(image, groups, ax, color, linewidth, fontsize, labels)


def draw_lines(
    image: ImageInput,
    result: results.Result,
    ax: Axes | None = None,
    *,
    page: int = 1,
    color: ColorType | None = None,
    linewidth: float | None = None,
    fontsize: float | str | None = None,
    labels: bool = True,
) -> Axes:
    """Draw a polygon around each line of handwritten or printed text, with its text.

    `result` is the finished result of recognize_text. For a document, `image` is an image of its
    page number `page`, from 1; boxes in inches are scaled to the width of the image. For the other
    arguments and the errors see `draw_faces`.
    """
    image = load_image(image)
    groups = [[line] for line in results.lines(result, image.width, page)]
    return _draw(image, groups, ax, color, linewidth, fontsize, labels)


def figure_size(image: Image.Image, long_side: float = LONG_SIDE) -> tuple[float, float]:
    """Return width and height in inches of a figure for an image, given its longer side."""
    width, height = (max(side * long_side / max(image.size), MIN_SIDE) for side in image.size)
    return width, height


def extend_figure(figure: Figure) -> None:
    """Extend a figure at the bottom to fit the titles of its Axes, which keep their size."""
    bottoms = [ax.title.get_window_extent().y0 for ax in figure.axes if ax.get_title()]
    missing = max(0.0, 4 - min(bottoms, default=4)) / figure.dpi
    width, height = figure.get_size_inches()
    scale = height / (height + missing)
    figure.set_size_inches(width, height + missing)
    for ax in figure.axes:
        x, y, width, height = ax.get_position(original=True).bounds
        ax.set_position((x, 1 - (1 - y) * scale, width, height * scale))
        ax.apply_aspect()


def _show(image: Image.Image, ax: Axes | None) -> Axes:
    if ax is None:
        import matplotlib.pyplot as plt  # slow, and not needed for given Axes

        figure = plt.figure(figsize=figure_size(image), layout="none")
        _created_figures.add(figure)
        ax = figure.add_axes((0, 0, 1, 1))
    # API coordinates are edges of pixels; by default those of imshow are centers.
    ax.imshow(np.asarray(image), extent=(0, image.width, image.height, 0))
    ax.set_axis_off()
    ax.apply_aspect()
    return ax


def _draw(
    image: Image.Image,
    groups: list[list[results.Detection]],
    ax: Axes | None,
    color: ColorType | None,
    linewidth: float | None,
    fontsize: float | str | None,
    labels: bool,
) -> Axes:
    size = None if fontsize is None else FontProperties(size=fontsize).get_size_in_points()
    color = None if color is None else to_hex(color, keep_alpha=True)
    numbered = enumerate(zip(groups, cycle([color] if color else PALETTE), strict=False))
    boxes = [LabelledBox(*each, color, n) for n, (group, color) in numbered for each in group]
    ax = _show(image, ax)
    width = _line_width(ax, boxes) if linewidth is None else linewidth
    for box in boxes:
        halo = withStroke(linewidth=2 * width, foreground=contrast_color(box.color), alpha=0.6)
        ax.add_patch(Polygon(box.corners, fill=False, ec=box.color, lw=width, path_effects=[halo]))
    if labels:
        add_labels(ax, boxes, size)
    return ax


def _line_width(ax: Axes, boxes: list[LabelledBox]) -> float:
    """Return a line width in points that suits the boxes."""
    height = np.median([dist(box.corners[0], box.corners[3]) for box in boxes] or [0.0])
    points = height * abs(ax.transData.get_matrix()[1, 1]) * 72 / ax.figure.dpi
    return float(np.clip(points / 12, 0.4, text_size(ax) / 8))


def _wrap(title: Text, width: float) -> None:
    """Break a text into lines no wider than a number of pixels."""
    text = title.get_text()

    def is_too_wide(columns: int) -> bool:
        title.set_text(textwrap.fill(text, columns))
        return title.get_window_extent().width > width

    columns = bisect_left(range(1, len(text) + 1), True, key=is_too_wide)
    title.set_text(textwrap.fill(text, max(columns, 1)))
