from __future__ import annotations

import gc
import json
import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image

from tests.support.clock import FakeClock
from tests.support.images import drawn, number
from tests.support.poll import poll_until
from tests.support.scripted_server import HANG, TAGS, ScriptedServer, scripted_server
from visionhelpers import ImageError, VisionClient, VisionError, run_batch, sample_path
from visionhelpers.batch.run import BatchRun
from visionservice import LocalService


def colors(client: VisionClient, images: Any, results: Path | None = None, **more: Any) -> BatchRun:
    """Run the fastest analysis."""
    return run_batch(client, "analyze", images, results=results, features=["Color"], **more)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def assert_each_once(path: Path, images: list[Path]) -> None:
    """Each image has one line in the file, with its own result."""
    found = lines(path)
    assert sorted(each["image"] for each in found) == [str(image) for image in images]
    for each in found:
        assert number(each["result"]) == int(Path(each["image"]).stem)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as server:
        yield server


def test_every_image_of_a_folder_gets_its_own_result(
    client: VisionClient, tmp_path: Path, results: Path
) -> None:
    images = drawn(tmp_path, 40)
    assert [result.error for result in colors(client, tmp_path, results)] == [""] * 40
    assert_each_once(results, images)


def test_failures_have_a_reason_and_can_be_run_again_alone(
    client: VisionClient, tmp_path: Path, results: Path
) -> None:
    images: list[Any] = [*drawn(tmp_path, 2), tmp_path / "late.png", None, tmp_path / "tiny.png"]
    Image.new("RGB", (20, 20)).save(tmp_path / "tiny.png")
    run = colors(client, images, results)
    assert len(list(run)) == 5
    assert repr(run) == "<BatchRun of analyze: 2 done, 3 failed, 0 skipped>"
    failures = {Path(failure.image).stem: failure for failure in run.failures}
    assert set(failures) == {"late", "None", "tiny"}
    assert "No such file" in failures["late"].error
    assert "Invalid image None" in failures["None"].error
    assert (failures["tiny"].status, failures["tiny"].code) == (400, "InvalidImageSize")
    images[0].rename(tmp_path / "late.png")
    again = colors(client, [failure.image for failure in run.failures], results)
    assert {Path(result.image).stem for result in again if result.error} == {"None", "tiny"}
    assert again.counts == {"done": 1, "failed": 2, "skipped": 0}
    assert len(lines(results)) == 5


def test_an_image_is_sent_once_even_if_it_is_listed_twice_or_its_file_has_disappeared(
    server: ScriptedServer, tmp_path: Path, results: Path
) -> None:
    images = drawn(tmp_path / "drive", 3)
    run = colors(server.client(TAGS), images * 5, results)
    assert len(list(run)) == len(server.requests) == 3
    assert run.counts == {"done": 3, "failed": 0, "skipped": 12}
    written = results.read_bytes()
    (tmp_path / "drive").rename(tmp_path / "unplugged")
    again = colors(server.client(TAGS), images, results)
    assert list(again) == []
    assert again.counts["skipped"] == len(server.requests) == 3
    assert results.read_bytes() == written


def test_a_changed_file_is_sent_again_and_has_one_line(
    client: VisionClient, tmp_path: Path, results: Path
) -> None:
    images = drawn(tmp_path, 4)
    list(colors(client, images, results))
    Image.new("RGB", (99, 77)).save(images[1])
    (again,) = colors(client, images, results)
    *others, line = lines(results)
    assert again.image == line["image"] == str(images[1])
    assert line["result"]["metadata"]["width"] == 99
    assert len(others) == 3


@pytest.mark.parametrize(
    ("operation", "options", "other", "sent"),
    [
        ("analyze", {"features": "Faces,Color"}, {"features": {"Color", "Faces"}}, 0),
        ("analyze", {"features": ["Faces", "Color"]}, {"features": "Color, Faces"}, 0),
        ("analyze", {"features": iter(["Color", "Faces"])}, {"features": "Color,Faces"}, 0),
        ("describe", {}, {"language": "en"}, 0),
        ("recognize_text", {}, {"timeout": 9}, 0),
        ("describe", {}, {"max_candidates": 2}, 1),
        ("analyze", {"features": "Color"}, {"features": "ImageType"}, 1),
    ],
)
def test_options_that_decide_the_result_are_another_request(
    client: VisionClient,
    image: str,
    results: Path,
    operation: str,
    options: dict[str, Any],
    other: dict[str, Any],
    sent: int,
) -> None:
    for each, expected in ((options, 1), (other, sent)):
        run = run_batch(client, operation, image, results=results, **each)
        assert len(list(run)) == expected
        assert len(run.to_dataframe()) == 1
    line, *others = lines(results)
    assert (line["operation"], line["service"], len(others)) == (operation, client.service, sent)


def test_an_endless_iterable_is_read_as_it_is_needed(client: VisionClient, image: str) -> None:
    data, read = Path(image).read_bytes(), []

    def endless() -> Iterator[bytes]:
        for each in count():
            read.append(each)
            yield data + each.to_bytes(4, "big")  # bytes after a PNG are ignored

    run = colors(client, endless())
    for _ in range(5):
        assert next(run).result
    assert len(read) <= 20


def test_images_that_wait_when_a_run_is_closed_are_not_sent(server: ScriptedServer) -> None:
    server.delay = 0.2
    images = [f"https://example.org/{number}.jpg" for number in range(10)]
    with ThreadPoolExecutor(1) as executor:
        run = colors(server.client(TAGS), images, executor=executor)
        assert next(run).result == {"tags": []}
        run.close()
    assert len(server.requests) < 5


@pytest.mark.parametrize("way", ["close", "with", "garbage"])
def test_a_loop_that_is_left_releases_the_file(
    server: ScriptedServer, tmp_path: Path, results: Path, way: str
) -> None:
    images = drawn(tmp_path, 12)
    client = server.client(TAGS, HANG)  # only one image gets a response
    run = colors(client, images, results)
    next(run)
    with pytest.raises(VisionError, match=r"Another run is writing to .*out\.jsonl"):
        next(colors(client, images, results))
    if way == "with":
        with run:
            pass
    if way == "close":
        run.close()
    del run  # another thread may be writing a result, and is the last to refer to it
    poll_until(lambda: not list(tmp_path.glob(".*.lock")))
    server.steps = [TAGS]
    assert len(list(colors(client, images, results))) == 11
    assert sorted(each["image"] for each in lines(results)) == [str(image) for image in images]


def test_a_loop_that_is_left_can_be_continued_until_the_run_has_ended(
    client: VisionClient, tmp_path: Path, results: Path
) -> None:
    run = colors(client, drawn(tmp_path, 6), results)
    for _ in run:
        break
    poll_until(lambda: len(lines(results)) >= 4)  # before they are read
    assert len(list(run)) == 5
    with pytest.raises(ValueError, match="The run has ended: call run_batch again"):
        list(run)
    assert len(run.to_dataframe()) == 6
    unused = colors(client, tmp_path)
    unused.close()
    with pytest.raises(ValueError, match="has ended"):
        iter(unused)
    assert len(unused.to_dataframe()) == 0


@pytest.mark.parametrize("rate", [None, "20/minute"])
def test_a_rate_limit_fails_no_image(
    rate_clock: FakeClock, tmp_path: Path, results: Path, rate: str | None | None | None
) -> None:
    images = drawn(tmp_path, 45)
    with LocalService(rate="20/minute") as service:
        client = VisionClient(service.url, service.key, rate=rate)
        assert not [result.error for result in colors(client, images, results) if result.error]
    assert_each_once(results, images)
    assert rate_clock.monotonic() >= 60


def test_thumbnails_are_bytes_and_base64_in_the_file(
    client: VisionClient, image: str, results: Path
) -> None:
    size = {"width": 20, "height": 10}
    run = run_batch(client, "thumbnail", image, results=results, **size)
    result = next(run)
    data = result.result["data"]
    assert result.result == {**size, "format": "JPEG", "data": data}
    assert (Image.open(BytesIO(data)).size, Image.open(BytesIO(data)).format) == ((20, 10), "JPEG")
    assert isinstance(lines(results)[0]["result"]["data"], str)
    assert run.to_dataframe()["result"][0] == result.result
    temporary = run_batch(client, "thumbnail", image, **size)
    assert next(temporary).result == result.result
    assert temporary.to_dataframe()["result"][0] == result.result | {"data": None}


def test_a_dataframe_has_a_row_for_each_image_of_this_and_earlier_runs_below_home(
    client: VisionClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    images: list[Path] = [*drawn(tmp_path, 3), tmp_path / "none.png"]
    list(run_batch(client, "describe", images[:2], results="~/out.jsonl"))
    run = run_batch(client, "describe", images, results="~/out.jsonl")
    next(run)
    table = run.to_dataframe()
    assert sorted(table["image"]) == [str(image) for image in images]
    assert table["caption"].notna().sum() == table["error"].isna().sum() == 3
    assert "No such file" in table.set_index("image")["error"][str(images[-1])]


def test_without_a_file_nothing_stays_behind(
    client: VisionClient, image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    run = colors(client, image)
    assert len(list(run)) == 1
    if os.name == "posix":
        assert not list((tmp_path / "tmp").iterdir()), "the file has no name"
    assert len(run.to_dataframe()) == 1
    del run
    gc.collect()
    assert not list((tmp_path / "tmp").iterdir())


def test_progress_is_that_of_the_images_to_send_and_can_be_switched_off(
    client: VisionClient, tmp_path: Path, results: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = [*drawn(tmp_path, 4), tmp_path / "none.png"]
    list(colors(client, images[:2], results, progress=False))
    assert capsys.readouterr() == ("", "")
    list(colors(client, images, results))
    printed = capsys.readouterr()
    assert "3/3" in printed.err
    assert "failed=1" in printed.err
    assert printed.out == ""


def test_documents_of_a_folder_are_images_where_the_operation_reads_them(
    service: LocalService, client: VisionClient, tmp_path: Path
) -> None:
    Image.open(sample_path("democritus.png")).convert("RGB").save(tmp_path / "page.pdf")
    latest = VisionClient(service.url, service.key, version="v3.2")
    (result,) = run_batch(latest, "recognize_text", tmp_path)
    assert result.result, result.error
    with pytest.raises(ImageError, match=r"There is no image at .*, only .*: \.pdf"):
        run_batch(client, "recognize_text", tmp_path)


@pytest.mark.parametrize("kind", [ProcessPoolExecutor, ThreadPoolExecutor])
def test_any_executor_is_used(client: VisionClient, tmp_path: Path, kind: Any) -> None:
    *paths, last = drawn(tmp_path, 20)
    with kind(2) as executor, last.open("rb") as file:
        images = [*paths, file, Image.new("RGB", (70, 50))]
        found = colors(client, images, executor=executor)
        assert sorted(number(result.result or {}) for result in found) == list(range(21))


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_an_executor_that_fails_ends_the_run_and_a_new_one_resumes_it(
    tmp_path: Path, results: Path
) -> None:
    images = drawn(tmp_path, 30)
    with LocalService(latency=0.1) as service:
        client = VisionClient(service.url, service.key)
        with ProcessPoolExecutor(2) as pool:
            pids = {pool.submit(os.getpid).result() for _ in range(10)}
            run = colors(client, images, results, executor=pool)
            next(run)
            psutil.Process(pids.pop()).kill()
            with pytest.raises(VisionError, match="The executor has failed"):
                list(run)
        assert run.failures == []
        with pytest.raises(VisionError, match="The executor has failed"):
            list(colors(client, images, results, executor=pool))  # it was shut down
        with ProcessPoolExecutor(2) as pool:
            list(colors(client, images, results, executor=pool))
    assert_each_once(results, images)


@pytest.mark.parametrize(
    ("operation", "options", "error", "message"),
    [
        ("analyse", {}, ValueError, "Invalid operation 'analyse': use analyze, "),
        ("tag", {"features": "Tags"}, TypeError, "Invalid options for tag: .*features"),
        ("analyze", {"features": 3}, TypeError, "Invalid options for analyze"),
        ("recognize_text", {"on_status": print}, TypeError, "not JSON serializable"),
        ("thumbnail", {"width": 20}, TypeError, "Invalid options for thumbnail: .*height"),
        ("tag", {"executor": "threads"}, TypeError, "Invalid executor 'threads'"),
        ("tag", {"images": 3}, TypeError, "Invalid images 3"),
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
        run_batch(client, operation, **{"images": [b""], **options})
