from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from visionhelpers.batch.results_file import Ledger, records
from visionhelpers.errors import VisionError

POSIX = pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")
FILLING = """
import resource, sys
from pathlib import Path
from tests.batch.test_results_file import record
from visionhelpers.batch.results_file import Ledger
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
with Ledger(Path(sys.argv[1])) as ledger:
    for number in range(100):
        ledger.add(record(number))
"""


def record(number: int, *, stamp: str = "1", **outcome: Any) -> dict[str, Any]:
    named = {"picture": f"{number}.png", "stamp": stamp, "operation": "tag", "options": {}}
    return {**named, "seconds": 0.5, **(outcome or {"answer": {"number": number}})}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out.jsonl"


def write(path: Path, *found: dict[str, Any]) -> None:
    with Ledger(path) as ledger:
        for each in found:
            ledger.claim(each)
            ledger.add(each)


def numbers(path: Path) -> list[str]:
    return [each["picture"] for each in records(path)]


def test_a_line_is_there_as_soon_as_it_is_added(path: Path) -> None:
    with Ledger(path) as ledger:
        ledger.add(record(1))
        assert json.loads(path.read_bytes()) == record(1)


def test_an_answer_is_not_asked_for_again_and_a_failure_is(path: Path) -> None:
    write(path, record(1), record(2, error="No such file"))
    with Ledger(path) as ledger:
        assert not ledger.claim(record(1))
        assert ledger.claim(record(1, stamp="2"))
        assert ledger.claim(record(2))
        assert not ledger.claim(record(2)), "it has been taken on"
        assert ledger.claim(record(3))
        assert ledger.claim(record(1) | {"options": {"language": "en"}})


@pytest.mark.parametrize("cut", [1, 5, 30, 90])
def test_what_was_cut_off_goes_and_the_rest_stays_as_it_is(path: Path, cut: int) -> None:
    write(path, record(1), record(2))
    whole = path.read_bytes()
    line = whole.splitlines(keepends=True)[0]
    path.write_bytes(whole + line.replace(b"1.png", b"3.png")[:cut])
    assert numbers(path) == ["1.png", "2.png"]
    with Ledger(path) as ledger:
        assert path.read_bytes() == whole
        assert ledger.claim(record(3))
        ledger.add(record(3))
    assert numbers(path) == ["1.png", "2.png", "3.png"]


def test_a_later_line_takes_the_place_of_an_older_one(path: Path) -> None:
    write(path, record(1), record(2, error="No such file"), record(3))
    with Ledger(path) as ledger:
        for each in (record(1, stamp="2"), record(2)):
            assert ledger.claim(each)
            ledger.add(each)
        assert numbers(path) == ["3.png", "1.png", "2.png"]
        assert path.read_bytes().count(b"\n") == 5
    assert path.read_bytes().count(b"\n") == 3
    assert [each["stamp"] for each in records(path)] == ["1", "2", "1"]
    assert all("answer" in each for each in records(path))


def test_one_that_was_killed_before_it_tidied_is_tidied_by_the_next(path: Path) -> None:
    write(path, record(1, error="No such file"))
    with path.open("ab") as file:
        file.write(f"{json.dumps(record(1))}\n".encode())
    with Ledger(path) as ledger:
        assert not ledger.claim(record(1))
    assert path.read_bytes().count(b"\n") == 1


@pytest.mark.parametrize(
    "text",
    ["a letter\n", "a letter", '{"picture": "x.png"}\n', "[]\n", '{"a": 1}\n{"a": ', "\n"],
)
def test_a_file_of_something_else_is_left_alone(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(VisionError, match=r"out\.jsonl holds something else"), Ledger(path):
        pass
    assert path.read_text() == text
    path.unlink()
    write(path, record(1))  # and its lock was given back


def test_a_damaged_line_in_the_middle_is_not_passed_over(path: Path) -> None:
    write(path, record(1))
    whole = path.read_bytes()
    path.write_bytes(whole[:40] + b"\n" + whole)
    with pytest.raises(VisionError, match="holds something else"), Ledger(path):
        pass
    with pytest.raises(VisionError, match="holds something else"):
        numbers(path)


def test_what_is_no_file_is_refused_by_name(tmp_path: Path) -> None:
    for place in (tmp_path, Path(os.devnull)):
        with pytest.raises(VisionError, match="is not a file"), Ledger(place):
            pass
    (tmp_path / "file").touch()
    with pytest.raises(VisionError, match="Cannot write"), Ledger(tmp_path / "file" / "out"):
        pass
    with pytest.raises(VisionError, match="Cannot read"):
        numbers(tmp_path / "none.jsonl")


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    write(tmp_path / "new" / "out.jsonl", record(1))
    assert numbers(tmp_path / "new" / "out.jsonl") == ["1.png"]


@POSIX
def test_a_full_disk_leaves_whole_lines(path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-c", FILLING, str(path)], capture_output=True, text=True, check=False
    )
    assert f"VisionError: Cannot write to {path}: " in run.stderr
    assert 500 < path.stat().st_size <= 1000
    assert path.read_bytes().endswith(b"}\n")
    many = len(numbers(path))
    with Ledger(path) as ledger:
        assert [ledger.claim(record(number)) for number in range(many)] == [False] * many


def test_one_at_a_time_writes(path: Path) -> None:
    with Ledger(path):
        with pytest.raises(VisionError, match="Another run is writing to"), Ledger(path):
            pass
        with pytest.raises(VisionError, match="Another run is writing to"), Ledger(path):
            pass
    write(path, record(1))


def test_after_its_end_nothing_is_written(path: Path) -> None:
    with Ledger(path) as ledger:
        assert ledger.add(record(1))
    assert not ledger.add(record(2))
    assert numbers(path) == ["1.png"]


def test_threads_write_whole_lines(path: Path) -> None:
    long = "x" * 20_000
    with Ledger(path) as ledger, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: ledger.add(record(number, answer={"said": long})), range(64)))
    assert sorted(numbers(path)) == sorted(f"{number}.png" for number in range(64))


def test_any_name_of_a_file_can_be_written(path: Path) -> None:
    names = ["Grüße 世界 😀.png", "a\nb.png", os.fsdecode(b"\xff.png")]
    write(path, *(record(1) | {"picture": name} for name in names))
    assert numbers(path) == names
    path.read_bytes().decode()


def test_the_mode_of_the_file_stays(path: Path) -> None:
    write(path, record(1, error="No such file"))
    path.chmod(0o640)
    write(path, record(1))
    assert path.stat().st_mode & 0o777 == 0o640 or os.name != "posix"
