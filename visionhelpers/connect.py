"""Connecting: to the service that the environment names, else to the local one."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from threading import Lock
from typing import Any

from requests import Response

from .client import VisionClient
from .errors import ConfigurationError, ServiceError, TransportError
from .local_service import local_service
from .session import Session

LOOPBACK = "127.0.0.1"
SHUTTING_DOWN = 503
"""What a service answers that is about to end."""


def connect(*, local: bool = False) -> VisionClient:
    """Return a client of the service that VISION_ENDPOINT and VISION_KEY name, else of the local.

    The local service is shared by all kernels of a user: the first call starts it, and it ends
    by itself some minutes after the last request. One line is printed to say which was chosen.

    Args:
        local: Whether to take the local service whatever the environment names.

    Raises:
        ConfigurationError: Only one of the two variables is set, the endpoint cannot be used, or
            the local service is not installed.
        TransportError: The local service does not start.
    """
    endpoint, key = ("", "") if local else _environment()
    client = VisionClient(endpoint, key) if endpoint else LocalClient()
    chosen = "the vision service that VISION_ENDPOINT names" if endpoint else "the local service"
    sys.stdout.write(f"Connected to {chosen}.\n")
    return client


def made(client: VisionClient) -> str:
    """Return the Python that makes such a client, without its key."""
    named = os.environ.get("VISION_ENDPOINT", "").strip()
    if isinstance(client, LocalClient):
        return "vh.connect(local=True)" if named else "vh.connect()"
    with suppress(ConfigurationError):
        if named and VisionClient(named, client.key).base_url == client.base_url:
            return "vh.connect()"
    return f"vh.VisionClient({client.base_url!r}, 'your key')"


def _environment() -> tuple[str, str]:
    """Return the endpoint and the key that the environment names: both, or neither."""
    endpoint, key = (os.environ.get(name, "").strip() for name in ("VISION_ENDPOINT", "VISION_KEY"))
    if bool(endpoint) != bool(key):
        named, lacking = "VISION_ENDPOINT", "VISION_KEY"
        if key:
            named, lacking = lacking, named
        raise ConfigurationError(
            f"{named} is set and {lacking} is not: set both, or neither to use the local service"
        )
    return endpoint, key


class LocalClient(VisionClient):
    """A client of the shared local service, which finds it again once it has gone."""

    def __init__(self) -> None:
        self._former: tuple[str, ...] = ()
        self._turning = Lock()
        _pass_proxies_by()
        state = local_service()
        super().__init__(state.url, state.key)

    @property
    def recipe(self) -> dict[str, Any]:
        """Nothing: each machine has a local service of its own."""
        return {}

    def _send(self, method: str, path: str, **content: Any) -> Response:
        asked = self._session
        try:
            return super()._send(method, path, **self._readdressed(content))
        except (TransportError, ServiceError) as error:
            ends = getattr(error, "status", SHUTTING_DOWN) == SHUTTING_DOWN
            if not ends or not self._found_another(asked):
                raise
        return super()._send(method, path, **self._readdressed(content))

    def _found_another(self, asked: Session) -> bool:
        """Turn to the service that runs now, unless another thread has done so already."""
        with self._turning:
            if self._session is asked:
                before = asked.endpoint.root, self._key
                state = local_service()
                self._aim(state.url, state.key)
                self._former += (before[0],)
                return (self._endpoint.root, self._key) != before
        return True

    def _readdressed(self, content: dict[str, Any]) -> dict[str, Any]:
        """Send an address at a service that has gone to the one in its place."""
        url = content.get("json", {}).get("url", "")
        for root in self._former:
            if url.startswith(root):
                return content | {"json": {"url": self._endpoint.root + url.removeprefix(root)}}
        return content


def _pass_proxies_by() -> None:
    """Keep this process's own requests to the local service, plain ones too, off any proxy."""
    for name in ("no_proxy", "NO_PROXY"):
        hosts = [host for host in os.environ.get(name, "").split(",") if host]
        if LOOPBACK not in hosts:
            os.environ[name] = ",".join([*hosts, LOOPBACK])
