"""Microsoft's own package for v1.0, run against the service: every operation, URL and stream."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from azure.cognitiveservices.vision.computervision import ComputerVisionAPI, models
from msrest.authentication import CognitiveServicesCredentials
from PIL import Image

from tests.support.poll import poll_until
from visionhelpers.images import sample_path
from visionservice import LocalService

FEATURES = list(models.VisualFeatureTypes)


@pytest.fixture(scope="module")
def client(service: LocalService) -> ComputerVisionAPI:
    api = ComputerVisionAPI("westus", CognitiveServicesCredentials(service.key))
    api.config.base_url = f"{service.url}/vision/v1.0"
    return api


class Way:
    """One of the two ways of handing over a picture: by address, or as a stream."""

    def __init__(self, client: ComputerVisionAPI, service: LocalService, streamed: bool) -> None:
        self.client, self.service, self.streamed = client, service, streamed

    def __call__(self, operation: str, name: str, *arguments: object, **more: object) -> Any:
        """Call an operation; the picture comes after the thumbnail's or the model's arguments."""
        url = f"{self.service.url}/samples/{name}"
        picture = sample_path(name).open("rb") if self.streamed else url
        suffix = "_in_stream" if self.streamed else ""
        return getattr(self.client, operation + suffix)(*arguments, picture, **more)


@pytest.fixture(params=["url", "stream"])
def call(request: pytest.FixtureRequest, client: ComputerVisionAPI, service: LocalService) -> Way:
    return Way(client, service, request.param == "stream")


def test_list_models(client: ComputerVisionAPI) -> None:
    listed = client.list_models().models_property
    assert [model.name for model in listed] == ["celebrities", "landmarks"]


def test_analyze_image(call: Way) -> None:
    details = "Celebrities" if call.streamed else [models.Details.celebrities]
    found = call("analyze_image", "grace_hopper.jpg", visual_features=FEATURES, details=details)
    assert found.faces[0].face_rectangle.width > 100
    named = [c.detail.celebrities for c in found.categories if c.detail]
    assert [person.name for person in named[0]] == ["Grace Hopper"]
    assert found.color.is_bw_img is False
    assert found.adult.is_adult_content is False
    assert found.adult.adult_score < 0.5
    assert (found.image_type.clip_art_type, found.image_type.line_drawing_type) == (0, 0)
    assert found.description.captions[0].text
    assert found.tags
    assert found.metadata.width == Image.open(sample_path("grace_hopper.jpg")).width
    assert len(found.request_id) == 36


def test_faces_have_an_age_and_a_gender(call: Way) -> None:
    faces = [models.VisualFeatureTypes.faces]
    (face,) = call("analyze_image", "eileen_collins.jpg", visual_features=faces).faces
    assert face.gender == "Female"
    assert 20 < face.age < 60


def test_describe_image(call: Way) -> None:
    found = call("describe_image", "chelsea_the_cat.jpg", max_candidates="2")
    assert "cat" in found.tags
    assert "cat" in found.captions[0].text


def test_tag_image(call: Way) -> None:
    assert "cat" in [tag.name for tag in call("tag_image", "chelsea_the_cat.jpg").tags]


def test_analyze_image_by_domain(call: Way) -> None:
    found = call("analyze_image_by_domain", "grace_hopper.jpg", "Celebrities")
    assert [person.name for person in found.celebrities] == ["Grace Hopper"]
    assert found.celebrities[0].face_rectangle.width > 50


def test_analyze_landmarks_by_domain(call: Way) -> None:
    answer = call("analyze_image_by_domain", "summer_palace.jpg", "Landmarks", raw=True)
    places = answer.response.json()["result"]["landmarks"]
    assert [place["name"] for place in places] == ["Summer Palace"]


def test_generate_thumbnail(call: Way) -> None:
    pieces = call("generate_thumbnail", "dahlia.jpg", 60, 40, smart_cropping=True)
    image = Image.open(BytesIO(b"".join(pieces)))
    assert (image.format, image.size) == ("JPEG", (60, 40))


def test_recognize_printed_text(call: Way) -> None:
    found = call("recognize_printed_text", "democritus.png", detect_orientation=True)
    words = [w.text for region in found.regions for line in region.lines for w in line.words]
    assert words[:4] == ["NOTHING", "EXISTS", "EXCEPT", "ATOMS"]
    assert found.orientation == "Up"
    assert found.text_angle == pytest.approx(0, abs=1)


def test_recognize_text(call: Way) -> None:
    begun = call("recognize_text", "handwriting.jpg", detect_handwriting=True, raw=True)
    name = begun.headers["Operation-Location"][-36:]
    codes = models.TextOperationStatusCodes

    def ended() -> Any:
        found = call.client.get_text_operation_result(name)
        assert found.status in (codes.running, codes.succeeded)
        return found if found.status == codes.succeeded else None

    found = poll_until(ended)
    assert found.recognition_result.lines
    for line in found.recognition_result.lines:
        assert len(line.bounding_box) == 8
        assert line.words


def test_a_refusal_arrives_with_its_code_and_message(client: ComputerVisionAPI) -> None:
    with pytest.raises(models.ComputerVisionErrorException) as refusal:
        client.analyze_image_in_stream(BytesIO(b"not an image"), FEATURES)
    assert refusal.value.error.code == models.ComputerVisionErrorCodes.invalid_image_format
    assert refusal.value.error.message == "Input data is not a valid image."


def test_a_wrong_key_is_told_as_such(service: LocalService) -> None:
    api = ComputerVisionAPI("westus", CognitiveServicesCredentials("wrong"))
    api.config.base_url = f"{service.url}/vision/v1.0"
    with pytest.raises(models.ComputerVisionErrorException, match="Unauthorized"):
        api.list_models()
