from __future__ import annotations

import gc
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from PIL import Image

from tests.support.clock import FakeClock
from tests.support.images import drawn, number
from tests.support.poll import poll_until
from tests.support.scripted_server import HANG, RUNNING, SUCCEEDED, TAGS, scripted_server
from visionhelpers import ImageError, VisionClient, VisionError, run_batch, sample_path
from visionservice import LocalService

COLOR = {"features": ["Color"]}
POSIX = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
RUN = """
import sys
import visionhelpers as vh
url, key, folder, *results = sys.argv[1:]
results = results[0] if results else None
client = vh.VisionClient(url, key)
run = vh.run_batch(client, "analyze", folder, results=results, features=["Color"])
for result in run:
    print(result.image, flush=True)
"""


@pytest.fixture
def client(service: LocalService) -> VisionClient:
    return VisionClient(service.url, service.key)


def counting(service: LocalService, **options: Any) -> tuple[VisionClient, list[int]]:
    """A client, and the status of every response to it, filled as they arrive."""
    session, statuses = requests.Session(), []
    session.trust_env = False
    session.hooks["response"].append(lambda response, **_: statuses.append(response.status_code))
    return VisionClient(service.url, service.key, session=session, **options), statuses


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def assert_each_once(path: Path, images: list[Path]) -> None:
    """Each image has one line in the file, with its own result."""
    found = lines(path)
    assert sorted(each["image"] for each in found) == [str(image) for image in images]
    for each in found:
        assert number(each["result"]) == int(Path(each["image"]).stem)


def start(service: LocalService, folder: Path, *results: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", RUN, service.url, service.key, str(folder)]
    pipe = subprocess.PIPE
    return subprocess.Popen([*command, *map(str, results)], stdout=pipe, stderr=pipe, text=True)


def wait_for_results(process: subprocess.Popen[str], results: int) -> None:
    assert process.stdout
    for _ in range(results):
        assert process.stdout.readline()


def test_every_image_gets_its_own_result(client: VisionClient, tmp_path: Path) -> None:
    images = drawn(tmp_path, 40)
    found = list(run_batch(client, "analyze", tmp_path, **COLOR))
    assert sorted(result.image for result in found) == [str(image) for image in images]
    for result in found:
        assert result.result
        assert (result.error, result.status, result.code) == ("", None, None)
        assert number(result.result) == int(Path(result.image).stem)


def test_images_of_every_kind_are_sent(client: VisionClient, tmp_path: Path) -> None:
    path, other = drawn(tmp_path, 2)
    pillow = Image.open(other)
    url = client.sample_url("dahlia.jpg")
    with path.open("rb") as file:
        several = [path, str(path), path.read_bytes(), memoryview(other.read_bytes())]
        run = run_batch(client, "analyze", [*several, file, pillow, url], **COLOR)
        found = list(run)
    assert not [result.error for result in found if result.error]
    assert len(found) == 5, "a path is the same as a string, and a file as its bytes"
    sizes = sorted(number(result.result or {}) for result in found if result.image != url)
    assert sizes == [0, 0, 1, 1]
    with other.open("rb") as file:
        for single in (other, other.read_bytes(), file, pillow, f"{tmp_path}/*1.png"):
            (result,) = run_batch(client, "analyze", single, **COLOR)
            assert number(result.result or {}) == 1
    assert len(list(run_batch(client, "analyze", url, **COLOR))) == 1


def test_an_image_that_the_caller_changes_later_is_sent_as_it_was(client: VisionClient) -> None:
    def same_object() -> Iterator[Image.Image]:
        image = Image.new("RGB", (60, 60))
        for shade in range(10):
            image.paste((shade * 20,) * 3, (0, 0, 60, 60))
            yield image

    found = list(run_batch(client, "analyze", same_object(), **COLOR))
    colors = {result.result["color"]["accentColor"] for result in found if result.result}
    assert len(found) == 10
    assert len(colors) > 1


def test_pillow_images_with_the_same_pixels_are_one(client: VisionClient) -> None:
    image = Image.new("P", (60, 60), 1)
    image.putpalette([0, 0, 0, 200, 0, 0])
    other = image.copy()
    other.putpalette([0, 0, 0, 0, 200, 0])
    run = run_batch(client, "analyze", [image, image.convert("RGB"), other], **COLOR)
    assert len(list(run)) == 2


def test_failures_have_a_reason_and_can_be_run_again_alone(
    client: VisionClient, tmp_path: Path
) -> None:
    images: list[Any] = [*drawn(tmp_path, 5), tmp_path / "late.png", None]
    results = tmp_path / "out.jsonl"
    run = run_batch(client, "analyze", images, results=results, **COLOR)
    assert len(list(run)) == 7
    reasons = {Path(failure.image).name: failure.error for failure in run.failures}
    assert set(reasons) == {"late.png", "None"}
    assert "No such file" in reasons["late.png"]
    assert "Invalid image None" in reasons["None"]
    images[0].rename(tmp_path / "late.png")
    failed = [failure.image for failure in run.failures]
    again = list(run_batch(client, "analyze", failed, results=results, **COLOR))
    assert {Path(result.image).name: bool(result.result) for result in again} == {
        "late.png": True,
        "None": False,
    }
    assert len(lines(results)) == 7


def test_an_error_response_has_its_status_and_code(client: VisionClient, tmp_path: Path) -> None:
    results = tmp_path / "out.jsonl"
    Image.new("RGB", (20, 20)).save(tmp_path / "tiny.png")
    (result,) = run = run_batch(client, "tag", tmp_path / "tiny.png", results=results)
    assert (result.status, result.code) == (400, "InvalidImageSize")
    (line,) = lines(results)
    assert (line["status"], line["code"]) == (400, "InvalidImageSize")
    assert run.failures == [result]


def test_the_same_call_again_sends_nothing(service: LocalService, tmp_path: Path) -> None:
    client, statuses = counting(service)
    images, results = drawn(tmp_path, 6), tmp_path / "out.jsonl"
    list(run_batch(client, "analyze", images, results=results, **COLOR))
    assert len(statuses) == 6
    written = results.read_bytes()
    run = run_batch(client, "analyze", images, results=results, **COLOR)
    assert list(run) == []
    assert run.counts["skipped"] == len(statuses) == 6
    assert results.read_bytes() == written
    assert_each_once(results, images)


def test_a_changed_file_is_sent_again_and_has_one_line(
    service: LocalService, tmp_path: Path
) -> None:
    client, statuses = counting(service)
    images, results = drawn(tmp_path, 4), tmp_path / "out.jsonl"
    list(run_batch(client, "analyze", images, results=results, **COLOR))
    Image.new("RGB", (99, 77)).save(images[1])
    (again,) = run_batch(client, "analyze", images, results=results, **COLOR)
    assert again.image == str(images[1])
    assert len(statuses) == 5
    widths = {Path(each["image"]).name: each["result"]["metadata"] for each in lines(results)}
    assert len(lines(results)) == 4
    assert (widths["001.png"]["width"], widths["001.png"]["height"]) == (99, 77)


def test_a_result_stays_where_its_file_has_disappeared(
    client: VisionClient, tmp_path: Path
) -> None:
    images, results = drawn(tmp_path / "drive", 3), tmp_path / "out.jsonl"
    list(run_batch(client, "analyze", images, results=results, **COLOR))
    (tmp_path / "drive").rename(tmp_path / "unplugged")
    assert list(run_batch(client, "analyze", images, results=results, **COLOR)) == []
    assert_each_once(results, images)


def test_a_result_of_another_service_or_version_does_not_count(
    service: LocalService, tmp_path: Path
) -> None:
    images, results = drawn(tmp_path, 3), tmp_path / "out.jsonl"
    first, second = (VisionClient(service.url, service.key, version=v) for v in ("v1.0", "v3.2"))
    for client in (first, second):
        assert len(list(run_batch(client, "describe", images, results=results))) == 3
    assert len(lines(results)) == 6
    with LocalService() as other:  # on another port
        moved = VisionClient(other.url, other.key)
        run = run_batch(moved, "describe", images, results=results)
        assert list(run) == []
        assert len(run.to_dataframe()) == 3


def test_files_with_odd_names_and_entries_of_folders_are_images(
    client: VisionClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in ("a", "b"):
        drawn(tmp_path / folder, 1)[0].rename(tmp_path / folder / "~x.png")
    monkeypatch.chdir(tmp_path / "a")
    for images in (".", "*.png"):
        (found,) = run_batch(client, "analyze", images, **COLOR)
        assert found.result, found.error
    entries = [*os.scandir(tmp_path / "a"), *os.scandir(tmp_path / "b")]
    names = [result.image for result in run_batch(client, "analyze", entries, **COLOR)]
    assert sorted(names) == [str(tmp_path / "a/~x.png"), str(tmp_path / "b/~x.png")]


def test_results_may_be_below_home(
    client: VisionClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    images = [*drawn(tmp_path / "images", 1), tmp_path / "none.png"]
    run = run_batch(client, "analyze", images, results="~/out.jsonl", **COLOR)
    assert len(run.to_dataframe()) == len(lines(tmp_path / "out.jsonl")) == 2
    assert len(run.failures) == 1


def test_the_form_of_names_in_options_is_no_difference(
    client: VisionClient, tmp_path: Path
) -> None:
    results = tmp_path / "out.jsonl"
    (image,) = drawn(tmp_path, 1)
    forms = (
        "Faces,Color",
        ["Color", "Faces"],
        {"Faces", "Color"},
        "Color, Faces",
        iter(["Faces", "Color"]),
    )
    sent = [
        len(list(run_batch(client, "analyze", image, results=results, features=features)))
        for features in forms
    ]
    assert sent == [1, 0, 0, 0, 0]
    (line,) = lines(results)
    assert line["options"] == {"features": ["Color", "Faces"], "details": [], "language": "en"}


def test_a_default_that_is_given_is_no_difference(client: VisionClient, tmp_path: Path) -> None:
    image, results = drawn(tmp_path, 1), tmp_path / "out.jsonl"
    list(run_batch(client, "describe", image, results=results))
    assert not list(run_batch(client, "describe", image, results=results, language="en"))
    assert len(list(run_batch(client, "describe", image, results=results, max_candidates=2))) == 1
    list(run_batch(client, "recognize_text", image, results=results))
    assert not list(run_batch(client, "recognize_text", image, results=results, timeout=9))


def test_an_image_listed_twice_is_sent_once(service: LocalService, tmp_path: Path) -> None:
    client, statuses = counting(service)
    images = drawn(tmp_path, 3)
    for results in (None, tmp_path / "out.jsonl"):
        statuses.clear()
        run = run_batch(client, "analyze", images * 5, results=results, **COLOR)
        assert len(list(run)) == len(statuses) == 3
        assert run.counts == {"done": 3, "failed": 0, "skipped": 12}
    assert_each_once(tmp_path / "out.jsonl", images)


def test_other_options_are_another_request(client: VisionClient, tmp_path: Path) -> None:
    images, results = drawn(tmp_path, 2), tmp_path / "out.jsonl"
    list(run_batch(client, "analyze", images, results=results, **COLOR))
    other = run_batch(client, "analyze", images, results=results, features="ImageType")
    assert len(other.to_dataframe()) == 2
    assert len(lines(results)) == 4


@POSIX
def test_a_killed_run_is_resumed(tmp_path: Path) -> None:
    images, results = drawn(tmp_path, 60), tmp_path / "out.jsonl"
    with LocalService(latency=0.05) as service:
        for _ in range(2):
            process = start(service, tmp_path, results)
            wait_for_results(process, 8)
            process.kill()
            process.communicate()
            written = results.read_bytes()
            assert 8 <= written.count(b"\n") < 60
        process = start(service, tmp_path, results)
        printed, _ = process.communicate(timeout=60)
    assert results.read_bytes().startswith(written[: written.rindex(b"\n") + 1])
    assert len(printed.splitlines()) == 60 - written.count(b"\n")
    assert_each_once(results, images)
    assert not list(tmp_path.glob(".*")), "the killed run's lock file is gone as well"


@POSIX
def test_ctrl_c_ends_a_run_soon_and_it_is_resumed(tmp_path: Path) -> None:
    images, results = drawn(tmp_path, 40), tmp_path / "out.jsonl"
    with LocalService(latency=0.1) as service:
        process = start(service, tmp_path, results)
        wait_for_results(process, 4)
        process.send_signal(signal.SIGINT)
        _, printed = process.communicate(timeout=30)
        assert results.read_bytes().count(b"\n") < 40, "it does not send the rest"
        assert "KeyboardInterrupt" in printed
        start(service, tmp_path, results).communicate(timeout=60)
    assert_each_once(results, images)


@POSIX
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_signal_leaves_results_in_the_temporary_folder(
    tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    drawn(tmp_path / "images", 40)
    with LocalService(latency=0.1) as service:
        process = start(service, tmp_path / "images")
        wait_for_results(process, 4)
        process.send_signal(number)
        process.communicate(timeout=30)
    assert process.returncode
    assert not list((tmp_path / "tmp").iterdir())


def test_a_run_is_resumed_after_the_service_has_ended(tmp_path: Path) -> None:
    images, results = drawn(tmp_path, 30), tmp_path / "out.jsonl"
    with LocalService(latency=0.02, key="k") as service:
        client = VisionClient(service.url, "k", retries=0)
        run = run_batch(client, "analyze", images, results=results, **COLOR)
        for result in run:
            if Path(result.image).stem == "005":
                service.stop()
    assert 1 <= len(run.failures) <= 26
    for failure in run.failures:
        assert re.search("No response from|shutting down", failure.error), failure
    with LocalService(key="k") as service:
        client = VisionClient(service.url, "k")
        list(run_batch(client, "analyze", images, results=results, **COLOR))
    assert_each_once(results, images)


def test_results_are_on_disk_before_they_are_read(client: VisionClient, tmp_path: Path) -> None:
    images, results = drawn(tmp_path, 6), tmp_path / "out.jsonl"
    run = run_batch(client, "analyze", images, results=results, **COLOR)
    next(run)
    poll_until(lambda: len(lines(results)) >= 4)
    assert len(list(run)) == 5


def test_an_endless_iterable_is_read_as_it_is_needed(client: VisionClient, tmp_path: Path) -> None:
    data = drawn(tmp_path, 1)[0].read_bytes()
    read = []

    def endless() -> Iterator[bytes]:
        for each in count():
            read.append(each)
            yield data + each.to_bytes(4, "big")  # bytes after a PNG are ignored

    run = run_batch(client, "analyze", endless(), **COLOR)
    for _ in range(5):
        assert next(run).result
    assert len(read) <= 20


def test_images_that_wait_when_a_run_is_closed_are_not_sent() -> None:
    with scripted_server() as server, ThreadPoolExecutor(1) as executor:
        server.delay = 0.2
        images = [f"https://example.org/{number}.jpg" for number in range(10)]
        run = run_batch(server.client(TAGS), "tag", images, executor=executor, progress=False)
        assert next(run).result == {"tags": []}
        run.close()
        executor.shutdown()
        assert len(server.requests) < 5


@pytest.mark.parametrize("way", ["close", "with", "garbage"])
def test_a_loop_that_is_left_releases_the_file(tmp_path: Path, way: str) -> None:
    images, results = drawn(tmp_path, 12), tmp_path / "out.jsonl"
    with scripted_server() as server:
        client = server.client(TAGS, HANG)  # only one image gets a response
        run = run_batch(client, "tag", images, results=results)
        if way == "with":
            with run:
                next(run)
        for _ in run if way != "with" else ():
            break
        if way == "close":
            run.close()
        del run  # another thread may be writing a result, and is the last to refer to it
        poll_until(lambda: not list(tmp_path.glob(".*.lock")))
        server.steps = [TAGS]
        assert len(list(run_batch(client, "tag", images, results=results))) == 11
    assert sorted(each["image"] for each in lines(results)) == [str(image) for image in images]


def test_a_loop_that_is_left_can_be_continued(client: VisionClient, tmp_path: Path) -> None:
    run = run_batch(client, "analyze", drawn(tmp_path, 6), **COLOR)
    for _ in run:
        break
    assert len(list(run)) == 5


def test_a_run_that_has_ended_is_not_iterated_again(client: VisionClient, tmp_path: Path) -> None:
    image = drawn(tmp_path, 1)
    run = run_batch(client, "analyze", image, **COLOR)
    assert len(list(run)) == 1
    with pytest.raises(ValueError, match="The run has ended: call run_batch again"):
        list(run)
    assert len(run.to_dataframe()) == 1
    unused = run_batch(client, "analyze", image, **COLOR)
    unused.close()
    with pytest.raises(ValueError, match="has ended"):
        iter(unused)
    assert len(unused.to_dataframe()) == 0


def test_one_file_takes_one_run_at_a_time(client: VisionClient, tmp_path: Path) -> None:
    images, results = drawn(tmp_path, 12), tmp_path / "out.jsonl"
    run = run_batch(client, "analyze", images, results=results, **COLOR)
    next(run)
    with pytest.raises(VisionError, match=r"Another run is writing to .*out\.jsonl"):
        next(run_batch(client, "analyze", images, results=results, **COLOR))
    assert len(list(run)) == 11
    assert list(run_batch(client, "analyze", images, results=results, **COLOR)) == []


@POSIX
def test_two_processes_do_not_share_a_file(service: LocalService, tmp_path: Path) -> None:
    images, results = drawn(tmp_path, 30), tmp_path / "out.jsonl"
    both = [start(service, tmp_path, results) for _ in range(2)]
    printed = [process.communicate(timeout=60)[1] for process in both]
    assert min(process.returncode for process in both) == 0
    assert [text for text in printed if "Another run is writing" in text] or not any(
        process.returncode for process in both
    )
    assert_each_once(results, images)


@pytest.mark.usefixtures("rate_clock")
@pytest.mark.parametrize("rate", [None, "20/minute"])
def test_a_rate_limit_fails_no_image(tmp_path: Path, rate: str | None) -> None:
    images, results = drawn(tmp_path, 45), tmp_path / "out.jsonl"
    with LocalService(rate="20/minute") as service:
        client, statuses = counting(service, rate=rate)
        found = list(run_batch(client, "analyze", images, results=results, **COLOR))
    assert len(found) == 45
    assert not [result.error for result in found if result.error]
    assert_each_once(results, images)
    assert statuses.count(200) == 45
    assert rate or 429 in statuses


def test_polls_count_against_the_rate(clock: FakeClock) -> None:
    with scripted_server() as server:
        client = server.client(server.operation(), RUNNING, SUCCEEDED, rate="2/hour", deadline=9000)
        (found,) = run_batch(client, "recognize_text", b"x")
    assert not found.error
    assert clock.monotonic() >= 3600


def test_thumbnails_are_bytes_and_base64_in_the_file(client: VisionClient, tmp_path: Path) -> None:
    (image,) = drawn(tmp_path, 1)
    results = tmp_path / "out.jsonl"
    run = run_batch(client, "thumbnail", image, results=results, width=20, height=10)
    (result,) = run
    assert result.result
    thumbnail = Image.open(BytesIO(result.result["data"]))
    assert thumbnail.size == (result.result["width"], result.result["height"]) == (20, 10)
    assert thumbnail.format == result.result["format"] == "JPEG"
    assert isinstance(lines(results)[0]["result"]["data"], str)
    assert run.to_dataframe()["result"][0] == result.result
    temporary = run_batch(client, "thumbnail", image, width=20, height=10)
    assert next(temporary).result == result.result
    assert temporary.to_dataframe()["result"][0] == result.result | {"data": None}


def test_a_dataframe_has_a_row_for_each_image_of_this_and_earlier_runs(
    client: VisionClient, tmp_path: Path
) -> None:
    images: list[Path] = [*drawn(tmp_path, 3), tmp_path / "none.png"]
    results = tmp_path / "out.jsonl"
    list(run_batch(client, "describe", images[:2], results=results))
    table = run_batch(client, "describe", images, results=results).to_dataframe()
    assert sorted(table["image"]) == [str(image) for image in images]
    assert table["caption"].notna().sum() == table["error"].isna().sum() == 3
    assert "No such file" in table.set_index("image")["error"][str(images[-1])]
    alone = run_batch(client, "describe", images)
    next(alone)
    assert len(alone.to_dataframe()) == 4


def test_without_a_file_nothing_stays_behind(
    client: VisionClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (image,) = drawn(tmp_path / "images", 1)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    run = run_batch(client, "analyze", image, **COLOR)
    assert len(list(run)) == 1
    if os.name == "posix":
        assert not list((tmp_path / "tmp").iterdir()), "the file has no name"
    assert len(run.to_dataframe()) == 1
    del run
    gc.collect()
    assert not list((tmp_path / "tmp").iterdir())


def test_the_lock_file_is_removed(client: VisionClient, tmp_path: Path) -> None:
    images, results = drawn(tmp_path / "images", 2), tmp_path / "out" / "out.jsonl"
    run = run_batch(client, "analyze", images, results=results, **COLOR)
    next(run)
    assert len(list(results.parent.iterdir())) == 2
    list(run)
    assert list(results.parent.iterdir()) == [results]


def test_progress_counts_failures_and_can_be_switched_off(
    client: VisionClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = [*drawn(tmp_path, 2), tmp_path / "none.png"]
    list(run_batch(client, "analyze", images, **COLOR))
    printed = capsys.readouterr()
    assert "3/3" in printed.err
    assert "failed=1" in printed.err
    assert printed.out == ""
    list(run_batch(client, "analyze", images, progress=False, **COLOR))
    assert capsys.readouterr().err == ""


def test_progress_is_that_of_the_images_to_send(
    client: VisionClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images, results = drawn(tmp_path, 5), tmp_path / "out.jsonl"
    list(run_batch(client, "analyze", images[:3], results=results, **COLOR))
    capsys.readouterr()
    list(run_batch(client, "analyze", images, results=results, **COLOR))
    assert "2/2" in capsys.readouterr().err


def test_the_repr_has_the_operation_and_the_counts(client: VisionClient, tmp_path: Path) -> None:
    drawn(tmp_path, 2)
    (tmp_path / "broken.png").write_bytes(b"broken")
    run = run_batch(client, "analyze", tmp_path, **COLOR)
    list(run)
    assert repr(run) == "<BatchRun of analyze: 2 done, 1 failed, 0 skipped>"


def test_documents_of_a_folder_are_read_where_the_operation_reads_them(
    service: LocalService, tmp_path: Path
) -> None:
    Image.open(sample_path("democritus.png")).convert("RGB").save(tmp_path / "page.pdf")
    old, new = (VisionClient(service.url, service.key, version=v) for v in ("v1.0", "v3.2"))
    (result,) = run_batch(new, "recognize_text", tmp_path)
    assert result.image.endswith("page.pdf")
    assert result.result, result.error
    with pytest.raises(ImageError, match=r"There is no image at .*, only .*: \.pdf"):
        run_batch(old, "recognize_text", tmp_path)
    with pytest.raises(ImageError, match=r"There is no image at .*, only .*: \.pdf"):
        run_batch(new, "describe", tmp_path)


def test_any_executor_is_used(client: VisionClient, tmp_path: Path) -> None:
    drawn(tmp_path, 20)
    pillow = Image.open(tmp_path / "007.png")
    with ProcessPoolExecutor(2) as processes, ThreadPoolExecutor(2) as threads:
        for executor in (processes, threads):
            found = list(run_batch(client, "analyze", tmp_path, executor=executor, **COLOR))
            assert sorted(number(result.result or {}) for result in found) == list(range(20))
            (found_pillow,) = run_batch(client, "analyze", pillow, executor=executor, **COLOR)
            assert number(found_pillow.result or {}) == 7


@POSIX
def test_an_executor_that_fails_ends_the_run_and_a_new_one_resumes_it(tmp_path: Path) -> None:
    images, results = drawn(tmp_path, 30), tmp_path / "out.jsonl"
    with LocalService(latency=0.1) as service:
        client = VisionClient(service.url, service.key)
        with ProcessPoolExecutor(2) as pool:
            pids = {pool.submit(os.getpid).result() for _ in range(10)}
            run = run_batch(client, "analyze", images, results=results, executor=pool, **COLOR)
            next(run)
            psutil.Process(pids.pop()).kill()
            with pytest.raises(VisionError, match="The executor has failed"):
                list(run)
        assert run.failures == []
        with ProcessPoolExecutor(2) as pool:
            list(run_batch(client, "analyze", images, results=results, executor=pool, **COLOR))
    assert_each_once(results, images)


def test_an_executor_that_was_shut_down_is_an_error(client: VisionClient, tmp_path: Path) -> None:
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    with pytest.raises(VisionError, match="The executor has failed"):
        list(run_batch(client, "analyze", drawn(tmp_path, 2), executor=pool, **COLOR))


@pytest.mark.parametrize(
    ("operation", "options", "error", "message"),
    [
        ("analyse", {}, ValueError, "Invalid operation 'analyse': use analyze, "),
        ("tag", {"features": "Tags"}, TypeError, "Invalid options for tag: .*features"),
        ("analyze", {"features": 3}, TypeError, "Invalid options for analyze"),
        ("analyze", {"language": object()}, TypeError, "not JSON serializable"),
        ("recognize_text", {"on_status": print}, TypeError, "not JSON serializable"),
        ("thumbnail", {"width": 20}, TypeError, "Invalid options for thumbnail: .*height"),
        ("tag", {"executor": "threads"}, TypeError, "Invalid executor 'threads'"),
    ],
)
def test_wrong_arguments_are_errors_before_anything_is_sent(
    client: VisionClient,
    operation: str,
    options: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        run_batch(client, operation, [b""], **options)
    with pytest.raises(TypeError, match="Invalid images 3"):
        run_batch(client, "tag", 3)  # type: ignore[arg-type]
