"""Where the ink of each word stands in the picture of a line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Frame: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom, as shares of the line's width and height."""

FAINT = 0.04  # the share of a line's height that specks and ruled lines may fill in a gap
MARGIN = 1.0  # pixels left around the ink


def word_boxes(strip: NDArray[np.uint8], spans: Sequence[tuple[float, float]]) -> list[Frame]:
    """Return a tight frame for each word of a straightened line.

    Args:
        strip: The line, height x width x 3, RGB.
        spans: For each word, left to right, the middle of its first letter and of its last, as
            shares of the width.
    """
    ink = _ink(strip)
    height, width = ink.shape
    columns = ink.sum(axis=0)
    firsts = [min(width - 1, int(first * width)) for first, _ in spans]
    lasts = [min(width - 1, int(last * width)) for _, last in spans]
    gaps = [
        _gap(columns, last, first, FAINT * height)
        for last, first in zip(lasts[:-1], firsts[1:], strict=True)
    ]
    empty = columns <= FAINT * height
    begin = firsts[0] + 1 - _run_until_gap(empty[: firsts[0] + 1][::-1], height)
    begins = [begin, *(end for _, end in gaps)]
    ends = [*(begin for begin, _ in gaps), lasts[-1] + _run_until_gap(empty[lasts[-1] :], height)]
    return [_tight_box(ink, *edges) for edges in zip(begins, ends, strict=True)]


def _ink(strip: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return the pixels of the rarer of two brightnesses: letters cover less than their paper."""
    grey = cv2.cvtColor(strip, cv2.COLOR_RGB2GRAY)
    _, bright = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    light = np.asarray(bright, np.bool_)
    return light if light.mean() < 0.5 else ~light


def _gap(columns: NDArray[np.int64], last: int, first: int, faint: float) -> tuple[int, int]:
    """Return the widest empty run of columns between two letters, else their middle."""
    between = columns[last : first + 1]
    if len(between) == 0 or between.min() > faint:
        return (last + first) // 2, (last + first) // 2
    empty = np.concatenate([[False], between <= faint, [False]])
    edges = np.flatnonzero(np.diff(empty.astype(np.int8))).reshape(-1, 2)
    begin, end = edges[np.argmax(edges[:, 1] - edges[:, 0])]
    return last + int(begin), last + int(end)


def _run_until_gap(empty: NDArray[np.bool_], gap: int) -> int:
    """Return how many columns come before a gap as wide as this: past it is another column's."""
    filled = np.concatenate([[0], np.cumsum(~empty)])
    ends = np.flatnonzero(filled[gap:] == filled[:-gap])
    return int(ends[0]) if len(ends) else len(empty)


def _tight_box(ink: NDArray[np.bool_], begin: int, end: int) -> Frame:
    """Return the frame of the ink between two columns; of all the columns when there is none."""
    height, width = ink.shape
    rows = np.flatnonzero(ink[:, begin:end].any(axis=1))
    columns = np.flatnonzero(ink[:, begin:end].any(axis=0)) + begin
    if len(rows) == 0:
        return begin / width, 0.0, max(begin + 1, end) / width, 1.0
    left, right = max(0.0, columns[0] - MARGIN), min(width, columns[-1] + 1 + MARGIN)
    top, bottom = max(0.0, rows[0] - MARGIN), min(height, rows[-1] + 1 + MARGIN)
    return float(left / width), float(top / height), float(right / width), float(bottom / height)
