"""What is wrong between here and a service, in one sentence."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .endpoint import AZURE
from .errors import ServiceError, TransportError

if TYPE_CHECKING:
    from .session import Session

ELSEWHERE = "azure.microsoft.com"
"""A name that is known wherever names are looked up in the Internet."""
_REGION = re.compile(r"^([\w-]+)\.api\.cognitive\.")
_KEY = re.compile(r"[0-9a-fA-F]{32}|[0-9a-zA-Z]{84}")


def diagnose(session: Session, key: str) -> str:
    """Ask a service which models it has, and say how that went.

    A wrong key, a wrong region, a wrong path and no network have a sentence each. A key of
    another region is refused by Azure like one that does not exist.
    """
    endpoint = session.endpoint
    host = urlsplit(endpoint.root).hostname or ""
    try:
        session.send("GET", f"vision/{endpoint.version}/models")
    except TransportError as error:
        return _unanswered(host, error)
    except ServiceError as error:
        return _refused(host, endpoint.base_url, key, error)
    return f"All is well: {host} answers, with API {endpoint.version}."


def _unanswered(host: str, error: TransportError) -> str:
    if _is_known(host):
        return f"{host} does not answer: {error}."
    if not _is_known(ELSEWHERE):
        return f"There is no network: neither {host} nor any other name can be looked up."
    if region := _REGION.search(host):
        return f"There is no region {region[1]!r}: copy the endpoint from the resource's page."
    return f"There is no service {host!r}: copy the endpoint from the resource's page."


def _refused(host: str, base_url: str, key: str, error: ServiceError) -> str:
    if error.status == 404:
        return f"{host} answers, but has no Computer Vision at this path: {base_url}."
    if error.status not in (401, 403):
        return f"{host} answers, and says no: {error}."
    region = _REGION.search(host)
    if region and _KEY.fullmatch(key):
        return f"The key is refused: it is wrong, or of another region than {region[1]}."
    if AZURE.search(host) and not _KEY.fullmatch(key):
        return "The key is wrong: Azure's have 32 hexadecimal digits, or 84 letters and digits."
    return f"The key is wrong, or belongs to another service than {host}."


def _is_known(host: str) -> bool:
    try:
        return bool(socket.getaddrinfo(host, None))
    except OSError:
        return False
