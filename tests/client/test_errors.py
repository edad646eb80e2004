from __future__ import annotations

import inspect
import pickle

import pytest

import visionhelpers as vh
from visionhelpers import errors
from visionhelpers.errors import format_error

FORMAT, UNREACHABLE = "InvalidImageFormat", "InvalidImageUrl"


def test_every_error_is_in_the_tree_and_in_the_docstring() -> None:
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    own = [kind for kind in kinds if kind.__module__ == errors.__name__]
    assert len(own) >= 8
    for kind in own:
        assert issubclass(kind, vh.VisionError) != issubclass(kind, UserWarning)
        assert kind.__name__ in (errors.__doc__ or "")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (vh.ImageError("No image"), "No image"),
        (vh.TransportError("Connection refused", "refused"), "Connection refused"),
        (vh.OperationFailedError("It failed", {"status": "Failed"}), "It failed"),
        (vh.OperationTimeoutError("Too late", 3.0, "http://127.0.0.1/1"), "Too late"),
        (vh.ServiceError(400, FORMAT, "No.", "id-1", 7.0), "InvalidImageFormat (400): No."),
        (vh.ServiceError(404, "404", "Not found."), "404: Not found."),
        (vh.ServiceError(502, None, "Bad gateway"), "502: Bad gateway"),
        (vh.ServiceError(400, UNREACHABLE, "No", hint="Why."), "InvalidImageUrl (400): No. Why."),
        (
            vh.ServiceError(401, "401", "Access denied."),
            "401: Access denied. Check the key, and that it belongs to this endpoint.",
        ),
        (vh.ServiceError(403, "403", "Out of calls."), "403: Out of calls."),
    ],
)
def test_an_error_and_its_copy_from_another_process_have_a_message_and_the_same_attributes(
    error: vh.VisionError, message: str
) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(copy) is type(error)
    assert str(copy) == str(error) == message
    assert vars(copy) == vars(error)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (vh.ImageError("The image\nis empty"), "The image is empty"),
        (vh.ServiceError(400, "BadArgument", "No."), "BadArgument (400): No."),
        (ValueError("no such page"), "ValueError: no such page"),
        (KeyError("pages"), "KeyError: 'pages'"),
        (vh.VisionError(), "VisionError: "),
    ],
)
def test_an_error_is_formatted_on_one_line(error: Exception, line: str) -> None:
    assert format_error(error) == line
