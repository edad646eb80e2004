from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.support.clock import FakeClock
from tests.support.images import drawn, number
from visionhelpers import VisionClient, __version__, sample_path
from visionhelpers.batch import cli
from visionhelpers.batch.cli import main, parser
from visionhelpers.batch.run import OPERATIONS
from visionservice import LocalService

COLOR = ["--features", "Color"]
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
COMMAND = [sys.executable, "-m", "visionhelpers"]
COMMANDS = [operation.replace("_", "-") for operation in OPERATIONS]


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
    return subprocess.run(command, input=stdin, capture_output=True, timeout=120)


def start(*arguments: object) -> subprocess.Popen[bytes]:
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def printed(*arguments: object, capsys: pytest.CaptureFixture[str], status: int = 0) -> list[str]:
    assert main([*map(str, arguments)]) == status
    return capsys.readouterr().out.splitlines()


def test_it_prints_a_summary_of_an_image() -> None:
    done = run("describe", sample_path("chelsea_the_cat.jpg"))
    assert done.returncode == 0
    assert b"cat" in done.stdout.splitlines()[0]
    assert done.stderr.decode() == "Using the service in VISION_ENDPOINT.\n"


@pytest.mark.parametrize(
    ("command", "image", "words"),
    [
        (["analyze", "--features", "Color,ImageType,Faces"], "eileen_collins.jpg", "1 face found:"),
        (["analyze"], "coffee_cup.jpg", "Accent color: #"),
        (["tag"], "chelsea_the_cat.jpg", "cat ("),
        (["celebrities"], "eileen_collins.jpg", "No celebrity found."),
        (["landmarks"], "dahlia.jpg", "No landmark found."),
        (["ocr", "--no-detect-orientation"], "democritus.png", "EXISTS"),
        (["ocr", "--language", "en"], "democritus.png", "EXISTS"),
        (["recognize-text"], "handwritten_note.jpg", "Dear Ada,"),
        (["recognize-text", "--no-handwriting"], "democritus.png", "EXISTS"),
        (["describe", "--max-candidates", "2"], "coffee_cup.jpg", "Tags: "),
    ],
)
def test_each_operation_is_a_command(
    command: list[str], image: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed(*command, sample_path(image), capsys=capsys)
    assert words in "\n".join(lines)


def test_several_images_have_their_names_on_every_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = drawn(tmp_path, 3)
    lines = printed("analyze", tmp_path, *COLOR, capsys=capsys)
    assert {line.partition(": ")[0] for line in lines} == {str(image) for image in images}


def test_several_images_end_with_their_numbers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images, out = drawn(tmp_path, 3), tmp_path / "out.jsonl"
    assert main(["analyze", *map(str, images), "none.png", *COLOR, "--out", str(out)]) == 1
    assert capsys.readouterr().err.splitlines()[-1] == "4 images: 3 done, 1 failed, 0 skipped"
    assert main(["analyze", *map(str, images), *COLOR, "--out", str(out)]) == 0
    assert capsys.readouterr().err.splitlines()[-1] == "3 images: 0 done, 0 failed, 3 skipped"
    assert main(["analyze", str(images[0]), *COLOR]) == 0
    assert "images:" not in capsys.readouterr().err


@pytest.mark.parametrize("command", ["ocr", "recognize-text"])
def test_text_is_printed_alone(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(command, "--text", sample_path("democritus.png"), capsys=capsys)
    assert "NOTHING EXISTS EXCEPT ATOMS" in " ".join(lines)
    assert not [line for line in lines if "found" in line or "Language" in line]


def test_json_has_a_line_for_each_image(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    images = drawn(tmp_path, 5)
    lines = printed("analyze", f"{tmp_path}/00*.png", images[0], *COLOR, "--json", capsys=capsys)
    found = [json.loads(line) for line in lines]
    assert sorted(each["image"] for each in found) == [str(image) for image in images]
    for each in found:
        assert number(each["result"]) == int(Path(each["image"]).stem)


def test_an_image_that_fails_does_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = drawn(tmp_path, 3)
    Image.new("RGB", (20, 20)).save(tmp_path / "tiny.png")
    assert main(["analyze", "none.png", *map(str, images), *COLOR, "--json"]) == 1
    output = capsys.readouterr()
    assert "none.png: Cannot read 'none.png': No such file or directory\n" in output.err
    found = [json.loads(line) for line in output.out.splitlines()]
    (failed,) = (each for each in found if each["error"])
    assert len(found) == 4
    error = "Cannot read 'none.png': No such file or directory"
    expected = {"image": "none.png", "result": None, "error": error, "status": None, "code": None}
    assert failed == expected | {"seconds": failed["seconds"]}
    (line,) = printed("tag", tmp_path / "tiny.png", "--json", capsys=capsys, status=1)
    assert json.loads(line)["status"] == 400
    assert json.loads(line)["code"] == "InvalidImageSize"


def test_out_is_a_results_file_that_the_same_command_resumes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images, out = drawn(tmp_path, 4), tmp_path / "out.jsonl"
    arguments = ["analyze", *images, tmp_path / "late.png", *COLOR, "--out", out]
    assert printed(*arguments, capsys=capsys, status=1) == []
    written = out.read_bytes().splitlines()
    images[0].rename(tmp_path / "late.png")
    images[0].write_bytes((tmp_path / "late.png").read_bytes())
    os.utime(images[0], ns=(images[1].stat().st_mtime_ns,) * 2)
    assert len(printed(*arguments, "--json", capsys=capsys)) == 2
    found = [json.loads(line) for line in out.read_bytes().splitlines()]
    assert len(written) == len(found) == 5
    assert all(each["result"] for each in found)


def test_files_that_the_operation_does_not_read_are_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn(tmp_path, 2)
    for name in ("a.pdf", "b.heic", "c.heic"):
        (tmp_path / name).touch()
    assert main(["ocr", str(tmp_path)]) == 0
    assert "Skipped files that ocr does not read: 2 .heic, 1 .pdf\n" in capsys.readouterr().err


def test_a_folder_of_documents_is_read_with_api_v3_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Image.open(sample_path("democritus.png")).convert("RGB").save(tmp_path / "page.pdf")
    monkeypatch.setenv("VISION_API_VERSION", "v3.2")
    lines = printed("recognize-text", "--text", tmp_path, capsys=capsys)
    assert "EXISTS" in "\n".join(lines)


def test_standard_input_is_an_image() -> None:
    done = run("analyze", "-", *COLOR, "--json", stdin=sample_path("dahlia.jpg").read_bytes())
    assert done.returncode == 0
    size = Image.open(sample_path("dahlia.jpg")).size
    metadata = json.loads(done.stdout)["result"]["metadata"]
    assert (metadata["width"], metadata["height"]) == size


def test_empty_standard_input_is_one_sentence() -> None:
    done = run("tag", "-", stdin=b"")
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[1:] == [
        "Standard input is empty: pipe an image to the command"
    ]


def test_a_thumbnail_goes_to_a_pipe_a_file_or_a_folder(tmp_path: Path) -> None:
    image, size = sample_path("dahlia.jpg"), ["--width", "40", "--height", "30"]
    done = run("thumbnail", image, *size)
    assert Image.open(BytesIO(done.stdout)).size == (40, 30)
    for out, file in (("small.jpg", "small.jpg"), ("small/", "small/dahlia.jpg")):
        done = run("thumbnail", image, *size, "--out", f"{tmp_path}/{out}", "--no-smart")
        assert done.stdout.decode().splitlines() == [str(tmp_path / file)]
        assert Image.open(tmp_path / file).size == (40, 30)


def test_thumbnails_are_json_lines_and_current_ones_are_skipped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn(tmp_path / "images", 3)
    command = ["thumbnail", str(tmp_path / "images"), "--out", str(tmp_path / "out"), "--json"]
    found = [json.loads(line) for line in printed(*command, capsys=capsys)]
    assert {each["result"]["width"] for each in found} == {200}
    assert all(Path(each["result"]["file"]).exists() for each in found)
    assert main(command) == 0
    assert capsys.readouterr().err.endswith("3 images: 0 done, 0 failed, 3 skipped\n")


def test_errors_are_a_sentence_and_an_exit_status(tmp_path: Path) -> None:
    for arguments, status, words in [
        ((), 2, "required: COMMAND"),
        (("describe",), 2, "required: IMAGE"),
        (("paint", "a.png"), 2, "invalid choice: 'paint'"),
        (("tag", "a.png", "--rate", "often"), 2, "Invalid rate 'often': use for example 20/minute"),
        (("ocr", "a.png", "--text", "--json"), 2, "not allowed with"),
        (("thumbnail", "a.png", "b.png"), 2, "a folder for several images: --out FILE"),
        (("tag", tmp_path), 1, "There is no image at"),
        (("tag", "a.png", "--out", tmp_path), 1, "Is a directory"),
        (("tag", "a.png"), 1, "a.png: Cannot read 'a.png'"),
    ]:
        done = run(*arguments)
        assert done.returncode == status, done
        assert words in done.stderr.decode()
        assert b"Traceback" not in done.stderr
        assert done.stdout == b""


def test_the_installed_command_is_that_of_python_m() -> None:
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    scripts = tomllib.loads(text)["project"]["scripts"]
    assert scripts == {"visionhelpers": f"{cli.__name__}:{cli.run.__name__}"}


def test_the_version_is_printed() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout.decode()) == (0, f"visionhelpers {__version__}\n")


def test_check_prints_the_diagnosis(monkeypatch: pytest.MonkeyPatch) -> None:
    done = run("check")
    assert done.returncode == 0
    assert done.stdout.startswith(b"OK: 127.0.0.1 responds with API v1.0")
    monkeypatch.setenv("VISION_KEY", "another")
    done = run("check")
    assert done.returncode == 1
    assert done.stdout.startswith(b"The key is wrong")
    assert len(done.stdout.splitlines()) == 1


def test_a_warning_of_the_client_is_a_note(tmp_path: Path) -> None:
    Image.effect_noise((3000, 3000), 90).convert("RGB").save(tmp_path / "large.png")
    done = run("analyze", tmp_path / "large.png", *COLOR)
    assert done.returncode == 0
    assert b"Note: The image of 3000 x 3000 pixels is too large" in done.stderr
    assert b"VisionWarning" not in done.stderr


def test_a_rate_is_kept(tmp_path: Path, clock: FakeClock) -> None:
    drawn(tmp_path, 3)
    assert main(["analyze", str(tmp_path), *COLOR, "--rate", "1/minute"]) == 0
    assert clock.monotonic() >= 120


@POSIX
@pytest.mark.parametrize("rate", ["1000/second", "8/hour"])
def test_a_closed_pipe_ends_it_without_a_message_or_a_file(
    tmp_path: Path, slow: LocalService, rate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn(tmp_path / "images", 40)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    process = start("analyze", tmp_path / "images", *COLOR, "--json", "--rate", rate)
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) == 141, "it does not wait for the rate"
    assert b"Traceback" not in process.stderr.read()
    assert not list((tmp_path / "tmp").iterdir())
    assert slow.running


@POSIX
def test_a_name_that_cannot_be_printed_is_escaped(tmp_path: Path) -> None:
    drawn(tmp_path, 2)
    (tmp_path / "000.png").rename(tmp_path / os.fsdecode(b"\xff.png"))
    utf8 = os.environ | {"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": "utf-8:strict"}
    done = subprocess.run([*COMMAND, "tag", str(tmp_path)], capture_output=True, env=utf8)
    assert done.returncode == 0, done.stderr
    assert b"\\udcff.png: " in done.stdout
    assert b"001.png: " in done.stdout


@POSIX
@pytest.mark.parametrize(
    ("number", "status", "message"),
    [(signal.SIGINT, 130, "Interrupted."), (signal.SIGTERM, 143, "")],
)
def test_a_signal_ends_it_at_once_and_releases_the_file(
    tmp_path: Path, slow: LocalService, number: int, status: int, message: str
) -> None:
    drawn(tmp_path, 40)
    out = tmp_path / "out.jsonl"
    options = ["--json", "--rate", "5/hour", "--out", out]
    process = start("analyze", tmp_path, *COLOR, *options)
    assert process.stdout
    for _ in range(5):
        assert process.stdout.readline()
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == status
    assert errors.decode().splitlines()[-1] == message or not message
    assert b"Traceback" not in errors
    assert len(out.read_bytes().splitlines()) == 5
    assert not list(tmp_path.glob(".*"))
    assert slow.running


def test_every_command_has_help_on_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    output = capsys.readouterr().out
    assert all(f"    {name}" in output for name in [*COMMANDS, "check", "serve"])
    expected = {
        "analyze": "--features --details --language",
        "describe": "--max-candidates --language",
        "thumbnail": "--width --height --smart --no-smart",
        "ocr": "--language --detect-orientation --no-detect-orientation --text",
        "recognize-text": "--handwriting --no-handwriting --text",
    }
    for name in COMMANDS:
        with pytest.raises(SystemExit, match="0"):
            parser().parse_args([name, "--help"])
        output = capsys.readouterr().out
        for option in f"{expected.get(name, '')} --out --json --rate IMAGE".split():
            assert option in output, (name, option)


@POSIX
def test_serve_is_the_service_with_its_own_options() -> None:
    command = [*COMMAND, "serve", "--key", "mine", "--port", "0"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)
    assert process.stdout
    line = process.stdout.readline()
    assert line.startswith("Listening at http://127.0.0.1:")
    client = VisionClient(line.split()[2], "mine")
    assert client.check().startswith("OK")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    wrong = run("serve", "--prot=8080")
    assert wrong.returncode == 2
    assert b"unrecognized arguments: --prot" in wrong.stderr


def test_serve_without_the_service_names_the_pip_command() -> None:
    code = "import sys; sys.modules['starlette'] = None; from visionhelpers.batch.cli import main; "
    done = subprocess.run(
        [sys.executable, "-c", f"{code}sys.exit(main(['serve']))"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert 'pip install ".[service]"' in done.stderr
    assert "Traceback" not in done.stderr
