"""Connect to the service that the environment names, or to the local service."""

from __future__ import annotations

import os
import sys
from threading import Lock
from typing import Any
from urllib.parse import quote

from .client import VisionClient
from .endpoint import Endpoint, Secret, parse_endpoint
from .errors import ConfigurationError
from .local_service import find_or_start

LOOPBACK = "127.0.0.1"


def connect(*, local: bool = False, gallery: str | None = None, **options: Any) -> VisionClient:
    """Return a client of the service in VISION_ENDPOINT and VISION_KEY, or of the local service.

    All kernels of a user share one local service. The first call starts it, and it ends half an
    hour after the last request. `local` selects it even if VISION_ENDPOINT is set. So does
    `gallery`, the name of a gallery for this client in place of the one that others use.
    `options` are keyword arguments of `VisionClient`; a `credential` replaces VISION_KEY.

    Raises:
        ConfigurationError: Only one of the two variables is set, the endpoint cannot be used, or
            the local service is not installed.
        TransportError: The local service does not start.
    """
    local |= gallery is not None
    endpoint, key = ("", None) if local else _environment(bool(options.get("credential")))
    if options.get("credential") and not endpoint:
        raise ConfigurationError("A credential needs an endpoint: set VISION_ENDPOINT")
    client = VisionClient(endpoint, key, **options) if endpoint else LocalClient(gallery, **options)
    which = "Using the service in VISION_ENDPOINT" if endpoint else "Connected to the local service"
    sys.stdout.write(f"{which}.\n")
    return client


class LocalClient(VisionClient):
    """A client of the shared local service; it reconnects after that has ended."""

    __slots__ = ("_gallery", "_lock")

    def __init__(self, gallery: str | None = None, **options: Any) -> None:
        self._gallery = gallery
        _bypass_proxy()
        self._lock = Lock()
        service = find_or_start()
        super().__init__(service.url, service.key, **options)
        self._transport.reconnect = self._reconnect
        self._transport.headers = {} if gallery is None else {"X-Gallery": quote(str(gallery))}

    def __getstate__(self) -> dict[str, Any]:
        """Return the options without the service: each machine has its own."""
        state = super().__getstate__() | {"version": self.version, "gallery": self._gallery}
        return {name: state[name] for name in state.keys() - {"endpoint", "key"}}

    def _reconnect(self, target: tuple[Endpoint, Secret]) -> bool:
        """Find or start the service again, unless another thread has; return True if it changed."""
        with self._lock:
            if self._transport.target == target:
                service = find_or_start()
                endpoint = parse_endpoint(service.url, self._version)
                self._transport.target = endpoint, service.key
        return self._transport.target != target


def _environment(has_credential: bool) -> tuple[str, str | None]:
    endpoint, key = (os.environ.get(name, "").strip() for name in ("VISION_ENDPOINT", "VISION_KEY"))
    if endpoint and has_credential:
        return endpoint, None
    if bool(endpoint) != bool(key):
        present, missing = ("VISION_ENDPOINT", "VISION_KEY")[:: 1 if endpoint else -1]
        raise ConfigurationError(
            f"{present} is set and {missing} is not: set both, or neither for the local service"
        )
    return endpoint, key


def _bypass_proxy() -> None:
    """Exempt the local service from proxies, also for requests that a notebook sends itself."""
    hosts = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    if not {LOOPBACK, "*"} & {host.strip() for host in hosts.split(",")}:
        os.environ["no_proxy"] = os.environ["NO_PROXY"] = f"{hosts},{LOOPBACK}".strip(",")
