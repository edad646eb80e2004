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
from traitlets import Bool, Bunch, Bytes, Enum, HasTraits, Instance, Int, List, Unicode, observe

from ..client import VisionClient
from ..images import ImageInput
from ..results import SummaryLine
from .query import Query, QueryCancelled, QueryResult, materialize
from .tasks import DEFAULTS, LANGUAGES, TASKS, Task, find_task

MAX_CONCURRENT = 3
"""Maximum number of concurrent requests, cancelled ones included."""


class ExplorerState(HasTraits):
    """Run a task on an image whenever the image, the task or an option of the task changes.

    A query sends its request on a thread and cancels the query before it. If an event loop runs
    where the state is created, as in Jupyter, results are drawn and traits change on the thread of
    the loop, where the user's cells draw too. Without a loop, this happens on the query's thread.

    The options have the names and the units of the client's arguments: `max_candidates` (1 to 10),
    `width` and `height` (1 to 1024), `smart`, `language`, `detect_orientation`, `handwriting`.

    Attributes:
        lock: Held while traits change, so that they agree with each other.
        image: A URL, a path, bytes or a Pillow image, set by `show`; None at first.
        title: Title of the image.
        task: Name of the task, a key of `TASKS`.
        status: "idle", "working", "done" or "failed".
        progress: Status of a running operation, such as "Running".
        result: The API's JSON, or a Pillow image for a thumbnail; None until it is done.
        summary: The lines of the result, the most important first.
        drawing: The result drawn on the image, as the bytes of a PNG file.
        error: One sentence, or "".
        code: The Python code of the request.
    """

    image = traitlets.Any(None)
    title = Unicode("")
    task = Enum(list(TASKS), next(iter(TASKS)))
    max_candidates = Int(DEFAULTS["max_candidates"], min=1, max=10)
    width = Int(DEFAULTS["width"], min=1, max=1024)
    height = Int(DEFAULTS["height"], min=1, max=1024)
    smart = Bool(DEFAULTS["smart"])
    language = Enum(list(LANGUAGES.values()), DEFAULTS["language"])
    detect_orientation = Bool(DEFAULTS["detect_orientation"])
    handwriting = Bool(DEFAULTS["handwriting"])
    status = Enum(["idle", "working", "done", "failed"], "idle")
    progress = Unicode("")
    result = traitlets.Any(None)
    summary = List(Instance(SummaryLine))
    drawing = Bytes(b"")
    error = Unicode("")
    code = Unicode("")

    def __init__(self, client: VisionClient, **traits: object) -> None:
        self.lock = RLock()
        self._client = client
        self._query: Query | None = None
        self._limiter = Semaphore(MAX_CONCURRENT)
        self._callbacks: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        with suppress(RuntimeError):
            self._loop = asyncio.get_running_loop()
        self._loop_thread = get_ident() if self._loop else None
        super().__init__(**traits)

    def show(self, image: ImageInput, title: str | None = None) -> None:
        """Run the task on an image, even if it is the same as before; see `Explorer.show`."""
        is_named = isinstance(image, (str, PathLike))
        name = image if is_named else getattr(image, "filename", getattr(image, "name", ""))
        content = image if is_named else materialize(image)
        with self.lock:
            self.title = PurePath(str(name)).name or "image" if title is None else title
            self.image = content
            self.run()

    def run(self, task: str | None = None) -> None:
        """Run a task, by default the current one again; see `Explorer.run`."""
        with self.lock:
            if task is not None and find_task(task).name != self.task:
                self.task = task  # its observer calls `run` again
            elif self.image is not None:
                self._start(TASKS[self.task])

    def fail(self, title: str, error: str) -> None:
        """Show an error in place of an image; cancel the query before it."""
        with self.lock:
            self._replace_query(None)
            self.status = "idle"  # observers get a second failure too
            self.title, self.image, self.code, self.progress = title, None, "", ""
            self._apply(QueryResult(error=error))
            self.status = "failed"

    def wait(self, seconds: float = 120) -> Any:
        """Wait for the last query and return its result; see `Explorer.wait`."""
        deadline = time.monotonic() + seconds
        while (query := self._query) and not query.finished.is_set():
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"{self.task} did not finish within {seconds:g} seconds.")
            if get_ident() == self._loop_thread:  # the loop cannot run the callbacks
                self._run_callback(min(left, 0.1))
            else:
                query.finished.wait(left)
        return self.result

    def _start(self, task: Task) -> None:
        options = {name: getattr(self, name) for name in task.options}
        query = Query(task, self.image, options, limiter=self._limiter)
        self._replace_query(query)
        self._apply(QueryResult())
        self.progress, self.status = "", "working"
        self.code = query.code(self._client, self.title)
        Thread(target=self._work, args=(query,), daemon=True).start()

    def _replace_query(self, query: Query | None) -> None:
        before, self._query = self._query, query
        if before:
            before.cancelled.set()
            before.finished.set()  # `wait` continues with the new query

    def _work(self, query: Query) -> None:
        on_status = partial(self._schedule, self._set_progress, query)
        with suppress(QueryCancelled):
            self._schedule(self._finish, query, query.send(self._client, on_status))

    def _schedule(self, callback: Callable[..., None], *arguments: Any) -> None:
        """Run a callback on the thread of the event loop, or here if there is no loop."""
        self._callbacks.put(partial(callback, *arguments))
        with suppress(RuntimeError):  # the loop is closed
            if self._loop:
                self._loop.call_soon_threadsafe(self._run_callback)
                return
        self._run_callback()

    def _run_callback(self, seconds: float = 0) -> None:
        """Run the next scheduled callback, unless none arrives in time."""
        with suppress(Empty):
            callback = self._callbacks.get(timeout=seconds)
            callback()

    def _set_progress(self, query: Query, status: str) -> None:
        with self.lock:
            if query is self._query:
                self.progress = status

    def _finish(self, query: Query, outcome: QueryResult) -> None:
        try:
            if query is self._query:
                outcome = query.render(outcome)
            with self.lock:
                if query is self._query:
                    self._apply(outcome)
                    self.status = "failed" if outcome.error else "done"
                    self.progress = ""
        finally:
            query.finished.set()

    def _apply(self, outcome: QueryResult) -> None:
        self.result, self.summary = outcome.result, list(outcome.summary)
        self.drawing, self.error = outcome.drawing, outcome.error

    @observe("task", *DEFAULTS)
    def _on_change(self, change: Bunch) -> None:
        if change.name in ("task", *TASKS[self.task].options):
            self.run()
