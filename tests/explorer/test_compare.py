from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from threading import Thread, main_thread
from typing import Any

import matplotlib.pyplot as plt
import pytest
from PIL import Image

from tests.explorer.test_state import silence
from visionhelpers import ImageError, VisionClient, compare, sample
from visionhelpers.explorer.compare import ANALYZE, Comparison
from visionhelpers.service import LocalService

BOTH = sample("hopper_and_collins.jpg")


@pytest.fixture(autouse=True)
def no_figures() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def client(service: LocalService) -> VisionClient:
    return VisionClient(service.url, service.key)


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VisionClient]:
    """A client of another service, which knows Eileen Collins too."""
    with LocalService(gallery=tmp_path_factory.mktemp("gallery")) as other:
        client = VisionClient(other.url, other.key)
        client.add_face("Eileen Collins", sample("eileen_collins_portrait.jpg"))
        yield client


@pytest.fixture(scope="module")
def galleries(client: VisionClient, taught: VisionClient) -> Comparison:
    clients = {"untaught": client, "taught": taught}
    return compare(BOTH, clients, ["Celebrities", "Landmarks"])


def texts(comparison: Comparison, number: int = 0) -> dict[str, list[str]]:
    columns = comparison.rows[number].columns
    return {
        name: [f"{line.mark} {line.text}".strip().split(" (")[0] for line in lines]
        for name, lines in columns.items()
    }


def test_two_galleries_differ_in_whom_they_know(galleries: Comparison) -> None:
    assert texts(galleries) == {
        "untaught": ["≠ 1 celebrity found:", "Grace Hopper"],
        "taught": ["≠ 2 celebrities found:", "Grace Hopper", "≠ Eileen Collins"],
    }
    assert [row.differs for row in galleries.rows] == [True, False]
    assert str(galleries).startswith("Celebrities: they differ\n")
    assert "<b>≠ Eileen Collins (" in galleries._repr_html_()


def test_what_analyze_says_is_asked_unless_told_otherwise(client: VisionClient) -> None:
    versions = {
        v: VisionClient(client.base_url.partition("vision/")[0], client.key, version=v)
        for v in ("v1.0", "v3.2")
    }
    heard: list[str] = []
    comparison = compare(sample("coffee_cup.jpg"), versions, on_task=heard.append)
    assert heard == list(ANALYZE) == [row.task for row in comparison.rows]
    assert not any(row.marks for row in comparison.rows), comparison
    assert "a cup of coffee" in str(comparison)


class Once(BytesIO):
    """A stream that cannot be read again, as what comes over a network."""

    def seekable(self) -> bool:
        return False


def test_a_picture_is_got_once_and_sent_to_all(client: VisionClient) -> None:
    stream = Once(sample("dahlia.jpg").read_bytes())
    comparison = compare(stream, {"a": client, "b": client}, "Faces")
    assert texts(comparison) == {"a": ["No face found."], "b": ["No face found."]}
    assert comparison.picture.size == Image.open(sample("dahlia.jpg")).size


def test_a_refusal_stands_in_its_column_and_the_other_goes_on(client: VisionClient) -> None:
    stranger = VisionClient(client.base_url, "no-key-of-ours")
    comparison = compare(BOTH, {"local": client, "stranger": stranger}, ["Faces", "Tags"])
    for number in (0, 1):
        said = texts(comparison, number)
        assert said["local"][0].endswith("found:")
        assert said["stranger"][0].startswith("≠ 401: ")
    axes = comparison.draw("Faces")
    assert len(axes[0].patches) == 2
    assert axes[1].get_title().startswith("401: ")


def test_settings_are_compared_by_joining(client: VisionClient) -> None:
    def sized(name: str, width: int) -> Comparison:
        return compare(BOTH, {name: client}, "Thumbnail", width=width, height=60)

    joined = sized("narrow", 50) | sized("wide", 90)
    assert joined.names == ("narrow", "wide")
    assert texts(joined) == {
        "narrow": ["≠ A thumbnail of 50 x 60 pixels, sent as a picture."],
        "wide": ["≠ A thumbnail of 90 x 60 pixels, sent as a picture."],
    }
    narrow, wide = joined.draw("Thumbnail")
    assert narrow.images[0].get_array().shape == (60, 50, 3)
    assert wide.images[0].get_array().shape == (60, 90, 3)


def test_only_what_answers_the_same_question_is_joined(client: VisionClient) -> None:
    faces = compare(BOTH, {"a": client}, "Faces")
    with pytest.raises(ValueError, match="Both comparisons have a 'a'"):
        _ = faces | faces
    with pytest.raises(ValueError, match="different tasks, Faces and Tags"):
        _ = faces | compare(BOTH, {"b": client}, "Tags")
    with pytest.raises(ValueError, match="different pictures"):
        _ = faces | compare(sample("dahlia.jpg"), {"b": client}, "Faces")


def test_each_answer_is_drawn_under_its_name(galleries: Comparison) -> None:
    axes = galleries.draw("Celebrities")
    assert [len(ax.patches) for ax in axes] == [1, 2]
    names = [text for ax in axes for text in ax.texts if text.get_text() in galleries.names]
    assert [text.get_text() for text in names] == ["untaught", "taught"]
    figure = axes[0].figure
    figure.canvas.draw()
    for name, ax in zip(names, axes, strict=True):
        box = name.get_window_extent()
        assert box.y0 >= ax.get_window_extent().y1, "above the picture"
        assert box.y1 <= figure.bbox.y1, "inside the figure"


@pytest.mark.parametrize("task", ["Describe", "Colours and type"])
def test_a_caption_and_a_name_leave_each_other_room(client: VisionClient, task: str) -> None:
    axes = compare(sample("grace_hopper.jpg"), {"a": client, "b": client}, task).draw(task)
    axes[0].figure.canvas.draw()
    for ax in axes:
        (name,) = ax.texts
        picture, caption = ax.get_window_extent(), ax.title.get_window_extent()
        assert ax.title.get_text()
        assert caption.y1 < picture.y0 < picture.y1 <= name.get_window_extent().y0


def test_given_axes_are_drawn_on_and_given_back(galleries: Comparison) -> None:
    _, axes = plt.subplots(2, 1)
    assert galleries.draw("Landmarks", axes) == list(axes)
    assert plt.get_fignums() == [1]
    grid = plt.subplots(1, 2, squeeze=False)[1]
    assert galleries.draw("Landmarks", grid) == list(grid[0])
    with pytest.raises(ValueError, match="2 services need as many axes, and not 1"):
        galleries.draw("Landmarks", axes[:1])
    with pytest.raises(ValueError, match="'Tags' was not asked here, but Celebrities, Landmarks"):
        galleries.draw("Tags")


@pytest.mark.parametrize(
    ("clients", "tasks", "options", "message"),
    [
        ({}, "Faces", {}, "somebody to ask"),
        ({"a": None}, "Fases", {}, "No task is called 'Fases'; there are Describe, Tags"),
        ({"a": None}, [], {}, "No task is called ''"),
        ({"a": None}, "Print", {"langauge": "en"}, "No option is called 'langauge'"),
    ],
)
def test_what_cannot_be_asked_is_named(
    clients: Any, tasks: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        compare(BOTH, clients, tasks, **options)


def test_a_picture_that_cannot_be_read_is_nobodys_fault(
    client: VisionClient, tmp_path: Path
) -> None:
    with pytest.raises(ImageError, match=r"no\.jpg"):
        compare(tmp_path / "no.jpg", {"local": client})


def test_ctrl_c_does_not_wait_for_an_answer() -> None:
    listening, address = silence()
    silent = VisionClient(address, "key", timeout=20, retries=0)
    heard = []

    def interrupt_once_asked() -> None:
        heard.append((listening.accept()[0], time.monotonic()))
        signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)

    with listening:
        Thread(target=interrupt_once_asked, daemon=True).start()
        with pytest.raises(KeyboardInterrupt):
            compare(BOTH, {"silent": silent}, "Tags")
    ((connection, asked),) = heard
    assert time.monotonic() - asked < 5
    connection.close()


def test_a_script_that_is_interrupted_ends_at_once() -> None:
    listening, address = silence()
    listening.settimeout(60)
    script = (
        "import visionhelpers as vh\n"
        f"silent = vh.VisionClient({address!r}, 'key', timeout=20, retries=0)\n"
        "vh.compare(vh.sample('dahlia.jpg'), {'silent': silent}, 'Tags')\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE)
    with listening, process, listening.accept()[0]:
        process.send_signal(signal.SIGINT)  # not before: imports may swallow it
        _, said = process.communicate(timeout=10)
    assert b"KeyboardInterrupt" in said


def test_services_are_asked_at_the_same_time() -> None:
    with LocalService(latency=2) as slow:
        clients = {name: VisionClient(slow.url, slow.key) for name in "abcd"}
        began = time.monotonic()
        comparison = compare(BOTH, clients, "Thumbnail")
        assert time.monotonic() - began < 6, "eight seconds one after the other"
    assert not comparison.rows[0].differs
