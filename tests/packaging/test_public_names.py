from __future__ import annotations

from importlib.metadata import version

import pytest

import visionhelpers as vh
from visionhelpers import errors

EXPECTED = [
    "ConfigurationError", "Explorer", "ImageError", "ImageInput", "OperationFailedError",
    "OperationTimeoutError", "ServiceError", "TransportError", "VisionClient", "VisionError",
    "VisionWarning", "compare", "connect", "draw_caption", "draw_faces", "draw_lines",
    "draw_objects", "draw_words", "load_image", "run_batch", "sample_credits", "sample_path",
    "text",
]  # fmt: skip


def test_the_public_names_are_these_and_each_is_there() -> None:
    assert sorted(vh.__all__) == EXPECTED
    assert all(getattr(vh, name) is not None for name in EXPECTED)
    assert set(EXPECTED) <= set(dir(vh))


def test_every_error_of_the_tree_is_public() -> None:
    kinds = [each for each in vars(errors).values() if isinstance(each, type)]
    own = {kind.__name__ for kind in kinds if kind.__module__ == errors.__name__}
    assert {"VisionError", "VisionWarning"} <= own <= set(vh.__all__)


def test_an_unknown_name_is_refused_by_name() -> None:
    with pytest.raises(AttributeError, match="'visionhelpers' has no attribute 'draw_cats'"):
        _ = vh.draw_cats


def test_the_version_is_that_of_the_distribution() -> None:
    assert vh.__version__ == version("visionhelpers")
