"""Run one operation on many images, and resume the run after an interruption."""

import json
import os
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from inspect import GEN_CLOSED, getgeneratorstate, signature
from operator import length_hint
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Self

from ..client import VisionClient
from ..errors import VisionError, format_error
from ..images import ImageInput
from .dataframe import to_dataframe
from .results_file import ResultsFile
from .sources import Images, expand, snapshot
from .worker import BatchResult, Worker, failure

if TYPE_CHECKING:
    import pandas as pd

OPERATIONS = (
    "analyze", "describe", "tag", "celebrities", "landmarks", "thumbnail", "ocr", "recognize_text",
)  # fmt: skip
THREADS, MAX_PENDING = 4, 256
"""Number of default threads, and of images that an executor is given at once."""
Sending = Generator[BatchResult, None, None]


def run_batch(
    client: VisionClient,
    operation: str,
    images: Images,
    *,
    results: str | os.PathLike[str] | None = None,
    executor: Executor | None = None,
    progress: bool = True,
    **options: Any,
) -> "BatchRun":
    """Run one operation on many images; iterate over the returned run to send the requests.

    An image that fails does not stop the others. With a file of `results`, each result is on disk
    as soon as its request completes, and the same call resumes the run: it skips images that have
    a result, unless their file has changed, and sends failed images again. A result counts for its
    operation, options, service and API version only. An image that is listed twice is sent once.
    Images are read as they are needed, and about 200 bytes of memory remain of each.

    Args:
        client: The client. Each process of an executor has a copy, whose rate limit is separate.
        operation: analyze, describe, tag, celebrities, landmarks, thumbnail, ocr or recognize_text.
        images: A folder, a glob pattern such as `scans/*.png`, an image, or an iterable of images.
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
    identity = _complete_options(operation, options)
    request = {"operation": operation, "options": identity, "service": client.service}
    expanded, _ = expand(images, documents=client.limits(operation).documents)
    file = ResultsFile(None if results is None else Path(results).expanduser(), request)
    counts = Counter(done=0, failed=0, skipped=0)
    worker = Worker(client, operation, options | identity)
    return BatchRun(file, counts, _send(worker, expanded, file, executor, progress, counts))


class BatchRun(Iterator[BatchResult]):
    """The results of `run_batch` in the order in which requests complete.

    Iterate over it once: a second iteration raises ValueError. A loop that was left with `break`
    can be continued. `close()`, or the end of a `with` block, ends the run and releases the file.
    `counts` has the numbers of images that are "done", that have "failed", and that were "skipped"
    because they had a result or were listed twice.
    """

    def __init__(self, file: ResultsFile, counts: Counter[str], sending: Sending) -> None:
        self.counts, self._file, self._sending = counts, file, sending

    def __repr__(self) -> str:
        counts = ", ".join(f"{count} {name}" for name, count in self.counts.items())
        return f"<BatchRun of {self._file.request['operation']}: {counts}>"

    def __iter__(self) -> Self:
        if getgeneratorstate(self._sending) == GEN_CLOSED:
            raise ValueError("The run has ended: call run_batch again, or use to_dataframe().")
        return self

    def __next__(self) -> BatchResult:
        return next(self._sending)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the results file; only requests that have begun or wait for the rate are sent."""
        self._sending.close()

    @property
    def failures(self) -> list[BatchResult]:
        """Images without a result, including those of earlier runs; read from the results file."""
        return [result for result in self._file.results() if result.error]

    def to_dataframe(self) -> "pd.DataFrame":
        """Finish the run unless it is closed; return a row for each image of it and earlier runs.

        The columns are image, caption and its confidence from 0 to 1, tags (a list of names), text
        (the lines that were read), the number of faces, names (a list of people and places), error,
        seconds, and result with the JSON. Those that the operation does not fill have no value.
        Without pandas it raises ConfigurationError.
        """
        to_dataframe(())  # pandas is missed before anything is sent
        while next(self, None):
            pass
        return to_dataframe(self._file.results())


def _send(
    worker: Worker,
    images: Iterable[ImageInput],
    file: ResultsFile,
    executor: Executor | None,
    progress: bool,
    counts: Counter[str],
) -> Sending:
    """Send images and yield their results. It refers to no BatchRun, and ends with it."""
    # Here, because worker processes import this package. In a notebook, auto warns without widgets.
    tqdm: Any = import_module("tqdm.auto" if find_spec("ipywidgets") else "tqdm").tqdm

    completed: SimpleQueue[Any] = SimpleQueue()
    pending: set[Future[BatchResult]] = set()

    def take(limit: int) -> Iterator[BatchResult]:
        while len(pending) >= limit or not completed.empty():
            future, result = completed.get()
            pending.remove(future)
            if isinstance(result, BaseException):
                raise result
            counts["failed" if result.error else "done"] += 1
            bar.set_postfix(failed=counts["failed"], refresh=False)
            bar.update()
            yield result

    limit = MAX_PENDING if executor else 2 * THREADS
    executor = executor or ThreadPoolExecutor(THREADS)
    total = length_hint(images) or None
    with file, tqdm(total=total, desc=worker.operation, unit="image", disable=not progress) as bar:
        try:
            for image in images:
                content, name, fingerprint = snapshot(image)
                if not file.claim(name, fingerprint):
                    counts["skipped"] += 1
                    bar.total = bar.total and bar.total - 1
                    continue
                try:
                    future = executor.submit(worker, name, content)
                except RuntimeError as error:  # it accepts no more work
                    future = Future()
                    future.set_exception(error)
                pending.add(future)
                future.add_done_callback(partial(_save, file, completed, name, fingerprint))
                yield from take(limit)
            yield from take(1)
        finally:
            for future in pending:
                future.cancel()


def _save(
    file: ResultsFile, completed: SimpleQueue[Any], name: str, fingerprint: str, future: Future[Any]
) -> None:
    """Write the result of an image to the file; the iteration raises what fails."""
    try:
        try:
            result = future.result()
        except (CancelledError, RuntimeError) as error:
            reason = f"{format_error(error)}: call run_batch again with another executor"
            raise VisionError(f"The executor has failed: {reason}") from error
        except Exception as error:  # such as a worker process that crashes with this image
            result = failure(name, error)
        file.add(result, fingerprint)
        completed.put((future, result))
    except BaseException as error:
        completed.put((future, error))


def _complete_options(operation: str, options: dict[str, Any]) -> dict[str, Any]:
    """Return the keyword arguments that decide a result, equal for equal requests."""
    try:
        bound = signature(getattr(VisionClient, operation)).bind(None, b"", **options)
        bound.apply_defaults()
        complete = dict(list(bound.arguments.items())[2:])
        for name in {"features", "details"} & complete.keys():
            names = complete[name] if isinstance(complete[name], str) else ",".join(complete[name])
            complete[name] = sorted({part.strip() for part in names.split(",")} - {""})
        json.dumps(complete)
    except TypeError as error:
        raise TypeError(f"Invalid options for {operation}: {error}.") from None
    return {name: complete[name] for name in complete if name not in ("timeout", "on_status")}
