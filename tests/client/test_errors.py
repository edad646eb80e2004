from __future__ import annotations

import inspect
import pickle

import pytest

from visionhelpers import errors
from visionhelpers.errors import (
    ConfigurationError,
    ImageError,
    OperationFailedError,
    OperationTimeoutError,
    ServiceError,
    TransportError,
    VisionError,
    VisionWarning,
    format_error,
)

EVERY = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if kind.__module__ == errors.__name__ and not issubclass(kind, Warning)
]


def test_every_error_is_in_the_tree_and_in_the_docstring() -> None:
    assert len(EVERY) >= 7
    for kind in EVERY:
        assert issubclass(kind, VisionError)
        assert kind.__name__ in (errors.__doc__ or "")


def test_the_warning_is_a_warning_of_the_user() -> None:
    assert issubclass(VisionWarning, UserWarning)
    assert VisionWarning.__name__ in (errors.__doc__ or "")


@pytest.mark.parametrize(
    "error",
    [
        ImageError("No image"),
        ConfigurationError("No key"),
        TransportError("Connection refused", "refused"),
        ServiceError(400, "InvalidImageSize", "Too large.", "id-1"),
        ServiceError(429, "429", "Out of calls.", None, 7.0),
        ServiceError(400, "InvalidImageUrl", "No.", None, None, "The host returned 404."),
        OperationFailedError("It failed", {"status": "Failed"}),
        OperationTimeoutError("Too late", 3.0, "http://127.0.0.1/textOperations/1"),
    ],
)
def test_an_error_from_another_process_keeps_its_attributes(error: VisionError) -> None:
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(copy) is type(error)
    assert (str(copy), vars(copy)) == (str(error), vars(error))


def test_a_service_error_is_printed_as_code_status_and_message() -> None:
    assert str(ServiceError(400, "BadArgument", "No.")) == "BadArgument (400): No."
    assert str(ServiceError(404, "404", "Not found.")) == "404: Not found."
    assert str(ServiceError(502, None, "Bad gateway")) == "502: Bad gateway"


def test_a_service_error_is_printed_with_the_hint_of_the_service() -> None:
    error = ServiceError(400, "InvalidImageUrl", "No access", hint="The host returned 404.")
    assert str(error) == "InvalidImageUrl (400): No access. The host returned 404."


def test_only_a_401_advises_to_check_the_key() -> None:
    assert "Check the key" in str(ServiceError(401, "401", "Access denied."))
    assert "Check the key" not in str(ServiceError(403, "403", "Out of calls."))


def test_the_other_errors_are_printed_as_their_message() -> None:
    assert str(TransportError("Connection refused", "refused")) == "Connection refused"
    assert str(OperationFailedError("It failed", {"status": "Failed"})) == "It failed"
    assert str(OperationTimeoutError("Too late", 3.0, "http://a")) == "Too late"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ImageError("The image\nis empty"), "The image is empty"),
        (ServiceError(400, "BadArgument", "No."), "BadArgument (400): No."),
        (ValueError("no such page"), "ValueError: no such page"),
        (KeyError("pages"), "KeyError: 'pages'"),
        (VisionError(), "VisionError: "),
    ],
)
def test_an_error_is_formatted_on_one_line(error: Exception, line: str) -> None:
    assert format_error(error) == line
