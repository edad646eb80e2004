from __future__ import annotations

import asyncio
import logging
import tracemalloc
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID

import httpx
import numpy as np
import pytest
import requests
from PIL import Image
from starlette.applications import Starlette
from starlette.types import ASGIApp, Message

from tests.support.blocking_gallery import Slow, Trouble
from tests.support.event_loop import on_a_loop
from tests.support.http_client import BYTES, KEY, png, with_pages
from tests.support.poll import poll_until, poll_until_async
from visionhelpers import sample_path
from visionservice import LocalService, create_app
from visionservice.app import CLIENT_HEADER
from visionservice.engines import colors
from visionservice.engines.base import EngineUnavailable
from visionservice.engines.landmarks import describe
from visionservice.gallery.gallery import Gallery
from visionservice.scheduler import MIN_WEIGHT, Scheduler
from visionservice.settings import ServiceSettings

PHOTO = sample_path("coffee_cup.jpg").read_bytes()
PLACES, COLOR = "/models/landmarks/analyze", "/analyze?visualFeatures=Color"


def post(service: LocalService, path: str, **more: Any) -> requests.Response:
    headers = {KEY: service.key} | more.pop("headers", {})
    return requests.post(f"{service.url}/vision/v1.0/{path}", headers=headers, timeout=60, **more)


# Over HTTP


@pytest.mark.parametrize(
    ("path", "name"),
    [("analyze", "visualfeatures "), ("/ANALYZE", "VISUALFEATURES"), ("//analyze/", "")],
)
def test_the_case_of_paths_and_parameters_does_not_matter(
    service: LocalService, path: str, name: str
) -> None:
    query = {name or "visualFeatures": "cOLOR", "model": "landmarks", "unknown": "x", "details": ""}
    response = post(service, path, params=query, headers=BYTES, data=PHOTO)
    assert set(response.json()) == {"color", "requestId", "metadata"}


def test_the_kinds_of_body_give_the_same_result(service: LocalService) -> None:
    url = f"{service.url}/samples/coffee_cup.jpg"
    pieces = (PHOTO[start : start + 5000] for start in range(0, len(PHOTO), 5000))
    kind = {"Content-Type": "application/json"}
    bodies: list[dict[str, Any]] = [
        {"json": {"url": url}},
        {"data": f"{{'url':'{url}'}}", "headers": kind},
        {"data": PHOTO, "headers": BYTES},
        {"data": pieces, "headers": BYTES},
        {"files": {"image": ("a.jpg", PHOTO)}},
    ]
    results = [post(service, COLOR[1:], **body).json() for body in bodies]
    assert len({result.pop("requestId") for result in results}) == 5
    assert "color" in results[0]
    assert results == [results[0]] * 5


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_a_url_of_a_sample_is_read_from_disk(service: LocalService, host: str) -> None:
    root = service.url.replace("127.0.0.1", host)
    for url, status in (
        (f"{root}//samples/coffee%5Fcup.jpg", 200),
        (f"{root}/samples/../images.py", 400),
        (f"{root.replace('http', 'ftp')}/samples/coffee_cup.jpg", 400),
    ):
        assert post(service, COLOR[1:], json={"url": url}).status_code == status, url


def test_a_thumbnail_is_a_jpeg_of_the_size_asked_for(service: LocalService) -> None:
    for width, height, smart in ((50, 50, "true"), (1, 1024, "false"), (1024, 1, "True")):
        query = {"width": width, "height": height, "smartCropping": smart}
        response = post(service, "generateThumbnail", params=query, headers=BYTES, data=PHOTO)
        assert response.headers["content-type"] == "image/jpeg"
        assert UUID(response.headers["apim-request-id"])
        image = Image.open(BytesIO(response.content))
        assert (image.format, image.size) == ("JPEG", (width, height))


def test_recognize_text_is_a_long_running_operation(service: LocalService) -> None:
    root = service.url.replace("127.0.0.1", "localhost")  # the host of the request
    page = {"url": f"{service.url}/samples/handwriting.jpg"}
    host = {"Host": root.removeprefix("http://")}
    accepted = post(service, "RecognizeText?handwriting=true", json=page, headers=host)
    assert (accepted.status_code, accepted.content) == (202, b"")
    assert accepted.headers["Content-Length"] == "0"
    location = accepted.headers["Operation-Location"]
    assert location.startswith(f"{root}/vision/v1.0/textOperations/")
    assert len(location.rpartition("/")[2]) == 36

    def finished(url: str) -> dict[str, Any]:
        body: dict[str, Any] = requests.get(url, headers={KEY: service.key}, timeout=10).json()
        assert body["status"] != "Running" or set(body) == {"status"}
        return body if body["status"] != "Running" else {}

    done = poll_until(lambda: finished(location))
    assert done["status"] == "Succeeded"
    assert done["recognitionResult"]["lines"]
    assert finished(location.upper().replace("HTTP", "http")) == done


# Without a socket


def connect_to(app: ASGIApp, host: str = "127.0.0.1", port: int = 50_000) -> httpx.AsyncClient:
    """A client of an application without a socket; bugs of the application become responses."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=(host, port))
    headers = {KEY: "secret-key"} | BYTES
    root = "http://localhost/vision/v1.0"
    return httpx.AsyncClient(transport=transport, headers=headers, base_url=root)


def application(gallery: Gallery, scheduler: Scheduler | None = None, **settings: Any) -> Starlette:
    app = create_app(ServiceSettings(key="secret-key", **settings))
    app.state.service.gallery = gallery
    app.state.service.images = scheduler or app.state.service.images
    return app


def client(gallery: Gallery, scheduler: Scheduler | None = None) -> httpx.AsyncClient:
    return connect_to(application(gallery, scheduler))


def busy_scheduler(go: Event, max_waiting_pixels: int, jobs: int = 3) -> Scheduler:
    """Return a scheduler of one worker with jobs, the first of which waits for an event."""
    scheduler = Scheduler(1)
    scheduler.max_waiting_pixels = max_waiting_pixels
    for number in range(jobs):
        scheduler.submit(number, 1, lambda: go.wait(20))
    return scheduler


def image_file(kind: str, side: int, size: int = 0) -> bytes:
    """Return a black image, filled up to a size in bytes."""
    file = BytesIO()
    Image.new("RGB", (side, side)).save(file, kind)
    return file.getvalue().ljust(size, b"\0")


@on_a_loop
async def test_a_bug_is_logged_and_not_returned(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with client(Trouble(tmp_path, RuntimeError("an inner secret"))) as talking:
        with caplog.at_level(logging.ERROR, "visionhelpers"):
            url = f"{PLACES}?subscription-key=secret-key"
            response = await talking.post(url, content=PHOTO)
    assert (response.status_code, response.json()["code"]) == (500, "InternalServerError")
    assert "inner secret" not in response.text
    assert "an inner secret" in caplog.text
    assert response.json()["requestId"] in caplog.text
    assert "secret-key" not in caplog.text


@pytest.mark.parametrize(
    "trouble",
    [
        EngineUnavailable("Landmarks need opencv: pip install it."),
        ImportError("no", name="opencv"),
        ImportError("opencv needs another numpy"),
    ],
)
@on_a_loop
async def test_a_missing_package_affects_only_the_results_that_need_it(
    tmp_path: Path, trouble: Exception
) -> None:
    async with client(Trouble(tmp_path, trouble)) as talking:
        refused = await talking.post(PLACES, content=PHOTO)
        works = await talking.post(COLOR, content=PHOTO)
    assert (refused.status_code, refused.json()["code"]) == (501, "FailedToProcess")
    assert "opencv" in refused.json()["message"]
    assert works.status_code == 200


@on_a_loop
async def test_a_full_queue_returns_429_until_there_is_room(tmp_path: Path) -> None:
    gallery, scheduler = Slow(tmp_path), busy_scheduler(Event(), 4_000_000, jobs=0)
    async with client(gallery, scheduler) as talking, asyncio.TaskGroup() as group:

        def post() -> asyncio.Task[httpx.Response]:
            return group.create_task(talking.post(PLACES, content=PHOTO))

        waiting = [post()]
        await poll_until_async(gallery.begun.is_set)
        waiting += [post(), post()]
        await poll_until_async(lambda: scheduler.waiting() >= 2_000_000)
        refused = await post()
        gallery.go.set()
        assert [(await task).status_code for task in waiting] == [200] * 3
        assert (await post()).status_code == 200
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "429")
    assert int(refused.headers["Retry-After"]) >= 1


@pytest.mark.parametrize(
    ("host", "port", "ids", "allow_hosts"),
    [
        pytest.param("127.0.0.1", 50_001, ["greedy"] * 6, (), id="ids on one local connection"),
        pytest.param("203.0.113.7", 1, "abcdef", (), id="a remote client has no more turns"),
        pytest.param("::1", 1, "abcdef", ("a.example",), id="nor one behind a proxy"),
    ],
)
@on_a_loop
async def test_a_client_with_many_images_does_not_delay_one_with_one_image(
    tmp_path: Path, host: str, port: int, ids: list[str], allow_hosts: tuple[str, ...]
) -> None:
    gallery, scheduler = Slow(tmp_path), Scheduler(1)
    app = application(gallery, scheduler, allow_hosts=allow_hosts)
    async with (
        connect_to(app, host, port) as greedy,
        connect_to(app, "127.0.0.1", 50_001) as modest,
        asyncio.TaskGroup() as group,
    ):

        def post(sender: httpx.AsyncClient, width: int, name: str) -> asyncio.Task[httpx.Response]:
            who = {CLIENT_HEADER: name}
            return group.create_task(sender.post(PLACES, content=png(width), headers=who))

        sent = [post(modest, 60, "busy")]
        await poll_until_async(gallery.begun.is_set)
        sent += [post(greedy, 70, name) for name in ids]
        await poll_until_async(lambda: scheduler.waiting() >= 6 * MIN_WEIGHT)
        sent.append(post(modest, 80, "modest"))
        await poll_until_async(lambda: scheduler.waiting() >= 7 * MIN_WEIGHT)
        gallery.go.set()
    assert [task.result().status_code for task in sent] == [200] * 8
    assert gallery.seen == [60, 70, 80] + [70] * 5


@on_a_loop
async def test_two_requests_with_the_same_image_leave_a_worker_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go, analyze, scheduler = Event(), Event(), colors.analyze, Scheduler(2)

    def slow(image: np.ndarray) -> Any:
        if image.shape[1] == 60:
            begun.set()
            go.wait(10)
        return analyze(image)

    monkeypatch.setattr(colors, "analyze", slow)
    async with client(Gallery(tmp_path), scheduler) as talking:
        same = png(60)
        two = [asyncio.create_task(talking.post(COLOR, content=same)) for _ in range(2)]
        await poll_until_async(lambda: begun.is_set() and scheduler.waiting())
        assert (await talking.post(COLOR, content=png(80))).status_code == 200
        go.set()
        assert [response.status_code for response in await asyncio.gather(*two)] == [200] * 2


@on_a_loop
async def test_a_full_queue_rejects_an_image_without_keeping_its_body(tmp_path: Path) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield image_file("BMP", 60, 1_000_000)
        for _ in range(17):
            yield bytes(1_000_000)

    go = Event()
    async with client(Gallery(tmp_path), busy_scheduler(go, 2_000_000)) as talking:
        tracemalloc.start()
        try:
            url = "http://localhost/computervision/imageanalysis:analyze"
            query = {"features": "tags", "api-version": "2023-10-01"}
            length = {"Content-Length": "18000000"}
            response = await talking.post(url, params=query, content=body(), headers=length)
            assert tracemalloc.get_traced_memory()[1] < 5_000_000
        finally:
            tracemalloc.stop()
            go.set()
    assert response.status_code == 429


@pytest.mark.parametrize(
    ("full", "data", "status"),
    [
        pytest.param("reading", PHOTO, 202, id="an image with the queue of documents full"),
        pytest.param("reading", with_pages(1), 429, id="a document with its queue full"),
        pytest.param("images", PHOTO, 429, id="an image with its queue full"),
        pytest.param("images", with_pages(1), 202, id="a document with the queue of images full"),
        pytest.param("images", b"neither", 400, id="an unknown file, which is read"),
        pytest.param("images reading", b"neither", 429, id="any file, which is not read"),
    ],
)
@on_a_loop
async def test_documents_and_images_to_read_have_their_own_queues(
    tmp_path: Path, full: str, data: bytes, status: int
) -> None:
    app, go = application(Gallery(tmp_path)), Event()
    for name in ("images", "reading"):
        most, jobs = (2_000_000, 3) if name in full.split() else (32_000_000, 1)
        setattr(app.state.service, name, busy_scheduler(go, most, jobs))
    async with connect_to(app) as talking:
        response = await talking.post("http://localhost/vision/v3.2/read/analyze", content=data)
    go.set()
    for name in ("images", "reading"):
        await getattr(app.state.service, name).drain()
    assert response.status_code == status


@on_a_loop
async def test_small_images_in_large_files_fill_the_queue(tmp_path: Path) -> None:
    go, large = Event(), image_file("BMP", 60, 3_000_000)
    scheduler = busy_scheduler(go, 12_000_000, jobs=1)
    async with client(Gallery(tmp_path), scheduler) as talking:
        responses = [await talking.post("/recognizeText", content=large) for _ in range(3)]
    go.set()
    await scheduler.drain()
    assert [response.status_code for response in responses] == [202, 202, 429]


@on_a_loop
async def test_an_image_in_the_queue_keeps_no_pixels(tmp_path: Path) -> None:
    go, large = Event(), image_file("PNG", 3000)
    scheduler = busy_scheduler(go, 100_000_000, jobs=1)
    async with client(Gallery(tmp_path), scheduler) as talking:
        tracemalloc.start()
        try:
            for _ in range(3):
                response = await talking.post("/recognizeText", content=large)
                assert response.status_code == 202
            assert tracemalloc.get_traced_memory()[0] < 20_000_000
        finally:
            tracemalloc.stop()
            go.set()
    await scheduler.drain()


async def disconnect(app: ASGIApp, path: str, queued: Callable[[], bool]) -> None:
    """Send an image, and disconnect when it is in the queue."""

    async def messages() -> AsyncIterator[Message]:
        yield {"type": "http.request", "body": PHOTO, "more_body": False}
        await poll_until_async(queued)
        yield {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        """Ignore the response."""

    headers = {"Host": "localhost", KEY: "secret-key"} | BYTES
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": raw}
    await asyncio.wait_for(app(scope, messages().__anext__, send), 10)


@on_a_loop
async def test_an_image_is_not_analyzed_after_its_client_has_disconnected(tmp_path: Path) -> None:
    gallery, scheduler = Slow(tmp_path), Scheduler(1)
    app, seen = application(gallery, scheduler), describe(np.zeros((9, 9, 3), np.uint8))
    working = scheduler.submit("another", 1, lambda: gallery.identify_landmarks(seen))
    await disconnect(app, f"/vision/v1.0{PLACES}", lambda: scheduler.waiting() > 0)
    gallery.go.set()
    await working
    await scheduler.submit("another", 1, lambda: None)
    assert scheduler.waiting() == 0
    assert len(gallery.seen) == 1
