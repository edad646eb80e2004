"""The widget, operated by setting the values that a browser sets.

`tests/browser/test_explorer.py` operates it in a browser, with real keys.
"""

from collections.abc import Iterator
from html import escape
from typing import Any

import pytest
from ipywidgets import HTML, Button, Checkbox, Dropdown, Text, Widget

from tests.support.file_upload import Browser
from visionhelpers import Explorer, VisionClient, sample_path
from visionhelpers.explorer.accessibility import GUARD_CLASS, LiveRegion, ShortcutGuard
from visionhelpers.explorer.file_upload import MAX_UPLOAD_BYTES, ChunkedUpload
from visionhelpers.explorer.widget import task_controls
from visionservice import LocalService

SAMPLE, PATH, TOGGLE = "Sample image", "or URL or path", "Show the response as JSON"


class Page:
    """An Explorer as a browser shows it."""

    def __init__(self, client: VisionClient) -> None:
        self.explorer = Explorer(client)
        self.state = self.explorer.state
        (self.status,) = self.widgets(LiveRegion)
        (upload,) = self.widgets(ChunkedUpload)
        self.browser = Browser(upload)

    def widgets(self, *kinds: type) -> list[Any]:
        """All widgets of some kinds, in the order of reading."""

        def inside(widget: Widget) -> Iterator[Widget]:
            yield widget
            for child in getattr(widget, "children", ()):
                yield from inside(child)

        return [widget for widget in inside(self.explorer) if isinstance(widget, kinds)]

    def control(self, label: str) -> Any:
        (found,) = (w for w in self.widgets(Widget) if getattr(w, "description", "") == label)
        return found

    def html(self, part: str) -> HTML:
        (found,) = (html for html in self.widgets(HTML) if part in html.value)
        return found

    def text(self) -> str:
        """All text after the query."""
        self.explorer.wait()
        return "\n".join(html.value for html in self.widgets(HTML, LiveRegion))

    def choose(self, title: str, task: str) -> str:
        """Choose a sample and a task, and return all text after the query."""
        self.control("Task").value = task
        samples = self.control(SAMPLE)
        samples.value = dict(samples.options)[title]
        return self.text()


@pytest.fixture(scope="module")
def page(client: VisionClient) -> Page:
    return Page(client)


def test_it_opens_on_a_described_sample(client: VisionClient) -> None:
    page = Page(client)
    assert page.state.status == "working"
    assert "<img alt=" in page.text()
    assert page.state.status == "done"
    assert page.state.summary[0].items[0].text in page.text()


def test_it_is_controlled_from_code(page: Page) -> None:
    page.explorer.show(sample_path("grace_hopper.jpg"))
    page.explorer.run("Celebrities")
    assert page.explorer.wait() is page.explorer.result
    assert page.explorer.result["result"]["celebrities"][0]["name"] == "Grace Hopper"
    assert "Celebrities: grace_hopper.jpg" in page.text()


def test_every_control_has_a_label(page: Page) -> None:
    controls = page.widgets(Dropdown, ChunkedUpload, Text, Button, Checkbox)
    assert len(controls) == 10
    assert all(control.description for control in controls)


def test_shortcuts_are_suppressed_in_the_whole_explorer(page: Page) -> None:
    (guard,) = page.widgets(ShortcutGuard)
    assert GUARD_CLASS in page.explorer._dom_classes
    assert f'closest(".{GUARD_CLASS}")' in guard._esm
    assert guard.layout.display == "none"


def test_a_live_region_sends_its_html_and_its_urgency_in_one_message() -> None:
    region = LiveRegion()
    sent: list[set[str]] = []
    region.send_state = lambda keys: sent.append(set(keys))
    region.update("<p>no</p>", urgent=True)
    assert [keys for keys in sent if keys] == [{"value", "urgent"}]
    assert (region.value, region.urgent) == ("<p>no</p>", True)


def test_the_samples_are_offered_by_their_titles_without_the_gallery(page: Page) -> None:
    offered = dict(page.control(SAMPLE).options)
    assert offered["Chelsea the cat"] == "chelsea_the_cat.jpg"
    assert not any("/" in name for name in offered.values())
    page.explorer.show(sample_path("gallery/landmarks/Summer Palace/tower.jpg"))
    assert page.control(SAMPLE).value == ""
    page.text()
    assert page.state.error == ""


def test_a_task_shows_its_summary_its_drawing_its_json_and_its_code(page: Page) -> None:
    shown = page.choose("Chelsea the cat", "Categories")
    assert ">animal_cat (" in shown
    assert 'alt="Chelsea the cat. ' in shown
    assert "&quot;categories&quot;" in shown
    assert "vision.analyze(image, features=&#x27;Categories&#x27;)</textarea>" in shown


def test_the_json_is_shown_while_its_box_is_checked(page: Page) -> None:
    page.choose("Dahlia", "Faces")
    for checked, display in ((False, "none"), (True, ""), (False, "none")):
        page.control(TOGGLE).value = checked
        assert page.html("&quot;requestId&quot;").layout.display == display


def test_an_upload_is_analyzed_until_a_sample_is_chosen(page: Page) -> None:
    page.choose("Dahlia", "Faces")
    data = sample_path("altered/hopper_and_collins.jpg").read_bytes()
    page.browser.upload("both.jpg", data)
    assert "2 faces found" in page.text()
    assert "Faces: both.jpg" in page.text()
    assert page.control(SAMPLE).label == "Your own image"
    assert "No face found" in page.choose("Dahlia", "Faces")
    page.control(SAMPLE).value = ""
    assert page.control(SAMPLE).label == "Dahlia", "Your own image is not a choice"


def test_a_pending_upload_is_cancelled_for_a_sample(page: Page) -> None:
    page.choose("Chelsea the cat", "Faces")
    name = page.browser.choose("late.jpg", 10)
    page.choose("Dahlia", "Faces")
    page.browser.send_chunk(name, 0, bytes(10))
    assert "Faces: Dahlia" in page.text()


def test_a_path_and_a_url_are_analyzed(page: Page, service: LocalService) -> None:
    page.control("Task").value = "Faces"
    page.control(PATH).value = f'  "{sample_path("grace_hopper.jpg")}" '
    assert "1 face found" in page.text()
    page.control(PATH).value = f"{service.url}/samples/dahlia.jpg"
    assert "No face found" in page.text()


@pytest.mark.parametrize(
    ("typed", "title"), [("'a.jpg'", "a.jpg"), ("it's", "it's"), ('"', '"'), ("'b'.jpg", "'b'.jpg")]
)
def test_quotation_marks_around_a_path_are_removed_in_pairs(
    page: Page, typed: str, title: str
) -> None:
    page.control(PATH).value = typed
    page.text()
    assert (page.state.title, page.control(PATH).value) == (title, typed)


def test_the_controls_follow_what_is_shown_from_code(page: Page) -> None:
    page.control(PATH).value = "no/such/file.jpg"
    page.explorer.show(sample_path("chelsea_the_cat.jpg"), "Chelsea")
    assert page.control(SAMPLE).label == "Chelsea the cat"
    assert page.state.title == "Chelsea"
    assert page.control(PATH).value == ""
    page.state.task = "Color and image type"
    assert page.control("Task").value == "Color and image type"
    assert "Accent color: #" in page.text()


@pytest.mark.parametrize(
    ("task", "options"),
    [
        ("Describe", {"Maximum captions"}),
        ("Thumbnail", {"Width in pixels", "Height in pixels", "Smart cropping"}),
        ("OCR", {"Language", "Detect orientation"}),
        ("Recognize text", {"Handwriting"}),
        ("Landmarks", set()),
    ],
)
def test_a_task_shows_its_own_options_only(page: Page, task: str, options: set[str]) -> None:
    page.choose("Dahlia", task)
    labels = {control.description for control in task_controls().values()}
    shown = {label for label in labels if page.control(label).layout.display != "none"}
    assert shown == {"Task"} | options


def test_an_option_changes_the_request(page: Page) -> None:
    page.choose("Dahlia", "Thumbnail")
    page.control("Width in pixels").value = 64
    assert page.explorer.wait().size == (64, 200)
    assert "returns an image, not JSON" in page.text()
    assert "width=64" in page.text()


def test_the_status_shows_a_running_query_and_the_drawing_keeps_its_space(page: Page) -> None:
    page.choose("Chelsea the cat", "Faces")
    page.control("Run again").click()
    assert "Analyzing Chelsea the cat</b>" in page.status.value
    drawing = page.html("<img")
    assert drawing.layout.visibility == "hidden"
    assert "<img" in page.text()
    assert drawing.layout.visibility == "visible"


@pytest.mark.usefixtures("unread_results")
def test_the_status_shows_the_progress_of_an_operation() -> None:
    with LocalService(operation_delay=0.5) as slow:
        page = Page(VisionClient(slow.url, slow.key, version="v1.0"))
        seen: list[str] = []
        page.status.observe(lambda change: seen.append(change.new), "value")
        page.choose("A note in another hand", "Recognize text")
    assert any("Status: " in value for value in seen)
    assert "Recognize text: A note in another hand" in seen[-1]
    assert page.state.progress == ""


@pytest.mark.parametrize(
    ("way", "name", "message"),
    [
        ("path", "<b>.jpg", "Cannot read &#x27;&lt;b&gt;.jpg&#x27;"),
        ("upload", "notes.txt", "not an image"),
        ("large upload", "large.tif", "the limit is 20 MB: enter its path"),
    ],
)
def test_an_error_is_a_sentence_until_the_next_image(
    page: Page, way: str, name: str, message: str
) -> None:
    page.choose("Dahlia", "Faces")
    if way == "path":
        page.control(PATH).value = name
    elif way == "upload":
        page.browser.upload(name, b"hello")
    else:
        page.browser.choose(name, MAX_UPLOAD_BYTES + 1)
    shown = page.text()
    assert page.status.urgent
    assert f"{escape(name)}</b>" in shown
    assert message in shown
    assert not {each for each in ("Traceback", "<img", "&quot;requestId") if each in shown}
    assert (page.state.status, page.explorer.result) == ("failed", None)
    assert page.control(SAMPLE).label == "Your own image"
    assert "No face found" in page.choose("Dahlia", "Faces")
    assert not page.status.urgent


def test_a_notebook_shows_it_as_a_widget_without_a_path(page: Page) -> None:
    shown = page.explorer._repr_mimebundle_()
    assert set(shown) == {"text/plain", "application/vnd.jupyter.widget-view+json"}
    assert shown["text/plain"] == "Explorer()"
