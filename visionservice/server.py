"""Server: the service on a port of this machine, run by uvicorn in a thread of this process."""

import asyncio
import inspect
import math
import os
import socket
from importlib.metadata import version
from pathlib import Path
from threading import Event, Thread, main_thread
from time import monotonic
from typing import Any, Self

import platformdirs
import uvicorn

from .app import Service, create_app
from .scheduler import DRAIN_SECONDS
from .settings import ALL_ADDRESSES, ServiceSettings, expand

START_SECONDS = 120.0  # that a start may take; the first one compiles all models
CLOSE_SECONDS = 5  # that responses and bodies have to be sent when the work is done
STOP_SECONDS = DRAIN_SECONDS + 3 * CLOSE_SECONDS
MAX_CONNECTIONS = 500  # that are open at the same time; requests on further ones get 503


class LocalService:
    """The local service, a context manager: entering starts it, leaving stops it.

    The arguments are the attributes of `ServiceSettings`, such as `key`, `port` and `rate`. They
    are checked at construction, with the errors of `ServiceSettings`, and cannot be changed.
    """

    __slots__ = (
        "__weakref__", "_app", "_loading", "_port", "_service", "_started", "_stopping", "_thread",
    )  # fmt: skip
    __signature__ = inspect.signature(ServiceSettings)

    def __init__(self, **options: Any) -> None:
        self._app = create_app(ServiceSettings(**options))
        self._service: Service = self._app.state.service
        self._port = self.settings.port
        self._started, self._stopping = Event(), Event()
        self._thread: Thread | None = None
        load = self._service.load_engines
        self._loading = Thread(target=load, args=[self._is_ending], name="vision-loading")

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def settings(self) -> ServiceSettings:
        """The settings, which are frozen."""
        return self._service.settings

    @property
    def key(self) -> str:
        """The key that requests must carry."""
        return self._service.key

    @property
    def url(self) -> str:
        """The URL of the service, without a path."""
        host = ALL_ADDRESSES.get(self.settings.host, self.settings.host)
        return f"http://{f'[{host}]' if ':' in host else host}:{self._port}"

    @property
    def running(self) -> bool:
        """Whether the service responds; False after a stop, also one for idleness."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def working(self) -> bool:
        """Whether a thread is busy; after a stop it may be one that takes too long."""
        busy = self._loading.is_alive()
        return busy or any(scheduler.working for scheduler in self._service.schedulers)

    def start(self) -> Self:
        """Listen, and return when the service responds, or with `warm` when it has its models.

        Raise OSError if the port is in use or not allowed, and RuntimeError if the service was
        started before or does not start in time.
        """
        if self._thread is not None:
            raise RuntimeError("This service was started before: create another.")
        host = self.settings.host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, self._port), family=family, backlog=128)
        # asyncio sets this only on sockets that name their protocol; responses would take 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._port = listener.getsockname()[1]
        self._thread = Thread(target=self._run, args=[listener], name="vision-service", daemon=True)
        self._thread.start()
        end = monotonic() + START_SECONDS
        awaited = self._service.ready if self.settings.warm else self._started
        while not awaited.wait(0.05):
            if monotonic() > end or not self.running:
                self.stop()
                raise RuntimeError(f"The service did not start at {self.url}.")
        return self

    def stop(self) -> None:
        """Reject new requests, finish those that run, within half a minute, and stop."""
        self._stopping.set()
        any(self.wait(1) for _ in range(STOP_SECONDS))  # a wait delays a signal just before it
        self._service.close()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the service has stopped, or for some seconds; return whether it has."""
        if self._thread is not None:
            self._thread.join(seconds)
        return not self.running

    def _is_ending(self) -> bool:
        """Return True if the service stops, or the program ends without a stop."""
        return self._stopping.is_set() or not main_thread().is_alive()

    def _run(self, listener: socket.socket) -> None:
        with asyncio.Runner(loop_factory=_EventLoop) as runner:
            runner.run(self._serve(listener))

    async def _serve(self, listener: socket.socket) -> None:
        """Serve until a stop or idleness; finish what runs while the port is still open."""
        config = uvicorn.Config(
            self._app,
            access_log=False,
            h11_max_incomplete_event_size=16 * 1024,  # the request line and the headers together
            headers=[("Server", f"visionhelpers/{version('visionhelpers')} (local)")],
            http="h11",
            lifespan="off",
            limit_concurrency=MAX_CONNECTIONS,
            log_config=None,
            log_level="critical",
            server_header=False,
            timeout_graceful_shutdown=CLOSE_SECONDS,
            timeout_keep_alive=30,
            ws="none",
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        with self._service.idle_timer:  # the time before the start does not count
            while not (server.started or serving.done()):
                await asyncio.sleep(0.005)
        if server.started:
            self._started.set()
            self._loading.start()
        service, max_idle = self._service, self.settings.idle or math.inf
        while not (self._stopping.is_set() or serving.done()):
            if service.idle_timer.idle > max_idle and not service.operations.running:
                break
            service.operations.evict()
            await asyncio.sleep(0.1)
        await asyncio.gather(*(scheduler.drain() for scheduler in service.schedulers))
        await service.operations.wait_until_read()
        server.should_exit = True
        await serving


class _EventLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock cannot be replaced, so that tests may freeze the time."""

    time = staticmethod(monotonic)


def default_gallery() -> Path:
    """Return the user's gallery: $VISION_GALLERY, else in the state or user data folder."""
    data = platformdirs.user_data_path("visionhelpers", appauthor=False)
    folder = os.environ.get("VISION_STATE_DIR") or data
    return expand(os.environ.get("VISION_GALLERY") or Path(folder, "gallery"))
