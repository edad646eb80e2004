from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from visionhelpers.images import load_image, sample_path
from visionservice.analysis import ImageAnalysis
from visionservice.engines.base import (
    Colors,
    ImageType,
    LowLevelFeatures,
    OcrResult,
    Pose,
    Scene,
)
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


@pytest.fixture
def nothing() -> Evidence:
    """An image of 400 x 400 pixels without any result; fill in by `with_results`."""
    plain = LowLevelFeatures(sky=0, grass=0, green=0, dark=False, plain=False, texture=0.0)
    return Evidence(
        size=(400, 400),
        objects=(),
        scene=Scene((), (), (), (), outdoor=0.0, indoor=0.0, low_level=plain),
        faces=(),
        text=OcrResult(lines=(), regions=(), orientation="NotDetected", angle=0.0, language="unk"),
        colors=Colors("Blue", "White", ("White",), "0000FF", 0.6, black_and_white=False),
        image_type=ImageType(clip_art=0, line_drawing=0),
        names=(),
        pose=lambda _: Pose(),
    )
