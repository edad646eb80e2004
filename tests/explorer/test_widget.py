"""The widget, operated by setting the values that a browser sets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ipywidgets import HTML, Button, Checkbox, Dropdown, Text, Widget

from tests.support.file_upload import Browser
from visionhelpers import Explorer, VisionClient, sample_path
from visionhelpers.explorer.accessibility import LiveRegion
from visionhelpers.explorer.file_upload import MAX_UPLOAD_BYTES, ChunkedUpload
from visionhelpers.explorer.widget import task_controls
from visionservice import LocalService


@pytest.fixture(scope="module")
def explorer(client: VisionClient) -> Explorer:
    return Explorer(client)


def inside(widget: Widget, kind: type | tuple[type, ...]) -> Iterator[Any]:
    """All widgets of a kind in another, in the order of reading."""
    if isinstance(widget, kind):
        yield widget
    for child in getattr(widget, "children", ()):
        yield from inside(child, kind)


def control(explorer: Explorer, description: str) -> Any:
    found = [each for each in inside(explorer, Widget) if described(each) == description]
    assert len(found) == 1, f"{len(found)} controls are called {description!r}"
    return found[0]


def described(widget: Widget) -> str:
    return str(getattr(widget, "description", ""))


def page(explorer: Explorer) -> str:
    explorer.wait()
    return "\n".join(html.value for html in inside(explorer, (HTML, LiveRegion)))


def upload_widget(explorer: Explorer) -> ChunkedUpload:
    (found,) = inside(explorer, ChunkedUpload)
    return found


def upload(explorer: Explorer, name: str, content: bytes | None = None) -> None:
    """Do what the browser does when a file is chosen."""
    data = sample_path(name).read_bytes() if content is None else content
    Browser(upload_widget(explorer)).upload(name, data)


def status(explorer: Explorer) -> LiveRegion:
    (found,) = inside(explorer, LiveRegion)
    return found


def choose(explorer: Explorer, title: str, task: str) -> None:
    control(explorer, "Task").value = task
    samples = control(explorer, "Sample image")
    samples.value = dict(samples.options)[title]


def test_it_opens_on_a_described_sample(client: VisionClient) -> None:
    explorer = Explorer(client)
    assert explorer.state.status == "working"
    explorer.wait()
    assert explorer.state.status == "done"
    assert "<img alt=" in page(explorer)
    assert explorer.state.summary[0].items[0].text in page(explorer)


def test_it_is_controlled_from_code(explorer: Explorer) -> None:
    explorer.show(sample_path("grace_hopper.jpg"))
    explorer.run("Celebrities")
    assert explorer.wait() is explorer.result
    assert explorer.result["result"]["celebrities"][0]["name"] == "Grace Hopper"
    assert "Celebrities: grace_hopper.jpg" in page(explorer)
    with pytest.raises(ValueError, match="Invalid task 'Fases': use one of Describe"):
        explorer.run("Fases")


def test_every_control_has_a_label(explorer: Explorer) -> None:
    kinds = (Dropdown, ChunkedUpload, Text, Button, Checkbox)
    controls = [each for kind in kinds for each in inside(explorer, kind)]
    assert len(controls) == 10
    assert all(map(described, controls))


def test_the_samples_are_offered_by_their_titles(explorer: Explorer) -> None:
    offered = dict(control(explorer, "Sample image").options)
    assert offered["Chelsea the cat"] == "chelsea_the_cat.jpg"
    assert not any("/" in name for name in offered.values()), "without the gallery"


def test_a_task_shows_its_summary_its_drawing_and_its_json(explorer: Explorer) -> None:
    choose(explorer, "Chelsea the cat", "Categories")
    shown = page(explorer)
    assert "animal_cat (" in shown
    assert 'alt="Chelsea the cat. ' in shown
    assert "&quot;categories&quot;" in shown


def test_the_json_is_shown_while_its_box_is_checked(explorer: Explorer) -> None:
    choose(explorer, "Dahlia", "Faces")
    explorer.wait()
    (json,) = (html for html in inside(explorer, HTML) if "&quot;requestId&quot;" in html.value)
    assert json.layout.display == "none"
    control(explorer, "Show the response as JSON").value = True
    choose(explorer, "Chelsea the cat", "Describe")
    explorer.wait()
    assert json.layout.display == ""
    assert "&quot;captions&quot;" in json.value
    control(explorer, "Show the response as JSON").value = False
    assert json.layout.display == "none"


def test_an_upload_is_analyzed(explorer: Explorer) -> None:
    control(explorer, "Task").value = "Faces"
    upload(explorer, "altered/hopper_and_collins.jpg")
    assert "2 faces found" in page(explorer)
    assert "Faces: altered/hopper_and_collins.jpg" in page(explorer)
    assert control(explorer, "Sample image").label == "Your own image"


def test_a_path_and_a_url_are_analyzed(explorer: Explorer, service: LocalService) -> None:
    control(explorer, "Task").value = "Faces"
    url_or_path = control(explorer, "or URL or path")
    url_or_path.value = f'  "{sample_path("grace_hopper.jpg")}" '
    assert "1 face found" in page(explorer)
    url_or_path.value = f"{service.url}/samples/dahlia.jpg"
    assert "No face found" in page(explorer)


@pytest.mark.parametrize(
    ("typed", "title"), [("'a.jpg'", "a.jpg"), ("it's", "it's"), ('"', '"'), ("'b'.jpg", "'b'.jpg")]
)
def test_quotation_marks_around_a_path_are_removed_in_pairs(
    explorer: Explorer, typed: str, title: str
) -> None:
    control(explorer, "or URL or path").value = typed
    explorer.wait()
    assert explorer.state.title == title


def test_your_own_image_is_not_chosen_in_the_list(explorer: Explorer) -> None:
    choose(explorer, "Dahlia", "Faces")
    control(explorer, "Sample image").value = ""
    assert control(explorer, "Sample image").label == "Dahlia"
    assert "No face found" in page(explorer)


def test_the_last_chosen_image_is_shown(explorer: Explorer) -> None:
    choose(explorer, "Dahlia", "Faces")
    upload(explorer, "grace_hopper.jpg")
    choose(explorer, "Dahlia", "Faces")
    assert "No face found" in page(explorer)


def test_a_pending_upload_is_cancelled_for_a_sample(explorer: Explorer) -> None:
    choose(explorer, "Chelsea the cat", "Faces")
    browser = Browser(upload_widget(explorer))
    name = browser.choose("late.jpg", 10)
    choose(explorer, "Dahlia", "Faces")
    browser.send_chunk(name, 0, bytes(10))
    assert "Faces: Dahlia" in page(explorer)


def test_a_too_large_upload_is_an_error_until_the_next_image(
    explorer: Explorer,
) -> None:
    choose(explorer, "Dahlia", "Faces")
    for name in ("large.tif", "larger.tif"):
        Browser(upload_widget(explorer)).choose(name, MAX_UPLOAD_BYTES + 1)
        assert f"{name}</b>" in page(explorer)
        assert "the limit is 20 MB: enter its path" in page(explorer)
        assert "<img" not in page(explorer)
        assert "<textarea" not in page(explorer)
        assert status(explorer).urgent
        assert control(explorer, "Sample image").label == "Your own image"
    choose(explorer, "Dahlia", "Faces")
    assert "No face found" in page(explorer)
    assert not status(explorer).urgent


@pytest.mark.parametrize(
    ("task", "shown"),
    [
        ("Describe", {"Maximum captions"}),
        ("Thumbnail", {"Width in pixels", "Height in pixels", "Smart cropping"}),
        ("OCR", {"Language", "Detect orientation"}),
        ("Recognize text", {"Handwriting"}),
        ("Landmarks", set()),
    ],
)
def test_a_task_shows_its_own_options_only(explorer: Explorer, task: str, shown: set[str]) -> None:
    choose(explorer, "Dahlia", task)
    controls = {each.description for each in task_controls().values()}
    displayed = {name for name in controls if control(explorer, name).layout.display != "none"}
    assert displayed == {"Task"} | shown


def test_an_option_changes_the_request(explorer: Explorer) -> None:
    choose(explorer, "Dahlia", "Thumbnail")
    control(explorer, "Width in pixels").value = 64
    assert explorer.wait().size == (64, 200)
    assert "returns an image, not JSON" in page(explorer)
    assert "width=64" in page(explorer)


def test_the_status_shows_a_running_query(explorer: Explorer) -> None:
    choose(explorer, "Chelsea the cat", "Faces")
    explorer.wait()
    control(explorer, "Run again").click()
    assert "Analyzing Chelsea the cat</b>" in status(explorer).value
    (figure,) = (html for html in inside(explorer, HTML) if "<img" in html.value)
    assert figure.layout.visibility == "hidden", "it keeps its space"
    assert "<img" in page(explorer)
    assert figure.layout.visibility == "visible"


@pytest.mark.usefixtures("unread_results")
def test_the_status_of_a_running_operation_is_shown() -> None:
    with LocalService(operation_delay=0.5) as slow:
        explorer = Explorer(VisionClient(slow.url, slow.key, version="v1.0"))
        seen: list[str] = []
        status(explorer).observe(lambda change: seen.append(change.new), "value")
        choose(explorer, "A note in another hand", "Recognize text")
        explorer.wait()
    assert any("Status: " in value for value in seen)
    assert "Recognize text: A note in another hand" in seen[-1]


def test_the_code_is_shown_to_copy_from(explorer: Explorer) -> None:
    choose(explorer, "Dahlia", "OCR")
    assert "<textarea readonly" in page(explorer)
    assert "vision.ocr(image, language=&#x27;unk&#x27;, detect_orientation=True)" in page(explorer)


def test_the_controls_follow_images_shown_from_code(explorer: Explorer) -> None:
    choose(explorer, "Dahlia", "Faces")
    explorer.show(sample_path("chelsea_the_cat.jpg"), "Chelsea")
    assert control(explorer, "Sample image").label == "Chelsea the cat"
    assert explorer.state.title == "Chelsea"
    control(explorer, "or URL or path").value = "no/such/file.jpg"
    assert control(explorer, "Sample image").label == "Your own image"
    explorer.show(sample_path("chelsea_the_cat.jpg"), "Chelsea")
    assert control(explorer, "or URL or path").value == ""
    explorer.wait()


def test_an_error_is_a_sentence_until_the_next_image(explorer: Explorer) -> None:
    control(explorer, "or URL or path").value = "no/such/<b>file.jpg"
    shown = page(explorer)
    assert status(explorer).urgent
    assert "Cannot read &#x27;no/such/&lt;b&gt;file.jpg&#x27;" in shown
    assert "Traceback" not in shown
    assert "<img" not in shown
    choose(explorer, "Chelsea the cat", "Faces")
    explorer.wait()
    assert not status(explorer).urgent


def test_the_name_of_an_invalid_upload_is_shown(explorer: Explorer) -> None:
    upload(explorer, "notes.txt", b"hello")
    assert "notes.txt</b>" in page(explorer)
    assert "not an image" in page(explorer)


def test_a_service_that_cannot_be_reached_is_an_error_in_the_status(
    refused: VisionClient,
) -> None:
    explorer = Explorer(refused)
    explorer.wait()
    assert explorer.state.status == "failed"
    assert status(explorer).urgent
    assert "127.0.0.1:9" in status(explorer).value


def test_the_button_runs_the_task_again(explorer: Explorer) -> None:
    choose(explorer, "Dahlia", "Faces")
    explorer.wait()
    seen: list[str] = []
    explorer.state.observe(lambda change: seen.append(change.new), "status")
    control(explorer, "Run again").click()
    explorer.wait()
    assert seen == ["working", "done"]


def test_the_widget_follows_the_state(explorer: Explorer) -> None:
    explorer.state.task = "Color and image type"
    assert control(explorer, "Task").value == "Color and image type"
    assert "Accent color: #" in page(explorer)


def test_a_notebook_shows_it_as_a_widget_without_a_path(explorer: Explorer) -> None:
    shown = explorer._repr_mimebundle_()
    assert set(shown) == {"text/plain", "application/vnd.jupyter.widget-view+json"}
    assert shown["text/plain"] == "Explorer()"


def test_a_sample_of_the_gallery_is_shown_though_the_list_has_no_gallery(
    client: VisionClient,
) -> None:
    explorer = Explorer(client)
    explorer.show(sample_path("gallery/landmarks/Summer Palace/tower.jpg"))
    assert control(explorer, "Sample image").value == ""
    explorer.wait()
    assert explorer.state.error == ""
