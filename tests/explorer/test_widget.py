"""The widget, operated by setting the values that a browser sets."""

from collections.abc import Iterator
from html import escape
from typing import Any

import pytest
from ipywidgets import HTML, Button, Checkbox, Dropdown, Text, Widget

from tests.support.file_upload import Browser
from visionhelpers import Explorer, VisionClient, sample_path
from visionhelpers.explorer.accessibility import LiveRegion
from visionhelpers.explorer.file_upload import MAX_UPLOAD_BYTES, ChunkedUpload
from visionhelpers.explorer.widget import task_controls
from visionservice import LocalService

SAMPLE, PATH, TOGGLE = "Sample image", "or URL or path", "Show the response as JSON"


@pytest.fixture(scope="module")
def explorer(client: VisionClient) -> Explorer:
    return Explorer(client)


def inside(widget: Widget, *kinds: type) -> Iterator[Any]:
    """All widgets of some kinds in another, in the order of reading."""
    if isinstance(widget, kinds):
        yield widget
    for child in getattr(widget, "children", ()):
        yield from inside(child, *kinds)


def control(explorer: Explorer, label: str) -> Any:
    (found,) = (each for each in inside(explorer, Widget) if described(each) == label)
    return found


def described(widget: Widget) -> str:
    return str(getattr(widget, "description", ""))


def page(explorer: Explorer) -> str:
    """All text of the Explorer after its query."""
    explorer.wait()
    return "\n".join(html.value for html in inside(explorer, HTML, LiveRegion))


def html_with(explorer: Explorer, text: str) -> HTML:
    (found,) = (html for html in inside(explorer, HTML) if text in html.value)
    return found


def browser(explorer: Explorer) -> Browser:
    """The browser's half of an upload."""
    (found,) = inside(explorer, ChunkedUpload)
    return Browser(found)


def status(explorer: Explorer) -> LiveRegion:
    (found,) = inside(explorer, LiveRegion)
    return found


def choose(explorer: Explorer, title: str, task: str) -> None:
    control(explorer, "Task").value = task
    samples = control(explorer, SAMPLE)
    samples.value = dict(samples.options)[title]


def test_it_opens_on_a_described_sample(client):
    explorer = Explorer(client)
    assert explorer.state.status == "working"
    assert "<img alt=" in page(explorer)
    assert explorer.state.status == "done"
    assert explorer.state.summary[0].items[0].text in page(explorer)


def test_it_is_controlled_from_code(explorer):
    explorer.show(sample_path("grace_hopper.jpg"))
    explorer.run("Celebrities")
    assert explorer.wait() is explorer.result
    assert explorer.result["result"]["celebrities"][0]["name"] == "Grace Hopper"
    assert "Celebrities: grace_hopper.jpg" in page(explorer)
    with pytest.raises(ValueError, match="Invalid task 'Fases': use one of Describe"):
        explorer.run("Fases")


def test_every_control_has_a_label(explorer):
    controls = list(inside(explorer, Dropdown, ChunkedUpload, Text, Button, Checkbox))
    assert len(controls) == 10
    assert all(map(described, controls))


def test_the_samples_are_offered_by_their_titles_without_the_gallery(explorer):
    offered = dict(control(explorer, SAMPLE).options)
    assert offered["Chelsea the cat"] == "chelsea_the_cat.jpg"
    assert not any("/" in name for name in offered.values())
    explorer.show(sample_path("gallery/landmarks/Summer Palace/tower.jpg"))
    assert control(explorer, SAMPLE).value == ""
    explorer.wait()
    assert explorer.state.error == ""


def test_a_task_shows_its_summary_its_drawing_its_json_and_its_code(explorer):
    choose(explorer, "Chelsea the cat", "Categories")
    shown = page(explorer)
    assert "animal_cat (" in shown
    assert 'alt="Chelsea the cat. ' in shown
    assert "&quot;categories&quot;" in shown
    assert "vision.analyze(image, features=&#x27;Categories&#x27;)</textarea>" in shown


def test_the_json_is_shown_while_its_box_is_checked(explorer):
    choose(explorer, "Dahlia", "Faces")
    explorer.wait()
    json = html_with(explorer, "&quot;requestId&quot;")
    for checked, display in ((False, "none"), (True, ""), (False, "none")):
        control(explorer, TOGGLE).value = checked
        assert json.layout.display == display


def test_an_upload_is_analyzed_until_a_sample_is_chosen(explorer):
    choose(explorer, "Dahlia", "Faces")
    data = sample_path("altered/hopper_and_collins.jpg").read_bytes()
    browser(explorer).upload("both.jpg", data)
    assert "2 faces found" in page(explorer)
    assert "Faces: both.jpg" in page(explorer)
    assert control(explorer, SAMPLE).label == "Your own image"
    choose(explorer, "Dahlia", "Faces")
    assert "No face found" in page(explorer)
    control(explorer, SAMPLE).value = ""
    assert control(explorer, SAMPLE).label == "Dahlia", "Your own image is not a choice"


def test_a_pending_upload_is_cancelled_for_a_sample(explorer):
    choose(explorer, "Chelsea the cat", "Faces")
    pending = browser(explorer)
    name = pending.choose("late.jpg", 10)
    choose(explorer, "Dahlia", "Faces")
    pending.send_chunk(name, 0, bytes(10))
    assert "Faces: Dahlia" in page(explorer)


def test_a_path_and_a_url_are_analyzed(explorer, service):
    control(explorer, "Task").value = "Faces"
    control(explorer, PATH).value = f'  "{sample_path("grace_hopper.jpg")}" '
    assert "1 face found" in page(explorer)
    control(explorer, PATH).value = f"{service.url}/samples/dahlia.jpg"
    assert "No face found" in page(explorer)


@pytest.mark.parametrize(
    ("typed", "title"), [("'a.jpg'", "a.jpg"), ("it's", "it's"), ('"', '"'), ("'b'.jpg", "'b'.jpg")]
)
def test_quotation_marks_around_a_path_are_removed_in_pairs(explorer, typed, title):
    control(explorer, PATH).value = typed
    explorer.wait()
    assert explorer.state.title == title


def test_the_controls_follow_images_shown_from_code(explorer):
    control(explorer, PATH).value = "no/such/file.jpg"
    assert control(explorer, SAMPLE).label == "Your own image"
    explorer.show(sample_path("chelsea_the_cat.jpg"), "Chelsea")
    assert control(explorer, SAMPLE).label == "Chelsea the cat"
    assert explorer.state.title == "Chelsea"
    assert control(explorer, PATH).value == ""
    explorer.state.task = "Color and image type"
    assert control(explorer, "Task").value == "Color and image type"
    assert "Accent color: #" in page(explorer)


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
def test_a_task_shows_its_own_options_only(explorer, task, shown):
    choose(explorer, "Dahlia", task)
    controls = {each.description for each in task_controls().values()}
    displayed = {name for name in controls if control(explorer, name).layout.display != "none"}
    assert displayed == {"Task"} | shown


def test_an_option_changes_the_request(explorer):
    choose(explorer, "Dahlia", "Thumbnail")
    control(explorer, "Width in pixels").value = 64
    assert explorer.wait().size == (64, 200)
    assert "returns an image, not JSON" in page(explorer)
    assert "width=64" in page(explorer)


def test_the_status_shows_a_running_query(explorer):
    choose(explorer, "Chelsea the cat", "Faces")
    explorer.wait()
    control(explorer, "Run again").click()
    assert "Analyzing Chelsea the cat</b>" in status(explorer).value
    figure = html_with(explorer, "<img")
    assert figure.layout.visibility == "hidden", "it keeps its space"
    assert "<img" in page(explorer)
    assert figure.layout.visibility == "visible"


@pytest.mark.usefixtures("unread_results")
def test_the_status_shows_the_progress_of_an_operation():
    with LocalService(operation_delay=0.5) as slow:
        explorer = Explorer(VisionClient(slow.url, slow.key, version="v1.0"))
        seen: list[str] = []
        status(explorer).observe(lambda change: seen.append(change.new), "value")
        choose(explorer, "A note in another hand", "Recognize text")
        explorer.wait()
    assert any("Status: " in value for value in seen)
    assert "Recognize text: A note in another hand" in seen[-1]
    assert explorer.state.progress == ""


@pytest.mark.parametrize(
    ("way", "name", "message"),
    [
        ("path", "<b>.jpg", "Cannot read &#x27;&lt;b&gt;.jpg&#x27;"),
        ("upload", "notes.txt", "not an image"),
        ("large upload", "large.tif", "the limit is 20 MB: enter its path"),
    ],
)
def test_an_error_is_a_sentence_until_the_next_image(explorer, way, name, message):
    choose(explorer, "Dahlia", "Faces")
    if way == "path":
        control(explorer, PATH).value = name
    elif way == "upload":
        browser(explorer).upload(name, b"hello")
    else:
        browser(explorer).choose(name, MAX_UPLOAD_BYTES + 1)
    shown = page(explorer)
    assert status(explorer).urgent
    assert f"{escape(name)}</b>" in shown
    assert message in shown
    assert not {each for each in ("Traceback", "<img") if each in shown}
    assert control(explorer, SAMPLE).label == "Your own image"
    choose(explorer, "Dahlia", "Faces")
    assert "No face found" in page(explorer)
    assert not status(explorer).urgent


def test_a_notebook_shows_it_as_a_widget_without_a_path(explorer):
    shown = explorer._repr_mimebundle_()
    assert set(shown) == {"text/plain", "application/vnd.jupyter.widget-view+json"}
    assert shown["text/plain"] == "Explorer()"
