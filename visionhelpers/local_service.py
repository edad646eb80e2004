"""The local service that a user's kernels share: found by its state file, else started."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any

import platformdirs
from filelock import FileLock, Timeout

from .endpoint import parse_endpoint
from .errors import ConfigurationError, TransportError, VisionError
from .replies import decoded
from .session import Session

START_SECONDS = 60.0
PROBE_SECONDS = 10.0
IDLE_SECONDS = 1800
FRUGAL = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": "4000000"}
"""What one model no longer needs another may have, on Linux: the service takes 200 MB less at its
peak, of 1.1 GB, and looks at a picture up to a tenth longer."""
_WEB = ("starlette", "uvicorn")


@dataclass(frozen=True, slots=True)
class State:
    """Where a local service listens, and with which key, which is not printed."""

    url: str
    key: str = field(repr=False)


def local_service() -> State:
    """Return the running local service, after starting one if there is none.

    Two processes that start at once end up with one service: a lock lets one of them pass.

    Raises:
        ConfigurationError: The state folder cannot be written, or by others too, or the service is
            not installed.
        TransportError: The service does not start.
    """
    folder = _state_folder()
    file = folder / "service.json"
    if found := _answering(file):
        return found
    try:
        with FileLock(folder / "service.lock", timeout=START_SECONDS + 2 * PROBE_SECONDS):
            return _answering(file) or _started(file)
    except Timeout:
        pass
    except OSError as error:
        raise _unusable(folder, error) from error
    raise TransportError(f"Another process holds {folder / 'service.lock'} and starts no service")


def check_installed() -> None:
    """Make sure that this Python can run the service.

    Raises:
        ConfigurationError: A package is missing.
    """
    if missing := [name for name in _WEB if find_spec(name) is None]:
        raise ConfigurationError(
            f"The local service is not installed ({', '.join(missing)} is missing): "
            'pip install "visionhelpers[service]"'
        )


def _state_folder() -> Path:
    """Return the folder of the state file, made readable by its owner only."""
    named = os.environ.get("VISION_STATE_DIR")
    default = platformdirs.user_state_path("visionhelpers", appauthor=False)
    folder = Path(named).expanduser().resolve() if named else default
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError as error:
        raise _unusable(folder, error) from error
    if os.name == "posix" and (status.st_uid != os.getuid() or status.st_mode & 0o022):
        raise ConfigurationError(
            f"Others can write to {folder}: set VISION_STATE_DIR to a folder of your own"
        )
    return folder


def _unusable(folder: Path, error: OSError) -> ConfigurationError:
    room = "make room there, or " if error.errno in (errno.ENOSPC, errno.EDQUOT) else ""
    return ConfigurationError(
        f"Cannot keep the service's state in {folder} ({error.strerror}): "
        f"{room}set VISION_STATE_DIR to a folder of your own"
    )


def _answering(file: Path) -> State | None:
    """Return what the state file says, if a service with that key answers there."""
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
        state = State(said["url"], said["key"])
        endpoint = parse_endpoint(state.url, "v1.0")
        session = Session(endpoint, state.key, PROBE_SECONDS, retries=0)
        known = endpoint.is_loopback and decoded(session.send("GET", "vision/v1.0/models"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, VisionError):
        return None
    return state if known and "models" in known else None


def _started(file: Path) -> State:
    """Start a service and wait until it answers; call it while holding the lock."""
    check_installed()
    file.unlink(missing_ok=True)
    log = file.with_suffix(".log")
    child = _launched(file, log)
    Thread(target=child.wait, daemon=True).start()  # so that it leaves no zombie behind
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if state := _answering(file):
            return state
        if child.poll() is not None:
            raise TransportError(f"The local service ended at once; {_last_words(log)}")
        time.sleep(0.05)
    child.terminate()
    raise TransportError(
        f"The local service did not listen in {START_SECONDS:g} s; {_last_words(log)}"
    )


def _launched(file: Path, log: Path) -> subprocess.Popen[bytes]:
    """Run the service apart from this process: Ctrl-C and the end of a kernel pass it by."""
    command = [sys.executable, "-m", "visionhelpers.service", "--state-file", str(file)]
    command += ["--gallery", str(_gallery(file.parent)), "--idle", str(IDLE_SECONDS)]
    apart: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        apart = {"creationflags": flags}
    importable = os.pathsep.join(str(Path(entry).resolve()) for entry in sys.path)
    with log.open("wb") as output:
        output.write(b"Starting.\n")  # so that on a full disk this fails, and not the child unheard
        output.flush()
        return subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=file.parent,
            env=FRUGAL | os.environ | {"PYTHONPATH": importable},
            **apart,
        )


def _gallery(folder: Path) -> Path:
    if named := os.environ.get("VISION_GALLERY"):
        return Path(named).expanduser().resolve()
    if os.environ.get("VISION_STATE_DIR"):
        return folder / "gallery"
    return platformdirs.user_data_path("visionhelpers", appauthor=False) / "gallery"


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[1:]
    return f"its last words: {lines[-1].strip()[:300]}" if lines else "it said nothing"
