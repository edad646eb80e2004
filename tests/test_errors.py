from __future__ import annotations

import inspect
import pickle

import pytest

from visionhelpers import errors
from visionhelpers.errors import (
    OperationFailedError,
    OperationTimeoutError,
    ServiceError,
    TransportError,
    VisionError,
)

EVERY = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if kind.__module__ == errors.__name__ and not issubclass(kind, Warning)
]


def test_every_error_is_in_the_tree_and_in_its_drawing() -> None:
    assert len(EVERY) >= 7
    for kind in EVERY:
        assert issubclass(kind, VisionError)
        assert kind.__name__ in (errors.__doc__ or "")


@pytest.mark.parametrize(
    "error",
    [
        TransportError("nobody there"),
        ServiceError(400, "InvalidImageSize", "Too large.", "id-1"),
        OperationFailedError("It failed", {"status": "Failed"}),
        OperationTimeoutError("Too late", 3.0, "http://127.0.0.1/textOperations/1"),
    ],
)
def test_an_error_from_another_process_keeps_its_evidence(error: VisionError) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert type(again) is type(error)
    assert (str(again), vars(again)) == (str(error), vars(error))


def test_a_bad_answer_reads_as_code_status_and_message() -> None:
    assert str(ServiceError(400, "BadArgument", "No.")) == "BadArgument (400): No."
    assert str(ServiceError(404, "404", "Not found.")) == "404: Not found."
    assert str(ServiceError(502, None, "Bad gateway")) == "502: Bad gateway"


def test_only_a_refused_key_is_advised_upon() -> None:
    assert "Check the key" in str(ServiceError(401, "401", "Access denied."))
    assert "Check the key" not in str(ServiceError(403, "403", "Out of calls."))


def test_the_message_of_an_operation_is_only_its_message() -> None:
    assert str(OperationFailedError("It failed", {"status": "Failed"})) == "It failed"
    assert str(OperationTimeoutError("Too late", 3.0, "http://a")) == "Too late"
