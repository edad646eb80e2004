from io import BytesIO
from typing import Any

import pytest
from matplotlib import pyplot
from PIL import Image

from visionhelpers import VisionClient, sample_path
from visionhelpers.explorer.query import Query
from visionhelpers.explorer.tasks import DEFAULTS, TASKS, find_task


def summary(client: VisionClient, task: str, image: str, **options: Any) -> list[str]:
    query = Query(TASKS[task], sample_path(image), DEFAULTS | options)
    return [str(line) for line in query.send(client, lambda _: None).summary]


def draw(task: str, result: Any) -> Image.Image:
    image = Image.new("RGB", (300, 200), "white")
    return Image.open(BytesIO(TASKS[task].render_png(image, result))).convert("L")


def test_an_unknown_task_is_refused_with_the_tasks_of_the_quickstart() -> None:
    with pytest.raises(ValueError, match="Invalid task 'Fases'") as refused:
        find_task("Fases")
    assert str(refused.value).partition(": ")[2] == (
        "use one of Describe, Tags, Categories, Faces, Celebrities, Landmarks, Thumbnail, OCR, "
        "Recognize text, Color and image type."
    )


@pytest.mark.parametrize(
    ("task", "image", "options", "expected"),
    [
        ("Tags", "chelsea_the_cat.jpg", {}, {"cat ("}),
        ("Categories", "chelsea_the_cat.jpg", {}, {"animal_cat ("}),
        ("Faces", "altered/hopper_and_collins.jpg", {}, {"2 faces found:"}),
        ("Celebrities", "altered/grace_hopper_mirrored.jpg", {}, {"1 celebr", "Grace Hopper ("}),
        ("Landmarks", "summer_palace_in_the_evening.jpg", {}, {"Summer Palace ("}),
        ("Thumbnail", "dahlia.jpg", {"width": 120, "height": 80}, {"A thumbnail of 120 x 80 "}),
        ("OCR", "democritus.png", {}, {"NOTHING", "Language en, orientation Up."}),
        ("OCR", "democritus.png", {"language": "de"}, {"Language de"}),
        ("Recognize text", "handwritten_note.jpg", {}, {"Dear Ada,"}),
        ("Color and image type", "photographer.jpg", {}, {"Black and white: yes", "Clip art: no"}),
    ],
)
def test_a_summary_contains_the_result_in_words(
    client: VisionClient, task: str, image: str, options: dict[str, Any], expected: str
) -> None:
    lines = summary(client, task, image, **options)
    missing = [start for start in expected if not any(line.startswith(start) for line in lines)]
    assert not missing, lines


@pytest.mark.parametrize("count", [1, 2])
def test_a_description_has_at_most_max_candidates_captions_and_then_tags(
    client: VisionClient, count: int
) -> None:
    *captions, tags = summary(client, "Describe", "chelsea_the_cat.jpg", max_candidates=count)
    assert len(captions) == count
    assert "cat" in captions[0]
    assert all(caption.endswith(")") for caption in captions)
    assert tags.startswith("Tags: ")


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
    drawn = draw(task, result)
    assert drawn.width == 600
    caption = drawn.crop((0, 400, 600, drawn.height))
    assert caption.height >= 10
    assert caption.getextrema()[0] < 128, "dark letters below the image"


def test_without_a_caption_the_drawing_ends_with_the_image_and_leaves_pyplot_alone() -> None:
    face = {"faceRectangle": {"left": 99, "top": 99, "width": 60, "height": 60}}
    images = [
        draw(*task)
        for task in (
            ("Tags", {"tags": []}),
            ("Categories", {"categories": []}),
            ("Faces", {"faces": [face]}),
        )
    ]
    assert [image.size for image in images] == [(600, 400)] * 3
    assert [image.getextrema()[0] == 255 for image in images] == [True, True, False]
    assert not pyplot.get_fignums()
