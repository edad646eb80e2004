from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

import visionhelpers as vh
from tests.support.full_disk import FULL_DISK, on_full_disk
from tests.support.scripted_server import KEY, ScriptedServer
from visionhelpers import local_service
from visionhelpers.local_service import check_installed, find_or_start
from visionservice import LocalService

POSIX = pytest.mark.skipif(os.name != "posix", reason="modes and sessions are of POSIX")
FIND = "from visionhelpers.local_service import find_or_start; print(find_or_start().url)"


def services(folder: Path) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cmdline", "status"])
        if str(folder / "service.json") in (process.info["cmdline"] or [])
        and process.info["status"] != "zombie"
    ]


def state(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "service.json").read_text())


# Processes


def test_the_service_is_started_once_for_its_owner_only(
    state_folder: Path, unused_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_service, "PREFERRED_PORT", unused_port)
    first = find_or_start()
    assert find_or_start() == first
    assert first.url == f"http://127.0.0.1:{unused_port}"
    (process,) = services(state_folder)
    assert process.pid == state(state_folder)["pid"]
    assert first.key not in repr(first)
    if os.name == "posix":
        assert os.getpgid(process.pid) not in (os.getpgid(0), os.getpgid(os.getppid()))
        assert stat.S_IMODE(state_folder.stat().st_mode) == 0o700
        assert stat.S_IMODE((state_folder / "service.json").stat().st_mode) == 0o600


def test_a_service_whose_port_is_taken_while_it_starts_gets_another(
    state_folder: Path, server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_service, "_free_port", lambda _: server.server_port)
    assert find_or_start().url != server.url
    assert len(services(state_folder)) == 1


MODELS = """
import sys, visionhelpers
vision = visionhelpers.connect()
for line in sys.stdin:
    models = vision.domain_models()["models"]
    print(len(models), vision.base_url, vision.key, flush=True)
"""


def test_kernels_start_one_service_together_and_replace_it(
    state_folder: Path,
) -> None:
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    kernels = [subprocess.Popen([sys.executable, "-c", MODELS], **pipes) for _ in range(3)]

    def request_all() -> str:
        for kernel in kernels:
            kernel.stdin.write("request\n")
            kernel.stdin.flush()
        (response,) = {kernel.stdout.readline() for kernel in kernels}
        assert response.startswith(f"2 {state(state_folder)['url']}")
        return response

    try:
        connected = {kernel.stdout.readline() for kernel in kernels}
        assert connected == {"Connected to the local service.\n"}
        before = request_all()
        services(state_folder)[0].kill()
        assert request_all() != before
    finally:
        for kernel in kernels:
            kernel.kill()
            kernel.communicate()
    assert [left.pid for left in services(state_folder)] == [state(state_folder)["pid"]]


def test_modules_beside_a_notebook_do_not_reach_the_service(
    state_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("queue", "uvicorn", "json"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('a module beside the notebook')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), *sys.path])
    assert find_or_start().url == state(state_folder)["url"]


def test_a_service_that_does_not_start_is_named_with_its_last_message(
    state_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "uvicorn.py").write_text("raise ImportError('broken on purpose')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    with pytest.raises(vh.TransportError, match=r"ended at once; its last message: .*on purpose"):
        find_or_start()
    assert not (state_folder / "service.json").exists()


def test_without_its_packages_the_command_that_installs_them_is_named(
    state_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "starlette", None)
    for call in (check_installed, find_or_start):
        with pytest.raises(vh.ConfigurationError, match=r"\(starlette is missing\): .*pip install"):
            call()
    assert not services(state_folder)


# The state file and its folder


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("[]", id="no object"),
        pytest.param('{"url": 3, "key": "k"}', id="no URL"),
        pytest.param('{"url": "http://127.0.0.1:9", "key": "k"}', id="a service that has ended"),
        pytest.param('{"url": "SERVICE", "key": "wrong"}', id="a service with another key"),
        pytest.param('{"url": "PROGRAM", "key": "k"}', id="another program"),
        pytest.param(f'{{"url": "http://a.example.org", "key": "{KEY}"}}', id="another machine"),
    ],
)
def test_a_state_file_of_no_local_service_is_replaced(
    state_folder: Path,
    service: LocalService,
    server: ScriptedServer,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    text = text.replace("SERVICE", service.url).replace("PROGRAM", server.url)
    state_folder.mkdir(mode=0o700)
    (state_folder / "service.json").write_text(text)
    found = find_or_start()
    assert found == (state(state_folder)["url"], state(state_folder)["key"])
    assert found.url.startswith("http://127.0.0.1:")
    assert found.url not in (service.url, server.url)
    assert bool(server.requests) == (server.url in text)


@FULL_DISK
def test_a_full_disk_is_named_with_its_remedy(tmp_path: Path) -> None:
    done = on_full_disk(tmp_path, "env", f"VISION_STATE_DIR={tmp_path}", sys.executable, "-c", FIND)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("visionhelpers.errors.ConfigurationError: ")
    assert f"Cannot write the service's state to {tmp_path} (No space left on device)" in last
    assert "free some space, or set VISION_STATE_DIR" in last
    assert ".service.json" not in done.stdout


@POSIX
@pytest.mark.parametrize("mode", [0o720, 0o702])
def test_a_folder_that_others_can_write_to_is_refused(state_folder: Path, mode: int) -> None:
    state_folder.mkdir()
    state_folder.chmod(mode)
    with pytest.raises(vh.ConfigurationError, match=r"Other users can write.*VISION_STATE_DIR"):
        find_or_start()


def test_a_folder_that_cannot_be_written_is_named(
    state_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (state_folder / "service.lock").mkdir(parents=True)
    state_folder.chmod(0o700)
    (state_folder / "file").touch()
    for folder in (state_folder, state_folder / "file" / "state"):
        monkeypatch.setenv("VISION_STATE_DIR", str(folder))
        with pytest.raises(vh.ConfigurationError, match=r"state to .*: set VISION_STATE_DIR"):
            find_or_start()
