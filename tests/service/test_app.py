from __future__ import annotations

import asyncio
import logging
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
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
from tests.support.http_client import png, with_pages
from tests.support.poll import poll_until, poll_until_async
from visionhelpers.images import sample_path
from visionservice import LocalService, create_app
from visionservice.app import CLIENT_HEADER
from visionservice.engines import colors
from visionservice.engines.base import EngineUnavailable
from visionservice.engines.landmarks import describe
from visionservice.gallery.gallery import Gallery
from visionservice.scheduler import MIN_WEIGHT, Scheduler
from visionservice.settings import ServiceSettings

KEY = "Ocp-Apim-Subscription-Key"
PHOTO = sample_path("coffee_cup.jpg").read_bytes()
BYTES = {"Content-Type": "application/octet-stream"}


def ask(
    service: LocalService, method: str, path: str, *, prefix: str = "/vision/v1.0/", **more: Any
) -> requests.Response:
    headers = {KEY: service.key} | more.pop("headers", {})
    return requests.request(
        method, service.url + prefix + path, headers=headers, timeout=60, **more
    )


def finished(service: LocalService, address: str) -> dict[str, Any]:
    """Poll an operation until it has ended; until then it has no text."""

    def ended() -> dict[str, Any]:
        response = requests.get(address, headers={KEY: service.key}, timeout=10)
        assert response.status_code == 200
        body: dict[str, Any] = response.json()
        assert body["status"] != "Running" or set(body) == {"status"}
        return body if body["status"] != "Running" else {}

    return poll_until(ended)


def test_models_returns_the_domain_models(service: LocalService) -> None:
    models = ask(service, "GET", "models").json()["models"]
    assert [model["name"] for model in models] == ["celebrities", "landmarks"]
    assert "people_" in models[0]["categories"]
    assert "building_" in models[1]["categories"]


@pytest.mark.parametrize("path", ["analyze", "Analyze", "/ANALYZE", "//analyze/"])
@pytest.mark.parametrize("name", ["visualFeatures", "VISUALFEATURES", "visualfeatures "])
def test_the_case_of_paths_and_parameters_does_not_matter(
    service: LocalService, path: str, name: str
) -> None:
    query = {name: "cOLOR", "model": "landmarks", "unknown": "x", "details": ""}
    response = ask(service, "POST", path, params=query, headers=BYTES, data=PHOTO)
    assert set(response.json()) == {"color", "requestId", "metadata"}


def test_the_three_kinds_of_body_give_the_same_result(service: LocalService) -> None:
    query = {"params": {"visualFeatures": "Color"}}
    url = f"{service.url}/samples/coffee_cup.jpg"
    pieces = (PHOTO[start : start + 5000] for start in range(0, len(PHOTO), 5000))
    responses = [
        ask(service, "POST", "analyze", json={"url": url}, **query),
        ask(
            service,
            "POST",
            "analyze",
            data=f"{{'url':'{url}'}}",
            headers={"Content-Type": "application/json"},
            **query,
        ),
        ask(service, "POST", "analyze", data=PHOTO, headers=BYTES, **query),
        ask(service, "POST", "analyze", data=pieces, headers=BYTES, **query),
        ask(service, "POST", "analyze", files={"image": ("a.jpg", PHOTO)}, **query),
    ]
    assert [response.status_code for response in responses] == [200] * 5
    first, *others = ({**response.json(), "requestId": ""} for response in responses)
    assert all(other == first for other in others)
    assert len({response.json()["requestId"] for response in responses}) == 5


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_a_url_of_a_sample_is_read_from_disk(service: LocalService, host: str) -> None:
    url = service.url.replace("127.0.0.1", host)
    for path, status in (("//samples/coffee%5Fcup.jpg", 200), ("/samples/../images.py", 400)):
        response = ask(service, "POST", "analyze?visualFeatures=Color", json={"url": url + path})
        assert response.status_code == status, response.text


def test_a_sample_has_no_ftp_url(service: LocalService) -> None:
    url = service.url.replace("http:", "ftp:") + "/samples/coffee_cup.jpg"
    response = ask(service, "POST", "tag", json={"url": url})
    assert (response.status_code, response.json()["code"]) == (400, "InvalidImageUrl")
    assert "http" in response.headers["X-Error-Hint"]


def test_a_thumbnail_is_a_jpeg_of_the_size_asked_for(service: LocalService) -> None:
    for width, height, smart in ((50, 50, "true"), (1, 1024, "false"), (1024, 1, "True")):
        query = {"width": width, "height": height, "smartCropping": smart}
        response = ask(
            service, "POST", "generateThumbnail", params=query, headers=BYTES, data=PHOTO
        )
        assert response.headers["content-type"] == "image/jpeg"
        assert UUID(response.headers["apim-request-id"])
        image = Image.open(BytesIO(response.content))
        assert (image.format, image.size) == ("JPEG", (width, height))


@pytest.mark.parametrize("name", ["handwriting", "detectHandwriting"])
def test_recognize_text_is_a_long_running_operation(service: LocalService, name: str) -> None:
    page = {"url": f"{service.url}/samples/handwriting.jpg"}
    response = ask(service, "POST", "RecognizeText", json=page, params={name: True})
    assert (response.status_code, response.content) == (202, b"")
    assert response.headers["Content-Length"] == "0"
    address = response.headers["Operation-Location"]
    assert address.startswith(f"{service.url}/vision/v1.0/textOperations/")
    assert len(address.rpartition("/")[2]) == 36
    done = finished(service, address)
    assert done["status"] == "Succeeded"
    assert done["recognitionResult"]["lines"]
    assert finished(service, address.upper().replace("HTTP", "http")) == done


def test_the_operation_location_has_the_host_of_the_request(service: LocalService) -> None:
    port = service.url.rpartition(":")[2]
    response = ask(
        service,
        "POST",
        "recognizeText",
        headers={**BYTES, "Host": f"localhost:{port}"},
        data=sample_path("handwritten_note.jpg").read_bytes(),
    )
    address = response.headers["Operation-Location"]
    assert address.startswith(f"http://localhost:{port}/vision/v1.0/textOperations/")
    assert finished(service, address)["status"] == "Succeeded"


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


def small_scheduler(max_waiting_pixels: int) -> Scheduler:
    scheduler = Scheduler(1)
    scheduler.max_waiting_pixels = max_waiting_pixels
    return scheduler


@asynccontextmanager
async def client(
    gallery: Gallery, scheduler: Scheduler | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    async with connect_to(application(gallery, scheduler)) as it:
        yield it


def test_a_bug_is_logged_and_not_returned(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def send() -> httpx.Response:
        async with client(Trouble(tmp_path, RuntimeError("an inner secret"))) as talking:
            path = "/models/landmarks/analyze?subscription-key=secret-key"
            return await talking.post(path, content=PHOTO)

    with caplog.at_level(logging.ERROR, "visionhelpers"):
        response = asyncio.run(send())
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
def test_a_missing_package_affects_only_the_results_that_need_it(
    tmp_path: Path, trouble: Exception
) -> None:
    async def send() -> tuple[httpx.Response, httpx.Response]:
        async with client(Trouble(tmp_path, trouble)) as talking:
            refused = await talking.post("/models/landmarks/analyze", content=PHOTO)
            return refused, await talking.post("/analyze?visualFeatures=Color", content=PHOTO)

    refused, works = asyncio.run(send())
    assert (refused.status_code, refused.json()["code"]) == (501, "FailedToProcess")
    assert "opencv" in refused.json()["message"]
    assert works.status_code == 200


def test_a_full_queue_returns_429_until_there_is_room(tmp_path: Path) -> None:
    gallery, scheduler = Slow(tmp_path), small_scheduler(4_000_000)

    async def crowded() -> tuple[httpx.Response, list[httpx.Response], httpx.Response]:
        async with client(gallery, scheduler) as talking, asyncio.TaskGroup() as group:

            def post() -> asyncio.Task[httpx.Response]:
                sending = talking.post("/models/landmarks/analyze", content=PHOTO)
                return group.create_task(sending)

            waiting = [post()]
            await poll_until_async(gallery.begun.is_set)
            waiting += [post(), post()]
            await poll_until_async(lambda: scheduler.waiting() >= 2_000_000)
            refused = await post()
            gallery.go.set()
            return refused, [await task for task in waiting], await post()

    refused, waited, later = asyncio.run(asyncio.wait_for(crowded(), 30))
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "429")
    assert int(refused.headers["Retry-After"]) >= 1
    assert [response.status_code for response in waited] == [200] * 3
    assert later.status_code == 200


def test_a_client_with_many_images_does_not_delay_one_with_one_image(tmp_path: Path) -> None:
    gallery, scheduler = Slow(tmp_path), Scheduler(1)

    async def crowded() -> list[int]:
        async with client(gallery, scheduler) as talking, asyncio.TaskGroup() as group:

            def post(width: int, name: str) -> asyncio.Task[httpx.Response]:
                image, who = png(width), {CLIENT_HEADER: name}
                sending = talking.post("/models/landmarks/analyze", content=image, headers=who)
                return group.create_task(sending)

            async def queued(count: int) -> None:
                await poll_until_async(lambda: scheduler.waiting() >= count * MIN_WEIGHT)

            responses = [post(60, "busy")]
            await poll_until_async(gallery.begun.is_set)
            responses += [post(70, "greedy") for _ in range(12)]
            await queued(12)
            responses += [post(80, "modest")]
            await queued(13)
            gallery.go.set()
            return [(await response).status_code for response in responses]

    assert asyncio.run(asyncio.wait_for(crowded(), 30)) == [200] * 14
    assert gallery.seen == [60, 70, 80] + [70] * 11


@pytest.mark.parametrize(("host", "allow_hosts"), [("203.0.113.7", ()), ("::1", ("a.example",))])
def test_a_client_that_may_be_remote_has_no_more_turns_with_more_ids(
    tmp_path: Path, host: str, allow_hosts: tuple[str, ...]
) -> None:
    gallery, scheduler = Slow(tmp_path), Scheduler(1)
    path = "/models/landmarks/analyze"

    async def send() -> None:
        app = application(gallery, scheduler, allow_hosts=allow_hosts)  # as behind a proxy
        async with connect_to(app, host) as greedy, connect_to(app, "127.0.0.1", 50_001) as one:
            sent = [asyncio.create_task(one.post(path, content=png(60)))]
            await asyncio.to_thread(gallery.begun.wait, 10)
            for number in range(6):
                headers = {CLIENT_HEADER: f"id {number}"}
                sent.append(
                    asyncio.create_task(greedy.post(path, content=png(70), headers=headers))
                )
            await poll_until_async(lambda: scheduler.waiting() >= 6 * MIN_WEIGHT)
            sent.append(asyncio.create_task(one.post(path, content=png(80))))
            await poll_until_async(lambda: scheduler.waiting() >= 7 * MIN_WEIGHT)
            gallery.go.set()
            assert [response.status_code for response in await asyncio.gather(*sent)] == [200] * 8

    asyncio.run(asyncio.wait_for(send(), 30))
    assert gallery.seen == [60, 70, 80] + [70] * 5


def test_two_requests_with_the_same_image_leave_a_worker_for_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go, analyze = Event(), Event(), colors.analyze

    def slow(image: np.ndarray) -> Any:
        if image.shape[1] == 60:
            begun.set()
            go.wait(10)
        return analyze(image)

    monkeypatch.setattr(colors, "analyze", slow)

    async def send() -> None:
        scheduler = Scheduler(2)
        async with client(Gallery(tmp_path), scheduler) as talking:
            path, same = "/analyze?visualFeatures=Color", png(60)
            two = [asyncio.create_task(talking.post(path, content=same)) for _ in range(2)]
            await poll_until_async(lambda: begun.is_set() and scheduler.waiting())
            async with asyncio.timeout(60):
                assert (await talking.post(path, content=png(80))).status_code == 200
            go.set()
            assert [response.status_code for response in await asyncio.gather(*two)] == [200] * 2

    asyncio.run(asyncio.wait_for(send(), 30))


def test_a_full_queue_rejects_an_image_without_keeping_its_body(tmp_path: Path) -> None:
    file = BytesIO()
    Image.new("RGB", (60, 60)).save(file, "BMP")

    async def body() -> AsyncIterator[bytes]:
        yield file.getvalue().ljust(1_000_000, b"\0")
        for _ in range(17):
            yield bytes(1_000_000)

    async def send() -> tuple[int, int]:
        scheduler, go = small_scheduler(2_000_000), Event()
        for number in range(3):
            scheduler.submit(number, 1, lambda: go.wait(20))
        async with client(Gallery(tmp_path), scheduler) as talking:
            tracemalloc.start()
            url = "http://localhost/computervision/imageanalysis:analyze"
            headers = {"Content-Length": "18000000"}
            query = {"features": "tags", "api-version": "2023-10-01"}
            response = await talking.post(url, params=query, content=body(), headers=headers)
            go.set()
            return response.status_code, tracemalloc.get_traced_memory()[1]

    try:
        status, peak = asyncio.run(asyncio.wait_for(send(), 20))
    finally:
        tracemalloc.stop()
    assert (status, peak < 5_000_000) == (429, True), peak


@pytest.mark.parametrize(
    ("full", "data", "status"),
    [
        ("reading", PHOTO, 202),
        ("reading", with_pages(1), 429),
        ("images", PHOTO, 429),
        ("images", with_pages(1), 202),
    ],
)
def test_documents_and_images_to_read_have_their_own_queues(
    tmp_path: Path, full: str, data: bytes, status: int
) -> None:
    async def send() -> int:
        app, go = application(Gallery(tmp_path)), Event()
        queues = {"images": Scheduler(1), "reading": Scheduler(1)}
        vars(app.state.service).update(queues)
        queues[full].max_waiting_pixels = 2_000_000
        for queue in queues.values():
            for number in range(3 if queue is queues[full] else 1):
                queue.submit(number, 1, lambda: go.wait(20))
        async with connect_to(app) as talking:
            response = await talking.post("http://localhost/vision/v3.2/read/analyze", content=data)
        go.set()
        await asyncio.gather(*(queue.drain() for queue in queues.values()))
        return response.status_code

    assert asyncio.run(asyncio.wait_for(send(), 20)) == status


@pytest.mark.parametrize(("full", "status"), [("images reading", 429), ("images", 400)])
def test_a_file_to_read_is_rejected_before_its_upload_if_both_queues_are_full(
    tmp_path: Path, full: str, status: int
) -> None:
    async def send() -> int:
        app, go = application(Gallery(tmp_path)), Event()
        for name in full.split():
            queue = small_scheduler(2_000_000)
            setattr(app.state.service, name, queue)
            for number in range(3):
                queue.submit(number, 1, lambda: go.wait(20))
        async with connect_to(app) as talking:
            path = "http://localhost/vision/v3.2/read/analyze"
            response = await talking.post(path, content=b"neither an image nor a document")
        go.set()
        return response.status_code

    assert asyncio.run(asyncio.wait_for(send(), 20)) == status


def test_small_images_in_large_files_fill_the_queue(tmp_path: Path) -> None:
    file = BytesIO()
    Image.new("RGB", (60, 60)).save(file, "BMP")
    large = file.getvalue().ljust(3_000_000, b"\0")

    async def asked() -> list[int]:
        scheduler, go = small_scheduler(12_000_000), Event()
        scheduler.submit("another", 1, lambda: go.wait(20))
        async with client(Gallery(tmp_path), scheduler) as talking:
            responses = [await talking.post("/recognizeText", content=large) for _ in range(3)]
        go.set()
        await scheduler.drain()
        return [response.status_code for response in responses]

    assert asyncio.run(asked()) == [202, 202, 429]


def test_an_image_in_the_queue_keeps_no_pixels(tmp_path: Path) -> None:
    file = BytesIO()
    Image.new("RGB", (3000, 3000)).save(file, "PNG")

    async def send() -> int:
        scheduler, go = Scheduler(1), Event()
        scheduler.submit("another", 1, lambda: go.wait(20))
        async with client(Gallery(tmp_path), scheduler) as talking:
            for _ in range(3):
                response = await talking.post("/recognizeText", content=file.getvalue())
                assert response.status_code == 202
            size, _ = tracemalloc.get_traced_memory()
        go.set()
        await scheduler.drain()
        return size

    tracemalloc.start()
    try:
        assert asyncio.run(asyncio.wait_for(send(), 20)) < 20_000_000
    finally:
        tracemalloc.stop()


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
    sending = asyncio.ensure_future(app(scope, messages().__anext__, send))
    done, _ = await asyncio.wait({sending}, timeout=10)
    assert done, "the request still runs"


def test_an_image_is_not_analyzed_after_its_client_has_disconnected(tmp_path: Path) -> None:
    gallery, scheduler = Slow(tmp_path), Scheduler(1)
    path = "/vision/v1.0/models/landmarks/analyze"

    async def gone() -> int:
        app = application(gallery, scheduler)
        seen = describe(np.zeros((9, 9, 3), np.uint8))
        working = scheduler.submit("another", 1, lambda: gallery.identify_landmarks(seen))
        await disconnect(app, path, lambda: scheduler.waiting() > 0)
        gallery.go.set()
        await working
        await scheduler.submit("another", 1, lambda: None)
        return scheduler.waiting()

    assert asyncio.run(asyncio.wait_for(gone(), 20)) == 0
    assert len(gallery.seen) == 1
