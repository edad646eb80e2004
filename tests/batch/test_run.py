from __future__ import annotations

import gc
import json
import os
import re
import signal
import subprocess
import sys
import time
from base64 import b64decode
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from tests.drawn import drawn, number
from visionhelpers import VisionClient, VisionError, run_batch
from visionhelpers.service import LocalService
from visionhelpers.session import Session

COLOUR = {"features": ["Color"]}
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
RUN = """
import sys
import visionhelpers as vh
url, key, folder, results = sys.argv[1:]
run = vh.run_batch(vh.VisionClient(url, key), "analyze", folder, results=results,
                      features=["Color"])
for result in run:
    print(result.picture, flush=True)
"""


@pytest.fixture
def client(service: LocalService) -> VisionClient:
    return VisionClient(service.url, service.key)


@pytest.fixture
def statuses(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The status of every answer that clients get, filled as they come."""
    seen: list[int] = []
    exchange = Session._exchange

    def exchanged(*args: Any, **kwargs: Any) -> requests.Response:
        answer = exchange(*args, **kwargs)
        seen.append(answer.status_code)
        return answer

    monkeypatch.setattr(Session, "_exchange", exchanged)
    return seen


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def assert_each_once(path: Path, pictures: list[Path]) -> None:
    """Each picture has one line in the file, with its own answer."""
    found = lines(path)
    assert sorted(each["picture"] for each in found) == [str(picture) for picture in pictures]
    for each in found:
        assert number(each["answer"]) == int(Path(each["picture"]).stem)


def start(service: LocalService, folder: Path, results: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUN, service.url, service.key, str(folder), str(results)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)


def first(process: subprocess.Popen[str], results: int) -> None:
    """Wait for so many results of a run in another process."""
    assert process.stdout
    for _ in range(results):
        assert process.stdout.readline()


def test_every_picture_gets_its_own_answer(client: VisionClient, tmp_path: Path) -> None:
    pictures = drawn(tmp_path, 40)
    found = list(run_batch(client, "analyze", tmp_path, **COLOUR))
    assert sorted(result.picture for result in found) == [str(picture) for picture in pictures]
    for result in found:
        assert result.answer
        assert result.error == ""
        assert number(result.answer) == int(Path(result.picture).stem)


def test_paths_addresses_patterns_and_bytes_are_pictures(
    client: VisionClient, tmp_path: Path
) -> None:
    path, _ = drawn(tmp_path, 2)
    (tmp_path / "no picture.txt").touch()
    address = client.sample_url("dahlia.jpg")
    several = [path, str(path), path.read_bytes(), address]
    found = list(run_batch(client, "analyze", several, **COLOUR))
    assert len(found) == 3, "a path is the same as a string"
    assert not [result.error for result in found if result.error]
    assert len(list(run_batch(client, "analyze", f"{tmp_path}/*.png", **COLOUR))) == 2
    assert len(list(run_batch(client, "analyze", address, **COLOUR))) == 1


def test_failures_say_why_and_can_be_run_again_alone(client: VisionClient, tmp_path: Path) -> None:
    pictures: list[Any] = [*drawn(tmp_path, 5), tmp_path / "late.png", None]
    results = tmp_path / "out.jsonl"
    run = run_batch(client, "analyze", pictures, results=results, **COLOUR)
    assert len(list(run)) == 7
    reasons = {Path(failure.picture).name: failure.error for failure in run.failures}
    assert set(reasons) == {"late.png", "None"}
    assert "No such file" in reasons["late.png"]
    assert "a path, an address or bytes, not None" in reasons["None"]
    pictures[0].rename(tmp_path / "late.png")
    failed = [failure.picture for failure in run.failures]
    again = list(run_batch(client, "analyze", failed, results=results, **COLOUR))
    assert {Path(result.picture).name: bool(result.answer) for result in again} == {
        "late.png": True,
        "None": False,
    }
    assert len(lines(results)) == 7


def test_the_same_call_again_asks_nothing(
    client: VisionClient, tmp_path: Path, statuses: list[int]
) -> None:
    pictures = drawn(tmp_path, 6)
    results = tmp_path / "out.jsonl"
    list(run_batch(client, "analyze", pictures, results=results, **COLOUR))
    assert len(statuses) == 6
    written = results.read_bytes()
    assert list(run_batch(client, "analyze", pictures, results=results, **COLOUR)) == []
    assert len(statuses) == 6
    assert results.read_bytes() == written
    assert_each_once(results, pictures)


def test_a_changed_file_is_done_again_and_has_one_line(
    client: VisionClient, tmp_path: Path, statuses: list[int]
) -> None:
    pictures = drawn(tmp_path, 4)
    results = tmp_path / "out.jsonl"
    list(run_batch(client, "analyze", pictures, results=results, **COLOUR))
    Image.new("RGB", (99, 77)).save(pictures[1])
    (again,) = run_batch(client, "analyze", pictures, results=results, **COLOUR)
    assert again.picture == str(pictures[1])
    assert len(statuses) == 5
    widths = {Path(each["picture"]).name: each["answer"]["metadata"] for each in lines(results)}
    assert len(lines(results)) == 4
    assert (widths["001.png"]["width"], widths["001.png"]["height"]) == (99, 77)


def test_an_answer_stays_where_its_file_is_out_of_reach(
    client: VisionClient, tmp_path: Path
) -> None:
    pictures = drawn(tmp_path / "drive", 3)
    results = tmp_path / "out.jsonl"
    list(run_batch(client, "analyze", pictures, results=results, **COLOUR))
    (tmp_path / "drive").rename(tmp_path / "unplugged")
    assert list(run_batch(client, "analyze", pictures, results=results, **COLOUR)) == []
    assert_each_once(results, pictures)


def test_files_with_odd_names_and_entries_of_folders_are_pictures(
    client: VisionClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("a", "b"):
        drawn(tmp_path / folder, 1)[0].rename(tmp_path / folder / "~x.png")
    monkeypatch.chdir(tmp_path / "a")
    for pictures in (".", "*.png"):
        (found,) = run_batch(client, "analyze", pictures, **COLOUR)
        assert found.answer, found.error
    entries = [*os.scandir(tmp_path / "a"), *os.scandir(tmp_path / "b")]
    found = [result.picture for result in run_batch(client, "analyze", entries, **COLOUR)]
    assert sorted(found) == [str(tmp_path / "a/~x.png"), str(tmp_path / "b/~x.png")]


def test_results_may_be_below_home(
    client: VisionClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    pictures = [*drawn(tmp_path / "pictures", 1), tmp_path / "none.png"]
    run = run_batch(client, "analyze", pictures, results="~/out.jsonl", **COLOUR)
    assert len(run.to_frame()) == len(lines(tmp_path / "out.jsonl")) == 2
    assert len(run.failures) == 1


def test_the_order_in_a_set_of_options_is_no_other_question(
    client: VisionClient, tmp_path: Path
) -> None:
    results = tmp_path / "out.jsonl"
    (picture,), features = drawn(tmp_path, 1), {"ImageType", "Faces", "Color"}
    list(run_batch(client, "analyze", picture, results=results, features=features))
    (line,) = lines(results)
    assert line["options"] == {"features": sorted(features)}


def test_a_picture_listed_twice_is_asked_about_once(
    client: VisionClient, tmp_path: Path, statuses: list[int]
) -> None:
    pictures = drawn(tmp_path, 3)
    for results in (None, tmp_path / "out.jsonl"):
        statuses.clear()
        run = run_batch(client, "analyze", pictures * 5, results=results, **COLOUR)
        assert len(list(run)) == len(statuses) == 3
    assert_each_once(tmp_path / "out.jsonl", pictures)


def test_other_options_are_another_question(client: VisionClient, tmp_path: Path) -> None:
    pictures = drawn(tmp_path, 2)
    results = tmp_path / "out.jsonl"
    list(run_batch(client, "analyze", pictures, results=results, **COLOUR))
    other = run_batch(client, "analyze", pictures, results=results, features="ImageType")
    assert len(other.to_frame()) == 2
    assert len(lines(results)) == 4


@POSIX
def test_it_goes_on_after_being_killed(tmp_path: Path) -> None:
    pictures, results = drawn(tmp_path, 60), tmp_path / "out.jsonl"
    with LocalService(latency=0.05) as service:
        for _ in range(2):
            process = start(service, tmp_path, results)
            first(process, 8)
            process.kill()
            process.communicate()
            written = results.read_bytes()
            assert 8 <= written.count(b"\n") < 60
        process = start(service, tmp_path, results)
        printed, _ = process.communicate(timeout=60)
    assert results.read_bytes().startswith(written[: written.rindex(b"\n") + 1])
    assert len(printed.splitlines()) == 60 - written.count(b"\n")
    assert_each_once(results, pictures)


@POSIX
def test_ctrl_c_ends_it_soon_and_it_goes_on(tmp_path: Path) -> None:
    pictures, results = drawn(tmp_path, 40), tmp_path / "out.jsonl"
    with LocalService(latency=0.1) as service:
        process = start(service, tmp_path, results)
        first(process, 4)
        process.send_signal(signal.SIGINT)
        began = time.monotonic()
        _, said = process.communicate(timeout=30)
        assert time.monotonic() - began < 5
        assert "KeyboardInterrupt" in said
        start(service, tmp_path, results).communicate(timeout=60)
    assert_each_once(results, pictures)


def test_it_goes_on_after_the_service_was_gone(tmp_path: Path) -> None:
    pictures, results = drawn(tmp_path, 30), tmp_path / "out.jsonl"
    with LocalService(latency=0.02, key="k") as service:
        client = VisionClient(service.url, "k", retries=0)
        run = run_batch(client, "analyze", pictures, results=results, **COLOUR)
        for result in run:
            if Path(result.picture).stem == "005":
                service.stop()
    assert 1 <= len(run.failures) <= 26
    for failure in run.failures:
        assert re.search("No answer from|shutting down", failure.error), failure
    with LocalService(key="k") as service:
        client = VisionClient(service.url, "k")
        list(run_batch(client, "analyze", pictures, results=results, **COLOUR))
    assert_each_once(results, pictures)


def test_results_are_on_disk_however_late_they_are_asked_for(
    client: VisionClient, tmp_path: Path
) -> None:
    pictures, results = drawn(tmp_path, 6), tmp_path / "out.jsonl"
    run = iter(run_batch(client, "analyze", pictures, results=results, **COLOUR))
    next(run)
    deadline = time.monotonic() + 10
    while len(lines(results)) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(lines(results)) >= 4
    assert len(list(run)) == 5


def test_an_endless_list_is_read_as_it_is_needed(client: VisionClient, tmp_path: Path) -> None:
    drawn(tmp_path, 1)
    data = (tmp_path / "000.png").read_bytes()
    asked = []

    def endless() -> Iterator[bytes]:
        for each in count():
            asked.append(each)
            yield data + each.to_bytes(4, "big")  # what follows a PNG is passed over

    run = iter(run_batch(client, "analyze", endless(), **COLOUR))
    for _ in range(5):
        assert next(run).answer
    assert len(asked) <= 20


def test_who_breaks_off_does_not_wait_for_what_is_on_its_way(tmp_path: Path) -> None:
    pictures, results = drawn(tmp_path, 12), tmp_path / "out.jsonl"
    with LocalService(latency=4) as service:
        client = VisionClient(service.url, service.key)
        for _ in run_batch(client, "analyze", pictures, results=results, **COLOUR):
            began = time.monotonic()
            break
        assert time.monotonic() - began < 3
        run = run_batch(client, "analyze", pictures[:4], results=results, **COLOUR)
        assert len(list(run)) <= 3, "the first is there, and the next run may write"
    assert_each_once(results, pictures[:4])


def test_one_file_takes_one_run_at_a_time(client: VisionClient, tmp_path: Path) -> None:
    pictures, results = drawn(tmp_path, 12), tmp_path / "out.jsonl"
    run = iter(run_batch(client, "analyze", pictures, results=results, **COLOUR))
    next(run)
    with pytest.raises(VisionError, match=r"Another run is writing to .*out\.jsonl"):
        next(iter(run_batch(client, "analyze", pictures, results=results, **COLOUR)))
    assert len(list(run)) == 11
    assert list(run_batch(client, "analyze", pictures, results=results, **COLOUR)) == []


@POSIX
def test_two_processes_do_not_share_a_file(service: LocalService, tmp_path: Path) -> None:
    pictures, results = drawn(tmp_path, 30), tmp_path / "out.jsonl"
    both = [start(service, tmp_path, results) for _ in range(2)]
    said = [process.communicate(timeout=60)[1] for process in both]
    assert min(process.returncode for process in both) == 0
    assert [text for text in said if "Another run is writing" in text] or not any(
        process.returncode for process in both
    )
    assert_each_once(results, pictures)


@pytest.mark.parametrize("rate", [None, "20/3 seconds"])
def test_no_rate_limit_is_shown(tmp_path: Path, statuses: list[int], rate: str | None) -> None:
    """20 a minute, scaled down to seconds; who keeps the rate himself is never refused."""
    pictures, results = drawn(tmp_path, 60), tmp_path / "out.jsonl"
    with LocalService(rate="20/3 seconds") as service:
        client = VisionClient(service.url, service.key)
        client.rate = rate
        found = list(run_batch(client, "analyze", pictures, results=results, **COLOUR))
    assert len(found) == 60
    assert not [result.error for result in found if result.error]
    assert_each_once(results, pictures)
    assert statuses.count(200) == 60
    assert (429 in statuses) == (rate is None)
    assert statuses.count(429) <= 12, "threads wait together"


def test_polls_count_against_the_rate(tmp_path: Path, statuses: list[int]) -> None:
    pictures = drawn(tmp_path, 4)
    with LocalService(rate="8/second", operation_delay=0.2) as service:
        client = VisionClient(service.url, service.key)
        client.rate = "8/second"
        found = list(run_batch(client, "recognize_text", pictures))
    assert not [result.error for result in found if result.error]
    assert statuses.count(202) == 4
    assert len(statuses) > 8
    assert 429 not in statuses


def test_thumbnails_come_as_the_file_in_base64(client: VisionClient, tmp_path: Path) -> None:
    (picture,) = drawn(tmp_path, 1)
    (result,) = run_batch(client, "thumbnail", picture, width=20, height=10)
    assert result.answer
    image = Image.open(BytesIO(b64decode(result.answer["data"])))
    assert image.size == (result.answer["width"], result.answer["height"]) == (20, 10)
    assert image.format == result.answer["format"] == "JPEG"


def test_a_table_has_a_row_for_each_picture_of_this_and_earlier_runs(
    client: VisionClient, tmp_path: Path
) -> None:
    pictures: list[Path] = [*drawn(tmp_path, 3), tmp_path / "none.png"]
    results = tmp_path / "out.jsonl"
    list(run_batch(client, "describe", pictures[:2], results=results))
    table = run_batch(client, "describe", pictures, results=results).to_frame()
    assert sorted(table["picture"]) == [str(picture) for picture in pictures]
    assert table["caption"].notna().sum() == table["error"].isna().sum() == 3
    assert "No such file" in table.set_index("picture")["error"][str(pictures[-1])]
    alone = run_batch(client, "describe", pictures)
    next(iter(alone))
    assert len(alone.to_frame()) == 4


def test_nothing_stays_behind_without_a_file(
    client: VisionClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = drawn(tmp_path, 1)[0]
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    run = run_batch(client, "analyze", picture, **COLOUR)
    assert len(list(run)) == 1
    assert len(list(tmp_path.iterdir())) == 2
    run = run_batch(client, "analyze", picture, **COLOUR)
    del run
    for _ in run_batch(client, "analyze", picture, **COLOUR):
        assert len(list(tmp_path.iterdir())) == 2
    gc.collect()
    assert list(tmp_path.iterdir()) == [picture]


def test_progress_counts_failures_and_can_be_had_without(
    client: VisionClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures = [*drawn(tmp_path, 2), tmp_path / "none.png"]
    list(run_batch(client, "analyze", pictures, **COLOUR))
    said = capsys.readouterr()
    assert "3/3" in said.err
    assert "failed=1" in said.err
    assert said.out == ""
    run = run_batch(client, "analyze", pictures, **COLOUR)
    run.quiet = True
    list(run)
    assert capsys.readouterr().err == ""


def test_pictures_passed_over_do_not_count_for_the_rate(
    client: VisionClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pictures, results = drawn(tmp_path, 5), tmp_path / "out.jsonl"
    list(run_batch(client, "analyze", pictures, results=results, **COLOUR))
    capsys.readouterr()
    list(run_batch(client, "analyze", pictures, results=results, **COLOUR))
    said = capsys.readouterr().err
    assert "5/5" in said
    assert "?picture/s" in said.splitlines()[-1]


def test_any_executor_will_do(client: VisionClient, tmp_path: Path) -> None:
    drawn(tmp_path, 20)
    with ProcessPoolExecutor(2) as processes, ThreadPoolExecutor(2) as threads:
        for executor in (processes, threads):
            found = list(run_batch(client, "analyze", tmp_path, executor=executor, **COLOUR))
            assert sorted(number(result.answer or {}) for result in found) == list(range(20))


@POSIX
def test_an_executor_that_breaks_ends_the_run_and_a_new_one_goes_on(tmp_path: Path) -> None:
    pictures, results = drawn(tmp_path, 30), tmp_path / "out.jsonl"
    with LocalService(latency=0.1) as service:
        client = VisionClient(service.url, service.key)
        with ProcessPoolExecutor(2) as pool:
            run = run_batch(client, "analyze", pictures, results=results, executor=pool, **COLOUR)
            next(iter(run))
            os.kill(next(iter(pool._processes)), signal.SIGKILL)
            with pytest.raises(VisionError, match="executor works no longer"):
                list(run)
        assert run.failures == []
        with ProcessPoolExecutor(2) as pool:
            list(run_batch(client, "analyze", pictures, results=results, executor=pool, **COLOUR))
    assert_each_once(results, pictures)


@pytest.mark.parametrize(
    ("operation", "options", "said"),
    [
        ("analyse", {}, "operation is one of analyze, .*not 'analyse'"),
        ("tag", {"features": "Tags"}, "not for tag of many: .*features"),
        ("recognize_text", {"on_status": print}, "not for recognize_text of many"),
        ("thumbnail", {"width": 20}, "not for thumbnail of many: .*height"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_asked(
    client: VisionClient, operation: str, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(VisionError, match=said):
        run_batch(client, operation, [b""], **options)
