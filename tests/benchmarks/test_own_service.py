"""The service of a benchmark: the benchmark's own, whatever the developer's variables name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from benchmarks import accuracy
from benchmarks.own_service import own_service, own_state
from benchmarks.performance import __main__ as performance
from benchmarks.performance.timing import Service
from visionhelpers import VisionClient, connect

ROOT = Path(__file__).parents[2]
DEVELOPER = {
    "VISION_ENDPOINT": "http://127.0.0.1:9",
    "VISION_KEY": "x",
    "VISION_API_VERSION": "v3.2",
    "VISION_GALLERY": "/nowhere/gallery",
    "VISION_STATE_DIR": "/nowhere/state",
    "http_proxy": "http://127.0.0.1:9",
    "no_proxy": "example.org",
}
NOT_STARTED = """
from benchmarks.own_service import own_service
with own_service():
    print("started")
"""


@pytest.fixture(autouse=True)
def _developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer who has set up another service."""
    for name, value in DEVELOPER.items():
        monkeypatch.setenv(name, value)


def running(folder: Path) -> psutil.Process:
    return psutil.Process(json.loads((folder / "service.json").read_text())["pid"])


def test_connect_finds_the_own_service_and_not_the_one_in_the_environment() -> None:
    before = dict(os.environ)
    with own_service() as folder:
        service = running(folder)
        vision = connect()
        assert vision.base_url == json.loads((folder / "service.json").read_text())["url"] + (
            "/vision/v1.0/"
        )
        assert vision.domain_models()["models"]
        assert os.environ.keys() & DEVELOPER.keys() <= {"VISION_STATE_DIR", "no_proxy"}
    assert not service.is_running()
    assert not folder.exists()
    assert dict(os.environ) == before


def test_a_service_that_was_started_in_the_own_folder_ends_with_it() -> None:
    with own_state() as folder:
        assert connect().domain_models()["models"]
        service = running(folder)
    assert not service.is_running()


def test_where_no_service_was_started_none_is_looked_for() -> None:
    with own_state() as folder:
        assert list(folder.iterdir()) == []
    assert os.environ["VISION_STATE_DIR"] == DEVELOPER["VISION_STATE_DIR"]


def test_a_service_that_does_not_start_ends_the_run_with_its_last_line(tmp_path: Path) -> None:
    (tmp_path / "uvicorn.py").write_text("raise ImportError('broken on purpose')")
    path = os.pathsep.join([str(tmp_path), str(ROOT), *sys.path])
    run = subprocess.run(
        [sys.executable, "-c", NOT_STARTED],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=60,
    )
    last = run.stderr.strip().splitlines()[-1]
    reason = "ImportError: broken on purpose"
    assert last == f"RuntimeError: The local service did not start: {reason}"


def test_the_accuracy_of_the_own_service_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[str] = []

    def measure(vision: VisionClient, _: object) -> list[Any]:
        measured.append(vision.base_url)
        return []

    (tmp_path / "truth.json").write_text('{"images": {}}')
    monkeypatch.setattr(accuracy, "ENGINES", [SimpleNamespace(measure=measure)])
    accuracy.main([str(tmp_path)])
    assert is_own(measured)


def test_the_speed_of_the_own_service_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    measured: list[str] = []

    def measure(service: Service) -> list[Any]:
        measured.append(service.vision.base_url)
        return []

    monkeypatch.setattr(performance, "GROUPS", {"cost": measure, "load": measure})
    assert list(performance.rows(["load", "cost"])) == []
    assert len(measured) == 2
    assert is_own(measured)


def is_own(urls: list[str]) -> bool:
    """Return True if there are URLs, all of a service on this machine that speaks v1.0."""
    return bool(urls) and all(
        url.startswith("http://127.0.0.1:")
        and not url.startswith("http://127.0.0.1:9/")
        and url.endswith("/vision/v1.0/")
        for url in urls
    )
