"""The service in this process: started, reached by URL and key, stopped."""

from __future__ import annotations

import math
import os
import re
import secrets
import shutil
import socket
import tempfile
import weakref
from collections.abc import Callable, Coroutine, Iterable
from importlib.metadata import version
from ipaddress import ip_address
from numbers import Integral
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
from .middleware import LOOPBACK, IdleTimer
from .settings import FaultInjection, Rate, check_number

START_SECONDS = 20.0
SEND_SECONDS = 5
"""The time that answers and bodies on their way are given once the work is done."""
STOP_SECONDS = FINISH_SECONDS + 3 * SEND_SECONDS
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104
_KEY = re.compile(r"[!-~]+")


class LocalService:
    """The service on a port of this machine, run by a thread of this process.

    A context manager: entering starts the service, leaving stops it. The arguments are checked at
    construction and cannot be changed afterwards.

    Args:
        host: The address to listen on.
        port: The port to listen on; 0 for any free port.
        key: The key that requests must carry, of ASCII letters, digits and signs; None for a new
            random key.
        gallery: A folder of known people and places, or a `Gallery`; None for a temporary gallery,
            which is empty and deleted when the service stops.
        idle: The seconds without a request after which the service stops; None for never.
        allow_hosts: Names, besides those of this machine and `host`, that the service answers to.
        rate: The requests that are answered, such as "20/minute", polls included; further requests
            get 429 and Retry-After. None for no limit.
        latency: The seconds by which every response is delayed.
        operation_delay: The minimum seconds for which an operation (Recognize Text, Read) reports
            that it is running.
        fail_operations: Whether every operation reports failure at its end.
        pictures: A folder; a URL whose last segment is the name of a file in it means that file,
            and nothing is downloaded. Names are compared after percent-decoding and without the
            query.
        remember: The number of images whose results are cached by their bytes; 0 to analyze every
            image again, as for measuring. Names are never cached.

    Raises:
        TypeError: An argument has a wrong type.
        ValueError: An argument has an invalid value.
    """

    __slots__ = (
        "__weakref__", "_activity", "_app", "_host", "_idle", "_key", "_port", "_server",
        "_temporary", "_thread",
    )  # fmt: skip

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        key: str | None = None,
        gallery: str | os.PathLike[str] | Gallery | None = None,
        idle: float | None = None,
        allow_hosts: Iterable[str] = (),
        rate: str | None = None,
        latency: float = 0.0,
        operation_delay: float = 0.0,
        fail_operations: bool = False,
        pictures: str | os.PathLike[str] | None = None,
        remember: int = 64,
    ) -> None:
        _check(host, port, idle, allow_hosts)
        conditions = FaultInjection(
            None if rate is None else Rate.parse(rate),
            latency,
            operation_delay,
            fail_operations,
            None if pictures is None else _folder("pictures", pictures),
            remember,
        )
        self._key = secrets.token_hex(16) if key is None else _checked_key(key)
        self._host, self._port, self._idle = host, port, idle
        self._activity = IdleTimer()
        self._temporary: weakref.finalize[..., LocalService] | None = None
        if gallery is None:
            folder = Path(tempfile.mkdtemp(prefix="visionhelpers-gallery-"))
            gallery = Gallery(folder)
            self._temporary = weakref.finalize(self, shutil.rmtree, folder, True)
        elif not isinstance(gallery, Gallery):
            gallery = Gallery(_folder("gallery", gallery))
        self._app = create_app(
            key=self._key,
            gallery=gallery,
            hosts=(LOOPBACK | {host} | set(allow_hosts)) - set(EVERYWHERE),
            public_only=not is_loopback(host),
            activity=self._activity,
            conditions=conditions,
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
        host = EVERYWHERE.get(self._host, self._host)
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
        if self._temporary is not None:
            self._temporary()

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


def _check(host: object, port: object, idle: float | None, allow_hosts: Iterable[str]) -> None:
    """Check the arguments of LocalService that are not conditions."""
    if not isinstance(host, str):
        raise TypeError(f"Invalid host {host!r}: use for example '127.0.0.1'.")
    check_number("port", port, 0, 65536, "0 to 65535, where 0 is any free port", Integral)
    if idle is not None:
        above = math.ulp(0.0)
        check_number("idle", idle, above, math.inf, "a number of seconds above 0, or None")
    if isinstance(allow_hosts, str):
        raise TypeError(f"Invalid allow_hosts {allow_hosts!r}: use a list of names.")


def _checked_key(key: object) -> str:
    message = "Invalid key: use ASCII letters, digits and signs without spaces."
    if not isinstance(key, str):
        raise TypeError(message)
    if not _KEY.fullmatch(key):
        raise ValueError(message)
    return key


def _folder(name: str, path: str | os.PathLike[str]) -> Path:
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"Invalid {name} {path!r}: use the path of a folder.")
    return Path(path).expanduser()


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
