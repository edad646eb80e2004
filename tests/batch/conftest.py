from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.images import drawn
from visionhelpers import VisionClient
from visionservice import LocalService


@pytest.fixture(scope="session")
def client(service: LocalService) -> VisionClient:
    return VisionClient(service.url, service.key)


@pytest.fixture
def image(tmp_path: Path) -> str:
    """The path of a drawn image."""
    return str(drawn(tmp_path, 1)[0])


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """Where a results file may be written."""
    return tmp_path / "out.jsonl"
