from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from visionhelpers.images import load_image, sample_path
from visionservice.analysis import ImageAnalysis
from visionservice.engines.evidence.evidence import Evidence
from visionservice.gallery.gallery import Gallery
from visionservice.imaging.decode import LazyImage


@pytest.fixture(scope="session")
def look() -> Callable[[str | Path], Evidence]:
    """The real engines' results for an image: a path, or the name of a sample."""
    return _look


@pytest.fixture(scope="session")
def see() -> Callable[[NDArray[np.uint8]], Evidence]:
    """The real engines' results for the pixels of an image; nobody is recognized."""
    return _see


@cache
def _look(image: str | Path) -> Evidence:
    path = sample_path(image) if isinstance(image, str) else image
    return _see(np.asarray(load_image(path)))


def _see(image: NDArray[np.uint8]) -> Evidence:
    analysis = ImageAnalysis(LazyImage(lambda: image), "Jpeg", Gallery(Path("no-gallery")))
    return analysis.evidence.with_results(names=())
