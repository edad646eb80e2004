"""The view, worked by setting the values that a browser would set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ipywidgets import HTML, Button, Checkbox, Dropdown, Text, Widget

from tests.uploading import Sender
from visionhelpers import Explorer, VisionClient, sample
from visionhelpers.explorer.controls import task_options
from visionhelpers.explorer.file_upload import LIMIT, FilePicker
from visionhelpers.explorer.live_region import Announcement
from visionhelpers.service import LocalService


@pytest.fixture(scope="module")
def explorer(service: LocalService) -> Explorer:
    return Explorer(VisionClient(service.url, service.key))


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
    explorer.model.wait()
    return "\n".join(html.value for html in inside(explorer, (HTML, Announcement)))


def picker(explorer: Explorer) -> FilePicker:
    (found,) = inside(explorer, FilePicker)
    return found


def upload(explorer: Explorer, name: str, content: bytes | None = None) -> None:
    """Do what the browser does when a file is chosen."""
    data = sample(name).read_bytes() if content is None else content
    Sender(picker(explorer)).upload(name, data)


def status(explorer: Explorer) -> Announcement:
    (found,) = inside(explorer, Announcement)
    return found


def choose(explorer: Explorer, title: str, task: str) -> None:
    control(explorer, "Task").value = task
    sample_picture = control(explorer, "Sample picture")
    sample_picture.value = dict(sample_picture.options)[title]


def test_it_opens_on_a_described_sample(service: LocalService) -> None:
    explorer = Explorer(VisionClient(service.url, service.key))
    assert explorer.model.status == "working"
    explorer.model.wait()
    assert explorer.model.status == "done"
    assert "<img alt=" in page(explorer)
    assert explorer.model.facts[0].split(" (")[0] in page(explorer)


def test_every_control_has_a_label(explorer: Explorer) -> None:
    kinds = (Dropdown, FilePicker, Text, Button, Checkbox)
    controls = [each for kind in kinds for each in inside(explorer, kind)]
    assert len(controls) == 10
    assert all(map(described, controls))


def test_the_samples_are_offered_by_their_titles(explorer: Explorer) -> None:
    offered = dict(control(explorer, "Sample picture").options)
    assert offered["Chelsea the cat"] == "chelsea_the_cat.jpg"
    assert not any("/" in name for name in offered.values()), "the gallery is not for looking at"


def test_choosing_a_task_shows_its_facts_its_drawing_and_its_json(explorer: Explorer) -> None:
    choose(explorer, "Chelsea the cat", "Categories")
    shown = page(explorer)
    assert "animal_cat (" in shown
    assert 'alt="Chelsea the cat. ' in shown
    assert "&quot;categories&quot;" in shown


def test_the_json_shows_when_its_box_is_ticked_and_stays(explorer: Explorer) -> None:
    choose(explorer, "Dahlia", "Faces")
    explorer.model.wait()
    (json,) = (html for html in inside(explorer, HTML) if "&quot;requestId&quot;" in html.value)
    assert json.layout.display == "none"
    control(explorer, "Show the answer as JSON").value = True
    choose(explorer, "Chelsea the cat", "Describe")
    explorer.model.wait()
    assert json.layout.display == ""
    assert "&quot;captions&quot;" in json.value
    control(explorer, "Show the answer as JSON").value = False
    assert json.layout.display == "none"


def test_an_upload_is_looked_at(explorer: Explorer) -> None:
    control(explorer, "Task").value = "Faces"
    upload(explorer, "hopper_and_collins.jpg")
    assert "2 faces found" in page(explorer)
    assert "Faces: hopper_and_collins.jpg" in page(explorer)
    assert control(explorer, "Sample picture").label == "A picture of your own"


def test_a_typed_path_and_a_typed_address_are_looked_at(
    explorer: Explorer, service: LocalService
) -> None:
    control(explorer, "Task").value = "Faces"
    address = control(explorer, "or URL or path")
    address.value = f'  "{sample("grace_hopper.jpg")}" '
    assert "1 face found" in page(explorer)
    address.value = f"{service.url}/samples/dahlia.jpg"
    assert "No face found" in page(explorer)


@pytest.mark.parametrize(
    ("typed", "title"), [("'a.jpg'", "a.jpg"), ("it's", "it's"), ('"', '"'), ("'b'.jpg", "'b'.jpg")]
)
def test_quotation_marks_around_a_path_are_taken_off_in_pairs(
    explorer: Explorer, typed: str, title: str
) -> None:
    control(explorer, "or URL or path").value = typed
    explorer.model.wait()
    assert explorer.model.title == title


def test_a_picture_of_ones_own_is_not_chosen_in_the_list(explorer: Explorer) -> None:
    choose(explorer, "Dahlia", "Faces")
    control(explorer, "Sample picture").value = ""
    assert control(explorer, "Sample picture").label == "Dahlia"
    assert "No face found" in page(explorer)


def test_the_last_chosen_picture_is_the_one_shown(explorer: Explorer) -> None:
    choose(explorer, "Dahlia", "Faces")
    upload(explorer, "grace_hopper.jpg")
    choose(explorer, "Dahlia", "Faces")
    assert "No face found" in page(explorer)


def test_an_upload_under_way_is_dropped_for_a_sample(explorer: Explorer) -> None:
    choose(explorer, "Chelsea the cat", "Faces")
    browser = Sender(picker(explorer))
    name = browser.choose("late.jpg", 10)
    choose(explorer, "Dahlia", "Faces")
    browser.part(name, 0, bytes(10))
    assert "Faces: Dahlia" in page(explorer)


def test_an_upload_too_large_is_refused_in_a_sentence_that_the_next_picture_clears(
    explorer: Explorer,
) -> None:
    choose(explorer, "Dahlia", "Faces")
    for name in ("large.tif", "larger.tif"):
        Sender(picker(explorer)).choose(name, LIMIT + 1)
        assert f"{name}</b>" in page(explorer)
        assert "can be uploaded; type its path" in page(explorer)
        assert "<img" not in page(explorer)
        assert "<textarea" not in page(explorer)
        assert status(explorer).urgent
        assert control(explorer, "Sample picture").label == "A picture of your own"
    choose(explorer, "Dahlia", "Faces")
    assert "No face found" in page(explorer)
    assert not status(explorer).urgent


@pytest.mark.parametrize(
    ("task", "shown"),
    [
        ("Describe", {"Captions at most"}),
        ("Thumbnail", {"Width in pixels", "Height in pixels", "Keep what matters in view"}),
        ("Print", {"Language", "Find out which way up it is"}),
        ("Handwriting", {"Written by hand"}),
        ("Landmarks", set()),
    ],
)
def test_a_task_shows_its_own_options_only(explorer: Explorer, task: str, shown: set[str]) -> None:
    choose(explorer, "Dahlia", task)
    options = {each.description for each in task_options().values()}
    displayed = {name for name in options if control(explorer, name).layout.display != "none"}
    assert displayed == shown


def test_an_option_is_asked_for(explorer: Explorer) -> None:
    choose(explorer, "Dahlia", "Thumbnail")
    control(explorer, "Width in pixels").value = 64
    assert explorer.model.wait().size == (64, 200)
    assert "not with JSON" in page(explorer)
    assert "width=64" in page(explorer)


def test_while_it_works_it_says_so(explorer: Explorer) -> None:
    choose(explorer, "Chelsea the cat", "Faces")
    explorer.model.wait()
    control(explorer, "Look again").click()
    assert "Looking at Chelsea the cat</b>" in status(explorer).value
    assert "<img" not in "".join(html.value for html in inside(explorer, HTML))
    assert "<img" in page(explorer)


def test_while_an_operation_runs_its_state_is_shown() -> None:
    with LocalService(operation_delay=1.5) as slow:
        explorer = Explorer(VisionClient(slow.url, slow.key))
        seen: list[str] = []
        status(explorer).observe(lambda change: seen.append(change.new), "value")
        choose(explorer, "A note in another hand", "Handwriting")
        explorer.model.wait()
    assert any("The service says: " in said for said in seen)
    assert "Handwriting: A note in another hand" in seen[-1]


def test_the_code_is_shown_to_be_copied(explorer: Explorer) -> None:
    choose(explorer, "Dahlia", "Print")
    assert "<textarea readonly" in page(explorer)
    assert "vh.sample(&#x27;dahlia.jpg&#x27;), language=&#x27;unk&#x27;" in page(explorer)


def test_the_controls_follow_what_code_shows(explorer: Explorer) -> None:
    choose(explorer, "Dahlia", "Faces")
    explorer.model.show(sample("chelsea_the_cat.jpg"), "Chelsea")
    assert control(explorer, "Sample picture").label == "Chelsea the cat"
    assert explorer.model.title == "Chelsea"
    control(explorer, "or URL or path").value = "no/such/file.jpg"
    assert control(explorer, "Sample picture").label == "A picture of your own"
    explorer.model.show(sample("chelsea_the_cat.jpg"), "Chelsea")
    assert control(explorer, "or URL or path").value == ""
    explorer.model.wait()


def test_an_error_is_a_sentence_that_the_next_picture_clears(explorer: Explorer) -> None:
    address = control(explorer, "or URL or path")
    address.value = "no/such/<b>file.jpg"
    shown = page(explorer)
    assert status(explorer).urgent
    assert "Cannot read &#x27;no/such/&lt;b&gt;file.jpg&#x27;" in shown
    assert "Traceback" not in shown
    assert "<img" not in shown
    choose(explorer, "Chelsea the cat", "Faces")
    explorer.model.wait()
    assert not status(explorer).urgent


def test_an_upload_that_is_no_picture_is_named(explorer: Explorer) -> None:
    upload(explorer, "notes.txt", b"hello")
    assert "notes.txt</b>" in page(explorer)
    assert "not an image" in page(explorer)


def test_a_service_that_is_not_there_is_said_where_the_answer_would_be() -> None:
    explorer = Explorer(VisionClient("http://127.0.0.1:9", "key", retries=0))
    explorer.model.wait()
    assert explorer.model.status == "failed"
    assert status(explorer).urgent
    assert "127.0.0.1:9" in status(explorer).value


def test_the_button_asks_once_more(explorer: Explorer) -> None:
    choose(explorer, "Dahlia", "Faces")
    explorer.model.wait()
    seen: list[str] = []
    explorer.model.observe(lambda change: seen.append(change.new), "status")
    control(explorer, "Look again").click()
    explorer.model.wait()
    assert seen == ["working", "done"]


def test_the_view_follows_the_model(explorer: Explorer) -> None:
    explorer.model.task = "Colours and type"
    assert control(explorer, "Task").value == "Colours and type"
    assert "Accent colour: #" in page(explorer)


def test_in_a_notebook_it_is_a_widget_that_names_no_path(explorer: Explorer) -> None:
    shown = explorer._repr_mimebundle_()
    assert set(shown) == {"text/plain", "application/vnd.jupyter.widget-view+json"}
    assert shown["text/plain"] == "Explorer()"
