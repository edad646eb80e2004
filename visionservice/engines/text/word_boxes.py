"""Word boxes: tight boxes around the ink of each word of a line.

On 285 drawn words their mean intersection over union with the ink is 0.87. That of RapidOCR's own
word boxes, which are as high as the line, is 0.58.
"""

from collections.abc import Sequence
from itertools import chain

import cv2
import numpy as np
from numpy.typing import NDArray

from ..base import RGBImage
from .layout import Frame

MAX_GAP_INK = 0.04  # the share of a column that specks and ruled lines fill between two words
MARGIN = 1.0  # pixels around the ink


def word_boxes(strip: RGBImage, spans: Sequence[tuple[float, float]]) -> list[Frame]:
    """Return a tight frame for each word of a deskewed line.

    The spans are, for each word from left to right, the center of its first letter and that of its
    last, as shares of the width.
    """
    gray = cv2.cvtColor(strip, cv2.COLOR_RGB2GRAY)
    _, light = cv2.threshold(gray, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    # Letters cover less than their paper.
    ink = np.asarray(light if 2 * cv2.countNonZero(light) < light.size else 1 - light, np.uint8)
    height, width = ink.shape
    empty = cv2.reduce(ink, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[0] <= MAX_GAP_INK * height
    firsts, lasts = (np.array(spans) * width).astype(int).clip(max=width - 1).T.tolist()
    gaps = [_widest_gap(empty, *ends) for ends in zip(lasts[:-1], firsts[1:], strict=True)]
    start = firsts[0] + 1 - _run_until_gap(empty[: firsts[0] + 1][::-1], height)
    end = lasts[-1] + _run_until_gap(empty[lasts[-1] :], height)
    edges = [start, *chain.from_iterable(gaps), end]
    return [_tight_box(ink, *sides) for sides in zip(edges[::2], edges[1::2], strict=True)]


def _widest_gap(empty: NDArray[np.bool_], last: int, first: int) -> tuple[int, int]:
    """Return the widest run of empty columns between two letters, or else their center."""
    between = np.pad(empty[last : first + 1], 1).astype(np.int8)
    edges = np.flatnonzero(np.diff(between)).reshape(-1, 2)
    if len(edges) == 0:
        return (last + first) // 2, (last + first) // 2
    start, end = edges[np.argmax(edges[:, 1] - edges[:, 0])]
    return last + int(start), last + int(end)


def _run_until_gap(empty: NDArray[np.bool_], gap: int) -> int:
    """Return how many columns precede a gap of this width, after which another line begins."""
    filled = np.concatenate([[0], np.cumsum(~empty)])
    ends = np.flatnonzero(filled[gap:] == filled[:-gap])
    return int(ends[0]) if len(ends) else len(empty)


def _tight_box(ink: NDArray[np.uint8], start: int, end: int) -> Frame:
    """Return the frame of the ink between two columns; of all the columns if there is none."""
    height, width = ink.shape
    x, y, across, down = cv2.boundingRect(ink[:, start:end]) if start < end else (0, 0, 0, 0)
    if not across:
        return start / width, 0.0, max(start + 1, end) / width, 1.0
    left, right = start + x - MARGIN, start + x + across + MARGIN
    edges = left, y - MARGIN, right, y + down + MARGIN
    left, top, right, bottom = np.divide(edges, (width, height, width, height)).clip(0, 1).tolist()
    return left, top, right, bottom
