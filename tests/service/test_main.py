from __future__ import annotations

import json
import logging
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import fields
from functools import partial
from pathlib import Path
from time import monotonic

import pytest
import requests

import visionhelpers
from tests.support.full_disk import FULL_DISK, on_full_disk
from tests.support.poll import poll_until
from visionhelpers.errors import not_installed
from visionhelpers.images import sample_path
from visionservice import INSTALL
from visionservice.__main__ import _parser, main
from visionservice.settings import ServiceSettings

COMMAND = [sys.executable, "-m", "visionservice"]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., tuple[int, str, str]]]:
    """The command in this process; it returns the exit status and what it prints."""

    def call(*arguments: object) -> tuple[int, str, str]:
        code: str | int | None = 0
        try:
            main([*map(str, arguments)])
        except SystemExit as ended:
            code = ended.code
        out, err = capsys.readouterr()
        return (1, out, f"{err}{code}\n") if isinstance(code, str) else (code or 0, out, err)

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


def written(file: Path) -> dict[str, object]:
    poll_until(file.exists)
    state: dict[str, object] = json.loads(file.read_text())
    return state


SLOW_READER = """
from pathlib import Path
from time import sleep
from visionservice.engines.text.reader import RapidOcrReader

class SlowReader(RapidOcrReader):
    def read(self, image, **options):
        Path(__file__).with_name("reading").touch()
        while not Path(__file__).with_name("go").exists():
            sleep(0.01)
        return super().read(image, **options)
"""


@contextmanager
def stopped_at_work(
    file: Path,
) -> Iterator[tuple[subprocess.Popen[str], Future[requests.Response]]]:
    """A service that was stopped while it reads a page, and has removed its state file."""
    file.with_name("slow_reader.py").write_text(SLOW_READER)
    options = ["--gallery", file.with_name("gallery"), "--engine", "text=slow_reader:SlowReader"]
    path = os.pathsep.join([str(file.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    service = running("--state-file", file, *options, PYTHONPATH=path)
    with service as child, ThreadPoolExecutor(1) as one:
        state = written(file)
        key = {"Ocp-Apim-Subscription-Key": str(state["key"])}
        page = {"url": f"{state['url']}/samples/printed_page.jpg"}
        ocr = f"{state['url']}/vision/v1.0/ocr"
        slow = one.submit(requests.post, ocr, json=page, headers=key, timeout=120)
        try:
            poll_until(file.with_name("reading").exists)
            child.terminate()
            poll_until(lambda: not file.exists())
            yield child, slow
        finally:
            file.with_name("go").touch()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_url_is_printed_and_a_signal_stops_the_service(
    tmp_path: Path, number: signal.Signals
) -> None:
    with running("--gallery", tmp_path) as child:
        assert child.stdout
        found = re.search(
            r"(http://127\.0\.0\.1:\d+)/vision/v1\.0/ with key (\w+)", child.stdout.readline()
        )
        assert found
        url, key = found.groups()
        headers = {"Ocp-Apim-Subscription-Key": key}
        assert requests.get(f"{url}/vision/v1.0/models", headers=headers, timeout=10).ok
        child.send_signal(number)
        _, errors = child.communicate(timeout=10)
        assert (child.returncode, errors) == (0, "")


def test_a_warm_service_prints_the_url_when_it_is_ready(tmp_path: Path) -> None:
    with running("--gallery", tmp_path, "--warm") as child:
        assert child.stdout
        found = re.search(r"http://127\.0\.0\.1:\d+", child.stdout.readline())
        assert found
        assert requests.get(f"{found[0]}/health", timeout=10).json()["status"] == "ready"
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=10)
        assert child.returncode == 0


def test_a_service_on_all_addresses_prints_that(tmp_path: Path) -> None:
    with running("--gallery", tmp_path, "--host", "0.0.0.0", "--key", "mine") as child:  # noqa: S104
        assert child.stdout
        found = re.fullmatch(
            r"Listening on all addresses of this machine, for example at "
            r"(http://127\.0\.0\.1:\d+)/vision/v1\.0/ with the given key\n",
            child.stdout.readline(),
        )
        assert found
        assert requests.get(f"{found[1]}/health", timeout=10).ok


@pytest.mark.parametrize("source", ["--key", "--key-file", "VISION_SERVICE_KEY"])
def test_a_given_key_is_not_printed(
    tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "key").write_text("my-secret\n")
    arguments = {"--key": [source, "my-secret"], "--key-file": [source, tmp_path / "key"]}
    monkeypatch.setenv("VISION_SERVICE_KEY", "" if source.startswith("-") else "my-secret")
    with running("--gallery", tmp_path, *arguments.get(source, [])) as child:
        assert child.stdout
        line = child.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/vision/v1\.0/", line)
        assert found, line
        headers = {"Ocp-Apim-Subscription-Key": "my-secret"}
        assert requests.get(f"{found[0]}models", headers=headers, timeout=10).ok
        child.terminate()
        printed = line + "".join(child.communicate(timeout=10))
    assert "my-secret" not in printed


def test_a_verbose_service_logs_requests_and_hints_without_queries(tmp_path: Path) -> None:
    file = tmp_path / "service.json"
    arguments = ["--verbose", "--state-file", file, "--gallery", tmp_path, "--key", "my-secret"]
    with running(*arguments) as child:
        models = f"{written(file)['url']}/vision/v1.0/models"
        for key, status in (("my-secret", 200), ("wrong", 401)):
            found = requests.get(f"{models}?subscription-key={key}", timeout=10)
            assert found.status_code == status
        child.terminate()
        _, log = child.communicate(timeout=10)
    assert re.search(r'INFO 127\.0\.0\.1 "GET /vision/v1\.0/models" 200, \d+\.\d{3} s\n', log)
    assert re.search(r'INFO 127\.0\.0\.1 "GET /vision/v1\.0/models" 401, \d+\.\d{3} s\n', log)
    assert not re.search("my-secret|wrong|subscription", log)


def test_the_version_is_that_of_the_package() -> None:
    done = subprocess.run([*COMMAND, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"python -m visionservice {visionhelpers.__version__}\n"


def test_every_setting_has_an_option() -> None:
    options = vars(_parser().parse_args([]))
    defaults = ServiceSettings()
    for field in fields(ServiceSettings):
        default = getattr(defaults, field.name)
        given = options[field.name]
        assert type(default)(given) == default if given == [] else given == default, field.name


def test_engines_and_their_options_are_parsed() -> None:
    arguments = "--engine captions=mine:Mine --engine tags=rules --engine-option captions.model=a=b"
    options = _parser().parse_args(arguments.split())
    assert dict(options.engines) == {"captions": "mine:Mine", "tags": "rules"}
    assert dict(options.engine_options) == {"captions.model": "a=b"}


def test_the_command_uses_the_gallery_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISION_GALLERY", str(tmp_path / "mine"))
    file = tmp_path / "service.json"
    with running("--state-file", file) as child:
        state = written(file)
        added = requests.post(
            f"{state['url']}/gallery/landmarks/Cup",
            headers={"Ocp-Apim-Subscription-Key": str(state["key"])},
            json={"url": f"{state['url']}/samples/coffee_cup.jpg"},
            timeout=60,
        )
        assert (added.status_code, child.poll()) == (201, None)
    assert len(list((tmp_path / "mine" / "landmarks" / "Cup").glob("*.jpg"))) == 1


WITHOUT = "import sys; sys.modules['starlette'] = None; "
SENTENCE = (
    "The local service is not installed (starlette is missing): "
    'run pip install ".[service]" in the checkout of visionhelpers'
)


def test_both_packages_name_the_same_command() -> None:
    assert str(not_installed("The service", "x", "service")).endswith(INSTALL)


def test_without_its_packages_the_command_prints_how_to_install_them() -> None:
    module = "import runpy; runpy.run_module('visionservice', run_name='__main__')"
    run = subprocess.run([sys.executable, "-c", WITHOUT + module], capture_output=True, text=True)
    assert (run.returncode, run.stdout, run.stderr) == (1, "", f"{SENTENCE}\n")


def test_without_its_packages_the_import_error_names_how_to_install_them() -> None:
    module = "from visionservice import LocalService"
    run = subprocess.run([sys.executable, "-c", WITHOUT + module], capture_output=True, text=True)
    assert (run.returncode, run.stderr.splitlines()[-1]) == (1, f"ImportError: {SENTENCE}")


def test_only_the_owner_can_read_the_state_file_which_is_removed_at_the_end(
    tmp_path: Path,
) -> None:
    file = tmp_path / "service.json"
    with running("--state-file", file, "--gallery", tmp_path / "gallery") as child:
        state = written(file)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert set(state) == {"url", "key", "pid"}
        assert state["pid"] == child.pid
        key = {"Ocp-Apim-Subscription-Key": str(state["key"])}
        assert requests.get(f"{state['url']}/vision/v1.0/models", headers=key, timeout=10).ok
        child.terminate()
        assert child.communicate(timeout=10) == ("", "")
        assert child.returncode == 0
    assert list(tmp_path.glob("*.json*")) == []


def test_a_signal_removes_the_state_file_and_finishes_what_runs(
    tmp_path: Path,
) -> None:
    file = tmp_path / "service.json"
    with stopped_at_work(file) as (child, slow):
        assert not slow.done()
        (tmp_path / "go").touch()
        assert slow.result().json()["regions"]
        assert child.communicate(timeout=20) == ("", "")
        assert child.returncode == 0


def test_a_second_signal_stops_at_once(tmp_path: Path) -> None:
    file = tmp_path / "service.json"
    with stopped_at_work(file) as (child, slow):
        child.terminate()
        assert child.wait(60) == 128 + signal.SIGTERM
        assert isinstance(slow.exception(), requests.ConnectionError)


LATE = """
from visionservice import server
from visionservice.__main__ import main
server.START_SECONDS = -1
main()
"""


def test_a_service_that_does_not_start_in_time_prints_that(tmp_path: Path) -> None:
    command = [sys.executable, "-c", LATE, "--warm", "--gallery", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode == 1
    assert re.fullmatch(r"The service did not start at http://127\.0\.0\.1:\d+\.\n", ended.stderr)


HANGING = """
import sys
from pathlib import Path
from visionservice import scheduler, server
from visionservice.imaging import document_process
from visionservice.__main__ import main
scheduler.DRAIN_SECONDS, server.CLOSE_SECONDS = 0.5, 1
document_process._COMMAND = [sys.executable, sys.argv.pop(1)]
main()
"""


def test_a_job_that_takes_too_long_does_not_prevent_the_exit(tmp_path: Path) -> None:
    file = tmp_path / "service.json"
    (tmp_path / "hang.py").write_text(
        "import time\nfrom pathlib import Path\n"
        "Path(__file__).with_name('hanging').touch()\ntime.sleep(600)"
    )
    command = [sys.executable, "-c", HANGING, tmp_path / "hang.py", "--state-file", file]
    with subprocess.Popen([*command, "--gallery", tmp_path / "g"]) as child:
        state = written(file)
        key = {"Ocp-Apim-Subscription-Key": str(state["key"])}
        with ThreadPoolExecutor(1) as threads:
            read = f"{state['url']}/vision/v3.2/read/analyze"
            headers = key | {"Content-Type": "application/octet-stream"}
            slow = threads.submit(requests.post, read, b"%PDF-1.7", headers=headers, timeout=60)
            poll_until((tmp_path / "hanging").exists)
            child.terminate()
            assert slow.result().status_code == 503
        assert child.wait(30) == 0


@FULL_DISK
def test_a_full_disk_is_named_and_no_draft_is_left(tmp_path: Path) -> None:
    file = tmp_path / "service.json"
    done = on_full_disk(tmp_path, *COMMAND, "--state-file", str(file), "--gallery", "/tmp/none")  # noqa: S108
    assert done.returncode == 1
    assert f"Cannot write {file} (No space left on device)" in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout.split() == ["fill"]


def test_the_state_file_of_another_service_is_not_removed(tmp_path: Path) -> None:
    file = tmp_path / "service.json"
    with running("--state-file", file, "--gallery", tmp_path / "gallery") as child:
        written(file)
        file.write_text(json.dumps({"url": "http://127.0.0.1:1", "key": "k", "pid": os.getpid()}))
        child.terminate()
        child.communicate(timeout=10)
    assert json.loads(file.read_text())["pid"] == os.getpid()


def test_an_idle_service_removes_its_state_file(tmp_path: Path) -> None:
    file = tmp_path / "service.json"
    with running("--state-file", file, "--gallery", tmp_path / "g", "--idle", 1) as child:
        written(file)
        assert child.wait(15) == 0
    assert not file.exists()


def test_a_port_in_use_is_named_without_a_stack_trace(tmp_path: Path) -> None:
    file = tmp_path / "service.json"
    with running("--state-file", file, "--gallery", tmp_path / "gallery"):
        port = str(written(file)["url"]).rpartition(":")[2]
        second = subprocess.run(
            [*COMMAND, "--port", port], capture_output=True, text=True, check=False
        )
    assert second.returncode == 1
    assert port in second.stderr
    assert "Traceback" not in second.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--key", "clé"], "Invalid key: use ASCII letters, digits and signs without spaces."),
        (["--rate", "often"], "Invalid rate 'often': use for example 20/minute or 20/3 seconds."),
        (["--rate", ""], "Invalid rate '': use for example 20/minute or 20/3 seconds."),
        (["--latency", "-1"], "Invalid latency -1.0: use 0 to 86400 seconds."),
        (["--operation-delay", "nan"], "Invalid operation_delay nan: use 0 to 86400 seconds."),
        (["--operation-delay", "1e14"], "Invalid operation_delay 1"),
        (["--images", "~nosuch/x"], "Invalid path '~nosuch/x': use a path without ~."),
        (["--gallery", "~nosuch/x", "list"], "Invalid path '~nosuch/x': use a path without ~."),
        (["--key-file", "~nosuch/x"], "Invalid key file '~nosuch/x' (it is no text file): use"),
        (["add-face", "Ada", "~nosuch/x"], "Invalid path '~nosuch/x': use a path without ~."),
        (["--images", "/nowhere"], "Invalid images '/nowhere': use a folder that exists."),
        (["--cache-size", "-1"], "Invalid cache_size -1: use 0 to 100000 images."),
        (["--idle", "0"], "Invalid idle 0.0: use a number of seconds above 0"),
        (
            ["--key-file", "/nowhere"],
            "Invalid key file '/nowhere' (No such file or directory): use",
        ),
        (["--key-file", sys.executable], "(it is no text file): use a file that contains the key."),
        (["--port", "99999"], "Invalid port 99999: use 0 to 65535, where 0 is any free port."),
        (["--engine", "captions=nope:X"], "Invalid engine 'nope:X': use module:Class or"),
        (["--engine", "nope=x"], "Invalid engine kind 'nope': use captions, tags,"),
    ],
)
def test_an_invalid_option_is_named_with_its_remedy(
    tmp_path: Path,
    arguments: list[str],
    message: str,
    command: Callable[..., tuple[int, str, str]],
) -> None:
    status, _, errors = command("--gallery", tmp_path, *arguments)
    assert status == 1
    assert message in errors
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--state-file", "/nowhere/service.json"], "Cannot write /nowhere/service.json"),
        (["--host", "[::1]"], "Cannot listen at [::1]:0"),
        (["--rate", "often"], "Invalid rate 'often': use for example 20/minute or 20/3 seconds."),
    ],
)
def test_a_service_that_cannot_start_ends_with_one_sentence(
    tmp_path: Path, arguments: list[str], message: str
) -> None:
    command = [*COMMAND, "--gallery", str(tmp_path), *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert ended.returncode == 1
    assert message in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_face_is_added_to_the_gallery_and_an_image_without_one_is_an_error(
    tmp_path: Path, command: Callable[..., tuple[int, str, str]]
) -> None:
    add = ("--gallery", tmp_path, "add-face", "Eileen Collins")
    collins = sample_path("eileen_collins.jpg")
    added = subprocess.run([*COMMAND, *add, collins], capture_output=True, text=True, check=False)
    assert (added.returncode, added.stdout) == (0, "Eileen Collins: 1 image\n"), added.stderr
    assert len(list((tmp_path / "celebrities" / "Eileen Collins").glob("*.jpg"))) == 1
    for image in (sample_path("coffee_cup.jpg"), tmp_path / "missing.jpg"):
        status, _, errors = command(*add, image)
        assert status == 1
        assert errors.strip()


def test_the_gallery_is_listed_and_names_are_removed(
    tmp_path: Path, command: Callable[..., tuple[int, str, str]]
) -> None:
    def edit(gallery: Path, *arguments: object) -> tuple[int, str, str]:
        return command("--gallery", gallery, *arguments)

    cup = sample_path("coffee_cup.jpg")
    assert edit(tmp_path, "add-landmark", "My Cup", cup) == (0, "My Cup: 1 image\n", "")
    listed = edit(tmp_path, "list")
    assert listed[1].splitlines() == [
        "face: Grace Hopper: 1 image",
        "landmark: My Cup: 1 image",
        "landmark: Summer Palace: 1 image",
    ]
    assert edit(tmp_path, "--no-built-in-gallery", "list")[1] == "landmark: My Cup: 1 image\n"
    assert edit(tmp_path, "remove-landmark", "My Cup") == (0, "My Cup: 0 images\n", "")
    assert edit(tmp_path, "remove-face", "Grace Hopper")[0] == 0
    assert edit(tmp_path, "list")[1] == "landmark: Summer Palace: 1 image\n"
    message = "Invalid name 'My Cup': use a name that list prints.\n"
    assert edit(tmp_path, "remove-landmark", "My Cup") == (1, "", message)


def test_every_condition_has_an_option(tmp_path: Path) -> None:
    file = tmp_path / "service.json"
    (tmp_path / "far_away.jpg").write_bytes(sample_path("handwritten_note.jpg").read_bytes())
    conditions = ["--rate", "12/hour", "--latency", "0.2", "--operation-delay", "1.5"]
    conditions += ["--fail-operations", "--images", str(tmp_path)]
    with running("--state-file", file, "--gallery", tmp_path / "gallery", *conditions):
        state = written(file)
        key = {"Ocp-Apim-Subscription-Key": str(state["key"])}
        began = monotonic()
        accepted = requests.post(
            f"{state['url']}/vision/v3.2/read/analyze",
            json={"url": "https://nowhere.invalid/far_away.jpg"},
            headers=key,
            timeout=30,
        )
        assert (accepted.status_code, monotonic() - began >= 0.2) == (202, True)
        where = accepted.headers["Operation-Location"]
        poll = partial(requests.get, where, headers=key, timeout=10)
        assert poll().json()["status"] != "failed"
        status = poll_until(lambda: poll().json()["status"] == "failed" and poll(), pause=1.5)
        assert "analyzeResult" not in status.json()
        with ThreadPoolExecutor(12) as threads:
            polls = [threads.submit(poll) for _ in range(12)]
        assert {each.result().status_code for each in polls} == {200, 429}
        assert requests.get(f"{state['url']}/health", timeout=10).ok


def test_a_host_name_that_is_allowed_is_served_and_another_is_not(tmp_path: Path) -> None:
    file = tmp_path / "service.json"
    names = ("--allow-host", "vision.example", "--allow-host", "other.example")
    with running("--state-file", file, "--gallery", tmp_path / "gallery", *names):
        url, key = (str(written(file)[name]) for name in ("url", "key"))
        for host, status in (("vision.example", 200), ("other.example:80", 200), ("x.test", 400)):
            headers = {"Host": host, "Ocp-Apim-Subscription-Key": key}
            response = requests.get(f"{url}/vision/v1.0/models", headers=headers, timeout=10)
            assert response.status_code == status, response.text


def test_help_names_every_condition(command: Callable[..., tuple[int, str, str]]) -> None:
    _, shown, _ = command("--help")
    _, conditions = shown.split("conditions to test a client under:")
    options = "--rate --latency --operation-delay --fail-operations --images"
    for option in options.split():
        assert option in conditions
