"""A run over many pictures: what is going on, what has arrived, and what is left."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tqdm.auto import tqdm

from .envoy import Envoy, Outcome, sentence
from .errors import PictureError, VisionError
from .ledger import Ledger, Record, records
from .sources import Source, identity
from .table import frame, row

if TYPE_CHECKING:
    import pandas as pd

THREADS = 4
AHEAD = 256
"""How many pictures an executor is given at once: the list may be endless."""
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


class Run:
    """The results of `analyze_many`, once, in the order in which they arrive.

    Attributes:
        quiet: Set it, before the first result, to have no progress bar.
    """

    def __init__(
        self,
        envoy: Envoy,
        operation: str,
        pictures: Iterable[Source],
        path: Path | None,
        executor: Executor | None,
        options: dict[str, Any],
    ) -> None:
        self.quiet = False
        self._envoy, self._executor, self._pictures = envoy, executor, pictures
        self._asked: dict[str, Any] = {"operation": operation, "options": options}
        self._path = path or self._passing()
        self._arrived: SimpleQueue[Result | BaseException] = SimpleQueue()
        self._failed = 0
        self._going = self._go()

    def __iter__(self) -> Iterator[Result]:
        return self._going

    @property
    def failures(self) -> list[Result]:
        """The pictures without an answer until now, as in `[each.picture for each in failures]`.

        With a file of results, those of earlier runs are among them.
        """
        return [result for result in self._results() if result.error]

    def to_frame(self) -> pd.DataFrame:
        """Finish the run; return a row for each picture: caption, tags, words, faces, error.

        With a file of results it has the rows of earlier runs too. `to_parquet` writes it.

        Raises:
            VisionError: pandas is not installed.
        """
        for _ in self:
            pass
        found = self._results()
        return frame(row(each.picture, each.answer, each.error, each.seconds) for each in found)

    def _passing(self) -> Path:
        """Return a file for the results that goes with this object."""
        folder = tempfile.mkdtemp(prefix="visionhelpers-")
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return Path(folder) / "results.jsonl"

    def _results(self) -> Iterator[Result]:
        for record in records(self._path) if self._path.exists() else ():
            if {name: record[name] for name in self._asked} == self._asked:
                yield _result(record)

    def _go(self) -> Iterator[Result]:
        with ExitStack() as stack:
            ledger = stack.enter_context(Ledger(self._path))
            bar = stack.enter_context(self._bar())
            executor = self._executor or stack.enter_context(_Threads(THREADS))
            ahead = AHEAD if self._executor else 2 * THREADS
            going: set[Future[Outcome]] = set()
            stack.callback(lambda: [future.cancel() for future in list(going)])
            awaited = 0
            for picture in self._pictures:
                record = self._record(picture)
                if not ledger.claim(record):
                    _pass_over(bar)
                    continue
                self._begin(executor, picture, record, ledger, going)
                awaited += 1
                while awaited >= ahead or not self._arrived.empty():
                    awaited -= 1
                    yield self._next(bar)
            for _ in range(awaited):
                yield self._next(bar)

    def _bar(self) -> tqdm[Any]:
        total = len(self._pictures) if isinstance(self._pictures, Sequence) else None
        name = str(self._asked["operation"])
        return tqdm(total=total, desc=name, unit="picture", disable=self.quiet)

    def _record(self, picture: Source) -> Record:
        try:
            name, stamp = identity(picture)
            return {"picture": name, "stamp": stamp, **self._asked}
        except PictureError as error:
            wrong = {"seconds": 0.0, "error": sentence(error)}
            return {"picture": f"{picture!r:.80}", "stamp": "", **self._asked, **wrong}

    def _begin(
        self,
        executor: Executor,
        picture: Source,
        record: Record,
        ledger: Ledger,
        going: set[Future[Outcome]],
    ) -> None:
        """Have one picture asked about; in the end, exactly one thing arrives."""
        if "error" in record:
            self._write(ledger, record)
            return
        ask, options = self._envoy.ask, self._asked["options"]
        try:
            future = executor.submit(ask, record["operation"], picture, options, uuid4().hex)
        except _BROKEN as error:
            raise _broken(error) from error
        going.add(future)

        def arrive(future: Future[Outcome]) -> None:
            going.discard(future)
            try:
                self._write(ledger, record | _outcome(future))
            except BaseException as error:  # it is raised where the results are waited for
                self._arrived.put(error)

        future.add_done_callback(arrive)

    def _write(self, ledger: Ledger, record: Record) -> None:
        """Put a result on disk at once, however late it is asked for."""
        if ledger.add(record):
            self._arrived.put(_result(record))

    def _next(self, bar: tqdm[Any]) -> Result:
        result = self._arrived.get()
        if isinstance(result, BaseException):
            raise result
        self._failed += bool(result.error)
        bar.set_postfix(failed=self._failed, refresh=False)
        bar.update()
        return result


class _Threads(ThreadPoolExecutor):
    """Threads that nobody waits for who breaks off."""

    def __exit__(self, *_: object) -> None:
        self.shutdown(wait=False, cancel_futures=True)


def _pass_over(bar: tqdm[Any]) -> None:
    """Count a picture, and leave it out of the rate."""
    if bar.disable:
        return
    bar.n += 1
    bar.initial += 1
    bar.last_print_n += 1


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


def _result(record: Record) -> Result:
    answer, error = record.get("answer"), record.get("error", "")
    return Result(record["picture"], answer, error, record["seconds"])
