"""Every operation of azure-cognitiveservices-vision-computervision, 0.1.0 to 0.9.1."""

from __future__ import annotations

from functools import partial
from io import BytesIO

from azure.cognitiveservices.vision.computervision import models
from classic_client import (
    CLIENT,
    METHODS,
    ONE_TEXT,
    RESULTS,
    WRAPPED,
    call,
    connect,
    fitting,
    has,
    method,
    plain,
    poll,
)
from msrest.exceptions import HttpOperationError
from report import LEAST_CONFIDENCE, STREAM, URL, address, attempt, jpeg_size, raised, tell

QUOTATION = "NOTHING EXISTS EXCEPT ATOMS AND EMPTY SPACE. Everything else is opinion."
NOTE = ["Dear Ada,", "it works at last!", "Tea on Monday at four?"]


def models_listed():
    listed = CLIENT.list_models().models_property
    assert [model.name for model in listed] == ["celebrities", "landmarks"]


def analyze(way):
    features = [f for f in models.VisualFeatureTypes if f.value != "Brands"]
    details = "Celebrities" if way == STREAM and ONE_TEXT else ["Celebrities"]
    found = call("analyze", way, "grace_hopper.jpg", visual_features=features, details=details)
    people = [c.detail.celebrities for c in found.categories if c.name == "people_"]
    assert [person.name for person in people[0]] == ["Grace Hopper"]
    assert (found.metadata.width, found.metadata.height, found.metadata.format) == (
        512,
        600,
        "Jpeg",
    )
    (face,) = found.faces
    box = face.face_rectangle
    assert box.left < 230 < 300 < box.left + box.width, box.as_dict()
    assert box.top < 190 < 300 < box.top + box.height, box.as_dict()
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


def describe(way):
    found = call("describe", way, "chelsea_the_cat.jpg", max_candidates="2")
    found = getattr(found, "description", None) or found
    assert "cat" in found.tags
    assert "cat" in found.captions[0].text
    assert LEAST_CONFIDENCE <= found.captions[0].confidence <= 1


def tag(way):
    found = {tag.name: tag.confidence for tag in call("tag", way, "chelsea_the_cat.jpg").tags}
    assert 0.5 < found["cat"] <= 1


def celebrities(way):
    found = call("celebrities", way, "grace_hopper.jpg", model="celebrities")
    if hasattr(found, "result"):
        assert [person["name"] for person in found.result["celebrities"]] == ["Grace Hopper"]
        return
    assert [person.name for person in found.celebrities] == ["Grace Hopper"]


def landmarks(way):
    answer = call("landmarks", way, "summer_palace.jpg", model="landmarks", raw=True)
    found = answer.response.json()["result"]["landmarks"]  # 0.1.0 knows of no landmarks' shape
    assert [place["name"] for place in found] == ["Summer Palace"]
    if hasattr(answer.output, "result"):
        assert answer.output.result["landmarks"][0]["name"] == "Summer Palace"


def thumbnail(way):
    more = {"width": 50, "height": 50, "smart_cropping": True}
    pieces = call("thumbnail", way, "dahlia.jpg", **more)
    assert jpeg_size(b"".join(pieces)) == (50, 50)


def ocr(way):
    found = call("ocr", way, "democritus.png", detect_orientation=True)
    words = [w.text for region in found.regions for line in region.lines for w in line.words]
    assert " ".join(words) == QUOTATION
    assert found.orientation == "Up"
    assert abs(found.text_angle) < 0.05
    left, top, width, height = map(int, found.regions[0].lines[0].bounding_box.split(","))
    assert left < 60 < 280 < left + width < 340, "NOTHING spans the page"
    assert top < 30 < 50 < top + height < 80, "NOTHING is its first line"


def detect(way):
    found = call("detect", way, "chelsea_the_cat.jpg").objects
    (cat,) = [thing for thing in found if thing.object_property == "cat"]
    box = cat.rectangle
    assert 0 <= box.x < 120 < 330 < box.x + box.w <= 451, box.as_dict()
    assert 0 <= box.y < 40 < 250 < box.y + box.h <= 300, box.as_dict()
    assert cat.parent.object_property == "mammal"


def area(way):
    box = call("area", way, "dahlia_off_centre.jpg").area_of_interest
    assert 0 <= box.x < 100 < 220 < box.x + box.w < 400, box.as_dict()
    assert 0 <= box.y < 80 < 200 < box.y + box.h <= 275, box.as_dict()


def lines_of_note(lines):
    assert [line.text for line in lines] == NOTE
    assert [word.text for word in lines[0].words] == ["Dear", "Ada,"]
    for line in lines:
        xs, ys = line.bounding_box[::2], line.bounding_box[1::2]
        assert len(xs) == len(ys) == 4
        assert 0 <= min(xs) < max(xs) <= 640
        assert 0 <= min(ys) < max(ys) <= 330


def recognize_text(way):
    how = fitting(method("recognizeText", way), detect_handwriting=True, mode="Handwritten")
    begun = call("recognizeText", way, "handwritten_note.jpg", raw=True, **how)
    lines_of_note(poll(begun, "get_text_operation_result").recognition_result.lines)


def read(way):
    how = fitting(method("read", way), mode="Handwritten")
    begun = call("read", way, "handwritten_note.jpg", raw=True, **how)
    found = poll(begun, next(name for name in RESULTS if hasattr(CLIENT, name)))
    pages = found.recognition_results if hasattr(found, "recognition_results") else None
    (page,) = pages or found.analyze_result.read_results
    assert (page.page, page.width, page.height, page.unit) == (1, 640, 330, "pixel")
    lines_of_note(page.lines)


def refused(trial, code):
    """Try what must be refused by the package's own exception, which tells the code and why."""
    error = raised(HttpOperationError, trial)
    assert type(error).__module__.startswith(models.__name__), type(error)
    assert error.response.status_code == 400
    said = error.error
    if WRAPPED and hasattr(said, "error"):
        assert said.error.code == "InvalidRequest", said.error.code
        said = said.error.innererror
    assert plain(said.code) == code, said.code
    assert said.message
    assert said.message in str(error), str(error)


def brands(way):
    trial = partial(call, "brands", way, "coffee_cup.jpg", visual_features=["Brands"])
    refused(trial, "NotSupportedFeature")


def errors(way):
    """Send a picture that is none to every method that takes one."""
    code = "InvalidImageUrl" if way == URL else "InvalidImageFormat"
    needed = {"detect_handwriting": True, "mode": "Printed", "model": "landmarks"}
    for operation in [name for name in METHODS if has(name, way)]:
        function = method(operation, way)
        how = fitting(function, **needed, width=50, height=50)
        bad = {"url": address("nothing.jpg")} if way == URL else {"image": BytesIO(b"no picture")}
        trial = partial(function, **how, **bad)
        if operation == "thumbnail":  # no version of the package reads the body of this error
            assert raised(HttpOperationError, trial).response.status_code == 400
        else:
            refused(trial, code)


def wrong_key():
    error = raised(HttpOperationError, connect("wrong").list_models)
    assert error.response.status_code == 401
    assert ("(401) Access denied" if WRAPPED else "Unauthorized") in str(error), str(error)


TRIALS = {
    "analyze": analyze,
    "describe": describe,
    "tag": tag,
    "celebrities": celebrities,
    "landmarks": landmarks,
    "thumbnail": thumbnail,
    "ocr": ocr,
    "detect": detect,
    "area": area,
    "recognizeText": recognize_text,
    "read": read,
    "brands": brands,
}


if __name__ == "__main__":
    attempt("models", "", models_listed)
    for way in (URL, STREAM):
        for operation, trial in TRIALS.items():
            if has(operation, way):
                attempt(operation, way, partial(trial, way))
            else:
                tell(operation, way, absent=True)
        attempt("errors", way, partial(errors, way))
    attempt("wrongKey", "", wrong_key)
