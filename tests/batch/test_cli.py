from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from io import BytesIO
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.support.clock import FakeClock
from tests.support.images import drawn, number
from visionhelpers import VisionClient, __version__, sample_path
from visionhelpers.batch import BatchResult, cli
from visionhelpers.batch.cli import main
from visionservice import LocalService

COLOR = ["--features", "Color"]
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
COMMAND = [sys.executable, "-m", "visionhelpers"]
NOTE = "Using the service in VISION_ENDPOINT."


@pytest.fixture(autouse=True)
def endpoint(service: LocalService, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service that the command uses."""
    monkeypatch.setenv("VISION_ENDPOINT", service.url)
    monkeypatch.setenv("VISION_KEY", service.key)
    monkeypatch.delenv("VISION_API_VERSION", raising=False)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalService]:
    with LocalService(latency=0.2) as service:
        monkeypatch.setenv("VISION_ENDPOINT", service.url)
        monkeypatch.setenv("VISION_KEY", service.key)
        yield service


def run(*arguments: object, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=100)


def start(*arguments: object) -> subprocess.Popen[str]:
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[list[str], list[str]]]:
    """Run a command in this process, and return the lines on standard output and error."""

    def printed(*arguments: object, status: int = 0) -> tuple[list[str], list[str]]:
        assert main([*map(str, arguments)]) == status
        output = capsys.readouterr()
        return output.out.splitlines(), output.err.splitlines()

    return printed


@pytest.mark.parametrize(
    ("command", "image", "words"),
    [
        (["analyze", "--features", "Color,ImageType,Faces"], "eileen_collins.jpg", "1 face found:"),
        (["analyze"], "coffee_cup.jpg", "Accent color: #"),
        (["tag"], "chelsea_the_cat.jpg", "cat ("),
        (["celebrities"], "eileen_collins.jpg", "No celebrity found."),
        (["landmarks"], "dahlia.jpg", "No landmark found."),
        (["ocr", "--language", "en", "--no-detect-orientation"], "democritus.png", "EXISTS"),
        (["ocr", "--text"], "democritus.png", "EXISTS"),
        (["recognize-text"], "handwritten_note.jpg", "Dear Ada,"),
        (["recognize-text", "--no-handwriting"], "democritus.png", "EXISTS"),
        (["describe", "--max-candidates", "2"], "coffee_cup.jpg", "Tags: "),
    ],
)
def test_each_operation_is_a_command_that_prints_a_summary(
    command: list[Any], image: str, words: str, printed: Callable[..., tuple[list[str], list[str]]]
) -> None:
    lines, notes = printed(*command, sample_path(image))
    assert words in "\n".join(lines)
    assert notes == [NOTE]


def test_a_folder_has_names_on_every_line_and_a_count_of_other_files(
    tmp_path: Path, printed: Callable[..., tuple[list[str], list[str]]]
) -> None:
    images = drawn(tmp_path, 3)
    for name in ("a.pdf", "b.heic", "c.heic"):
        (tmp_path / name).touch()
    lines, notes = printed("analyze", tmp_path, *COLOR)
    assert {line.partition(": ")[0] for line in lines} == {str(image) for image in images}
    skipped = "Skipped files that analyze does not read: 2 .heic, 1 .pdf"
    assert notes == [NOTE, skipped, "3 images: 3 done, 0 failed, 0 skipped"]


def test_json_has_a_line_for_each_image_even_if_it_fails(
    tmp_path: Path, printed: Callable[..., tuple[list[str], list[str]]]
) -> None:
    images = drawn(tmp_path, 5)
    Image.new("RGB", (20, 20)).save(tmp_path / "tiny.png")
    arguments = "none.png", f"{tmp_path}/*.png", images[0], *COLOR, "--json"
    lines, notes = printed("analyze", *arguments, status=1)
    *found, tiny, none = sorted(map(json.loads, lines), key=itemgetter("image"))
    assert [number(each["result"]) for each in found] == list(range(5))
    assert (tiny["status"], tiny["code"]) == (400, "InvalidImageSize")
    error = "Cannot read 'none.png': No such file or directory"
    assert none == BatchResult("none.png", error=error, seconds=none["seconds"])._asdict()
    assert f"none.png: {error}" in notes


def test_out_is_a_results_file_that_the_same_command_resumes(
    tmp_path: Path, results: Path, printed: Callable[..., tuple[list[str], list[str]]]
) -> None:
    images = drawn(tmp_path, 4)
    arguments = ["analyze", *images, tmp_path / "late.png", *COLOR, "--out", results]
    lines, notes = printed(*arguments, status=1)
    assert (lines, notes[-1]) == ([], "5 images: 4 done, 1 failed, 0 skipped")
    images[0].rename(tmp_path / "late.png")
    drawn(tmp_path, 1)
    lines, notes = printed(*arguments, "--json")
    assert (len(lines), notes[-1]) == (2, "5 images: 2 done, 0 failed, 3 skipped")
    found = [json.loads(line) for line in results.read_bytes().splitlines()]
    assert [bool(each["result"]) for each in found] == [True] * 5


def test_the_text_of_a_folder_of_documents_is_printed_alone(
    tmp_path: Path,
    printed: Callable[..., tuple[list[str], list[str]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Image.open(sample_path("democritus.png")).convert("RGB").save(tmp_path / "page.pdf")
    monkeypatch.setenv("VISION_API_VERSION", "v3.2")
    lines, _ = printed("recognize-text", "--text", tmp_path)
    assert "NOTHING EXISTS EXCEPT ATOMS" in " ".join(lines)
    assert not [line for line in lines if "found" in line or "Language" in line]


def test_a_thumbnail_goes_to_a_pipe_a_file_or_a_folder(tmp_path: Path) -> None:
    image, size = sample_path("dahlia.jpg"), ["--width", "40", "--height", "30"]
    done = run("thumbnail", "-", *size, stdin=image.read_bytes())
    assert Image.open(BytesIO(done.stdout)).size == (40, 30)
    for out, file in (("small.jpg", "small.jpg"), ("small/", "small/dahlia.jpg")):
        done = run("thumbnail", image, *size, "--out", f"{tmp_path}/{out}", "--no-smart")
        assert done.stdout.decode().splitlines() == [str(tmp_path / file)]
        assert Image.open(tmp_path / file).size == (40, 30)


def test_thumbnails_are_json_lines_and_current_ones_are_skipped(
    tmp_path: Path, printed: Callable[..., tuple[list[str], list[str]]]
) -> None:
    drawn(tmp_path / "images", 3)
    command = ["thumbnail", tmp_path / "images", "--out", tmp_path / "out", "--json"]
    for each in map(json.loads, printed(*command)[0]):
        assert each["result"]["width"] == 200
        assert Path(each["result"]["file"]).exists()
    assert printed(*command) == ([], [NOTE, "3 images: 0 done, 0 failed, 3 skipped"])


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ("", 2, "required: COMMAND"),
        ("describe", 2, "required: IMAGE"),
        ("paint a.png", 2, "invalid choice: 'paint'"),
        ("tag a.png --rate often", 2, "Invalid rate 'often': use for example 20/minute"),
        ("ocr a.png --text --json", 2, "not allowed with"),
        ("thumbnail a.png b.png", 2, "a folder for several images: --out FILE"),
        ("serve --prot=8080", 2, "unrecognized arguments: --prot"),
        ("tag .", 1, "There is no image at"),
        ("tag a.png --out .", 1, "Is a directory"),
        ("tag a.png", 1, "a.png: Cannot read 'a.png'"),
        ("tag -", 1, "Standard input is empty: pipe an image to the command"),
    ],
)
def test_an_error_is_a_sentence_and_an_exit_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: str, status: int, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*arguments.split(), stdin=b"")
    assert (done.returncode, done.stdout) == (status, b"")
    assert words in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_the_installed_command_is_that_of_python_m() -> None:
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    scripts = tomllib.loads(text)["project"]["scripts"]
    assert scripts == {"visionhelpers": f"{cli.__name__}:{cli.run.__name__}"}
    done = run("--version")
    assert (done.returncode, done.stdout.decode()) == (0, f"visionhelpers {__version__}\n")


def test_check_prints_the_diagnosis(
    printed: Callable[..., tuple[list[str], list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines, _ = printed("check")
    assert lines[0].startswith("OK: 127.0.0.1 responds with API v1.0")
    monkeypatch.setenv("VISION_KEY", "another")
    (line,), _ = printed("check", status=1)
    assert line.startswith("The key is wrong")


def test_a_warning_of_the_client_is_a_note(tmp_path: Path) -> None:
    Image.effect_noise((3000, 3000), 90).convert("RGB").save(tmp_path / "large.png")
    done = run("analyze", tmp_path / "large.png", *COLOR)
    assert done.returncode == 0
    assert b"Note: The image of 3000 x 3000 pixels is too large" in done.stderr
    assert b"VisionWarning" not in done.stderr


def test_a_rate_is_kept(
    tmp_path: Path, clock: FakeClock, printed: Callable[..., tuple[list[str], list[str]]]
) -> None:
    drawn(tmp_path, 3)
    printed("analyze", tmp_path, *COLOR, "--rate", "1/minute")
    assert clock.monotonic() >= 120


@POSIX
def test_a_closed_pipe_ends_it_without_a_message_or_a_file(
    tmp_path: Path, slow: LocalService, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn(tmp_path / "images", 40)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    process = start("analyze", tmp_path / "images", *COLOR, "--json", "--rate", "8/hour")
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) == 141, "it does not wait for the rate"
    assert "Traceback" not in process.stderr.read()
    assert not list((tmp_path / "tmp").iterdir())
    assert slow.running


@POSIX
@pytest.mark.parametrize(
    ("number", "status", "message"),
    [(signal.SIGINT, 130, "Interrupted."), (signal.SIGTERM, 143, ""), (signal.SIGKILL, -9, "")],
)
def test_a_signal_ends_it_at_once_and_the_same_command_resumes_it(
    tmp_path: Path, slow: LocalService, results: Path, number: int, status: int, message: str
) -> None:
    images = drawn(tmp_path, 40)
    command = ["analyze", tmp_path, *COLOR, "--json", "--out", results]
    process = start(*command, "--rate", "5/hour")
    lines = [process.stdout.readline() for _ in range(5)]
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == status
    assert errors.splitlines()[-1] == message or not message
    assert "Traceback" not in errors
    assert len(results.read_bytes().splitlines()) == 5
    assert number == signal.SIGKILL or not list(tmp_path.glob(".*")), "the file is released"
    lines += run(*command).stdout.decode().splitlines()
    assert sorted(json.loads(line)["image"] for line in lines) == [str(image) for image in images]
    assert len(results.read_bytes().splitlines()) == 40
    assert not list(tmp_path.glob(".*"))
    assert slow.running


@POSIX
def test_a_name_that_cannot_be_printed_is_escaped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("PYTHONIOENCODING", "utf-8:strict")
    drawn(tmp_path, 2)[0].rename(tmp_path / os.fsdecode(b"\xff.png"))
    done = run("tag", tmp_path)
    assert done.returncode == 0, done.stderr
    assert b"\\udcff.png: " in done.stdout
    assert b"001.png: " in done.stdout


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("", "analyze describe tag celebrities landmarks thumbnail ocr recognize-text check serve"),
        ("analyze", "--features --details --language --out --json --rate IMAGE"),
        ("describe", "--max-candidates --language"),
        ("thumbnail", "--width --height --smart --no-smart"),
        ("ocr", "--language --detect-orientation --no-detect-orientation --text"),
        ("recognize-text", "--handwriting --no-handwriting --text"),
    ],
)
def test_every_command_has_help_on_its_options(
    command: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([*command.split(), "--help"])
    printed = capsys.readouterr().out
    assert not [word for word in words.split() if f" {word}" not in printed]


@POSIX
def test_serve_is_the_service_with_its_own_options() -> None:
    process = start("serve", "--key", "mine", "--port", "0")
    line = process.stdout.readline()
    assert line.startswith("Listening at http://127.0.0.1:")
    assert VisionClient(line.split()[2], "mine").check().startswith("OK")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


def test_serve_without_the_service_names_the_pip_command() -> None:
    code = "import sys; sys.modules['starlette'] = None; from visionhelpers.batch.cli import main; "
    command = [sys.executable, "-c", f"{code}sys.exit(main(['serve']))"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 1
    assert 'pip install ".[service]"' in done.stderr
    assert "Traceback" not in done.stderr
