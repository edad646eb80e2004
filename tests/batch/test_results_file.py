from __future__ import annotations

import json
import os
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import psutil
import pytest

from tests.support.child import in_child
from visionhelpers import VisionError
from visionhelpers.batch import BatchResult
from visionhelpers.batch.results_file import ResultsFile

REQUEST = {"operation": "tag", "options": {}, "service": "local/v1.0"}
POSIX = pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")


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


def test_a_line_is_there_as_soon_as_it_is_added_and_none_after_the_end(path: Path) -> None:
    with opened(path) as file:
        file.add(result(1), "1")
        assert path.read_text() == line(result(1))
    file.add(result(2), "1")
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


@pytest.mark.parametrize("cut", [1, 90])
def test_a_line_that_was_cut_off_goes_and_the_others_stay(path: Path, cut: int) -> None:
    whole = line(result(1)) + line(result(2))
    path.write_text(whole + line(result(3))[:cut])
    assert images(path) == ["1.png", "2.png"]
    with opened(path) as file:
        assert path.read_text() == whole
        assert file.claim("3.png", "1")
        file.add(result(3), "1")
    assert path.read_text() == whole + line(result(3))


def test_a_later_line_replaces_an_earlier_one(path: Path) -> None:
    write(path, result(1), failed(2), result(3))
    with opened(path) as file:
        for each, fingerprint in ((result(1), "2"), (result(2), "1")):
            assert file.claim(each.image, fingerprint)
            file.add(each, fingerprint)
        assert images(path) == ["3.png", "1.png", "2.png"]
        assert path.read_bytes().count(b"\n") == 5
    assert path.read_text() == line(result(3)) + line(result(1), "2") + line(result(2))


def test_lines_that_a_killed_run_has_replaced_are_removed_or_stay_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = line(failed(1)) + line(result(1))
    path.write_text(before)
    with monkeypatch.context() as full_disk:
        full_disk.setattr(os, "fsync", Mock(side_effect=OSError("No space left on device")))
        with opened(path):
            pass
    assert path.read_text() == before
    assert list(path.parent.iterdir()) == [path]
    with opened(path) as file:
        assert not file.claim("1.png", "1")
    assert path.read_text() == line(result(1))


@pytest.mark.parametrize(
    "text",
    [
        "a letter\n", "a letter", '{"image": "x.png"}\n', "[]\n", '{"a": 1}\n{"a": ', "\n", "3\n",
        pytest.param(line(result(1))[:40] + "\n" + line(result(1)), id="a damaged line"),
    ],
)  # fmt: skip
def test_a_file_with_other_data_is_not_changed(path: Path, text: str) -> None:
    path.write_text(text)
    message = r"out\.jsonl contains something else than results: name another file"
    with pytest.raises(VisionError, match=message), opened(path):
        pass
    with pytest.raises(VisionError, match=message):
        images(path)
    assert path.read_text() == text
    path.unlink()
    write(path, result(1))  # the lock was released


def test_a_place_that_cannot_be_written_is_named_and_a_folder_is_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place, reason in ((tmp_path, "Is a directory"), (tmp_path / "file" / "out", "File exists")):
        with pytest.raises(VisionError, match=f"Cannot write {place}: {reason}"), opened(place):
            pass
    with pytest.raises(VisionError, match="Cannot read"):
        images(tmp_path)
    assert images(tmp_path / "none.jsonl") == []
    assert [each.name for each in tmp_path.iterdir()] == ["file"]
    write(tmp_path / "new" / "out.jsonl", result(1))
    assert images(tmp_path / "new" / "out.jsonl") == ["1.png"]


def write_with_limit(path: Path, limit: int) -> None:
    """Write results until the file would exceed a limit in bytes."""
    import resource  # not on Windows

    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, unlimited[1]))
    try:
        write(path, *map(result, range(100)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)  # the process may write elsewhere


@POSIX
def test_a_limit_on_the_size_leaves_whole_lines_and_no_lock(path: Path) -> None:
    with pytest.raises(VisionError, match=f"Cannot write {path}: "):
        in_child(write_with_limit, path, 1000)
    assert 500 < path.stat().st_size <= 1000
    assert path.read_bytes().endswith(b"}\n")
    assert list(path.parent.iterdir()) == [path]
    with opened(path) as file:
        assert not any(file.claim(image, "1") for image in images(path))


def test_one_run_at_a_time_writes_under_any_name_of_the_file(path: Path, tmp_path: Path) -> None:
    write(path, failed(1))
    path.chmod(0o640)
    link = tmp_path / "link.jsonl"
    link.symlink_to(path)
    with opened(path):
        for name in (path, link, path):
            with pytest.raises(VisionError, match="Another run is writing to"), opened(name):
                pass
    write(link, result(1))
    assert link.is_symlink()
    assert path.read_text() == line(result(1))
    assert path.stat().st_mode & 0o777 == 0o640 or os.name != "posix"
    assert sorted(tmp_path.iterdir()) == [link, path]


def enter_for_two_seconds(path: Path) -> int:
    """Open a file again and again, and return how often the lock was free."""
    inside, end, entered = path.with_suffix(".inside"), time.monotonic() + 2, 0
    while time.monotonic() < end:
        with suppress(VisionError), ResultsFile(path, {}):
            inside.mkdir()  # fails if another process is inside
            inside.rmdir()
            entered += 1
    return entered


def test_processes_that_wait_for_the_lock_file_never_have_it_together(path: Path) -> None:
    """It is removed while another process may have it open."""
    with ProcessPoolExecutor(4, get_context("spawn")) as processes:
        assert sum(processes.map(enter_for_two_seconds, [path] * 4)) > 20
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("temporary", [False, True])
def test_threads_wait_for_a_line_that_needs_several_writes(
    path: Path, monkeypatch: pytest.MonkeyPatch, temporary: bool
) -> None:
    """As a disk that is almost full, or a signal, may need them."""
    with opened(None if temporary else path) as file, ThreadPoolExecutor(4) as pool:
        target = file._file

        def write_half(data: bytes) -> int:
            time.sleep(0.01)
            return int(target.write(data[: (len(data) + 1) // 2]))

        slow = Mock(wraps=target, closed=False, write=write_half)
        monkeypatch.setattr(file, "_file", slow)
        list(pool.map(lambda number: file.add(result(number), "1"), range(8)))
        assert sorted(file.results()) == [result(number) for number in range(8)]


def test_any_file_name_can_be_written(path: Path) -> None:
    names = ["Grüße 世界 😀.png", "a\nb.png", os.fsdecode(b"\xff.png")]
    write(path, *(result(1)._replace(image=name) for name in names))
    assert images(path) == names
    path.read_bytes().decode()


def memory_of_claims(path: Path, count: int) -> int:
    """Return the bytes for each image of an opened file that is claimed."""
    process = psutil.Process()
    with opened(path) as file:
        before = process.memory_info().rss
        for number in range(count):
            file.claim(f"{number}.png", f"1234-{number + 10**18}")
        return (process.memory_info().rss - before) // count


def test_an_image_takes_about_200_bytes_of_memory(path: Path) -> None:
    assert in_child(memory_of_claims, path, 100_000) < 250
