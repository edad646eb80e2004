"""The service in this process: started, reached by URL and key, stopped."""

from __future__ import annotations

import inspect
import os
import secrets
import socket
from collections.abc import Callable, Coroutine
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from types import TracebackType
from typing import Any

import platformdirs
import uvicorn

from .app import create_app
from .connection import Connection
from .ending import FINISH_SECONDS
from .gallery.gallery import Gallery
from .middleware import IdleTimer
from .settings import ALL_ADDRESSES, ServiceSettings

START_SECONDS = 20.0
SEND_SECONDS = 5
"""The time that answers and bodies on their way are given once the work is done."""
STOP_SECONDS = FINISH_SECONDS + 3 * SEND_SECONDS


class LocalService:
    """The service on a port of this machine, run by a thread of this process.

    A context manager: entering starts the service, leaving stops it. The arguments are checked at
    construction and cannot be changed afterwards.

    Args:
        gallery: A folder of known people and places, or a `Gallery`; None for a temporary gallery,
            which is empty and deleted with the service.
        options: Other attributes of `ServiceSettings`, such as `key`, `port` and `rate`.

    Raises:
        TypeError: An argument has a wrong type.
        ValueError: An argument has an invalid value.
    """

    __slots__ = (
        "__weakref__", "_app", "_idle_timer", "_key", "_port", "_server", "_settings", "_thread",
    )  # fmt: skip
    __signature__ = inspect.signature(ServiceSettings)

    def __init__(self, *, gallery: Any = None, **options: Any) -> None:
        folder = None if isinstance(gallery, Gallery) else gallery
        self._settings = ServiceSettings(gallery=folder, **options)
        self._key = self._settings.key or secrets.token_hex(16)
        self._port = self._settings.port
        self._idle_timer = IdleTimer()
        self._app = create_app(
            self._settings,
            key=self._key,
            gallery=gallery if isinstance(gallery, Gallery) else None,
            idle_timer=self._idle_timer,
        )
        self._server: _Server | None = None
        self._thread: Thread | None = None

    def __enter__(self) -> LocalService:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def key(self) -> str:
        """The key that requests must carry."""
        return self._key

    @property
    def url(self) -> str:
        """The URL of the service, without a path."""
        host = ALL_ADDRESSES.get(self._settings.host, self._settings.host)
        return f"http://[{host}]:{self._port}" if ":" in host else f"http://{host}:{self._port}"

    @property
    def running(self) -> bool:
        """Whether it answers; no longer once it was stopped or has been idle for too long."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def working(self) -> bool:
        """Whether a picture is looked at; stopped, it may still be one that takes too long."""
        return bool(self._app.state.working())

    def start(self) -> LocalService:
        """Listen, and return once requests are answered.

        Raises:
            OSError: The port cannot be had.
            RuntimeError: It was started before, or does not come up in time.
        """
        if self._server is not None:
            raise RuntimeError("This service was started before; make a new one.")
        host = self._settings.host
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, self._port), family=family, backlog=128)
        # asyncio sets this only on sockets that name their protocol, and answers would wait 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._port = listener.getsockname()[1]
        self._server = _Server(self._config(), self._app.state.finish)
        self._thread = Thread(
            target=self._server.run, args=([listener],), name="visionhelpers-service", daemon=True
        )
        self._thread.start()
        deadline = monotonic() + START_SECONDS
        while not self._server.started:
            if monotonic() > deadline or not self._thread.is_alive():
                self.stop()
                raise RuntimeError(f"The service did not come up at {self.url}.")
            sleep(0.005)
        return self

    def stop(self) -> None:
        """Refuse what comes, answer what is being worked on, for half a minute, and end."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(STOP_SECONDS)
        self._app.state.close()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the service has ended, or for some seconds; tell whether it has."""
        if self._thread is not None:
            self._thread.join(seconds)
        return not self.running

    def _config(self) -> uvicorn.Config:
        """Return uvicorn's settings; no access log, since an address may hold the key."""
        return uvicorn.Config(
            self._app,
            access_log=False,
            callback_notify=self._every_second,
            http=Connection,
            lifespan="off",
            log_config=None,
            log_level="critical",
            loop="asyncio",
            headers=[("Server", f"visionhelpers/{version('visionhelpers')} (local)")],
            server_header=False,
            timeout_graceful_shutdown=SEND_SECONDS,
            timeout_keep_alive=30,
            timeout_notify=0,
            ws="none",
        )

    async def _every_second(self) -> None:
        self._app.state.forget()
        idle = self._settings.idle
        if idle is None or self._server is None or self._app.state.busy():
            return
        if self._idle_timer.idle > idle:
            self._server.should_exit = True


class _Server(uvicorn.Server):
    """uvicorn's, which goes on listening until what it has begun is finished."""

    def __init__(
        self, config: uvicorn.Config, finish: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        super().__init__(config)
        self._finish = finish

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish, then close every connection."""
        await self._finish()
        await super().shutdown(sockets)


def default_gallery() -> Path:
    """Return the user's own gallery: $VISION_GALLERY, else in the state or user data folder."""
    if folder := os.environ.get("VISION_GALLERY"):
        return Path(folder).expanduser()
    if folder := os.environ.get("VISION_STATE_DIR"):
        return Path(folder).expanduser() / "gallery"
    return platformdirs.user_data_path("visionhelpers", appauthor=False) / "gallery"
