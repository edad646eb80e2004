"""The state of an Explorer: an image, a task, and the result. It imports no widgets."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from os import PathLike
from pathlib import PurePath
from queue import Empty, SimpleQueue
from threading import RLock, Semaphore, Thread, get_ident
from typing import Any

import traitlets
from traitlets import Bool, Bunch, Bytes, Enum, HasTraits, Int, Tuple, Unicode, observe

from ..client import VisionClient
from ..images import ImageInput
from .query import Query, QueryCancelled, QueryResult, materialize
from .tasks import DEFAULTS, LANGUAGES, TASKS, find_task

MAX_CONCURRENT = 3  # maximum number of concurrent requests, cancelled ones included


class ExplorerState(HasTraits):
    """Run a task on an image whenever the image, the task or an option of the task changes.

    A query sends its request on a thread and cancels the query before it. If an event loop runs
    where the state is created, as in Jupyter, results are drawn and traits change on the thread of
    the loop, where the user's cells draw too. Without a loop, this happens in `wait`.

    Attributes:
        image: A URL, a path, bytes or a Pillow image, set by `show`; None at first.
        task: Name of the task, a key of `TASKS`; its options are arguments of the client's method.
        status: "idle", "working", "done" or "failed".
        progress: Status of a running operation, such as "Running".
        result, summary, drawing, error: Those of the `QueryResult`; empty until it is done.
        code: The Python code of the request.
    """

    image = traitlets.Any(None)
    title = Unicode("")
    task = Enum(list(TASKS), next(iter(TASKS)))
    max_candidates = Int(DEFAULTS["max_candidates"], min=1, max=10)
    width = Int(DEFAULTS["width"], min=1, max=1024)  # pixels
    height = Int(DEFAULTS["height"], min=1, max=1024)
    smart = Bool(DEFAULTS["smart"])
    language = Enum(list(LANGUAGES.values()), DEFAULTS["language"])
    detect_orientation = Bool(DEFAULTS["detect_orientation"])
    handwriting = Bool(DEFAULTS["handwriting"])
    status = Enum(["idle", "working", "done", "failed"], "idle")
    progress = Unicode("")
    result = traitlets.Any(None)
    summary = Tuple()
    drawing = Bytes(b"")
    error = Unicode("")
    code = Unicode("")

    def __init__(self, client: VisionClient, **traits: object) -> None:
        self._client, self._limiter, self._lock = client, Semaphore(MAX_CONCURRENT), RLock()
        self._query: Query | None = None
        self._callbacks: SimpleQueue[tuple[Query, Callable[[], None]]] = SimpleQueue()
        self._thread, self._loop = get_ident(), None
        with suppress(RuntimeError):  # no loop runs here
            self._loop = asyncio.get_running_loop()
        super().__init__(**traits)

    def show(self, image: ImageInput, title: str | None = None) -> None:
        """Run the task on an image, even if it is the same as before; see `Explorer.show`."""
        is_named = isinstance(image, (str, PathLike))
        name = image if is_named else getattr(image, "filename", getattr(image, "name", ""))
        self.image = image if is_named else materialize(image)
        self.title = PurePath(str(name)).name or "image" if title is None else title
        self.run()

    def run(self, task: str | None = None) -> None:
        """Run a task, by default the current one again; see `Explorer.run`."""
        if task is not None and find_task(task).name != self.task:
            self.task = task  # its observer calls `run` again
        elif self.image is not None:
            options = {name: getattr(self, name) for name in DEFAULTS}
            query = Query(TASKS[self.task], self.image, options, limiter=self._limiter)
            self._replace_query(query, QueryResult())
            self.progress, self.status = "", "working"
            self.code = query.code(self._client, self.title)
            Thread(target=self._work, args=(query,), daemon=True).start()

    def fail(self, title: str, error: str) -> None:
        """Show an error in place of an image; cancel the query before it."""
        self.status = "idle"  # observers get a second failure too
        self._replace_query(None, QueryResult(error=error))
        self.title, self.image, self.code, self.progress = title, None, "", ""
        self.status = "failed"

    def wait(self, seconds: float = 120) -> Any:
        """Wait for the last query and return its result; see `Explorer.wait`."""
        deadline = time.monotonic() + seconds
        while (query := self._query) and not query.finished.is_set():
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"{self.task} did not finish within {seconds:g} seconds.")
            if self._loop is None or get_ident() == self._thread:  # the loop cannot run callbacks
                self._run_callback(min(left, 0.1))
            else:
                query.finished.wait(left)
        return self.result

    def _replace_query(self, query: Query | None, outcome: QueryResult) -> None:
        with self._lock:
            self.result, self.summary, self.drawing, self.error = outcome
            before, self._query = self._query, query
        if before:
            before.cancelled.set()
            before.finished.set()  # `wait` continues with the new query

    def _work(self, query: Query) -> None:
        set_progress = partial(self._schedule, query, setattr, self, "progress")
        with suppress(QueryCancelled):
            self._schedule(query, self._finish, query, query.send(self._client, set_progress))

    def _schedule(self, query: Query, callback: Callable[..., None], *arguments: Any) -> None:
        """Run a callback on the thread of the event loop, or in `wait`."""
        self._callbacks.put((query, partial(callback, *arguments)))
        if self._loop:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(self._run_callback)

    def _run_callback(self, seconds: float = 0) -> None:
        """Run the next callback, if it arrives in time and its query is the last one."""
        with suppress(Empty):
            query, callback = self._callbacks.get(timeout=seconds)
            if query is self._query:
                callback()

    def _finish(self, query: Query, outcome: QueryResult) -> None:
        try:
            outcome = query.render(outcome)
            with self._lock:  # JupyterLab delivers changes of controls on a thread of their own
                if query is self._query:
                    self.result, self.summary, self.drawing, self.error = outcome
                    self.status, self.progress = "failed" if self.error else "done", ""
        finally:
            query.finished.set()

    @observe("task", *DEFAULTS)
    def _on_change(self, change: Bunch) -> None:
        if change.name in ("task", *TASKS[self.task].options):
            self.run()
