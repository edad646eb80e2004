from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.full_disk import FULL_DISK, on_full_disk
from visionhelpers import VisionError
from visionhelpers.batch.results_file import ResultsFile

POSIX = pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")
FILL = """
import resource, sys
from pathlib import Path
from tests.batch.test_results_file import record
from visionhelpers.batch.results_file import ResultsFile
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
with ResultsFile(Path(sys.argv[1])) as file:
    for number in range(100):
        file.add(record(number))
"""
RACE = """
import sys, time
from pathlib import Path
from visionhelpers import VisionError
from visionhelpers.batch.results_file import ResultsFile
path, inside = Path(sys.argv[1]), Path(sys.argv[1] + ".inside")
end, entered = time.monotonic() + 2, 0
while time.monotonic() < end:
    try:
        with ResultsFile(path):
            inside.mkdir()  # fails if another process is inside
            inside.rmdir()
            entered += 1
    except VisionError:
        pass
print(entered)
"""


def record(number: int, *, fingerprint: str = "1", **outcome: Any) -> dict[str, Any]:
    identity = {"operation": "tag", "options": {}, "service": "local/v1.0"}
    image = {"image": f"{number}.png", "fingerprint": fingerprint, **identity}
    return {**image, "seconds": 0.5, **(outcome or {"result": {"number": number}})}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out.jsonl"


def write(path: Path, *records: dict[str, Any]) -> None:
    with ResultsFile(path) as file:
        for each in records:
            file.claim(each)
            file.add(each)


def images(path: Path) -> list[str]:
    return [each["image"] for each in ResultsFile(path).records()]


def test_a_line_is_there_as_soon_as_it_is_added(path: Path) -> None:
    with ResultsFile(path) as file:
        file.add(record(1))
        assert json.loads(path.read_bytes()) == record(1)


def test_a_result_is_current_and_a_failure_is_not(path: Path) -> None:
    write(path, record(1), record(2, error="No such file"))
    with ResultsFile(path) as file:
        assert not file.claim(record(1))
        assert not file.claim(record(1, fingerprint="")), "the image's file has disappeared"
        assert file.claim(record(1, fingerprint="2"))
        assert file.claim(record(2))
        assert not file.claim(record(2)), "it is reserved"
        assert file.claim(record(3))


@pytest.mark.parametrize(
    "difference",
    [{"options": {"language": "en"}}, {"operation": "ocr"}, {"service": "local/v3.2"}],
)
def test_a_result_counts_for_its_own_request_only(path: Path, difference: dict[str, Any]) -> None:
    write(path, record(1))
    with ResultsFile(path) as file:
        assert file.claim(record(1) | difference)
        file.add(record(1) | difference)
    assert images(path) == ["1.png", "1.png"]


@pytest.mark.parametrize("cut", [1, 5, 30, 90])
def test_a_line_that_was_cut_off_goes_and_the_others_stay(path: Path, cut: int) -> None:
    write(path, record(1), record(2))
    whole = path.read_bytes()
    line = whole.splitlines(keepends=True)[0]
    path.write_bytes(whole + line.replace(b"1.png", b"3.png")[:cut])
    assert images(path) == ["1.png", "2.png"]
    with ResultsFile(path) as file:
        assert path.read_bytes() == whole
        assert file.claim(record(3))
        file.add(record(3))
    assert images(path) == ["1.png", "2.png", "3.png"]
    assert [json.loads(line)["image"] for line in path.read_bytes().splitlines()] == images(path)


def test_a_later_line_replaces_an_earlier_one(path: Path) -> None:
    write(path, record(1), record(2, error="No such file"), record(3))
    with ResultsFile(path) as file:
        for each in (record(1, fingerprint="2"), record(2)):
            assert file.claim(each)
            file.add(each)
        assert images(path) == ["3.png", "1.png", "2.png"]
        assert path.read_bytes().count(b"\n") == 5
    assert path.read_bytes().count(b"\n") == 3
    records = list(ResultsFile(path).records())
    assert [each["fingerprint"] for each in records] == ["1", "2", "1"]
    assert all("result" in each for each in records)


def test_a_line_that_a_killed_run_has_replaced_is_removed_by_the_next(path: Path) -> None:
    write(path, record(1, error="No such file"))
    with path.open("ab") as file:
        file.write(f"{json.dumps(record(1))}\n".encode())
    with ResultsFile(path) as results:
        assert not results.claim(record(1))
    assert path.read_bytes().count(b"\n") == 1


@pytest.mark.parametrize(
    "text",
    ["a letter\n", "a letter", '{"image": "x.png"}\n', "[]\n", '{"a": 1}\n{"a": ', "\n", "3\n"],
)
def test_a_file_with_other_data_is_not_changed(path: Path, text: str) -> None:
    path.write_text(text)
    message = r"out\.jsonl contains something else than results: name another file"
    with pytest.raises(VisionError, match=message), ResultsFile(path):
        pass
    assert path.read_text() == text
    path.unlink()
    write(path, record(1))  # the lock was released


def test_a_damaged_line_in_the_middle_is_an_error(path: Path) -> None:
    write(path, record(1))
    whole = path.read_bytes()
    path.write_bytes(whole[:40] + b"\n" + whole)
    with pytest.raises(VisionError, match="something else"), ResultsFile(path):
        pass
    with pytest.raises(VisionError, match="something else"):
        images(path)


def test_what_is_not_a_file_is_refused_by_name(tmp_path: Path) -> None:
    for place in (tmp_path, Path(os.devnull)):
        with pytest.raises(VisionError, match="is not a file"), ResultsFile(place):
            pass
    (tmp_path / "file").touch()
    with pytest.raises(VisionError, match="Cannot write"), ResultsFile(tmp_path / "file" / "out"):
        pass
    with pytest.raises(VisionError, match="Cannot read"):
        images(tmp_path)
    assert images(tmp_path / "none.jsonl") == []


def test_a_folder_that_does_not_exist_is_made(tmp_path: Path) -> None:
    write(tmp_path / "new" / "out.jsonl", record(1))
    assert images(tmp_path / "new" / "out.jsonl") == ["1.png"]


@POSIX
def test_a_limit_on_the_size_leaves_whole_lines(path: Path) -> None:
    run = subprocess.run([sys.executable, "-c", FILL, path], capture_output=True, text=True)
    assert f"VisionError: Cannot write {path}: " in run.stderr
    assert 500 < path.stat().st_size <= 1000
    assert path.read_bytes().endswith(b"}\n")
    count = len(images(path))
    with ResultsFile(path) as file:
        assert [file.claim(record(number)) for number in range(count)] == [False] * count


@FULL_DISK
def test_a_full_disk_leaves_whole_lines_and_no_lock(tmp_path: Path) -> None:
    code = FILL.replace("resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))", "")
    run = on_full_disk(tmp_path, sys.executable, "-c", code, str(tmp_path / "out.jsonl"))
    assert f"Cannot write {tmp_path / 'out.jsonl'}: No space left on device" in run.stderr
    assert run.stdout.split() in (["fill"], ["fill", "out.jsonl"])


def test_one_run_at_a_time_writes(path: Path) -> None:
    with ResultsFile(path):
        for _ in range(2):
            with pytest.raises(VisionError, match="Another run is writing to"), ResultsFile(path):
                pass
    write(path, record(1))
    assert list(path.parent.iterdir()) == [path]


def test_another_name_of_the_file_has_the_same_lock(path: Path, tmp_path: Path) -> None:
    write(path, record(1, error="No such file"))
    link = tmp_path / "link.jsonl"
    link.symlink_to(path)
    with ResultsFile(path), pytest.raises(VisionError, match="Another run"), ResultsFile(link):
        pass
    write(link, record(1))
    assert link.is_symlink()
    assert path.read_bytes().count(b"\n") == 1


def test_processes_that_wait_for_the_lock_file_never_have_it_together(path: Path) -> None:
    """It is removed while another process may have it open."""
    command = [sys.executable, "-c", RACE, str(path)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    entered = [int(process.communicate(timeout=30)[0]) for process in running]
    assert [process.returncode for process in running] == [0] * 4
    assert sum(entered) > 20
    assert list(path.parent.iterdir()) == [path]


def test_after_the_end_nothing_is_written(path: Path) -> None:
    with ResultsFile(path) as file:
        assert file.add(record(1))
    assert not file.add(record(2))
    assert images(path) == ["1.png"]


@pytest.mark.parametrize("temporary", [False, True])
def test_threads_write_whole_lines(path: Path, temporary: bool) -> None:
    long = "x" * 20_000
    results = ResultsFile(None if temporary else path)
    with results as file, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: file.add(record(number, result={"text": long})), range(64)))
        assert len(list(file.records())) == 64
    assert {each["image"] for each in results.records()} == {f"{n}.png" for n in range(64)}


def test_of_several_threads_one_reserves_an_image(path: Path) -> None:
    with ResultsFile(path) as file, ThreadPoolExecutor(8) as pool:
        numbers = [*range(200)] * 8
        assert sum(pool.map(lambda number: file.claim(record(number)), numbers)) == 200


def test_a_temporary_file_is_read_while_it_is_written_and_afterwards() -> None:
    results = ResultsFile(None)
    assert list(results.records()) == []
    with results as file:
        assert list(file.records()) == []
        for number in range(3):
            file.claim(record(number))
            file.add(record(number))
            assert len(list(file.records())) == number + 1
    assert [each["image"] for each in results.records()] == ["0.png", "1.png", "2.png"]


def test_any_file_name_can_be_written(path: Path) -> None:
    names = ["Grüße 世界 😀.png", "a\nb.png", os.fsdecode(b"\xff.png")]
    write(path, *(record(1) | {"image": name} for name in names))
    assert images(path) == names
    path.read_bytes().decode()


def test_the_mode_of_the_file_stays(path: Path) -> None:
    write(path, record(1, error="No such file"))
    path.chmod(0o640)
    write(path, record(1))
    assert path.stat().st_mode & 0o777 == 0o640 or os.name != "posix"


def test_an_image_takes_about_200_bytes_of_memory() -> None:
    process, count = psutil.Process(), 100_000
    with ResultsFile(None) as file:
        each = record(0)
        before = process.memory_info().rss
        for number in range(count):
            file.claim(each | {"image": f"{number}.png", "fingerprint": f"1234-{number + 10**18}"})
        assert process.memory_info().rss - before < 250 * count


def test_opening_a_file_takes_about_400_bytes_of_memory_for_each_image(path: Path) -> None:
    process, count = psutil.Process(), 50_000
    with path.open("w") as file:
        for number in range(count):
            file.write(json.dumps(record(number, fingerprint=f"1234-{number + 10**18}")) + "\n")
    before = process.memory_info().rss
    with ResultsFile(path):
        assert process.memory_info().rss - before < 600 * count
