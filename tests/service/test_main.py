from __future__ import annotations

import json
import logging
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

import visionhelpers
from tests.support.full_disk import FULL_DISK, on_full_disk
from tests.support.http_client import KEY
from tests.support.poll import poll_until
from visionhelpers.errors import not_installed
from visionhelpers.images import sample_path
from visionservice import INSTALL
from visionservice.__main__ import main
from visionservice.server import default_gallery
from visionservice.settings import ServiceSettings

COMMAND = [sys.executable, "-m", "visionservice"]
ALL_ADDRESSES = "on all addresses of this machine, for example "
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Command]:
    """The command in this process, with a gallery; it returns the exit status and the output."""

    def call(*arguments: object) -> tuple[int, str, str]:
        code: str | int | None = 0
        try:
            main([*map(str, arguments)])
        except SystemExit as ended:
            code = ended.code
        out, err = capsys.readouterr()
        return (1, out, f"{err}{code}\n") if isinstance(code, str) else (code or 0, out, err)

    monkeypatch.setenv("VISION_GALLERY", str(tmp_path / "gallery"))
    logger = logging.getLogger("visionservice")
    level = logger.level
    yield call
    logger.setLevel(level)


@contextmanager
def running(*arguments: object, **variables: str) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        env=os.environ | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait(10)


def written(file: Path) -> dict[str, str]:
    poll_until(file.exists)
    state: dict[str, str] = json.loads(file.read_text())
    return state


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("arguments", "variable", "where", "key", "number"),
    [
        ("--warm", "", "", r"key (\w{32})", signal.SIGINT),
        ("--key-file FOLDER/key", "", "", "the given key", signal.SIGTERM),
        ("--host 127.0.0.1", "my-secret", "", "the given key", signal.SIGTERM),
        ("--host 0.0.0.0 --key my-secret", "", ALL_ADDRESSES, "the given key", signal.SIGTERM),
    ],
)
def test_the_url_is_printed_with_a_random_key_and_a_signal_stops_the_service(
    tmp_path: Path, arguments: str, variable: str, where: str, key: str, number: signal.Signals
) -> None:
    (tmp_path / "key").write_text("my-secret\n")
    options = arguments.replace("FOLDER", str(tmp_path)).split()
    with running("--gallery", tmp_path, *options, VISION_SERVICE_KEY=variable) as child:
        assert child.stdout
        line = rf"Listening {where}at (http://127\.0\.0\.1:\d+)/vision/v1\.0/ with {key}\n"
        found = re.fullmatch(line, child.stdout.readline())
        assert found
        url, secret = [*found.groups(), "my-secret"][:2]
        assert requests.get(f"{url}/vision/v1.0/models", headers={KEY: secret}, timeout=10).ok
        status = requests.get(f"{url}/health", timeout=10).json()["status"]
        assert status == "ready" or arguments != "--warm"
        child.send_signal(number)
        assert child.stdout.readline() == "Press Ctrl-C to stop.\n"
        assert child.communicate(timeout=10) == ("", "")
        assert child.returncode == 0


OPTIONS: dict[str, dict[str, Any]] = {
    "--host 127.0.0.9 --port 80 --key k": {"host": "127.0.0.9", "port": 80, "key": "k"},
    "--gallery mine --no-built-in-gallery": {"gallery": Path("mine"), "built_in_gallery": False},
    "--allow-host a.test --allow-host b.test": {"allow_hosts": ["a.test", "b.test"]},
    "--engine text=my:Text --engine tags=rules": {"engines": {"text": "my:Text", "tags": "rules"}},
    "--engine-option captions.model=a=b": {"engine_options": {"captions.model": "a=b"}},
    "--captioner URL --captioner-model m": {"captioner": "URL", "captioner_model": "m"},
    "--cache-size 7 --warm --idle 9": {"cache_size": 7, "warm": True, "idle": 9.0},
    "--rate 12/hour --latency 0.2": {"rate": "12/hour", "latency": 0.2},
    "--operation-delay 1.5 --fail-operations": {"operation_delay": 1.5, "fail_operations": True},
    "--images .": {"images": Path()},
}


def test_every_setting_has_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[dict[str, Any]] = []
    command = "visionservice.__main__"
    monkeypatch.setattr(f"{command}.LocalService", lambda **settings: settings)
    monkeypatch.setattr(f"{command}._serve", lambda settings, _: served.append(settings))
    defaults = vars(ServiceSettings()) | {"gallery": default_gallery(), "allow_hosts": []}
    for options, settings in OPTIONS.items():
        main(options.split())
        assert served.pop() == defaults | settings, options
    assert {name for settings in OPTIONS.values() for name in settings} == {*defaults}


def test_the_version_is_that_of_the_package(command: Command) -> None:
    printed = f"python -m visionservice {visionhelpers.__version__}\n"
    assert command("--version") == (0, printed, "")


WITHOUT = "import sys; sys.modules['starlette'] = None; "
SENTENCE = (
    "The local service is not installed (starlette is missing): "
    'run pip install ".[service]" in the checkout of visionhelpers'
)


@pytest.mark.parametrize(
    ("program", "printed"),
    [
        ("import runpy; runpy.run_module('visionservice', run_name='__main__')", SENTENCE),
        ("from visionservice import LocalService", f"ImportError: {SENTENCE}"),
    ],
)
def test_without_its_packages_the_service_names_the_command_that_installs_them(
    program: str, printed: str
) -> None:
    ended = run("-c", WITHOUT + program)
    assert (ended.returncode, ended.stdout, ended.stderr.splitlines()[-1]) == (1, "", printed)
    assert ended.stderr.count("\n") == 1 or "import LocalService" in program
    assert str(not_installed("The service", "x", "service")).endswith(INSTALL)


def test_only_the_owner_can_read_the_state_file_which_is_removed_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "service.json"
    with running("--state-file", file, "--gallery", tmp_path / "g", "--verbose") as child:
        state = written(file)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert (set(state), state["pid"]) == ({"url", "key", "pid"}, child.pid)
        for key, status in ((state["key"], 200), ("wrong", 401)):
            models = f"{state['url']}/vision/v1.0/models?subscription-key={key}"
            assert requests.get(models, timeout=10).status_code == status
        child.terminate()
        printed, log = child.communicate(timeout=10)
    assert (child.returncode, printed, list(tmp_path.glob("*.json*"))) == (0, "", [])
    for status in (200, 401):
        line = rf'INFO 127\.0\.0\.1 "GET /vision/v1\.0/models" {status}, \d+\.\d{{3}} s\n'
        assert re.search(line, log)


def test_an_idle_service_removes_its_state_file(tmp_path: Path) -> None:
    file = tmp_path / "service.json"
    with running("--state-file", file, "--gallery", tmp_path / "g", "--idle", 1) as child:
        written(file)
        assert child.wait(15) == 0
    assert not file.exists()


def test_the_state_file_of_another_service_is_not_removed(tmp_path: Path) -> None:
    file = tmp_path / "service.json"
    with running("--state-file", file, "--gallery", tmp_path / "gallery") as child:
        written(file)
        file.write_text(json.dumps({"url": "http://127.0.0.1:1", "key": "k", "pid": os.getpid()}))
        child.terminate()
        child.communicate(timeout=10)
    assert written(file)["pid"] == os.getpid()


SLOW_READER = """
import os
from pathlib import Path
from time import sleep
from visionservice import scheduler
from visionservice.engines.text.reader import RapidOcrReader

scheduler.DRAIN_SECONDS = float(os.environ["DRAIN_SECONDS"])

class SlowReader(RapidOcrReader):
    def read(self, image, **options):
        Path(__file__).with_name("reading").touch()
        while not Path(__file__).with_name("go").exists():
            sleep(0.01)
        return super().read(image, **options)
"""


@contextmanager
def stopped_at_work(
    folder: Path, drain_seconds: float = 30.0
) -> Iterator[tuple[subprocess.Popen[str], Future[requests.Response]]]:
    """A service that was stopped while it reads a page, and has removed its state file."""
    file = folder / "service.json"
    (folder / "slow_reader.py").write_text(SLOW_READER)
    options = ["--gallery", folder / "gallery", "--engine", "text=slow_reader:SlowReader"]
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    variables = {"PYTHONPATH": path, "DRAIN_SECONDS": str(drain_seconds)}
    service = running("--state-file", file, *options, **variables)
    with service as child, ThreadPoolExecutor(1) as one:
        url, headers = written(file)["url"], {KEY: written(file)["key"]}
        page = {"url": f"{url}/samples/printed_page.jpg"}
        ocr = f"{url}/vision/v1.0/ocr"
        slow = one.submit(requests.post, ocr, json=page, headers=headers, timeout=120)
        try:
            poll_until((folder / "reading").exists)
            child.terminate()
            poll_until(lambda: not file.exists())
            yield child, slow
        finally:
            (folder / "go").touch()


def test_a_signal_removes_the_state_file_and_finishes_what_runs(tmp_path: Path) -> None:
    with stopped_at_work(tmp_path) as (child, slow):
        assert not slow.done()
        (tmp_path / "go").touch()
        assert slow.result().json()["regions"]
        assert child.communicate(timeout=20) == ("", "")
        assert child.returncode == 0


def test_a_second_signal_stops_at_once(tmp_path: Path) -> None:
    with stopped_at_work(tmp_path) as (child, slow):
        child.terminate()
        assert child.wait(60) == 128 + signal.SIGTERM
        assert isinstance(slow.exception(), requests.ConnectionError)


def test_a_job_that_takes_too_long_does_not_prevent_the_exit(tmp_path: Path) -> None:
    with stopped_at_work(tmp_path, drain_seconds=0.5) as (child, slow):
        assert slow.result().status_code == 503
        assert child.wait(60) == 0


@FULL_DISK
def test_a_full_disk_is_named_and_no_draft_is_left(tmp_path: Path) -> None:
    file = tmp_path / "service.json"
    done = on_full_disk(tmp_path, *COMMAND, "--state-file", str(file), "--gallery", "/tmp/none")  # noqa: S108
    assert (done.returncode, done.stdout.split()) == (1, ["fill"])
    assert re.fullmatch(rf"Cannot write {file} \(No space left on device\).*\n", done.stderr)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--rate often", "Invalid rate 'often': use for example 20/minute or 20/3 seconds."),
        ("--gallery ~nosuch/x list", "Invalid path '~nosuch/x': use a path without ~."),
        ("add-face Ada ~nosuch/x", "Invalid path '~nosuch/x': use a path without ~."),
        ("add-face Ada /nowhere", "No such file or directory: '/nowhere'"),
        ("--key-file ~nosuch/x", "Invalid key file '~nosuch/x' (it is no text file): use a file"),
        ("--key-file /nowhere", "Invalid key file '/nowhere' (No such file or directory): use a"),
        (f"--key-file {sys.executable}", "(it is no text file): use a file that contains the key."),
        ("--engine captions=nope:X", "Invalid engine 'nope:X': use module:Class or"),
        ("--engine nope=x", "Invalid engine kind 'nope': use captions, tags,"),
    ],
)
def test_an_invalid_option_is_named_with_its_remedy(
    command: Command, arguments: str, message: str
) -> None:
    status, _, errors = command(*arguments.split())
    assert status == 1
    assert message in errors
    assert errors.count("\n") == 1


def test_a_service_that_cannot_start_ends_with_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for arguments, message in (
            (["--port", port], rf"Cannot listen at 127\.0\.0\.1:{port} \([^()]+\): choose another"),
            (["--state-file", "/nowhere/x.json"], r"Cannot write /nowhere/x\.json \(No such"),
        ):
            ended = run("-m", "visionservice", "--gallery", tmp_path, *arguments)
            assert ended.returncode == 1
            assert re.fullmatch(rf"{message}.*\n", ended.stderr)


def test_the_gallery_of_the_user_is_edited(tmp_path: Path, command: Command) -> None:
    collins, cup = sample_path("eileen_collins.jpg"), sample_path("coffee_cup.jpg")
    assert command("add-landmark", "My Cup", cup) == (0, "My Cup: 1 image\n", "")
    assert command("add-face", "Eileen Collins", collins) == (0, "Eileen Collins: 1 image\n", "")
    assert len(list((tmp_path / "gallery" / "celebrities" / "Eileen Collins").glob("*.jpg"))) == 1
    status, _, errors = command("add-face", "A Cup", cup)
    assert status == 1
    assert errors.strip()
    names = ["face: Eileen Collins", "face: Grace Hopper"]
    names += ["landmark: My Cup", "landmark: Summer Palace"]
    assert command("list")[1].splitlines() == [f"{name}: 1 image" for name in names]
    listed = command("--no-built-in-gallery", "list", "--gallery", tmp_path / "gallery")[1]
    assert listed.splitlines() == [f"{name}: 1 image" for name in names[::2]]
    assert command("remove-landmark", "My Cup") == (0, "My Cup: 0 images\n", "")
    assert command("remove-face", "Grace Hopper")[0] == 0
    assert command("list")[1].splitlines() == [f"{name}: 1 image" for name in (names[0], names[3])]
    message = "Invalid name 'My Cup': use a name that list prints.\n"
    assert command("remove-landmark", "My Cup") == (1, "", message)
