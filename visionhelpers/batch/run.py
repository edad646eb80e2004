"""A run over many pictures: its progress, its results, and what is left."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm.auto import tqdm

from ..errors import ImageError, sentence
from .dataframe import frame, row
from .results_file import Ledger, Record, records
from .sources import Source, identity
from .underway import Result, Underway, as_result
from .worker import Envoy

if TYPE_CHECKING:
    import pandas as pd

THREADS = 4
AHEAD = 256
"""How many pictures an executor is given at once: the list may be endless."""


class Run:
    """The results of `run_batch`, once, in the order in which they arrive.

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
        self._asked: dict[str, Any] = {"operation": operation, "options": options}
        self._place = _Place(path)
        self._parts = envoy, executor, pictures
        self._going: Iterator[Result] | None = None

    def __iter__(self) -> Iterator[Result]:
        if self._going is None:
            self._going = _go(*self._parts, self._asked, self._place, self.quiet)
        return self._going

    @property
    def failures(self) -> list[Result]:
        """The pictures without an answer until now, as in `[each.picture for each in failures]`.

        With a file of results, those of earlier runs are among them.
        """
        return [result for result in self._results() if result.error]

    def to_frame(self) -> pd.DataFrame:
        """Finish the run; return a row for each picture: caption, tags, words, faces, error.

        Of a run that was broken off it is what there was until then.
        With a file of results it has the rows of earlier runs too. `to_parquet` writes it.

        Raises:
            VisionError: pandas is not installed.
        """
        for _ in self:
            pass
        found = self._results()
        return frame(row(each.picture, each.answer, each.error, each.seconds) for each in found)

    def _results(self) -> Iterator[Result]:
        for record in records(self._place.path) if self._place.path.exists() else ():
            if {name: record[name] for name in self._asked} == self._asked:
                yield as_result(record)


class _Place:
    """The file of the results; where none is given, one that goes with the last who holds this."""

    def __init__(self, path: Path | None) -> None:
        if path is None:
            folder = tempfile.mkdtemp(prefix="visionhelpers-")
            weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
            path = Path(folder) / "results.jsonl"
        self.path = path


def _go(
    envoy: Envoy,
    executor: Executor | None,
    pictures: Iterable[Source],
    asked: dict[str, Any],
    place: _Place,
    quiet: bool,
) -> Iterator[Result]:
    """Do the work. It knows nothing of the run, so that it ends as soon as the run is dropped."""
    total = len(pictures) if isinstance(pictures, Sequence) else None
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger(place.path))
        bar = stack.enter_context(
            tqdm(total=total, desc=asked["operation"], unit="picture", disable=quiet)
        )
        ahead = AHEAD if executor else 2 * THREADS
        executor = executor or stack.enter_context(_Threads(THREADS))
        work = Underway(envoy, executor, ledger)
        stack.callback(work.drop)
        progress = _Progress(bar)
        for picture in pictures:
            record = _record(picture, asked)
            if not ledger.claim(record):
                progress.pass_over()
                continue
            work.begin(picture, record)
            while work.awaited >= ahead or work.has_arrived:
                yield progress.counted(work.take())
        while work.awaited:
            yield progress.counted(work.take())


def _record(picture: Source, asked: dict[str, Any]) -> Record:
    try:
        name, stamp = identity(picture)
        return {"picture": name, "stamp": stamp, **asked}
    except ImageError as error:
        wrong = {"seconds": 0.0, "error": sentence(error)}
        return {"picture": f"{picture!r:.80}", "stamp": "", **asked, **wrong}


class _Threads(ThreadPoolExecutor):
    """Threads that nobody waits for who breaks off."""

    def __exit__(self, *_: object) -> None:
        self.shutdown(wait=False, cancel_futures=True)


class _Progress:
    """A bar that counts failures, and leaves what is passed over out of the rate."""

    def __init__(self, bar: tqdm[Any]) -> None:
        self._bar, self._failed = bar, 0

    def counted(self, result: Result) -> Result:
        self._failed += bool(result.error)
        self._bar.set_postfix(failed=self._failed, refresh=False)
        self._bar.update()
        return result

    def pass_over(self) -> None:
        if not self._bar.disable:
            self._bar.n += 1
            self._bar.initial += 1
            self._bar.last_print_n += 1
