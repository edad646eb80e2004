"""Diagnose the connection to a service in one sentence."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING

from .endpoint import AZURE, AZURE_KEY, Endpoint
from .errors import ConfigurationError, ServiceError, TransportError

if TYPE_CHECKING:
    from .transport import Transport

INTERNET_HOST = "azure.microsoft.com"  # can be resolved wherever there is internet access
_REGION = re.compile(r"^([\w-]+)\.api\.cognitive\.")


def diagnose(transport: Transport) -> str:
    """Request the list of models, and return a diagnosis of the response.

    A wrong key, region or path, a missing network, DNS, TLS and the proxy have own sentences.
    """
    endpoint, key = transport.target
    try:
        response = transport.send("GET", f"vision/{endpoint.version}/models")
        if "models" not in response.json():
            return _explain_service(endpoint, key, ServiceError(404, None, ""))
    except ConfigurationError as error:
        return f"{error}."
    except TransportError as error:
        return _explain_transport(endpoint.host, error)
    except ServiceError as error:
        return _explain_service(endpoint, key, error)
    return f"OK: {endpoint.host} responds with API {endpoint.version}."


def require_gallery(transport: Transport, error: ServiceError, until: float) -> None:
    """Raise ConfigurationError if a 404 means no gallery; a service with one has /health."""
    if error.status == 404:
        try:
            transport.send("GET", "health", until=until)
        except ServiceError:
            raise ConfigurationError("Only a local service has a gallery") from error


def _explain_transport(host: str, error: TransportError) -> str:
    if error.reason != "dns":
        return f"{host} does not respond: {error}."
    if not _is_known(INTERNET_HOST):
        return f"There is no network: neither {host} nor any other name can be resolved."
    if region := _REGION.search(host):
        return f"There is no region {region[1]!r}: copy the endpoint from the resource's page."
    return f"There is no service {host!r}: copy the endpoint from the resource's page."


def _explain_service(endpoint: Endpoint, key: str, error: ServiceError) -> str:
    host = endpoint.host
    if error.status == 404:
        return f"{host} responds, but has no Computer Vision at this path: {endpoint.base_url}."
    if error.status not in (401, 403):
        return f"{host} responds with an error: {str(error).rstrip('.')}."
    if not key:
        return f"{host} refuses the credential: check its role and tenant."
    region = _REGION.search(host)
    if region and AZURE_KEY.fullmatch(key):
        return f"The key is refused: it is wrong, or of another region than {region[1]}."
    if AZURE.search(host) and not AZURE_KEY.fullmatch(key):
        return "The key is wrong: Azure's have 32 hexadecimal digits, or 84 letters and digits."
    return f"The key is wrong, or belongs to another service than {host}."


def _is_known(host: str) -> bool:
    try:
        return bool(socket.getaddrinfo(host, None))
    except OSError:
        return False
