from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.support.full_disk import FULL_DISK, on_full_disk
from tests.support.scripted_server import KEY, scripted_server
from visionhelpers import local_service
from visionhelpers.endpoint import Secret
from visionhelpers.errors import ConfigurationError, TransportError
from visionhelpers.local_service import ServiceInfo, check_installed, find_or_start
from visionservice import LocalService

POSIX = pytest.mark.skipif(os.name != "posix", reason="modes and sessions are of POSIX")
FIND = "from visionhelpers.local_service import find_or_start; print(find_or_start().url)"


def services(folder: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        line = process.info["cmdline"] or []
        if str(folder / "service.json") in line and process.info["status"] != "zombie":
            found.append(process)
    return found


def state(folder: Path) -> dict[str, object]:
    contents: dict[str, object] = json.loads((folder / "service.json").read_text())
    return contents


def write_state(folder: Path, text: str) -> None:
    folder.mkdir(mode=0o700)
    (folder / "service.json").write_text(text)


def test_the_service_is_started_once_for_its_owner_only(state_folder: Path) -> None:
    first = find_or_start()
    assert find_or_start() == first
    assert [process.pid for process in services(state_folder)] == [state(state_folder)["pid"]]
    assert first.key not in repr(first)
    if os.name == "posix":
        assert stat.S_IMODE(state_folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((state_folder / "service.json").stat().st_mode) == 0o600


@POSIX
def test_a_killed_service_is_replaced_at_its_port_by_a_detached_process(
    state_folder: Path,
) -> None:
    first = find_or_start()
    (process,) = services(state_folder)
    assert os.getpgid(process.pid) not in (os.getpgid(0), os.getpgid(os.getppid()))
    process.send_signal(signal.SIGKILL)
    psutil.wait_procs([process], timeout=10)
    second = find_or_start()
    assert second.key != first.key
    assert second.url == first.url
    assert len(services(state_folder)) == 1


def test_a_service_whose_port_is_taken_gets_another(state_folder: Path) -> None:
    first = find_or_start()
    (process,) = services(state_folder)
    process.kill()
    psutil.wait_procs([process], timeout=10)
    with scripted_server(port=int(first.url.rpartition(":")[2])):
        assert find_or_start().url != first.url


def test_the_first_start_takes_the_preferred_port(
    state_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setattr(local_service, "PREFERRED_PORT", port)
    assert find_or_start().url == f"http://127.0.0.1:{port}"
    assert state_folder.exists()


def test_a_service_whose_port_is_taken_while_it_starts_gets_another(
    state_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setattr(local_service, "_free_port", lambda _: port)
        assert find_or_start().url != f"http://127.0.0.1:{port}"
    assert len(services(state_folder)) == 1


def test_processes_that_start_at_once_share_one_service(state_folder: Path) -> None:
    starters = [
        subprocess.Popen([sys.executable, "-c", FIND], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    urls = {starter.communicate(timeout=90)[0].strip() for starter in starters}
    assert len(urls) == 1
    assert urls == {state(state_folder)["url"]}
    assert len(services(state_folder)) == 1  # it outlives the processes that started it


MODELS = """
import sys, visionhelpers
vision = visionhelpers.connect()
for line in sys.stdin:
    models = vision.domain_models()["models"]
    print(len(models), vision.base_url, vision.key, flush=True)
"""


def test_kernels_whose_service_was_killed_start_one_together(state_folder: Path) -> None:
    kernels = [
        subprocess.Popen(
            [sys.executable, "-c", MODELS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]

    def request_all() -> set[str]:
        for kernel in kernels:
            assert kernel.stdin
            kernel.stdin.write("request\n")
            kernel.stdin.flush()
        return {kernel.stdout.readline() for kernel in kernels if kernel.stdout}

    try:
        assert {kernel.stdout.readline() for kernel in kernels if kernel.stdout} == {
            "Connected to the local service.\n"
        }
        before = request_all()
        (process,) = services(state_folder)
        process.kill()
        after = request_all()
        assert (len(before), len(after), before == after) == (1, 1, False), after
        assert after.pop().startswith(f"2 {state(state_folder)['url']}")
        assert [left.pid for left in services(state_folder)] == [state(state_folder)["pid"]]
    finally:
        for kernel in kernels:
            kernel.kill()
            kernel.communicate()


@FULL_DISK
def test_a_full_disk_is_named_with_its_remedy(tmp_path: Path) -> None:
    done = on_full_disk(tmp_path, "env", f"VISION_STATE_DIR={tmp_path}", sys.executable, "-c", FIND)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("visionhelpers.errors.ConfigurationError: ")
    assert f"Cannot write the service's state to {tmp_path} (No space left on device)" in last
    assert "free some space, or set VISION_STATE_DIR" in last
    assert ".service.json" not in done.stdout


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"url": 3, "key": "k"}',
        '{"url": "http://127.0.0.1:9", "key": "k"}',
    ],
)
def test_an_invalid_state_file_is_replaced(
    state_folder: Path, service: LocalService, text: str
) -> None:
    write_state(state_folder, text or json.dumps({"url": service.url, "key": "wrong", "pid": 1}))
    found = find_or_start()
    assert (found.url, found.key) == (state(state_folder)["url"], state(state_folder)["key"])
    assert found.url.startswith("http://127.0.0.1:")
    assert found.url != service.url


def test_a_service_on_another_machine_is_not_contacted(
    state_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_state(state_folder, json.dumps({"url": "http://vision.example.org", "key": KEY}))
    with scripted_server() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert find_or_start().url.startswith("http://127.0.0.1:")
        assert proxy.requests == []


def test_another_program_at_the_port_is_not_used(state_folder: Path) -> None:
    with scripted_server() as server:
        write_state(state_folder, json.dumps({"url": server.url, "key": "k", "pid": os.getpid()}))
        assert find_or_start().url != server.url
        assert len(server.requests) >= 1


def test_a_state_folder_that_cannot_be_written_is_named(state_folder: Path) -> None:
    (state_folder / "service.lock").mkdir(parents=True)
    state_folder.chmod(0o700)
    with pytest.raises(ConfigurationError, match=r"state to .*: set VISION_STATE_DIR"):
        find_or_start()


@POSIX
@pytest.mark.parametrize("mode", [0o777, 0o720, 0o702])
def test_a_folder_that_others_can_write_to_is_refused(state_folder: Path, mode: int) -> None:
    state_folder.mkdir()
    state_folder.chmod(mode)
    with pytest.raises(ConfigurationError, match=r"Other users can write.*VISION_STATE_DIR"):
        find_or_start()


def test_a_folder_that_cannot_be_created_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("VISION_STATE_DIR", str(tmp_path / "file" / "state"))
    with pytest.raises(ConfigurationError, match=r"Cannot write .*VISION_STATE_DIR"):
        find_or_start()


def test_modules_beside_a_notebook_do_not_reach_the_service(
    state_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("queue", "uvicorn", "json"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('a module beside the notebook')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    assert find_or_start().url == state(state_folder)["url"]


def test_a_service_that_does_not_start_is_named_with_its_last_message(
    state_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "uvicorn.py").write_text("raise ImportError('broken on purpose')")
    paths = [str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    with pytest.raises(TransportError, match=r"ended at once; its last message: .*on purpose"):
        find_or_start()
    assert not (state_folder / "service.json").exists()


def test_without_its_packages_the_command_that_installs_them_is_named(
    state_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "starlette", None)  # type: ignore[arg-type]
    for call in (check_installed, find_or_start):
        with pytest.raises(ConfigurationError, match=r"\(starlette is missing\): .*pip install"):
            call()
    assert not services(state_folder)


def test_the_repr_of_a_service_hides_the_key() -> None:
    assert "secret" not in repr(ServiceInfo("http://127.0.0.1:1", Secret("secret")))
