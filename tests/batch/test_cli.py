from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.drawn import drawn, number
from visionhelpers import VisionClient, sample
from visionhelpers.batch.cli import COMMANDS, main, parser
from visionhelpers.service import LocalService

COLOUR = ["--features", "Color"]
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
COMMAND = [sys.executable, "-m", "visionhelpers"]


@pytest.fixture(autouse=True)
def named(service: LocalService, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service that the command asks."""
    monkeypatch.setenv("VISION_ENDPOINT", service.url)
    monkeypatch.setenv("VISION_KEY", service.key)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalService]:
    with LocalService(latency=0.2) as service:
        monkeypatch.setenv("VISION_ENDPOINT", service.url)
        monkeypatch.setenv("VISION_KEY", service.key)
        yield service


def run(*arguments: object, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    command = [*COMMAND, *map(str, arguments)]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=120)


def printed(*arguments: object, capsys: pytest.CaptureFixture[str], status: int = 0) -> list[str]:
    assert main([*map(str, arguments)]) == status
    return capsys.readouterr().out.splitlines()


def test_it_says_in_words_what_is_in_a_picture() -> None:
    done = run("describe", sample("chelsea_the_cat.jpg"))
    assert done.returncode == 0
    assert b"cat" in done.stdout.splitlines()[0]
    assert done.stderr.decode() == "Connected to the vision service that VISION_ENDPOINT names.\n"


@pytest.mark.parametrize(
    ("command", "picture", "words"),
    [
        (["analyze", "--features", "Color,ImageType,Faces"], "eileen_collins.jpg", "1 face found:"),
        (["analyze"], "coffee_cup.jpg", "Accent colour: #"),
        (["tag"], "chelsea_the_cat.jpg", "cat ("),
        (["celebrities"], "eileen_collins.jpg", "No celebrity found."),
        (["landmarks"], "dahlia.jpg", "No landmark found."),
        (["ocr", "--upright"], "democritus.png", "EXISTS"),
        (["recognize-text"], "handwritten_note.jpg", "Dear Ada,"),
        (["recognize-text", "--printed"], "democritus.png", "EXISTS"),
        (["describe", "--max-candidates", "2"], "coffee_cup.jpg", "Tags: "),
    ],
)
def test_each_operation_is_a_command(
    command: list[str], picture: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed(*command, sample(picture), capsys=capsys)
    assert words in "\n".join(lines)


def test_several_pictures_have_their_names_on_every_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = drawn(tmp_path, 3)
    lines = printed("analyze", tmp_path, *COLOUR, capsys=capsys)
    assert {line.partition(": ")[0] for line in lines} == {str(picture) for picture in pictures}


def test_json_has_a_line_for_each_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = drawn(tmp_path, 5)
    lines = printed("analyze", f"{tmp_path}/00*.png", pictures[0], *COLOUR, "--json", capsys=capsys)
    found = [json.loads(line) for line in lines]
    assert sorted(each["picture"] for each in found) == [str(picture) for picture in pictures]
    for each in found:
        assert number(each["answer"]) == int(Path(each["picture"]).stem)


def test_a_picture_that_fails_is_told_after_the_others_were_done(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = drawn(tmp_path, 3)
    assert main(["analyze", "none.png", *map(str, pictures), *COLOUR, "--json"]) == 1
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 3
    assert "none.png: Cannot read 'none.png': No such file or directory\n" in said.err


def test_out_is_a_file_of_results_that_the_same_command_goes_on_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures, out = drawn(tmp_path, 4), tmp_path / "out.jsonl"
    arguments = ["analyze", *pictures, tmp_path / "late.png", *COLOUR, "--out", out]
    assert printed(*arguments, capsys=capsys, status=1) == []
    written = out.read_bytes().splitlines()
    pictures[0].rename(tmp_path / "late.png")
    pictures[0].write_bytes((tmp_path / "late.png").read_bytes())
    os.utime(pictures[0], ns=(pictures[1].stat().st_mtime_ns,) * 2)
    assert printed(*arguments, capsys=capsys) == []
    found = [json.loads(line) for line in out.read_bytes().splitlines()]
    assert len(written) == len(found) == 5
    assert all("answer" in each for each in found)


def test_standard_input_is_a_picture() -> None:
    done = run("analyze", "-", *COLOUR, "--json", stdin=sample("dahlia.jpg").read_bytes())
    assert done.returncode == 0
    size = Image.open(sample("dahlia.jpg")).size
    seen = json.loads(done.stdout)["answer"]["metadata"]
    assert (seen["width"], seen["height"]) == size


def test_a_thumbnail_goes_to_a_pipe_or_a_file(tmp_path: Path) -> None:
    picture, size = sample("dahlia.jpg"), ["--width", "40", "--height", "30"]
    done = run("thumbnail", picture, *size)
    assert Image.open(BytesIO(done.stdout)).size == (40, 30)
    done = run("thumbnail", picture, *size, "--out", tmp_path / "small.jpg", "--centre")
    assert done.stdout.decode().splitlines() == [str(tmp_path / "small.jpg")]
    assert Image.open(tmp_path / "small.jpg").size == (40, 30)


def test_errors_are_a_sentence_and_an_exit_status(tmp_path: Path) -> None:
    for arguments, status, words in [
        ((), 2, "required: COMMAND"),
        (("describe",), 2, "required: PICTURE"),
        (("paint", "a.png"), 2, "invalid choice: 'paint'"),
        (("tag", "a.png", "--rate", "often"), 2, "20/minute or 20/3 seconds, unlike 'often'"),
        (("thumbnail", "a.png", "b.png"), 2, "need a folder: --out FOLDER"),
        (("tag", tmp_path), 1, "There are no pictures at"),
        (("tag", "a.png", "--out", tmp_path), 1, "is not a file"),
        (("tag", "a.png"), 1, "a.png: Cannot read 'a.png'"),
    ]:
        done = run(*arguments)
        assert done.returncode == status, done
        assert words in done.stderr.decode()
        assert b"Traceback" not in done.stderr
        assert done.stdout == b""


def test_what_the_client_warns_of_is_a_note(tmp_path: Path) -> None:
    Image.effect_noise((3000, 3000), 90).convert("RGB").save(tmp_path / "large.png")
    done = run("analyze", tmp_path / "large.png", *COLOUR)
    assert done.returncode == 0
    assert b"Note: The picture of 3000 x 3000 pixels is too large" in done.stderr
    assert b"VisionWarning" not in done.stderr


def test_a_rate_is_kept(tmp_path: Path) -> None:
    drawn(tmp_path, 3)
    began = time.monotonic()
    assert run("analyze", tmp_path, *COLOUR, "--rate", "1/second").returncode == 0
    assert time.monotonic() - began > 2


@POSIX
@pytest.mark.parametrize("rate", ["1000/second", "3/20 seconds"])
def test_a_pipe_that_is_closed_ends_it_without_a_word(
    tmp_path: Path, slow: LocalService, rate: str
) -> None:
    drawn(tmp_path, 40)
    command = [*COMMAND, "analyze", str(tmp_path), *COLOUR, "--json", "--rate", rate]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdout=pipe, stderr=pipe)
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline()
    process.stdout.close()
    assert process.wait(10) == 141, "not waiting for the rate"
    assert b"Traceback" not in process.stderr.read()
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
def test_ctrl_c_ends_it_at_once(tmp_path: Path, slow: LocalService) -> None:
    drawn(tmp_path, 40)
    command = [*COMMAND, "analyze", str(tmp_path), *COLOUR, "--json", "--rate", "5/30 seconds"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdout=pipe, stderr=pipe)
    assert process.stdout
    for _ in range(5):
        assert process.stdout.readline()
    time.sleep(0.2)  # now all threads wait for the rate
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert time.monotonic() - began < 10
    assert said.decode().splitlines()[-1] == "Interrupted."
    assert b"Traceback" not in said
    assert slow.running


def test_every_command_has_help_that_names_its_options(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    said = capsys.readouterr().out
    assert all(f"    {name}" in said for name in [*COMMANDS, "serve"])
    for name in COMMANDS:
        with pytest.raises(SystemExit, match="0"):
            parser().parse_args([name, "--help"])
        said = capsys.readouterr().out
        assert "--out F" in said
        assert "PICTURE" in said


@POSIX
def test_serve_is_the_service_with_its_own_options() -> None:
    command = [*COMMAND, "serve", "--key", "mine", "--port", "0"]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)
    assert process.stdout
    where = process.stdout.readline()
    assert where.startswith("Listening at http://127.0.0.1:")
    client = VisionClient(where.split()[2], "mine")
    assert client.check().startswith("All is well")
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    wrong = run("serve", "--prot=8080")
    assert wrong.returncode == 2
    assert b"unrecognized arguments: --prot" in wrong.stderr


def test_serve_without_the_service_names_the_pip_command() -> None:
    absent = (
        "import sys; sys.modules['starlette'] = None; from visionhelpers.batch.cli import main; "
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{absent}sys.exit(main(['serve']))"], capture_output=True, text=True
    )
    assert done.returncode == 1
    assert 'pip install "visionhelpers[service]"' in done.stderr
    assert "Traceback" not in done.stderr
