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


@pytest.fixture(autouse=True)
def _developer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A developer who has set up another service."""
    for name, value in DEVELOPER.items():
        monkeypatch.setenv(name, value)


def state(folder: Path) -> dict[str, Any]:
    """Return what the running service has written: its URL and its process."""
    return dict(json.loads((folder / "service.json").read_text()))


def test_connect_finds_the_own_service_and_not_the_one_in_the_environment() -> None:
    before = dict(os.environ)
    with own_service() as folder:
        service, vision = psutil.Process(state(folder)["pid"]), connect()
        assert vision.base_url == f"{state(folder)['url']}/vision/v1.0/"
        assert vision.domain_models()["models"]
        assert os.environ.keys() & DEVELOPER.keys() <= {"VISION_STATE_DIR", "no_proxy"}
    assert not service.is_running()
    assert not folder.exists()
    assert dict(os.environ) == before


def test_a_service_that_was_started_in_the_own_folder_ends_with_it() -> None:
    with own_state() as folder:
        assert list(folder.iterdir()) == []
        assert connect().domain_models()["models"]
        service = psutil.Process(state(folder)["pid"])
    assert not service.is_running()
    with own_state():
        pass  # no service was started
    assert os.environ["VISION_STATE_DIR"] == DEVELOPER["VISION_STATE_DIR"]


def test_a_service_that_does_not_start_ends_the_run_with_its_last_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "uvicorn.py").write_text("raise ImportError('broken on purpose')")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(ROOT), *sys.path]))
    code = "from benchmarks.own_service import own_service\nwith own_service(): pass"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    reason = "The local service did not start: ImportError: broken on purpose"
    assert run.stderr.strip().splitlines()[-1] == f"RuntimeError: {reason}"


def test_accuracy_and_speed_are_those_of_the_own_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[str] = []

    def measure(vision: VisionClient, *_: object) -> list[Any]:
        measured.append(vision.base_url)
        return []

    (tmp_path / "truth.json").write_text('{"images": {}}')
    monkeypatch.setattr(accuracy, "ENGINES", [SimpleNamespace(measure=measure)])
    accuracy.main([str(tmp_path)])
    groups = dict.fromkeys(["cost", "load"], lambda service: measure(service.vision))
    monkeypatch.setattr(performance, "GROUPS", groups)
    assert list(performance.rows(["load", "cost"])) == []
    assert len(measured) == 3
    for url in measured:
        assert url.startswith("http://127.0.0.1:")
        assert not url.startswith(f"{DEVELOPER['VISION_ENDPOINT']}/")
        assert url.endswith("/vision/v1.0/")
