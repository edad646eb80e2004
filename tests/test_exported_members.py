from __future__ import annotations

import pytest

import visionhelpers

EXPECTED = {
    "ServiceError",
    "Credit",
    "ConfigurationError",
    "Explorer",
    "TransportError",
    "OperationFailedError",
    "OperationTimeoutError",
    "Picture",
    "ImageError",
    "VisionClient",
    "VisionError",
    "VisionWarning",
    "run_batch",
    "compare",
    "connect",
    "draw_caption",
    "draw_faces",
    "draw_lines",
    "draw_words",
    "load_image",
    "sample",
    "samples",
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
