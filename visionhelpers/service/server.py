"""The service in this process: started, reached by URL and key, stopped."""

from __future__ import annotations

import os
import re
import secrets
import socket
from collections.abc import Callable, Coroutine, Iterable
from importlib.metadata import version
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from types import TracebackType
from typing import Any

import platformdirs
import uvicorn

from .app import create_app
from .conditions import Conditions, Rate
from .connection import Connection
from .ending import FINISH_SECONDS
from .gallery import Gallery
from .gate import LOOPBACK, Activity

START_SECONDS = 20.0
SEND_SECONDS = 5
"""The time that answers and bodies on their way are given once the work is done."""
STOP_SECONDS = FINISH_SECONDS + 3 * SEND_SECONDS
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104
_KEY = re.compile(r"[!-~]+")


class LocalService:
    """The service on a port of this machine, answered by a thread of this process.

    A context manager: started on entering, stopped on leaving.

    Args:
        host: The address to listen at.
        port: The port to listen at; 0 for any that is free.
        key: The key that requests must bring; None for a new random one.
        gallery: The people and places it can name, or their folder; None for the user's own.
        idle: The seconds without a request after which it ends by itself; None for never.
        allow_hosts: Names, besides those of this machine and `host`, that it answers to.
        rate: How many requests it answers, as in "20/minute", polls counted; the others are
            refused with 429 and Retry-After. None for any number.
        latency: Seconds that every answer waits before it is begun.
        operation_delay: Seconds that an operation (Recognize Text, Read) is said to be running at
            least, whatever its work takes.
        fail_operations: Whether every operation is said to have failed once its work has ended.
        pictures: A folder; an address whose last segment is the name of a file in it means that
            file, and nothing is asked over the network. Names are compared after percent-decoding
            and without the query.
        remember: How many pictures it knows again by their bytes, and need not look at twice; 0
            to look at every one, as for measuring. Names are looked for each time.

    Raises:
        ValueError: No header could carry the key, or another argument makes no sense.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        key: str | None = None,
        gallery: Path | Gallery | None = None,
        idle: float | None = None,
        allow_hosts: Iterable[str] = (),
        rate: str | None = None,
        latency: float = 0.0,
        operation_delay: float = 0.0,
        fail_operations: bool = False,
        pictures: Path | None = None,
        remember: int = 64,
    ) -> None:
        self.key = secrets.token_hex(16) if key is None else key
        if not _KEY.fullmatch(self.key):
            rule = "A key is made of ASCII letters, digits and signs"
            raise ValueError(f"{rule}, unlike {key!r}: choose another, or none for a random one.")
        if idle is not None and not idle > 0:
            raise ValueError(f"A service ends after some seconds of idleness, unlike {idle:g}.")
        self._host, self._port, self._idle = host, port, idle
        self._activity = Activity()
        if not isinstance(gallery, Gallery):
            gallery = Gallery(gallery or default_gallery())
        self._app = create_app(
            key=self.key,
            gallery=gallery,
            hosts=(LOOPBACK | {host} | set(allow_hosts)) - set(_EVERYWHERE),
            public_only=not is_loopback(host),
            activity=self._activity,
            conditions=Conditions(
                None if rate is None else Rate.parse(rate),
                latency,
                operation_delay,
                fail_operations,
                pictures,
                remember,
            ),
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
    def url(self) -> str:
        """The root of the service, such as http://127.0.0.1:8000, without a path."""
        host = _EVERYWHERE.get(self._host, self._host)
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
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.create_server((self._host, self._port), family=family, backlog=128)
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
        if self._idle is None or self._server is None or self._app.state.busy():
            return
        if self._activity.idle > self._idle:
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


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach a service that listens at this host."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def default_gallery() -> Path:
    """Return the user's own gallery: $VISION_GALLERY, else in the state or user data folder."""
    if folder := os.environ.get("VISION_GALLERY"):
        return Path(folder).expanduser()
    if folder := os.environ.get("VISION_STATE_DIR"):
        return Path(folder).expanduser() / "gallery"
    return platformdirs.user_data_path("visionhelpers", appauthor=False) / "gallery"
