"""What is under way: pictures given to an executor, and their results as they arrive."""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any
from uuid import uuid4

from ..errors import VisionError, sentence
from .results_file import Ledger, Record
from .sources import Source
from .worker import Envoy, Outcome

_BROKEN = (BrokenExecutor, CancelledError, RuntimeError)
"""What an executor says that takes nothing on any more."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one picture.

    Attributes:
        picture: As it was given; bytes by their checksum.
        answer: The API's JSON, None where it failed. A thumbnail is `width`, `height`, `format`
            and, as base64, `data`.
        error: Why it failed in a sentence, else empty.
        seconds: How long it took.
    """

    picture: str
    answer: dict[str, Any] | None
    error: str
    seconds: float


class Underway:
    """The pictures that an executor has been given; what arrives goes into the ledger at once.

    Attributes:
        awaited: How many results have not been taken yet.
    """

    def __init__(self, envoy: Envoy, executor: Executor, ledger: Ledger) -> None:
        self._envoy, self._executor, self._ledger = envoy, executor, ledger
        self._going: set[Future[Outcome]] = set()
        self._arrived: SimpleQueue[Result | BaseException] = SimpleQueue()
        self.awaited = 0

    @property
    def has_arrived(self) -> bool:
        """Whether a result can be taken without waiting."""
        return not self._arrived.empty()

    def begin(self, picture: Source, record: Record) -> None:
        """Have a picture asked about, unless the record says already what is wrong with it.

        Raises:
            VisionError: The executor takes nothing on any more.
        """
        if "error" in record:
            self._write(record)
        else:
            self._submit(picture, record)
        self.awaited += 1

    def take(self) -> Result:
        """Wait for the next result.

        Raises:
            VisionError: It cannot be written, or the executor has broken down.
        """
        result = self._arrived.get()
        self.awaited -= 1
        if isinstance(result, BaseException):
            raise result
        return result

    def drop(self) -> None:
        """Cancel what has not been begun."""
        for future in list(self._going):
            future.cancel()

    def _submit(self, picture: Source, record: Record) -> None:
        errand = record["operation"], picture, record["options"], uuid4().hex
        try:
            future = self._executor.submit(self._envoy.ask, *errand)
        except _BROKEN as error:
            raise _broken(error) from error
        self._going.add(future)

        def arrive(future: Future[Outcome]) -> None:
            self._going.discard(future)
            try:
                self._write(record | _outcome(future))
            except BaseException as error:  # it is raised where the results are waited for
                self._arrived.put(error)

        future.add_done_callback(arrive)

    def _write(self, record: Record) -> None:
        """Put a result on disk, however late it is asked for; none once the ledger is closed."""
        if self._ledger.add(record):
            self._arrived.put(as_result(record))


def as_result(record: Record) -> Result:
    """Return what a line of the ledger says."""
    answer, error = record.get("answer"), record.get("error", "")
    return Result(record["picture"], answer, error, record["seconds"])


def _outcome(future: Future[Outcome]) -> Outcome:
    try:
        return future.result()
    except _BROKEN as error:
        raise _broken(error) from error
    except Exception as error:  # such as a worker that died of this picture again and again
        return {"seconds": 0.0, "error": sentence(error)}


def _broken(error: BaseException) -> VisionError:
    return VisionError(
        f"The executor works no longer ({sentence(error)}): make the same call with a new one"
    )
