from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import psutil
import pytest

from tests.support.child import in_child
from tests.support.full_disk import FULL_DISK, on_full_disk
from visionhelpers import VisionError
from visionhelpers.batch import BatchResult
from visionhelpers.batch.results_file import ResultsFile

REQUEST = {"operation": "tag", "options": {}, "service": "local/v1.0"}
POSIX = pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")
FILL = """
import resource, sys
from pathlib import Path
from tests.batch.test_results_file import opened, result
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
with opened(Path(sys.argv[1])) as file:
    for number in range(100):
        file.add(result(number), "1")
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
        with ResultsFile(path, {}):
            inside.mkdir()  # fails if another process is inside
            inside.rmdir()
            entered += 1
    except VisionError:
        pass
print(entered)
"""


def result(number: int, **outcome: Any) -> BatchResult:
    return BatchResult(f"{number}.png", **(outcome or {"result": {"number": number}}))


def failed(number: int) -> BatchResult:
    return result(number, error="No such file")


def line(result: BatchResult, fingerprint: str = "1") -> str:
    image = {"image": result.image, "fingerprint": fingerprint}
    return json.dumps(image | REQUEST | result._asdict()) + "\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out.jsonl"


def opened(path: Path | None, **difference: Any) -> ResultsFile:
    return ResultsFile(path, REQUEST | difference)


def write(path: Path, *results: BatchResult) -> None:
    with opened(path) as file:
        for each in results:
            file.claim(each.image, "1")
            file.add(each, "1")


def images(path: Path) -> list[str]:
    return [each.image for each in opened(path).results()]


def test_a_line_is_there_as_soon_as_it_is_added(path: Path) -> None:
    with opened(path) as file:
        file.add(result(1), "1")
        assert path.read_text() == line(result(1))


def test_a_result_is_current_and_a_failure_is_not(path: Path) -> None:
    write(path, result(1), failed(2))
    with opened(path) as file:
        assert not file.claim("1.png", "1")
        assert not file.claim("1.png", ""), "the image's file has disappeared"
        assert file.claim("1.png", "2")
        assert file.claim("2.png", "1")
        assert not file.claim("2.png", "1"), "it is reserved"
        assert file.claim("3.png", "1")


@pytest.mark.parametrize(
    "difference",
    [{"options": {"language": "en"}}, {"operation": "ocr"}, {"service": "local/v3.2"}],
)
def test_a_result_counts_for_its_own_request_only(path: Path, difference: dict[str, Any]) -> None:
    write(path, result(1))
    with opened(path, **difference) as file:
        assert list(file.results()) == []
        assert file.claim("1.png", "1")
        file.add(result(1), "1")
        assert list(file.results()) == list(opened(path).results()) == [result(1)]
    assert path.read_bytes().count(b"\n") == 2


@pytest.mark.parametrize("cut", [1, 5, 30, 90])
def test_a_line_that_was_cut_off_goes_and_the_others_stay(path: Path, cut: int) -> None:
    write(path, result(1), result(2))
    whole = path.read_bytes()
    line = whole.splitlines(keepends=True)[0]
    path.write_bytes(whole + line.replace(b"1.png", b"3.png")[:cut])
    assert images(path) == ["1.png", "2.png"]
    with opened(path) as file:
        assert path.read_bytes() == whole
        assert file.claim("3.png", "1")
        file.add(result(3), "1")
    assert images(path) == ["1.png", "2.png", "3.png"]
    assert [json.loads(line)["image"] for line in path.read_bytes().splitlines()] == images(path)


def test_a_later_line_replaces_an_earlier_one(path: Path) -> None:
    write(path, result(1), failed(2), result(3))
    with opened(path) as file:
        for each, fingerprint in ((result(1), "2"), (result(2), "1")):
            assert file.claim(each.image, fingerprint)
            file.add(each, fingerprint)
        assert images(path) == ["3.png", "1.png", "2.png"]
        assert path.read_bytes().count(b"\n") == 5
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [each["fingerprint"] for each in lines] == ["1", "2", "1"]
    assert all(each["result"] for each in lines)


def test_a_line_that_a_killed_run_has_replaced_is_removed_by_the_next(path: Path) -> None:
    path.write_text(line(failed(1)) + line(result(1)))
    with opened(path) as file:
        assert not file.claim("1.png", "1")
    assert path.read_text() == line(result(1))


def test_replaced_lines_stay_whole_if_they_cannot_be_removed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = line(failed(1)) + line(result(1))
    path.write_text(before)
    monkeypatch.setattr(os, "fsync", Mock(side_effect=OSError("No space left on device")))
    with opened(path):
        pass
    assert path.read_text() == before
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    "text",
    ["a letter\n", "a letter", '{"image": "x.png"}\n', "[]\n", '{"a": 1}\n{"a": ', "\n", "3\n"],
)
def test_a_file_with_other_data_is_not_changed(path: Path, text: str) -> None:
    path.write_text(text)
    message = r"out\.jsonl contains something else than results: name another file"
    with pytest.raises(VisionError, match=message), opened(path):
        pass
    assert path.read_text() == text
    path.unlink()
    write(path, result(1))  # the lock was released


def test_a_damaged_line_in_the_middle_is_an_error(path: Path) -> None:
    write(path, result(1))
    whole = path.read_bytes()
    path.write_bytes(whole[:40] + b"\n" + whole)
    with pytest.raises(VisionError, match="something else"), opened(path):
        pass
    with pytest.raises(VisionError, match="something else"):
        images(path)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place, reason in ((tmp_path, "Is a directory"), (tmp_path / "file" / "out", "File exists")):
        with pytest.raises(VisionError, match=f"Cannot write {place}: {reason}"), opened(place):
            pass
    with pytest.raises(VisionError, match="Cannot read"):
        images(tmp_path)
    assert images(tmp_path / "none.jsonl") == []
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_does_not_exist_is_made(tmp_path: Path) -> None:
    write(tmp_path / "new" / "out.jsonl", result(1))
    assert images(tmp_path / "new" / "out.jsonl") == ["1.png"]


@POSIX
def test_a_limit_on_the_size_leaves_whole_lines(path: Path) -> None:
    run = subprocess.run([sys.executable, "-c", FILL, path], capture_output=True, text=True)
    assert f"VisionError: Cannot write {path}: " in run.stderr
    assert 500 < path.stat().st_size <= 1000
    assert path.read_bytes().endswith(b"}\n")
    count = len(images(path))
    with opened(path) as file:
        assert [file.claim(f"{number}.png", "1") for number in range(count)] == [False] * count


@FULL_DISK
def test_a_full_disk_leaves_whole_lines_and_no_lock(tmp_path: Path) -> None:
    code = FILL.replace("resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))", "")
    run = on_full_disk(tmp_path, sys.executable, "-c", code, str(tmp_path / "out.jsonl"))
    assert f"Cannot write {tmp_path / 'out.jsonl'}: No space left on device" in run.stderr
    assert run.stdout.split() in (["fill"], ["fill", "out.jsonl"])


def test_one_run_at_a_time_writes(path: Path) -> None:
    with opened(path):
        for _ in range(2):
            with pytest.raises(VisionError, match="Another run is writing to"), opened(path):
                pass
    write(path, result(1))
    assert list(path.parent.iterdir()) == [path]


def test_another_name_of_the_file_has_the_same_lock(path: Path, tmp_path: Path) -> None:
    write(path, failed(1))
    link = tmp_path / "link.jsonl"
    link.symlink_to(path)
    with opened(path), pytest.raises(VisionError, match="Another run"), opened(link):
        pass
    write(link, result(1))
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
    with opened(path) as file:
        file.add(result(1), "1")
    file.add(result(2), "1")
    assert images(path) == ["1.png"]


@pytest.mark.parametrize("temporary", [False, True])
def test_threads_write_whole_lines(path: Path, temporary: bool) -> None:
    long = "x" * 20_000
    file = opened(None if temporary else path)
    with file, ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: file.add(result(n, result={"text": long}), "1"), range(64)))
        assert len(list(file.results())) == 64
    assert {each.image for each in file.results()} == {f"{n}.png" for n in range(64)}


def test_threads_wait_for_a_line_that_needs_several_writes(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a disk that is almost full, or a signal, may need them."""
    with opened(path) as file, ThreadPoolExecutor(4) as pool:
        target = file._file

        def write_half(data: bytes) -> int:
            time.sleep(0.01)
            return int(target.write(data[: (len(data) + 1) // 2]))

        slow = Mock(wraps=target, closed=False, write=write_half)
        monkeypatch.setattr(file, "_file", slow)
        list(pool.map(lambda number: file.add(result(number), "1"), range(8)))
    assert sorted(images(path)) == [f"{number}.png" for number in range(8)]


def test_a_temporary_file_is_read_while_it_is_written_and_afterwards() -> None:
    file = opened(None)
    assert list(file.results()) == []
    with file:
        assert list(file.results()) == []
        for number in range(3):
            file.add(result(number), "1")
            assert len(list(file.results())) == number + 1
    assert list(file.results()) == [result(number) for number in range(3)]


def test_any_file_name_can_be_written(path: Path) -> None:
    names = ["Grüße 世界 😀.png", "a\nb.png", os.fsdecode(b"\xff.png")]
    write(path, *(result(1)._replace(image=name) for name in names))
    assert images(path) == names
    path.read_bytes().decode()


def test_the_mode_of_the_file_stays(path: Path) -> None:
    write(path, failed(1))
    path.chmod(0o640)
    write(path, result(1))
    assert path.stat().st_mode & 0o777 == 0o640 or os.name != "posix"


def bytes_of_claims(count: int) -> int:
    process = psutil.Process()
    with opened(None) as file:
        before = process.memory_info().rss
        for number in range(count):
            file.claim(f"{number}.png", f"1234-{number + 10**18}")
        return process.memory_info().rss - before


def test_an_image_takes_about_200_bytes_of_memory() -> None:
    assert in_child(bytes_of_claims, 100_000) < 250 * 100_000


def bytes_of_opening(path: Path) -> int:
    process = psutil.Process()
    before = process.memory_info().rss
    with opened(path):
        return process.memory_info().rss - before


def test_opening_a_file_takes_about_400_bytes_of_memory_for_each_image(path: Path) -> None:
    with path.open("w") as file:
        for number in range(50_000):
            file.write(line(result(number), f"1234-{number + 10**18}"))
    assert in_child(bytes_of_opening, path) < 600 * 50_000
