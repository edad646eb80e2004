"""Find the local service that a user's kernels share, or start it."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

from .endpoint import Secret, parse_endpoint, parse_key
from .errors import ConfigurationError, TransportError, VisionError, not_installed
from .transport import Transport

START_SECONDS = 60.0
PROBE_SECONDS = 10.0
IDLE_SECONDS = 1800
PREFERRED_PORT = 8421  # if it is free, so that the URLs which a notebook prints stay valid
FOLDERS = {"VISION_GALLERY", "VISION_MODEL_CACHE", "VISION_STATE_DIR"}
_LAUNCH = (
    "import runpy, sys; sys.path.append(sys.argv.pop(1)); "
    "runpy.run_module('visionservice', run_name='__main__', alter_sys=True)"
)
"""Run the service with this package last on the path, so that no module in the folder of a
notebook replaces one of the standard library."""


class ServiceInfo(NamedTuple):
    """URL and key of a local service; the repr hides the key."""

    url: str
    key: Secret


def find_or_start() -> ServiceInfo:
    """Return the running local service, or start one, with a lock against other processes.

    Raises:
        ConfigurationError: The state folder cannot be written, others can write to it, or the
            service is not installed.
        TransportError: The service does not start.
    """
    folder = _state_folder()
    file = folder / "service.json"
    if found := _probe(file):
        return found
    from filelock import FileLock, Timeout  # slow to load

    lock = FileLock(folder / "service.lock", timeout=START_SECONDS + 2 * PROBE_SECONDS)
    try:
        with lock:
            return _probe(file) or _start(file)
    except Timeout:
        message = f"Another process holds {lock.lock_file} and starts no service: end it"
        raise TransportError(message) from None
    except OSError as error:
        raise _unusable(folder, error) from error


def check_installed() -> None:
    """Raise ConfigurationError if a package of the service is missing."""
    for package in ("starlette", "uvicorn"):
        if find_spec(package) is None:
            raise not_installed("The local service", package, "service")


def _state_folder() -> Path:
    import platformdirs  # slow to load

    variable = os.environ.get("VISION_STATE_DIR")
    default = platformdirs.user_state_path("visionhelpers", appauthor=False)
    folder = Path(variable).expanduser().resolve() if variable else default
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError as error:
        raise _unusable(folder, error) from error
    if os.name == "posix" and (status.st_uid != os.getuid() or status.st_mode & 0o022):
        raise ConfigurationError(
            f"Other users can write to {folder}: set VISION_STATE_DIR to a private folder"
        )
    return folder


def _unusable(folder: Path, error: OSError) -> ConfigurationError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return ConfigurationError(
        f"Cannot write the service's state to {folder} ({error.strerror}): "
        f"{'free some space, or ' if full else ''}set VISION_STATE_DIR to a private folder"
    )


def _probe(file: Path) -> ServiceInfo | None:
    """Return the service in the state file if it responds to its key."""
    try:
        state = json.loads(file.read_text(encoding="utf-8"))
        info = ServiceInfo(state["url"], parse_key(state["key"]))
        endpoint = parse_endpoint(info.url, "v1.0")
        if not endpoint.is_loopback:
            return None
        transport = Transport((endpoint, info.key), timeout=PROBE_SECONDS, retries=0)
        models = transport.send("GET", "vision/v1.0/models").json()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, VisionError):
        return None
    return info if "models" in models else None


def _start(file: Path, port: int | None = None) -> ServiceInfo:
    """Start a service and wait until it responds; the caller holds the lock."""
    check_installed()
    file.unlink(missing_ok=True)
    log = file.with_suffix(".log")
    port = _free_port(file) if port is None else port
    child = _spawn(file, log, port)
    Thread(target=child.wait, daemon=True).start()  # reaps the process
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if info := _probe(file):
            file.with_suffix(".port").write_text(info.url.rpartition(":")[2], encoding="ascii")
            return info
        if child.poll() is not None:
            if port and "Cannot listen" in _log_tail(log):  # another process was faster
                return _start(file, 0)
            raise TransportError(f"The local service ended at once; {_log_tail(log)}")
        time.sleep(0.05)
    child.terminate()
    raise TransportError(
        f"The local service did not start within {START_SECONDS:g} seconds; {_log_tail(log)}"
    )


def _spawn(file: Path, log: Path, port: int) -> subprocess.Popen[bytes]:
    """Start the service detached, so that it survives Ctrl-C and kernel restarts."""
    package = str(Path(__file__).resolve().parents[1])
    command = [sys.executable, "-P", "-c", _LAUNCH, package, "--state-file", str(file)]
    command += ["--port", str(port), "--idle", str(IDLE_SECONDS)]
    env = dict(os.environ)
    for name in FOLDERS & set(env):  # relative to this folder
        env[name] = env[name] and str(Path(env[name]).expanduser().resolve())
    options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "cwd": file.parent}
    options |= {"env": env, "start_new_session": True}
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
        options["creationflags"] = flags
    with log.open("wb") as output:
        output.write(b"Starting.\n")  # a full disk fails here, with an error
        output.flush()
        return subprocess.Popen(command, stdout=output, stderr=output, **options)  # noqa: S603


def _free_port(file: Path) -> int:
    """Return the port of the last service, or the preferred one; 0 if neither is free."""
    with suppress(OSError, ValueError, OverflowError):
        last = file.with_suffix(".port")
        port = int(last.read_text(encoding="ascii")) if last.exists() else PREFERRED_PORT
        socket.create_server(("127.0.0.1", port)).close()
        return port
    return 0


def _log_tail(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[1:]
    return f"its last message: {lines[-1].strip()[:300]}" if lines else "it printed nothing"
