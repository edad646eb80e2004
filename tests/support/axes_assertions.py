"""Measure where texts are drawn on a figure, and assert that they are legible there."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.path import Path
from matplotlib.text import Text

TOLERANCE = 0.5
"""Pixels by which labels may overlap or leave the image."""


def outlines(ax: Axes, labels: Sequence[Text]) -> list[Path]:
    """Return the backgrounds of labels as they are drawn, smaller by the tolerance."""
    shown = [image for image in ax.images if image.get_visible()]
    for image in shown:
        image.set_visible(False)  # resampling it takes longer than drawing the rest
    ax.figure.draw_without_rendering()
    for image in shown:
        image.set_visible(True)
    return [outline(label) for label in labels]


def outline(label: Text) -> Path:
    patch = label.get_bbox_patch()
    corners = patch.get_transform().transform(patch.get_path().vertices[:4])
    middle = corners.mean(axis=0)
    length = np.hypot(*(corners - middle).T)[:, None]
    return Path(middle + (corners - middle) * (1 - TOLERANCE * 2**0.5 / length))


def assert_legible(ax: Axes, labels: Sequence[Text]) -> None:
    """Assert that labels are inside the Axes and do not overlap."""
    areas = list(zip(labels, outlines(ax, labels), strict=True))
    for label, area in areas:
        inside = ax.bbox.padded(TOLERANCE).count_contains(area.vertices) == len(area.vertices)
        assert inside, f"{label.get_text()!r} leaves the image"
    for (one, area), (other, place) in combinations(areas, 2):
        assert not area.intersects_path(place), f"{one.get_text()!r} is on {other.get_text()!r}"
