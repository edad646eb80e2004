"""Every operation of azure-cognitiveservices-vision-computervision, 0.1.0 to 0.9.1.

The versions differ in the class and its endpoint (`connect`), in methods, of which some are absent
and one is renamed, and in parameters (`fitting`).
"""

from __future__ import annotations

import inspect
import re
from functools import partial
from importlib.metadata import version
from io import BytesIO
from time import sleep
from unittest import SkipTest, TestCase, main

from azure.cognitiveservices.vision import computervision
from azure.cognitiveservices.vision.computervision import models
from msrest.authentication import CognitiveServicesCredentials
from msrest.exceptions import HttpOperationError
from shared import CAT, CONFIDENCE, ENDPOINT, KEY, LINES, NOTE, SAMPLES, address, covers, raised

VERSION = version("azure-cognitiveservices-vision-computervision")
PATHS = {"0.1.0": "v1.0", "0.2.0": "v2.0"}
"""The API versions of the packages whose endpoint is a region and no URL."""
WRAPPED = VERSION >= "0.8"
"""Whether errors are in an envelope, except those of Read."""
QUOTATION = "NOTHING EXISTS EXCEPT ATOMS AND EMPTY SPACE. Everything else is opinion."


def connect(key):
    credentials = CognitiveServicesCredentials(key)
    if VERSION not in PATHS:
        return computervision.ComputerVisionClient(ENDPOINT, credentials)
    api = computervision.ComputerVisionAPI("westus", credentials)
    api.config.base_url = f"{ENDPOINT}/vision/{PATHS[VERSION]}"
    return api


CLIENT = connect(KEY)


def fitting(function, **arguments):
    """Return the arguments that a method has in this version."""
    known = inspect.signature(function).parameters
    return {name: value for name, value in arguments.items() if name in known}


def plain(code):
    """Return a status or a code as text: in 0.1.0 it is an enumeration."""
    return getattr(code, "value", code)


def poll(begun, results):
    """Return the result of an operation when it has ended."""
    operation = begun.headers["Operation-Location"].rpartition("/")[2]
    for _ in range(600):
        found = getattr(CLIENT, results)(operation)
        if plain(found.status).lower() not in ("running", "notstarted", "not started"):
            break
        sleep(0.1)
    assert plain(found.status).lower() == "succeeded"
    return found


def check_note(lines):
    assert [line.text for line in lines] == LINES
    assert [word.text for word in lines[0].words] == ["Dear", "Ada,"]
    for line in lines:
        xs, ys = line.bounding_box[::2], line.bounding_box[1::2]
        assert len(xs) == len(ys) == 4
        assert 0 <= min(xs) < max(xs) <= 640
        assert 0 <= min(ys) < max(ys) <= 330


def check_error(function, code):
    """Expect the package's own exception, with a code and a message."""
    error = raised(HttpOperationError, function)
    assert type(error).__module__.startswith(models.__name__), type(error)
    assert error.response.status_code == 400
    details = error.error
    if WRAPPED and hasattr(details, "error"):
        assert details.error.code == "InvalidRequest", details.error.code
        details = details.error.innererror
    assert plain(details.code) == code, details.code
    assert details.message
    assert details.message in str(error), str(error)


class Url(TestCase):
    """Operations with the URL of an image."""

    parameter, suffix, code_of_error = "url", "", "InvalidImageUrl"
    celebrities: str | list[str] = ["Celebrities"]  # noqa: RUF012

    def image(self, name):
        return address(name)

    def call(self, name, sample, **options):
        """Send a sample, with the options that the method has in this version."""
        method = getattr(CLIENT, name + self.suffix, None)
        if not method:
            raise SkipTest("absent")
        return method(**{self.parameter: self.image(sample)}, **fitting(method, **options))

    def test_analyze(self):
        features = [f for f in models.VisualFeatureTypes if f.value != "Brands"]
        options = {"visual_features": features, "details": self.celebrities}
        found = self.call("analyze_image", "grace_hopper.jpg", **options)
        (people,) = [c.detail.celebrities for c in found.categories if c.name == "people_"]
        assert [person.name for person in people] == ["Grace Hopper"]
        size = found.metadata.width, found.metadata.height, found.metadata.format
        assert size == (512, 600, "Jpeg")
        (face,) = found.faces
        box = face.face_rectangle
        assert covers((box.left, box.top, box.width, box.height), 230, 190, 300, 300)
        assert "Grace Hopper" in found.description.captions[0].text
        assert {tag.name for tag in found.tags} >= {"person", "tie"}
        assert found.color.is_bw_img is False
        assert len(found.color.accent_color) == 6
        assert found.adult.is_adult_content is False
        assert 0 <= found.adult.adult_score < 0.5
        assert (found.image_type.clip_art_type, found.image_type.line_drawing_type) == (0, 0)
        assert len(found.request_id) == 36
        if hasattr(found, "objects"):
            assert {thing.object_property for thing in found.objects} >= {"person", "tie"}

    def test_describe(self):
        found = self.call("describe_image", CAT, max_candidates="2")
        found = getattr(found, "description", None) or found
        assert "cat" in found.tags
        assert "cat" in found.captions[0].text
        assert CONFIDENCE <= found.captions[0].confidence <= 1

    def test_tag(self):
        tags = self.call("tag_image", CAT).tags
        assert 0.5 < {tag.name: tag.confidence for tag in tags}["cat"] <= 1

    def test_celebrities(self):
        found = self.call("analyze_image_by_domain", "grace_hopper.jpg", model="celebrities")
        if hasattr(found, "result"):
            assert [person["name"] for person in found.result["celebrities"]] == ["Grace Hopper"]
        else:
            assert [person.name for person in found.celebrities] == ["Grace Hopper"]

    def test_landmarks(self):
        options = {"model": "landmarks", "raw": True}
        found = self.call("analyze_image_by_domain", "summer_palace.jpg", **options)
        places = found.response.json()["result"]["landmarks"]  # 0.1.0 has no class for landmarks
        assert [place["name"] for place in places] == ["Summer Palace"]
        if hasattr(found.output, "result"):
            assert found.output.result["landmarks"][0]["name"] == "Summer Palace"

    def test_thumbnail(self):
        options = {"width": 50, "height": 50, "smart_cropping": True}
        data = b"".join(self.call("generate_thumbnail", "dahlia.jpg", **options))
        assert data[:3] == b"\xff\xd8\xff", "a JPEG"
        frame = re.search(rb"\xff[\xc0\xc2]\x00\x11\x08(..)(..)", data, re.DOTALL)
        assert [int.from_bytes(side, "big") for side in frame.groups()] == [50, 50]

    def test_ocr(self):
        found = self.call("recognize_printed_text", "democritus.png", detect_orientation=True)
        lines = [line for region in found.regions for line in region.lines]
        assert " ".join(word.text for line in lines for word in line.words) == QUOTATION
        assert found.orientation == "Up"
        assert abs(found.text_angle) < 0.05
        box = tuple(map(int, lines[0].bounding_box.split(",")))
        assert covers(box, 60, 30, 280, 50), "NOTHING spans the page in the first line"
        assert covers((0, 0, 340, 80), *box[:2], box[0] + box[2], box[1] + box[3])

    def test_detect(self):
        found = self.call("detect_objects", CAT).objects
        (cat,) = [thing for thing in found if thing.object_property == "cat"]
        box = cat.rectangle
        assert covers((box.x, box.y, box.w, box.h), 120, 40, 330, 250)
        assert covers((0, 0, 451, 300), box.x, box.y, box.x + box.w, box.y + box.h)
        assert cat.parent.object_property == "mammal"

    def test_area(self):
        box = self.call("get_area_of_interest", "dahlia_off_centre.jpg").area_of_interest
        assert covers((box.x, box.y, box.w, box.h), 100, 80, 220, 200)
        assert covers((0, 0, 400, 275), box.x, box.y, box.x + box.w, box.y + box.h)

    def test_recognize_text(self):
        options = {"detect_handwriting": True, "mode": "Handwritten"}
        begun = self.call("recognize_text", NOTE, raw=True, **options)
        check_note(poll(begun, "get_text_operation_result").recognition_result.lines)

    def test_read(self):
        new = hasattr(CLIENT, "read")
        name = "read" if new else "batch_read_file"
        results = "get_read_result" if new else "get_read_operation_result"
        found = poll(self.call(name, NOTE, raw=True, mode="Handwritten"), results)
        (page,) = found.analyze_result.read_results if new else found.recognition_results
        assert (page.page, page.width, page.height, page.unit) == (1, 640, 330, "pixel")
        check_note(page.lines)

    def test_brands(self):
        if "brands" not in models.VisualFeatureTypes.__members__:
            raise SkipTest("absent")
        brands = partial(self.call, "analyze_image", CAT, visual_features=["Brands"])
        check_error(brands, "NotSupportedFeature")  # no local model finds them

    def test_errors(self):
        needed = {"detect_handwriting": True, "mode": "Printed", "model": "landmarks"}
        for name, method in inspect.getmembers(CLIENT, inspect.ismethod):
            if self.parameter in inspect.signature(method).parameters:
                options = fitting(method, **needed, width=50, height=50)
                options[self.parameter] = self.image("nothing.jpg")
                if name.startswith("generate_thumbnail"):  # no version reads this error's body
                    error = raised(HttpOperationError, partial(method, **options))
                    assert error.response.status_code == 400
                else:
                    check_error(partial(method, **options), self.code_of_error)

    def test_models(self):
        listed = CLIENT.list_models().models_property
        assert [model.name for model in listed] == ["celebrities", "landmarks"]

    def test_wrong_key(self):
        error = raised(HttpOperationError, connect("wrong").list_models)
        assert error.response.status_code == 401
        assert ("(401) Access denied" if WRAPPED else "Unauthorized") in str(error), str(error)


class Stream(Url):
    """The same operations with an open file."""

    parameter, suffix, code_of_error = "image", "_in_stream", "InvalidImageFormat"
    celebrities = "Celebrities" if VERSION in PATHS else ["Celebrities"]

    def image(self, name):
        file = SAMPLES / name
        return BytesIO(file.read_bytes() if file.exists() else b"no image")


if __name__ == "__main__":
    main(verbosity=2)
