from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from matplotlib import pyplot
from PIL import Image

from visionhelpers import VisionClient, load_image, sample
from visionhelpers.explorer.tasks import TASKS, Options
from visionhelpers.service import LocalService


@pytest.fixture(scope="module")
def client(service: LocalService) -> VisionClient:
    return VisionClient(service.url, service.key)


def told(
    client: VisionClient, name: str, picture: str, options: Options | None = None
) -> list[str]:
    task = TASKS[name]
    return task.tell(task.ask(client, sample(picture).read_bytes(), options or Options()))


def test_the_tasks_are_those_of_the_quickstart() -> None:
    assert list(TASKS) == [
        "Describe", "Tags", "Categories", "Faces", "Celebrities", "Landmarks", "Thumbnail", "Print",
        "Handwriting", "Colours and type",
    ]  # fmt: skip


def test_a_description_is_a_caption_with_its_confidence_and_tags(client: VisionClient) -> None:
    facts = told(client, "Describe", "chelsea_the_cat.jpg")
    assert "cat" in facts[0]
    assert facts[0].endswith(")")
    assert facts[-1].startswith("Tags: ")


def test_as_many_captions_as_asked_are_told(client: VisionClient) -> None:
    one = told(client, "Describe", "chelsea_the_cat.jpg", Options(captions=1))
    assert len(one) == 2
    assert len(told(client, "Describe", "chelsea_the_cat.jpg", Options(captions=2))) == 3


def test_tags_and_categories_have_their_confidence(client: VisionClient) -> None:
    tags = told(client, "Tags", "chelsea_the_cat.jpg")
    assert tags[0].endswith("tags found:")
    assert any(tag.startswith("cat (") for tag in tags)
    categories = told(client, "Categories", "chelsea_the_cat.jpg")
    assert any(category.startswith("animal_cat (") for category in categories)


def test_faces_are_counted_first(client: VisionClient) -> None:
    facts = told(client, "Faces", "hopper_and_collins.jpg")
    assert facts[0] == "2 faces found:"
    assert len(facts) == 3
    assert all(fact.endswith(("Female", "Male")) for fact in facts[1:])


def test_a_face_of_which_nothing_is_told_is_counted_as_one() -> None:
    face = {"faceRectangle": {"left": 0, "top": 0, "width": 9, "height": 9}}
    assert TASKS["Faces"].tell({"faces": [face]}) == ["1 face found:", "a face"]


def test_no_face_is_said(client: VisionClient) -> None:
    assert told(client, "Faces", "dahlia.jpg") == ["No face found."]


def test_celebrities_and_landmarks_are_named(client: VisionClient) -> None:
    person = told(client, "Celebrities", "grace_hopper_mirrored.jpg")
    assert person[0] == "1 celebrity found:"
    assert person[1].startswith("Grace Hopper (")
    place = told(client, "Landmarks", "summer_palace_in_the_evening.jpg")
    assert place[1].startswith("Summer Palace (")


def test_a_thumbnail_has_the_size_asked(client: VisionClient) -> None:
    facts = told(client, "Thumbnail", "dahlia.jpg", Options(width=120, height=80, smart=False))
    assert facts == ["A thumbnail of 120 x 80 pixels, sent as a picture."]


def test_print_is_read_line_by_line(client: VisionClient) -> None:
    facts = told(client, "Print", "democritus.png")
    assert facts[0].endswith("lines found:")
    assert "NOTHING" in facts
    assert facts[-1] == "Language en, orientation Up."


def test_a_language_is_asked_for_print(client: VisionClient) -> None:
    assert told(client, "Print", "democritus.png", Options(language="de"))[-1].startswith(
        "Language de"
    )


def test_handwriting_is_read_line_by_line(client: VisionClient) -> None:
    assert "Dear Ada," in told(client, "Handwriting", "handwritten_note.jpg")


def test_colours_and_type_are_said_in_words(client: VisionClient) -> None:
    facts = told(client, "Colours and type", "photographer.jpg")
    assert "Black and white: yes" in facts
    assert "Clip art: no" in facts
    assert "Line drawing: no" in facts


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("Describe", {"description": {"captions": [], "tags": []}}),
        ("Tags", {"tags": []}),
        ("Categories", {"categories": []}),
        ("Faces", {"faces": []}),
        ("Celebrities", {"result": {"celebrities": []}}),
        ("Print", {"language": "unk", "orientation": "NotDetected", "textAngle": 0, "regions": []}),
        ("Handwriting", {"status": "Succeeded", "recognitionResult": {"lines": []}}),
    ],
)
def test_an_answer_without_findings_is_told_and_drawn(name: str, answer: dict[str, Any]) -> None:
    assert TASKS[name].tell(answer)[0].startswith("No ")
    image = Image.new("RGB", (300, 200), "white")
    assert Image.open(BytesIO(TASKS[name].paint(image, answer))).width == 600


def test_drawings_differ_from_the_picture_and_leave_pyplot_alone(client: VisionClient) -> None:
    data = sample("grace_hopper.jpg").read_bytes()
    answer = TASKS["Faces"].ask(client, data, Options())
    image = load_image(data)
    drawn = Image.open(BytesIO(TASKS["Faces"].paint(image, answer))).convert("RGB")
    blank = Image.open(BytesIO(TASKS["Faces"].paint(image, {"faces": []}))).convert("RGB")
    assert drawn.tobytes() != blank.tobytes()
    assert not pyplot.get_fignums()


def test_the_options_of_a_task_are_those_that_it_sends() -> None:
    options = {name: task.options for name, task in TASKS.items() if task.options}
    assert options == {
        "Describe": ("captions",),
        "Thumbnail": ("width", "height", "smart"),
        "Print": ("language", "orientation"),
        "Handwriting": ("handwriting",),
    }


def test_the_code_names_the_method_the_picture_and_the_options() -> None:
    code = TASKS["Thumbnail"].code("vh.connect()", "'a.jpg'", Options(width=90, smart=False))
    assert code.splitlines() == [
        "import visionhelpers as vh",
        "vision = vh.connect()",
        "answer = vision.thumbnail('a.jpg', width=90, height=200, smart=False)",
    ]


def test_the_states_of_an_operation_are_told(client: VisionClient) -> None:
    heard: list[str] = []
    data = sample("handwritten_note.jpg").read_bytes()
    TASKS["Handwriting"].ask(client, data, Options(), heard.append)
    assert heard[-1] == "Succeeded"
