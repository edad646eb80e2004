"""Where texts really are on a figure, and whether they can be read there."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.path import Path
from matplotlib.text import Text

HAIR = 0.5
"""Pixels that labels may overlap, or leave the picture by."""


def outlines(ax: Axes, labels: Sequence[Text]) -> list[Path]:
    """Where the labels' backgrounds are drawn, a hair less on each side."""
    ax.figure.draw_without_rendering()
    return [outline(label) for label in labels]


def outline(label: Text) -> Path:
    patch = label.get_bbox_patch()
    corners = patch.get_transform().transform(patch.get_path().vertices[:4])
    middle = corners.mean(axis=0)
    length = np.hypot(*(corners - middle).T)[:, None]
    return Path(middle + (corners - middle) * (1 - HAIR * 2**0.5 / length))


def assert_legible(ax: Axes, labels: Sequence[Text]) -> None:
    """Assert that labels lie inside the axes and apart from each other."""
    areas = list(zip(labels, outlines(ax, labels), strict=True))
    for label, area in areas:
        inside = ax.bbox.padded(HAIR).count_contains(area.vertices) == len(area.vertices)
        assert inside, f"{label.get_text()!r} leaves the picture"
    for (one, area), (other, place) in combinations(areas, 2):
        assert not area.intersects_path(place), f"{one.get_text()!r} is on {other.get_text()!r}"
