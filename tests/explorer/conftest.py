from collections.abc import Iterator

import pytest

from tests.support.silent_server import SilentServer
from visionhelpers import VisionClient
from visionservice import LocalService


@pytest.fixture
def silent() -> Iterator[SilentServer]:
    server = SilentServer()
    with server.socket:
        yield server


@pytest.fixture(scope="session")
def client(service: LocalService) -> VisionClient:
    return VisionClient(service.url, service.key, version="v1.0")


@pytest.fixture(scope="session")
def client_v3(service: LocalService) -> VisionClient:
    return VisionClient(service.url, service.key, version="v3.2")


@pytest.fixture(scope="session")
def refused() -> VisionClient:
    """A client of a port where no service listens."""
    return VisionClient("http://127.0.0.1:9", "secret", version="v1.0", retries=0)
