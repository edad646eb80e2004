from __future__ import annotations

from io import BytesIO
from pathlib import Path
from threading import Semaphore, Thread
from typing import Any

import pytest
from PIL import Image

from tests.support.images import noise
from tests.support.silent_server import SilentServer
from visionhelpers import VisionClient, connect, sample_path
from visionhelpers.explorer.query import Query, QueryCancelled, QueryResult, client_expression
from visionhelpers.explorer.tasks import DEFAULTS, TASKS
from visionhelpers.images import SAMPLES, ImageInput
from visionhelpers.results import Item, SummaryLine
from visionservice import LocalService


def query(task: str, image: ImageInput, **fields: Any) -> Query:
    return Query(TASKS[task], image, DEFAULTS, **fields)


def send(client: VisionClient, task: str, image: ImageInput) -> QueryResult:
    asked = query(task, image)
    return asked.render(asked.send(client, lambda _: None))


def document(kind: str, count: int) -> bytes:
    """A document of white pages with a line of text on each."""
    file = BytesIO()
    page = Image.open(sample_path("democritus.png")).convert("RGB")
    page.save(file, kind, save_all=True, append_images=[page] * (count - 1))
    return file.getvalue()


def test_a_result_has_a_summary_and_a_drawing(client: VisionClient) -> None:
    found = send(client, "Faces", sample_path("grace_hopper.jpg"))
    assert found.result["faces"]
    assert found.summary[0] == SummaryLine((Item("1 face found:"),))
    assert Image.open(BytesIO(found.drawing)).format == "PNG"
    assert found.error == ""


def test_a_resized_image_is_noted_and_gives_no_warning(
    client: VisionClient, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    noise(3600, 400).save(tmp_path / "noise.png")
    note = str(send(client, "OCR", tmp_path / "noise.png").summary[-1])
    assert note.startswith("Note: The image of 3600 x 400 pixels ")
    assert note.endswith(".")
    assert not recwarn.list


def test_an_image_that_the_operation_takes_is_sent_unchanged(client: VisionClient) -> None:
    data = sample_path("dahlia.jpg").read_bytes()
    asked = query("Faces", data)
    asked.send(client, lambda _: None)
    (upload,) = asked.uploads.values()
    assert upload.body["data"] is data


def test_read_takes_a_pdf_without_a_drawing(client_v3: VisionClient) -> None:
    found = send(client_v3, "Recognize text", document("PDF", 2))
    assert found.error == ""
    assert [str(line) for line in found.summary].count("NOTHING") == 2
    assert found.drawing == b""


def test_read_takes_all_pages_of_a_tiff_and_draws_the_first(client_v3: VisionClient) -> None:
    found = send(client_v3, "Recognize text", document("TIFF", 2))
    assert [str(line) for line in found.summary].count("NOTHING") == 2
    assert Image.open(BytesIO(found.drawing)).format == "PNG"


@pytest.mark.parametrize("task", ["Describe", "Recognize text"])
def test_an_operation_that_takes_no_pdf_says_so(client: VisionClient, task: str) -> None:
    assert "PDF" in send(client, task, document("PDF", 1)).error


@pytest.mark.parametrize(
    ("image", "error"),
    [
        ("no/such/file.jpg", "Cannot read 'no/such/file.jpg': No such file or directory."),
        (b"hello", "The image is not an image that Pillow can read."),
        (b"", "The image is empty."),
    ],
)
def test_an_unreadable_image_is_an_error_in_one_sentence(
    client: VisionClient, image: ImageInput, error: str
) -> None:
    assert send(client, "Describe", image) == QueryResult(error=error)


def test_an_error_of_the_service_is_one_sentence(client: VisionClient) -> None:
    file = BytesIO()
    Image.new("RGB", (20, 20)).save(file, "PNG")
    error = send(client, "Describe", file.getvalue()).error
    assert "50" in error
    assert "\n" not in error
    assert error.endswith(".")


def test_a_service_that_cannot_be_reached_is_one_sentence(refused: VisionClient) -> None:
    error = send(refused, "Tags", sample_path("dahlia.jpg")).error
    assert "127.0.0.1:9" in error
    assert error.endswith(".")


def test_a_result_that_cannot_be_drawn_is_an_error_in_one_sentence(client: VisionClient) -> None:
    asked = query("Faces", sample_path("dahlia.jpg"))
    outcome = asked.send(client, lambda _: None)
    incomplete = QueryResult({"faces": [{}]}, outcome.summary)
    assert asked.render(incomplete) == QueryResult(error="KeyError: 'faceRectangle'.")


def test_a_cancelled_query_sends_nothing(refused: VisionClient) -> None:
    asked = query("Tags", sample_path("dahlia.jpg"))
    asked.cancelled.set()
    with pytest.raises(QueryCancelled):
        asked.send(refused, lambda _: None)


@pytest.mark.usefixtures("unread_results")
def test_a_cancelled_query_stops_polling() -> None:
    statuses: list[str] = []
    with LocalService(operation_delay=2) as slow:
        asked = query("Recognize text", sample_path("handwritten_note.jpg"))

        def cancel(status: str) -> None:
            statuses.append(status)
            asked.cancelled.set()

        with pytest.raises(QueryCancelled):
            asked.send(VisionClient(slow.url, slow.key, version="v1.0"), cancel)
    assert len(statuses) == 1


def test_the_limiter_holds_requests_back_and_downloads_do_not_hold_it(
    client: VisionClient, silent: SilentServer
) -> None:
    limiter = Semaphore(1)
    hanging = query("Faces", f"{silent.url}/a.jpg", limiter=limiter)
    Thread(target=hanging.send, args=(client, print), daemon=True).start()
    silent.accept()
    assert query("Faces", sample_path("dahlia.jpg"), limiter=limiter).send(client, print).result
    with limiter:
        waiting = query("Faces", sample_path("dahlia.jpg"), limiter=limiter)
        thread = Thread(target=waiting.send, args=(client, print), daemon=True)
        thread.start()
        thread.join(0.3)
        assert thread.is_alive()
    thread.join(30)
    assert not thread.is_alive()


@pytest.mark.parametrize(
    ("image", "expression"),
    [
        (sample_path("dahlia.jpg"), "vh.sample_path('dahlia.jpg')"),
        ("https://example.org/a.jpg", "'https://example.org/a.jpg'"),
        ("/images/it's.jpg", '"/images/it\'s.jpg"'),
        (SAMPLES / "../samples/gone.jpg", repr(str(SAMPLES / "../samples/gone.jpg"))),
        (b"some bytes", "'holiday.jpg'  # the path of your file"),
    ],
)
def test_the_code_contains_the_image(
    refused: VisionClient, image: ImageInput, expression: str
) -> None:
    code = query("Thumbnail", image).code(refused, "holiday.jpg")
    assert code.splitlines() == [
        "import visionhelpers as vh",
        "vision = vh.VisionClient('http://127.0.0.1:9/vision/v1.0/', 'your key')",
        f"image = {expression}",
        "result = vision.thumbnail(image, width=200, height=200, smart=True)",
    ]


@pytest.mark.parametrize(
    ("endpoint", "expression"),
    [
        ("", "vh.VisionClient('http://127.0.0.1:9/vision/v1.0/', 'your key')"),
        ("http://127.0.0.1:9", "vh.connect()"),
        (" 127.0.0.1:9/vision/v1.0 ", "vh.connect()"),
        ("http://127.0.0.1:9/vision/v3.2", "vh.VisionClient('http://127.0.0.1:9/vision/v1.0/'"),
        ("ftp://127.0.0.1:9", "vh.VisionClient('http://127.0.0.1:9/vision/v1.0/', 'your key')"),
    ],
)
def test_the_code_connects_to_the_endpoint_of_the_environment(
    refused: VisionClient, endpoint: str, expression: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISION_ENDPOINT", endpoint)
    monkeypatch.delenv("VISION_API_VERSION", raising=False)
    assert client_expression(refused).startswith(expression)


@pytest.mark.usefixtures("state_folder")
def test_the_code_connects_to_the_local_service(monkeypatch: pytest.MonkeyPatch) -> None:
    with connect(local=True) as local:
        assert client_expression(local) == "vh.connect()"
        monkeypatch.setenv("VISION_ENDPOINT", "https://name.cognitiveservices.azure.com")
        assert client_expression(local) == "vh.connect(local=True)"
