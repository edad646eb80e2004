from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import psutil
import pytest

from tests.full_disk import FULL_DISK, on_full_disk
from visionhelpers.errors import ConfigurationError, TransportError
from visionhelpers.local_service import State, local_service
from visionhelpers.service import LocalService

POSIX = pytest.mark.skipif(os.name != "posix", reason="modes and sessions are POSIX's")
ASK = "from visionhelpers.local_service import local_service; print(local_service().url)"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state folder of the test's own; the services started in it end with the test."""
    folder = tmp_path / "state"
    monkeypatch.setenv("VISION_STATE_DIR", str(folder))
    monkeypatch.delenv("VISION_GALLERY", raising=False)
    yield folder
    started = services(folder)
    for process in started:
        process.kill()
    psutil.wait_procs(started, timeout=10)


def services(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = process.info["cmdline"] or []
        if str(folder / "service.json") in line and process.info["status"] != "zombie":
            found.append(process)
    return found


def state(folder: Path) -> dict[str, object]:
    said: dict[str, object] = json.loads((folder / "service.json").read_text())
    return said


def plant(folder: Path, text: str) -> None:
    folder.mkdir(mode=0o700)
    (folder / "service.json").write_text(text)


def test_it_is_started_once_and_found_again(folder: Path) -> None:
    first = local_service()
    assert local_service() == first
    assert [process.pid for process in services(folder)] == [state(folder)["pid"]]
    assert first.key not in repr(first)


@POSIX
def test_its_state_is_for_its_owner_only_and_it_is_apart_from_its_starter(folder: Path) -> None:
    local_service()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "service.json").stat().st_mode) == 0o600
    (process,) = services(folder)
    assert os.getpgid(process.pid) not in (os.getpgid(0), os.getpgid(os.getppid()))


def test_processes_that_start_at_once_end_up_with_one(folder: Path) -> None:
    starters = [
        subprocess.Popen([sys.executable, "-c", ASK], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    urls = {starter.communicate(timeout=90)[0].strip() for starter in starters}
    assert len(urls) == 1
    assert urls == {state(folder)["url"]}
    assert len(services(folder)) == 1  # and it outlives those who started it


def test_one_that_was_killed_is_replaced(folder: Path) -> None:
    gone = local_service()
    (process,) = services(folder)
    process.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    psutil.wait_procs([process], timeout=10)
    assert local_service().key != gone.key
    assert len(services(folder)) == 1


ASK_AGAIN = """
import sys, visionhelpers
vision = visionhelpers.connect()
for line in sys.stdin:
    models = vision.domain_models()["models"]
    print(len(models), vision.base_url, flush=True)
"""


def test_kernels_whose_service_was_killed_start_another_once_and_are_answered(folder: Path) -> None:
    kernels = [
        subprocess.Popen(
            [sys.executable, "-c", ASK_AGAIN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]

    def ask_all() -> set[str]:
        for kernel in kernels:
            assert kernel.stdin
            kernel.stdin.write("ask\n")
            kernel.stdin.flush()
        return {kernel.stdout.readline() for kernel in kernels if kernel.stdout}

    try:
        assert {kernel.stdout.readline() for kernel in kernels if kernel.stdout} == {
            "Connected to the local service.\n"
        }
        before = ask_all()
        (process,) = services(folder)
        process.kill()
        after = ask_all()
        assert (len(before), len(after), before == after) == (1, 1, False), after
        assert after.pop().startswith(f"2 {state(folder)['url']}")
        assert [left.pid for left in services(folder)] == [state(folder)["pid"]]
    finally:
        for kernel in kernels:
            kernel.kill()
            kernel.communicate()


@FULL_DISK
def test_a_full_disk_is_named_with_its_remedy(tmp_path: Path) -> None:
    done = on_full_disk(tmp_path, "env", f"VISION_STATE_DIR={tmp_path}", sys.executable, "-c", ASK)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("visionhelpers.errors.ConfigurationError: ")
    assert f"Cannot keep the service's state in {tmp_path} (No space left on device)" in last
    assert "make room there, or set VISION_STATE_DIR" in last
    assert ".service.json" not in done.stdout


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"url": 3, "key": "k"}', '{"url": "http://127.0.0.1:9", "key": "k"}']
)
def test_a_state_file_that_leads_nowhere_is_replaced(
    folder: Path, service: LocalService, text: str
) -> None:
    plant(folder, text or json.dumps({"url": service.url, "key": "wrong", "pid": 1}))
    found = local_service()
    assert (found.url, found.key) == (state(folder)["url"], state(folder)["key"])
    assert found.url != service.url


def test_a_state_folder_that_cannot_be_written_is_named(folder: Path) -> None:
    (folder / "service.lock").mkdir(parents=True)
    folder.chmod(0o700)
    with pytest.raises(ConfigurationError, match=r"state in .*: set VISION_STATE_DIR"):
        local_service()


def test_a_port_that_somebody_else_has_taken_is_left_alone(folder: Path) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Other)
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}"
    plant(folder, json.dumps({"url": url, "key": "k", "pid": os.getpid()}))
    assert local_service().url != url
    server.shutdown()
    server.server_close()


def test_a_state_that_leads_to_another_machine_is_not_followed(folder: Path) -> None:
    plant(folder, '{"url": "http://192.0.2.1", "key": "k", "pid": 1}')
    began = time.monotonic()
    assert local_service().url.startswith("http://127.0.0.1:")
    assert time.monotonic() - began < 9


def test_one_that_does_not_start_is_reported_with_its_last_words(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "uvicorn.py").write_text("raise ImportError('broken on purpose')")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(TransportError, match=r"ended at once; its last words: .*broken on purpose"):
        local_service()
    assert not (folder / "service.json").exists()


def test_without_its_packages_the_pip_command_is_named(folder: Path) -> None:
    absent = f"import sys; sys.modules['starlette'] = None; {ASK}"
    run = subprocess.run(
        [sys.executable, "-c", absent], capture_output=True, text=True, check=False
    )
    assert "ConfigurationError" in run.stderr
    assert 'starlette is missing): pip install "visionhelpers[service]"' in run.stderr
    assert not services(folder)


@POSIX
def test_a_folder_that_others_can_write_to_is_refused(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(ConfigurationError, match=r"Others can write.*VISION_STATE_DIR"):
        local_service()


def test_a_folder_that_cannot_be_made_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("VISION_STATE_DIR", str(tmp_path / "file" / "state"))
    with pytest.raises(ConfigurationError, match=r"Cannot keep .*VISION_STATE_DIR"):
        local_service()


def test_a_state_does_not_print_its_key() -> None:
    assert "secret" not in repr(State("http://127.0.0.1:1", "secret"))
