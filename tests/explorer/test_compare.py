from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from threading import Thread, main_thread
from typing import Any

import matplotlib.pyplot as plt
import pytest
from PIL import Image

from tests.support.images import noise
from tests.support.poll import poll_until
from tests.support.scripted_server import scripted_server
from tests.support.silent_server import SilentServer
from visionhelpers import ImageError, VisionClient, compare, sample_path
from visionhelpers.explorer import Comparison
from visionhelpers.explorer.compare import DEFAULT_TASKS
from visionservice import LocalService

BOTH = sample_path("altered/hopper_and_collins.jpg")


@pytest.fixture(autouse=True)
def no_figures() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VisionClient]:
    """A client of another service, with Eileen Collins in its gallery."""
    with LocalService(gallery=tmp_path_factory.mktemp("gallery")) as other:
        client = VisionClient(other.url, other.key, version="v1.0")
        client.add_face("Eileen Collins", sample_path("eileen_collins_portrait.jpg"))
        yield client


@pytest.fixture(scope="module")
def galleries(client: VisionClient, taught: VisionClient) -> Comparison:
    clients = {"untaught": client, "taught": taught}
    return compare(BOTH, clients, ["Celebrities", "Landmarks"])


def texts(comparison: Comparison, number: int = 0) -> dict[str, list[str]]:
    columns = comparison.diffs[number].columns
    return {
        name: [f"{line.mark} {line.text}".strip().split(" (")[0] for line in lines]
        for name, lines in columns.items()
    }


def test_a_face_in_one_gallery_is_marked_in_its_column(galleries: Comparison) -> None:
    assert texts(galleries) == {
        "untaught": ["≠ 1 celebrity found:", "Grace Hopper"],
        "taught": ["≠ 2 celebrities found:", "Grace Hopper", "≠ Eileen Collins"],
    }
    assert [diff.differs for diff in galleries.diffs] == [True, False]
    assert str(galleries).startswith("Celebrities: different\n")
    assert "<b>≠ Eileen Collins (" in galleries._repr_html_()


def test_by_default_the_tasks_for_any_image_are_compared(
    client: VisionClient, client_v3: VisionClient
) -> None:
    finished: list[str] = []
    versions = {"v1.0": client, "v3.2": client_v3}
    comparison = compare(sample_path("coffee_cup.jpg"), versions, on_task=finished.append)
    assert finished == list(DEFAULT_TASKS) == [diff.task for diff in comparison.diffs]
    assert not any(diff.marks for diff in comparison.diffs), comparison
    assert "a cup of coffee" in str(comparison)


class Once(BytesIO):
    """A stream that cannot be read again, such as a download."""

    def seekable(self) -> bool:
        return False


def test_the_image_is_read_once_and_sent_to_all(client: VisionClient) -> None:
    stream = Once(sample_path("dahlia.jpg").read_bytes())
    comparison = compare(stream, {"a": client, "b": client}, "Faces")
    assert texts(comparison) == {"a": ["No face found."], "b": ["No face found."]}
    assert comparison.image.size == Image.open(sample_path("dahlia.jpg")).size


def test_a_resized_image_is_noted_for_the_service_that_needs_it(
    client: VisionClient, client_v3: VisionClient
) -> None:
    comparison = compare(noise(3600, 100), {"v1.0": client, "v3.2": client_v3}, "OCR")
    assert [line.split(" pixels")[0] for line in texts(comparison)["v1.0"][-1:]] == [
        "≠ Note: The image of 3600 x 100"
    ]
    assert not any("Note" in line for line in texts(comparison)["v3.2"])


def test_an_error_is_shown_in_its_column_and_does_not_affect_the_others(
    client: VisionClient,
) -> None:
    stranger = VisionClient(client.base_url, "an-invalid-key")
    comparison = compare(BOTH, {"local": client, "stranger": stranger}, ["Faces", "Tags"])
    for number in (0, 1):
        shown = texts(comparison, number)
        assert shown["local"][0].endswith("found:")
        assert shown["stranger"][0].startswith("≠ 401: ")
    axes = comparison.draw("Faces")
    assert len(axes[0].patches) == 2
    assert axes[1].get_title().startswith("401: ")


def test_settings_are_compared_by_joining(client: VisionClient) -> None:
    def sized(name: str, width: int) -> Comparison:
        return compare(BOTH, {name: client}, "Thumbnail", width=width, height=60)

    joined = sized("narrow", 50) | sized("wide", 90)
    assert joined.names == ("narrow", "wide")
    assert texts(joined) == {
        "narrow": ["≠ A thumbnail of 50 x 60 pixels, returned as an image."],
        "wide": ["≠ A thumbnail of 90 x 60 pixels, returned as an image."],
    }
    narrow, wide = joined.draw("Thumbnail")
    assert narrow.images[0].get_array().shape == (60, 50, 3)
    assert wide.images[0].get_array().shape == (60, 90, 3)


def test_only_comparisons_of_the_same_image_and_tasks_can_be_joined(client: VisionClient) -> None:
    faces = compare(BOTH, {"a": client}, "Faces")
    with pytest.raises(ValueError, match="Both comparisons contain 'a': use different names"):
        _ = faces | faces
    with pytest.raises(ValueError, match="different tasks, Faces and Tags: use the same"):
        _ = faces | compare(BOTH, {"b": client}, "Tags")
    with pytest.raises(ValueError, match="different images"):
        _ = faces | compare(sample_path("dahlia.jpg"), {"b": client}, "Faces")


def test_each_result_is_drawn_below_the_name_of_its_service(galleries: Comparison) -> None:
    axes = galleries.draw("Celebrities")
    assert [len(ax.patches) for ax in axes] == [1, 2]
    names = [text for ax in axes for text in ax.texts if text.get_text() in galleries.names]
    assert [text.get_text() for text in names] == ["untaught", "taught"]
    figure = axes[0].figure
    figure.canvas.draw()
    for name, ax in zip(names, axes, strict=True):
        box = name.get_window_extent()
        assert box.y0 >= ax.get_window_extent().y1, "above the image"
        assert box.y1 <= figure.bbox.y1, "inside the figure"


@pytest.mark.parametrize("task", ["Describe", "Color and image type"])
def test_names_and_captions_have_space_in_the_figure(client: VisionClient, task: str) -> None:
    axes = compare(sample_path("grace_hopper.jpg"), {"a": client, "b": client}, task).draw(task)
    figure = axes[0].figure
    figure.canvas.draw()
    for ax in axes:
        (name,) = ax.texts
        image, caption = ax.get_window_extent(), ax.title.get_window_extent()
        assert ax.title.get_text()
        assert caption.y1 < image.y0 < image.y1 <= name.get_window_extent().y0
        assert caption.y0 >= 0
        assert name.get_window_extent().y1 <= figure.bbox.y1
    assert axes[0].get_window_extent().x1 < axes[1].get_window_extent().x0


def test_given_axes_are_drawn_on_and_returned(galleries: Comparison) -> None:
    figure, axes = plt.subplots(2, 1)
    size = figure.get_size_inches().tolist()
    assert galleries.draw("Landmarks", axes) == list(axes)
    assert plt.get_fignums() == [1]
    assert figure.get_size_inches().tolist() == size
    grid = plt.subplots(1, 2, squeeze=False)[1]
    assert galleries.draw("Landmarks", grid) == list(grid[0])
    with pytest.raises(ValueError, match="Invalid axes: use 2 Axes, not 1"):
        galleries.draw("Landmarks", axes[:1])
    with pytest.raises(ValueError, match="Invalid task 'Tags': use one of Celebrities, Landmarks"):
        galleries.draw("Tags")


@pytest.mark.parametrize(
    ("clients", "tasks", "options", "message"),
    [
        ({}, "Faces", {}, "Invalid clients or tasks: use at least one of each"),
        ({"a": None}, "Fases", {}, "Invalid task 'Fases': use one of Describe, Tags"),
        ({"a": None}, [], {}, "Invalid clients or tasks"),
        ({"a": None}, "OCR", {"langauge": "en"}, "Invalid option 'langauge': use one of"),
    ],
)
def test_a_wrong_argument_is_a_value_error(
    clients: Any, tasks: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        compare(BOTH, clients, tasks, **options)


def test_an_unreadable_image_is_an_error_of_the_caller(
    client: VisionClient, tmp_path: Path
) -> None:
    with pytest.raises(ImageError, match=r"no\.jpg"):
        compare(tmp_path / "no.jpg", {"local": client})


def test_ctrl_c_does_not_wait_for_a_response(silent: SilentServer) -> None:
    client = VisionClient(silent.url, "key", timeout=600, retries=0)
    accepted = []

    def interrupt() -> None:
        accepted.append(silent.accept())
        signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)

    Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        compare(BOTH, {"silent": client}, "Tags")
    accepted[0].close()


def test_a_script_that_is_interrupted_ends_at_once(silent: SilentServer) -> None:
    script = (
        "import visionhelpers as vh\n"
        f"silent = vh.VisionClient({silent.url!r}, 'key', timeout=20, retries=0)\n"
        "vh.compare(vh.sample_path('dahlia.jpg'), {'silent': silent}, 'Tags')\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE)
    with process, silent.accept():
        process.send_signal(signal.SIGINT)  # not before: imports may suppress it
        _, stderr = process.communicate(timeout=10)
    assert b"KeyboardInterrupt" in stderr


def test_all_services_get_the_image_at_the_same_time() -> None:
    with scripted_server() as server, ThreadPoolExecutor(1) as pool:
        server.go.clear()
        clients = {name: server.client() for name in "abcd"}
        comparison = pool.submit(compare, BOTH, clients, "Tags")
        poll_until(lambda: len(server.requests) == 4)  # none of them has a response
        server.go.set()
        assert not comparison.result(60).diffs[0].differs


def test_neither_widgets_nor_pyplot_are_loaded() -> None:
    probe = "import sys, visionhelpers; visionhelpers.compare; print(*sys.modules, sep='\\n')"
    run = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    loaded = set(run.stdout.split())
    assert "visionhelpers.explorer.compare" in loaded
    assert not loaded & {"ipywidgets", "anywidget", "matplotlib.pyplot"}
