from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from visionhelpers.images import load_image, sample_path
from visionservice.engines.base import LowLevelFeatures, Scene
from visionservice.engines.evidence.evidence import Evidence


@pytest.fixture(scope="session")
def look() -> Callable[[str | Path], Evidence]:
    """Everything the real engines find in a picture: a path, or the name of a sample."""
    return _look


@pytest.fixture(scope="session")
def see() -> Callable[[NDArray[np.uint8]], Evidence]:
    """Everything the real engines find in the pixels of a picture."""
    return _see


@cache
def _look(picture: str | Path) -> Evidence:
    return _see(
        np.asarray(load_image(sample_path(picture) if isinstance(picture, str) else picture))
    )


def _see(image: NDArray[np.uint8]) -> Evidence:
    from visionservice.engines import colors, image_type
    from visionservice.engines.faces import detector
    from visionservice.engines.objects import ssd_mobilenet
    from visionservice.engines.scenes import classifier
    from visionservice.engines.text import reader

    things = ssd_mobilenet.detect(image)
    words = reader.read(image)
    count = sum(len(line.words) for line in words.lines)
    return Evidence(
        width=image.shape[1],
        height=image.shape[0],
        objects=things,
        scene=classifier.analyze(image, things),
        faces=detector.detect(image),
        text=words,
        colors=colors.analyze(image),
        image_type=image_type.classify(image, words=count),
    )


@pytest.fixture
def nothing() -> Evidence:
    """A picture of 400 x 400 pixels in which nothing was found: fill in with `replace`."""
    from visionservice.engines.base import Colors, ImageType, OcrResult

    plain = LowLevelFeatures(sky=0, grass=0, green=0, dark=False, plain=False, texture=0.0)
    return Evidence(
        width=400,
        height=400,
        objects=(),
        scene=Scene((), (), (), (), outdoor=0.0, indoor=0.0, low_level=plain),
        faces=(),
        text=OcrResult(lines=(), regions=(), orientation="NotDetected", angle=0.0, language="unk"),
        colors=Colors("Blue", "White", ("White",), "0000FF", 0.6, black_and_white=False),
        image_type=ImageType(clip_art=0, line_drawing=0),
    )
