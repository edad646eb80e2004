import re
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

import visionhelpers as vh
from tests.support.scripted_server import RUNNING, scripted_server
from visionhelpers import VisionClient
from visionhelpers.explorer.query import Query, QueryCancelled, QueryResult, client_expression
from visionhelpers.explorer.tasks import DEFAULTS, TASKS
from visionhelpers.images import SAMPLES, ImageInput

DAHLIA = vh.sample_path("dahlia.jpg")


def query(task: str, image: ImageInput, **fields: Any) -> Query:
    return Query(TASKS[task], image, DEFAULTS, **fields)


def send(client: vh.VisionClient, task: str, image: ImageInput) -> QueryResult:
    asked = query(task, image)
    return asked.render(asked.send(client, lambda _: None))


def file(kind: str, image: Image.Image, **options: Any) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def document(kind: str) -> bytes:
    """A document of two white pages with some lines of text on each."""
    page = Image.open(vh.sample_path("democritus.png")).convert("RGB")
    return file(kind, page, save_all=True, append_images=[page])


@pytest.mark.parametrize(("kind", "is_drawn"), [("PDF", False), ("TIFF", True)])
def test_read_takes_all_pages_of_a_document_and_draws_the_first_one_of_a_tiff(
    client_v3: VisionClient, kind: str, is_drawn: bool
) -> None:
    found = send(client_v3, "Recognize text", document(kind))
    assert found.error == ""
    assert [str(line) for line in found.summary].count("NOTHING") == 2
    assert found.drawing.startswith(b"\x89PNG") == is_drawn


@pytest.mark.parametrize(
    ("task", "image", "error"),
    [
        ("Tags", "no/such.jpg", r"Cannot read 'no/such\.jpg': No such file or directory\."),
        ("Tags", b"hello", r"The image is not an image that Pillow can read\."),
        ("Tags", b"", r"The image is empty\."),
        ("Tags", document("PDF"), r".*PDF.*\."),
        ("Recognize text", document("PDF"), r".*PDF.*\."),
        ("Tags", file("PNG", Image.new("RGB", (20, 20))), r".*at least 50 pixels.*\."),
    ],
)
def test_an_image_that_cannot_be_analyzed_is_an_error_in_one_sentence(
    client: VisionClient, task: str, image: ImageInput, error: str
) -> None:
    found = send(client, task, image)
    assert re.fullmatch(error, found.error)
    assert found == QueryResult(error=found.error)


def test_a_service_that_cannot_be_reached_is_an_error_in_one_sentence(
    refused: VisionClient,
) -> None:
    assert re.fullmatch(r".*127\.0\.0\.1:9.*\.", send(refused, "Tags", DAHLIA).error)


def test_a_result_that_cannot_be_drawn_is_an_error_in_one_sentence() -> None:
    asked = query("Faces", DAHLIA, decoded=Image.open(DAHLIA))
    incomplete = QueryResult({"faces": [{}]}, ("1 face found:",))
    assert asked.render(incomplete) == QueryResult(error="KeyError: 'faceRectangle'.")


def test_a_cancelled_query_sends_nothing(refused: VisionClient) -> None:
    asked = query("Tags", DAHLIA)
    asked.cancelled.set()
    with pytest.raises(QueryCancelled):
        asked.send(refused, lambda _: None)


def test_a_cancelled_query_stops_polling() -> None:
    statuses: list[str] = []
    asked = query("Recognize text", DAHLIA)

    def cancel(status: str) -> None:
        statuses.append(status)
        asked.cancelled.set()

    with scripted_server() as server, pytest.raises(QueryCancelled):
        asked.send(server.client(server.operation(), RUNNING), cancel)
    assert statuses == ["Running"]


@pytest.mark.parametrize(
    ("image", "expression"),
    [
        (DAHLIA, "vh.sample_path('dahlia.jpg')"),
        ("https://example.org/a.jpg", "'https://example.org/a.jpg'"),
        ("/images/it's.jpg", '"/images/it\'s.jpg"'),
        (SAMPLES / "../samples/gone.jpg", repr(str(SAMPLES / "../samples/gone.jpg"))),
        (b"some bytes", "'holiday.jpg'  # the path of your file"),
    ],
)
def test_the_code_contains_the_image_and_no_key(
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
    with vh.connect(local=True) as local:
        assert client_expression(local) == "vh.connect()"
        monkeypatch.setenv("VISION_ENDPOINT", "https://name.cognitiveservices.azure.com")
        assert client_expression(local) == "vh.connect(local=True)"
