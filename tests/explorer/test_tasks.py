from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from matplotlib import pyplot
from PIL import Image

from visionhelpers import VisionClient, load_image, sample_path
from visionhelpers.explorer.query import Query
from visionhelpers.explorer.tasks import DEFAULTS, LANGUAGES, TASKS, find_task


def summary(client: VisionClient, task: str, image: str, **options: Any) -> list[str]:
    query = Query(TASKS[task], sample_path(image), DEFAULTS | options)
    return [str(line) for line in query.send(client, lambda _: None).summary]


def test_the_tasks_are_those_of_the_quickstart() -> None:
    assert list(TASKS) == [
        "Describe", "Tags", "Categories", "Faces", "Celebrities", "Landmarks", "Thumbnail", "OCR",
        "Recognize text", "Color and image type",
    ]  # fmt: skip


def test_an_unknown_task_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="Invalid task 'Fases': use one of Describe, Tags,"):
        find_task("Fases")


def test_a_description_is_a_caption_with_its_confidence_and_tags(client: VisionClient) -> None:
    lines = summary(client, "Describe", "chelsea_the_cat.jpg")
    assert "cat" in lines[0]
    assert lines[0].endswith(")")
    assert lines[-1].startswith("Tags: ")


def test_the_number_of_captions_is_at_most_max_candidates(client: VisionClient) -> None:
    assert len(summary(client, "Describe", "chelsea_the_cat.jpg", max_candidates=1)) == 2
    assert len(summary(client, "Describe", "chelsea_the_cat.jpg", max_candidates=2)) == 3


def test_tags_and_categories_have_their_confidence(client: VisionClient) -> None:
    tags = summary(client, "Tags", "chelsea_the_cat.jpg")
    assert tags[0].endswith("tags found:")
    assert any(tag.startswith("cat (") for tag in tags)
    categories = summary(client, "Categories", "chelsea_the_cat.jpg")
    assert any(category.startswith("animal_cat (") for category in categories)


def test_faces_are_counted_first(client: VisionClient) -> None:
    lines = summary(client, "Faces", "altered/hopper_and_collins.jpg")
    assert lines[0] == "2 faces found:"
    assert len(lines) == 3
    assert all(line.endswith(("Female", "Male")) for line in lines[1:])
    assert summary(client, "Faces", "dahlia.jpg") == ["No face found."]


def test_celebrities_and_landmarks_are_named(client: VisionClient) -> None:
    person = summary(client, "Celebrities", "altered/grace_hopper_mirrored.jpg")
    assert person[0] == "1 celebrity found:"
    assert person[1].startswith("Grace Hopper (")
    place = summary(client, "Landmarks", "summer_palace_in_the_evening.jpg")
    assert place[1].startswith("Summer Palace (")


def test_a_thumbnail_has_the_requested_size(client: VisionClient) -> None:
    (line,) = summary(client, "Thumbnail", "dahlia.jpg", width=120, height=80, smart=False)
    assert "120 x 80 pixels" in line


def test_print_is_read_line_by_line_in_a_language(client: VisionClient) -> None:
    lines = summary(client, "OCR", "democritus.png")
    assert lines[0].endswith("lines found:")
    assert "NOTHING" in lines
    assert lines[-1] == "Language en, orientation Up."
    german = summary(client, "OCR", "democritus.png", language=LANGUAGES["German"])
    assert german[-1].startswith("Language de")


def test_handwriting_is_read_line_by_line(client: VisionClient) -> None:
    assert "Dear Ada," in summary(client, "Recognize text", "handwritten_note.jpg")


def test_color_and_image_type_are_described_in_words(client: VisionClient) -> None:
    lines = summary(client, "Color and image type", "photographer.jpg")
    assert {"Black and white: yes", "Clip art: no", "Line drawing: no"} <= set(lines)


@pytest.mark.parametrize(
    ("name", "result"),
    [
        ("Describe", {"description": {"captions": [], "tags": []}}),
        ("Tags", {"tags": []}),
        ("Categories", {"categories": []}),
        ("Faces", {"faces": []}),
        ("Celebrities", {"result": {"celebrities": []}}),
        ("Landmarks", {"result": {"landmarks": []}}),
        ("OCR", {"language": "unk", "orientation": "NotDetected", "textAngle": 0, "regions": []}),
        ("Recognize text", {"status": "Succeeded", "recognitionResult": {"lines": []}}),
    ],
)
def test_an_empty_result_is_drawn_as_the_image(name: str, result: dict[str, Any]) -> None:
    image = Image.new("RGB", (300, 200), "white")
    assert Image.open(BytesIO(TASKS[name].render_png(image, result))).size == (600, 400)


def test_drawings_differ_from_the_image_and_leave_pyplot_alone(client: VisionClient) -> None:
    image = load_image(sample_path("grace_hopper.jpg"))
    result = client.analyze(image, features="Faces")
    drawn, blank = (
        Image.open(BytesIO(TASKS["Faces"].render_png(image, each))).convert("RGB")
        for each in (result, {"faces": []})
    )
    assert drawn.tobytes() != blank.tobytes()
    assert not pyplot.get_fignums()


@pytest.mark.parametrize(
    ("task", "result"),
    [
        ("Describe", {"description": {"captions": [{"text": "a dahlia", "confidence": 1}]}}),
        ("Tags", {"tags": [{"name": "dahlia", "confidence": 1}]}),
        ("Categories", {"categories": [{"name": "plant_flower", "score": 1}]}),
        ("Color and image type", {"color": {"dominantColors": ["Red"], "accentColor": "B0102A"}}),
    ],
)
def test_a_drawing_has_space_for_its_caption(task: str, result: dict[str, Any]) -> None:
    image = Image.new("RGB", (300, 200), "white")
    drawn = Image.open(BytesIO(TASKS[task].render_png(image, result))).convert("L")
    assert drawn.width == 600
    caption = drawn.crop((0, 400, 600, drawn.height))
    assert caption.height >= 10
    assert caption.getextrema()[0] < 128, "dark letters below the image"


def test_the_options_of_a_task_are_arguments_of_the_client() -> None:
    assert {name: task.options for name, task in TASKS.items() if task.options} == {
        "Describe": ("max_candidates",),
        "Thumbnail": ("width", "height", "smart"),
        "OCR": ("language", "detect_orientation"),
        "Recognize text": ("handwriting",),
    }
    assert TASKS["Thumbnail"].kwargs(DEFAULTS) == {"width": 200, "height": 200, "smart": True}
    assert TASKS["Faces"].kwargs(DEFAULTS) == {"features": "Faces"}
