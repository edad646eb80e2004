"""Draw results on images: captions, faces, objects, words and lines.

Every function shows the image on the given Axes, or on those of a new figure, and returns the Axes.
Only these Axes change; only figures created here are resized. Labels fit the current size of the
Axes. Coordinates are pixels of the upright image: origin top left, x right, y down.
"""

from __future__ import annotations

from itertools import cycle
from math import dist
from typing import TypedDict, Unpack
from weakref import WeakSet

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Polygon
from matplotlib.patheffects import withStroke
from matplotlib.typing import ColorType
from PIL import Image

from .. import results
from ..images import ImageInput, load_image
from ..results import Detection, Result
from .fonts import FontStack
from .labels import LabelledBox, add_labels, contrast_color, text_size, wrap_text

LONG_SIDE, MIN_SIDE = 7.0, 0.5  # sides of a new figure in inches
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7")
"""The palette of Okabe and Ito, which color-blind readers can distinguish."""

_created_figures: WeakSet[Figure] = WeakSet()


class Style(TypedDict, total=False):
    """Keyword arguments of the functions that draw boxes; see `draw_faces`."""

    color: ColorType | None
    linewidth: float | None
    fontsize: float | str | None
    labels: bool


def draw_caption(
    image: ImageInput, result: Result | str, ax: Axes | None = None, **style: Unpack[Style]
) -> Axes:
    """Draw an image with its first caption, or landmark, as the title below the Axes.

    Args:
        image: The image, as `load_image` takes it.
        result: The result of analyze, describe or landmarks; or the caption itself.
        ax: Axes to draw on; by default those of a new figure that fits image and caption.
        style: `color` and `fontsize` of the caption, in points; `labels=False` to draw none. The
            caption has no lines: `linewidth` has no effect.

    Raises:
        ValueError: The operation returns neither captions nor landmarks.
        ImageError: The image cannot be read.
    """
    caption = result if isinstance(result, str) else results.caption(result)
    if caption != result:
        caption = caption[:1].upper() + caption[1:]  # capitalize() changes names to lower case
    color, _, size, labels = _resolve(**style)
    ax = _show(load_image(image), ax)
    title = ax.set_title("", y=0, pad=-5, va="top")
    FontStack().set_text(title, caption if labels else "")
    title.set(fontsize=size or text_size(ax) * 1.1, color=color or title.get_color())
    wrap_text(title, ax.bbox.width)
    if isinstance(ax.figure, Figure) and ax.figure in _created_figures:
        extend_figure(ax.figure)
    return ax


def draw_faces(
    image: ImageInput, result: Result, ax: Axes | None = None, **style: Unpack[Style]
) -> Axes:
    """Draw a rectangle around each face, with its name, or with age and gender.

    Args:
        image: The image, as `load_image` takes it.
        result: The result of celebrities, or of analyze with Faces or Celebrities.
        ax: Axes to draw on; by default those of a new figure.
        style: `color` of all boxes, by default the colors of a palette in turn; `linewidth` in
            points, by default suited to the boxes; `fontsize` of the labels in points, by default
            suited to the image; `labels=False` to draw the boxes without labels.

    Raises:
        ValueError: The operation returns no faces.
        ImageError: The image cannot be read.
    """
    return _draw(load_image(image), [[face] for face in results.faces(result)], ax, **style)


def draw_objects(
    image: ImageInput, result: Result, ax: Axes | None = None, **style: Unpack[Style]
) -> Axes:
    """Draw a rectangle around each object, with its name.

    `result` is that of analyze with Objects, over API v3.2. See `draw_faces` for the rest.
    """
    return _draw(load_image(image), [[each] for each in results.objects(result)], ax, **style)


def draw_words(
    image: ImageInput, result: Result, ax: Axes | None = None, **style: Unpack[Style]
) -> Axes:
    """Draw a box around each printed word, with its text, in one color per line.

    `result` is that of ocr; boxes are turned back by `textAngle`. See `draw_faces` for the rest.
    """
    image = load_image(image)
    return _draw(image, results.words(result, *image.size), ax, **style)


def draw_lines(
    image: ImageInput, result: Result, ax: Axes | None = None, page: int = 1, **style: Unpack[Style]
) -> Axes:
    """Draw a polygon around each line of handwritten or printed text, with its text.

    `result` is that of recognize_text. For a document, `image` is an image of page `page`, from 1,
    and boxes in inches are scaled to its width. See `draw_faces` for the rest.
    """
    image = load_image(image)
    lines = results.lines(result, image.width, page)
    return _draw(image, [[line] for line in lines], ax, **style)


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


def _resolve(
    color: ColorType | None = None,
    linewidth: float | None = None,
    fontsize: float | str | None = None,
    labels: bool = True,
) -> tuple[str | None, float | None, float | None, bool]:
    size = None if fontsize is None else FontProperties(size=fontsize).get_size_in_points()
    return None if color is None else to_hex(color, keep_alpha=True), linewidth, size, labels


def _draw(
    image: Image.Image, groups: list[list[Detection]], ax: Axes | None, **style: Unpack[Style]
) -> Axes:
    color, linewidth, size, labels = _resolve(**style)
    colors = cycle([color] if color else PALETTE)
    numbered = enumerate(zip(groups, colors, strict=False))
    boxes = [LabelledBox(*each, edge, n) for n, (group, edge) in numbered for each in group]
    ax = _show(image, ax)
    if linewidth is None:
        height = np.median([dist(box.corners[0], box.corners[3]) for box in boxes] or [0.0])
        points = height * abs(ax.transData.get_matrix()[1, 1]) * 72 / ax.figure.dpi
        linewidth = float(np.clip(points / 12, 0.4, text_size(ax) / 8))
    for corners, _, edge, _ in boxes:
        halo = withStroke(linewidth=2 * linewidth, foreground=contrast_color(edge), alpha=0.6)
        ax.add_patch(Polygon(corners, fill=False, ec=edge, lw=linewidth, path_effects=[halo]))
    if labels:
        add_labels(ax, boxes, size)
    return ax
