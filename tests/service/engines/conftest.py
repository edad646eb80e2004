from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from visionhelpers.images import load_image, sample_path
from visionhelpers.service.engines.findings import Findings
from visionhelpers.service.engines.scenes import Scene
from visionhelpers.service.engines.surfaces import Surfaces


@pytest.fixture(scope="session")
def look() -> Callable[[str | Path], Findings]:
    """Everything the real engines find in a picture: a path, or the name of a sample."""
    return _look


@pytest.fixture(scope="session")
def see() -> Callable[[NDArray[np.uint8]], Findings]:
    """Everything the real engines find in the pixels of a picture."""
    return _see


@cache
def _look(picture: str | Path) -> Findings:
    return _see(
        np.asarray(load_image(sample_path(picture) if isinstance(picture, str) else picture))
    )


def _see(image: NDArray[np.uint8]) -> Findings:
    from visionhelpers.service.engines import colours, faces, imagetype, objects, scenes, text

    things = objects.detect(image)
    words = text.read(image)
    count = sum(len(line.words) for line in words.lines)
    return Findings(
        width=image.shape[1],
        height=image.shape[0],
        objects=things,
        scene=scenes.classify(image, things),
        faces=faces.detect(image),
        text=words,
        colours=colours.analyse(image),
        image_type=imagetype.classify(image, words=count),
    )


@pytest.fixture
def nothing() -> Findings:
    """A picture of 400 x 400 pixels in which nothing was found: fill in with `replace`."""
    from visionhelpers.service.engines.colours import Colours
    from visionhelpers.service.engines.imagetype import ImageType
    from visionhelpers.service.engines.text import Text

    plain = Surfaces(sky=0, grass=0, green=0, dark=False, plain=False, texture=0.0)
    return Findings(
        width=400,
        height=400,
        objects=(),
        scene=Scene((), (), (), (), outdoor=0.0, indoor=0.0, surfaces=plain),
        faces=(),
        text=Text(lines=(), regions=(), orientation="NotDetected", angle=0.0, language="unk"),
        colours=Colours("Blue", "White", ("White",), "0000FF", 0.6, black_and_white=False),
        image_type=ImageType(clip_art=0, line_drawing=0),
    )
