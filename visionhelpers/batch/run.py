"""Run one operation on many images, and resume the run after an interruption."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from inspect import signature
from operator import length_hint
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any
from weakref import ref

from ..client import VisionClient
from ..errors import VisionError, format_error
from ..images import ImageInput
from .dataframe import to_dataframe, to_row
from .results_file import Record, ResultsFile
from .sources import Images, expand, snapshot
from .worker import Outcome, Worker, failure

if TYPE_CHECKING:
    import pandas as pd

OPERATIONS = (
    "analyze", "describe", "tag", "celebrities", "landmarks", "thumbnail", "ocr", "recognize_text",
)  # fmt: skip
THREADS = 4
MAX_PENDING = 256
"""Number of images that an executor is given at once: the iterable may be endless."""
_BROKEN = (BrokenExecutor, CancelledError, RuntimeError)
"""Exceptions of an executor that accepts no more work."""


@dataclass(frozen=True, slots=True)
class BatchResult:
    """The result of one image.

    Attributes:
        image: Path or URL, or a hash of the content.
        result: JSON of the operation, None after an error. For a thumbnail it has `width`,
            `height`, `format` and the bytes of the file as `data`.
        error: Message of the error, or "".
        status: HTTP status of an error response.
        code: Error code of the API.
        seconds: Duration of the request, without waiting for the rate limit.
    """

    image: str
    result: dict[str, Any] | None = None
    error: str = ""
    status: int | None = None
    code: str | None = None
    seconds: float = 0.0


def run_batch(
    client: VisionClient,
    operation: str,
    images: Images,
    *,
    results: str | os.PathLike[str] | None = None,
    executor: Executor | None = None,
    progress: bool = True,
    **options: Any,
) -> BatchRun:
    """Run one operation on many images; iterate over the returned run to send the requests.

    An image that fails does not stop the others. With a file of `results`, each result is on disk
    as soon as its request completes, and the same call resumes the run: it skips images that have
    a result, unless their file has changed, and sends failed images again. A result counts for its
    operation, options, service and API version only. An image that is listed twice is sent once.
    Images are read as they are needed, and about 200 bytes of memory remain of each.

    Args:
        client: The client. Each process of an executor has a copy, whose rate limit is separate.
        operation: A method of the client: analyze, describe, tag, celebrities, landmarks,
            thumbnail, ocr or recognize_text.
        images: A folder, a glob pattern such as "scans/*.png", an image, or an iterable of images.
        results: A file with a line of JSON for each image.
        executor: An executor of concurrent.futures, by default four threads. With Dask, use
            `Client.get_executor(pure=False)`.
        progress: Whether to show a progress bar.
        options: Keyword arguments of the operation, such as `features=["Tags"]`.

    Raises:
        ValueError: There is no such operation.
        TypeError: The operation has no such option, or an argument has the wrong type.
        ImageError: There is no image at the path.
        VisionError: In the iteration: the file cannot be written, or the executor has failed.
    """
    if operation not in OPERATIONS:
        raise ValueError(f"Invalid operation {operation!r:.80}: use {', '.join(OPERATIONS)}.")
    if not isinstance(executor, Executor | None):
        raise TypeError(f"Invalid executor {executor!r:.80}: use one of concurrent.futures.")
    arguments = _complete_options(operation, options)
    path = None if results is None else Path(os.path.expanduser(results))  # noqa: PTH111
    expanded, _ = expand(images, documents=client.limits(operation).documents)
    compared = {name: value for name, value in arguments.items() if name != "timeout"}
    request = {"operation": operation, "options": compared, "service": client.service}
    worker = Worker(client, operation, arguments)
    return BatchRun(worker, expanded, request, ResultsFile(path), executor, progress)


class BatchRun(Iterator[BatchResult]):
    """The results of `run_batch` in the order in which requests complete.

    Iterate over it once: a second iteration raises ValueError. A loop that was left with `break`
    can be continued. `close()`, or the end of a `with` block, ends the run and releases the file.

    Attributes:
        counts: Number of images that are "done", that have "failed", and that were "skipped"
            because they had a result or were listed twice.
    """

    def __init__(
        self,
        worker: Worker,
        images: Iterable[ImageInput],
        request: dict[str, Any],
        file: ResultsFile,
        executor: Executor | None,
        progress: bool,
    ) -> None:
        self.counts = Counter(done=0, failed=0, skipped=0)
        self._worker, self._images, self._request, self._file = worker, iter(images), request, file
        self._progress = progress
        self._futures: set[Future[Outcome]] = set()
        self._completed: SimpleQueue[BatchResult | BaseException] = SimpleQueue()
        self._pending, self._limit, self._closed = 0, MAX_PENDING, False
        self._resources, self._bar = ExitStack(), None  # type: ExitStack, Any
        if executor is None:
            executor, self._limit = ThreadPoolExecutor(THREADS), 2 * THREADS
            self._resources.callback(executor.shutdown, wait=False, cancel_futures=True)
        self._executor = executor

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {name}" for name, count in self.counts.items())
        return f"<BatchRun of {self._request['operation']}: {counts}>"

    def __iter__(self) -> BatchRun:
        if self._closed:
            raise ValueError("The run has ended: call run_batch again, or use to_dataframe().")
        return self

    def __next__(self) -> BatchResult:
        if self._closed:
            raise StopIteration
        try:
            if self._bar is None:
                self._open()
            if self._pending < self._limit and self._completed.empty():
                for image in self._images:
                    self._submit(image)
                    if self._pending >= self._limit or not self._completed.empty():
                        break
            if self._pending:
                return self._take()
        except BaseException:
            self.close()
            raise
        self.close()
        raise StopIteration

    def __enter__(self) -> BatchRun:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Cancel the images that are not sent yet, and release the results file."""
        self._closed = True
        for future in list(self._futures):
            future.cancel()
        self._resources.close()

    __del__ = close

    @property
    def failures(self) -> list[BatchResult]:
        """Images without a result, including those of earlier runs; read from the results file."""
        return [result for result in self._saved() if result.error]

    def to_dataframe(self) -> pd.DataFrame:
        """Finish the run unless it is closed; return a row for each image of it and earlier runs.

        The columns are image, caption, confidence, tags, text, faces, names, error, seconds, and
        result with the JSON of the operation.

        Raises:
            ConfigurationError: pandas is not installed.
        """
        to_dataframe(())  # pandas is missed before anything is sent
        while next(self, None):
            pass
        return to_dataframe(map(to_row, self._saved()))

    def _saved(self) -> Iterator[BatchResult]:
        found = self._file.records()
        return (_to_result(each) for each in found if self._request.items() <= each.items())

    def _open(self) -> None:
        from tqdm.auto import tqdm  # here, because worker processes import this package

        self._resources.enter_context(self._file)
        total, name = length_hint(self._images) or None, self._request["operation"]
        bar = tqdm(total=total, desc=name, unit="image", disable=not self._progress)
        self._bar = self._resources.enter_context(bar)

    def _submit(self, image: ImageInput) -> None:
        """Give an image to the executor, unless it has a result or cannot be read."""
        record: Record = {"image": "", "fingerprint": "", **self._request}
        future: Future[Outcome] = Future()
        try:
            content, record["image"], record["fingerprint"] = snapshot(image)
        except Exception as error:  # the other images are sent
            record["image"] = f"{image!r:.80}"
            future.set_result(failure(error))
        if not self._file.claim(record):
            self.counts["skipped"] += 1
            if self._bar.total:
                self._bar.total -= 1
            return
        if not future.done():
            try:
                future = self._executor.submit(self._worker, content)
            except _BROKEN as error:
                future.set_exception(error)
        self._pending += 1
        self._futures.add(future)
        future.add_done_callback(partial(_save, ref(self), record))

    def _take(self) -> BatchResult:
        result = self._completed.get()
        self._pending -= 1
        if isinstance(result, BaseException):
            raise result
        self.counts["failed" if result.error else "done"] += 1
        self._bar.set_postfix(failed=self.counts["failed"], refresh=False)
        self._bar.update()
        return result


def _save(reference: ref[BatchRun], record: Record, future: Future[Outcome]) -> None:
    """Write the result of an image, unless its run is garbage; `_take` raises what fails."""
    if not (run := reference()):
        return
    run._futures.discard(future)
    try:
        try:
            record |= future.result()
        except _BROKEN as error:
            reason = f"{format_error(error)}: call run_batch again with another executor"
            raise VisionError(f"The executor has failed: {reason}") from error
        except Exception as error:  # such as a worker process that crashes with this image
            record |= failure(error)
        if run._file.add(record):
            run._completed.put(_to_result(record))
    except BaseException as error:
        run._completed.put(error)


def _to_result(record: Record) -> BatchResult:
    return BatchResult(**{name: record[name] for name in BatchResult.__slots__ if name in record})


def _complete_options(operation: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return all keyword arguments of an operation, equal for equal requests."""
    try:
        bound = signature(getattr(VisionClient, operation)).bind(None, b"", **options)
        bound.apply_defaults()
        _, _, *arguments = bound.arguments.items()
        complete = dict(arguments)
        if complete.pop("on_status", None):
            raise TypeError("on_status cannot be used in a batch")
        for name in {"features", "details"} & complete.keys():
            names = complete[name] if isinstance(complete[name], str) else ",".join(complete[name])
            complete[name] = sorted({part.strip() for part in names.split(",")} - {""})
        return dict(json.loads(json.dumps(complete)))
    except TypeError as error:
        raise TypeError(f"Invalid options for {operation}: {error}.") from None
