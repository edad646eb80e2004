"""A local service for one run of benchmarks, notebooks or tests, apart from that of the user.

`own_environment` is the one place that clears the variables which choose another service.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

START_SECONDS = 60.0
STOP_SECONDS = 60.0
MODEL_CACHE = "VISION_MODEL_CACHE"
"""The folder of compiled models: a cold one costs the same results more time."""
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@contextmanager
def own_environment(keep: Collection[str] = ()) -> Iterator[None]:
    """Remove every `VISION_…` variable and every proxy, and restore them at the end.

    Args:
        keep: The names of variables that stay, such as VISION_API_VERSION.
    """
    names = {name for name in os.environ if _chooses_a_service(name)} - set(keep)
    before = {name: os.environ.pop(name) for name in names}
    os.environ["NO_PROXY"] = "127.0.0.1,localhost"  # for the proxy settings of the system
    try:
        yield
    finally:
        for name in [name for name in os.environ if _chooses_a_service(name)]:
            if name not in keep:
                del os.environ[name]
        os.environ.update(before)


def _chooses_a_service(name: str) -> bool:
    chooses = name.startswith("VISION_") and name != MODEL_CACHE
    return chooses or name.lower() in PROXIES


@contextmanager
def own_state(keep: Collection[str] = ()) -> Iterator[Path]:
    """Give `connect()` an empty state folder; stop the service that was started in it."""
    with own_environment(keep), tempfile.TemporaryDirectory(prefix="visionhelpers-") as name:
        folder = Path(name)
        os.environ["VISION_STATE_DIR"] = name
        try:
            yield folder
        finally:
            with suppress(OSError, ValueError, psutil.NoSuchProcess):  # no service was started
                _stop(process(folder))


@contextmanager
def own_service(cache_size: int = 0) -> Iterator[Path]:
    """Start a service where `connect()` finds it, and stop it at the end.

    Args:
        cache_size: The number of images whose results are cached; 0 to measure the models again in
            a second round.

    Raises:
        RuntimeError: The service does not start; the error ends with the last line of its log.
    """
    with own_state() as folder:
        state, log = folder / "service.json", folder / "service.log"
        command = [sys.executable, "-m", "visionservice", "--state-file", str(state)]
        command += ["--gallery", str(folder / "gallery"), "--cache-size", str(cache_size)]
        with log.open("wb") as output:
            child = subprocess.Popen(command, stdout=output, stderr=output)
        deadline = time.monotonic() + START_SECONDS
        while not state.exists():
            if child.poll() is not None or time.monotonic() > deadline:
                child.kill()
                child.wait()
                last = log.read_text(errors="replace").strip().rpartition("\n")[2]
                raise RuntimeError(f"The local service did not start: {last or 'its log is empty'}")
            time.sleep(0.05)
        yield folder


def process(folder: Path) -> psutil.Process:
    """Return the process of the service in a state folder."""
    return psutil.Process(json.loads((folder / "service.json").read_text())["pid"])


def _stop(service: psutil.Process) -> None:
    service.terminate()
    try:
        service.wait(STOP_SECONDS)
    except psutil.TimeoutExpired:
        service.kill()
        service.wait(STOP_SECONDS)
