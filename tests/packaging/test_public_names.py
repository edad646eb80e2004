from __future__ import annotations

from importlib.metadata import version

import pytest

import visionhelpers

EXPECTED = {
    "ConfigurationError",
    "Explorer",
    "ImageError",
    "ImageInput",
    "OperationFailedError",
    "OperationTimeoutError",
    "ServiceError",
    "TransportError",
    "VisionClient",
    "VisionError",
    "VisionWarning",
    "compare",
    "connect",
    "draw_caption",
    "draw_faces",
    "draw_lines",
    "draw_objects",
    "draw_words",
    "load_image",
    "run_batch",
    "sample_credits",
    "sample_path",
    "text",
}


def test_the_public_names_are_these() -> None:
    assert set(visionhelpers.__all__) == EXPECTED
    assert len(visionhelpers.__all__) == len(EXPECTED)


def test_every_public_name_is_there_and_listed() -> None:
    for name in visionhelpers.__all__:
        assert getattr(visionhelpers, name) is not None
        assert name in dir(visionhelpers)


def test_every_error_of_the_tree_is_public() -> None:
    from visionhelpers import errors

    kinds = {name for name, kind in vars(errors).items() if isinstance(kind, type)}
    own = {name for name in kinds if getattr(errors, name).__module__ == errors.__name__}
    assert own
    assert own <= set(visionhelpers.__all__)


def test_an_unknown_name_is_refused_by_name() -> None:
    with pytest.raises(AttributeError, match="'visionhelpers' has no attribute 'draw_cats'"):
        _ = visionhelpers.draw_cats


def test_the_version_is_that_of_the_distribution() -> None:
    assert visionhelpers.__version__ == version("visionhelpers")
