import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import matplotlib.pyplot as plt
import pytest

import visionhelpers as vh
from tests.support.images import noise
from tests.support.poll import poll_until
from tests.support.scripted_server import scripted_server
from tests.support.silent_server import SilentServer
from visionhelpers import VisionClient
from visionhelpers.explorer import Comparison
from visionhelpers.explorer.compare import DEFAULT_TASKS
from visionhelpers.images import ImageInput
from visionservice import LocalService

BOTH = vh.sample_path("altered/hopper_and_collins.jpg")


@pytest.fixture(autouse=True)
def no_figures() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def galleries(client: vh.VisionClient, tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    """The results of two services, one with Eileen Collins in its gallery."""
    with LocalService(gallery=tmp_path_factory.mktemp("gallery")) as other:
        taught = vh.VisionClient(other.url, other.key, version="v1.0")
        taught.add_face("Eileen Collins", vh.sample_path("eileen_collins_portrait.jpg"))
        clients = {"untaught": client, "taught": taught}
        return vh.compare(BOTH, clients, ["Celebrities", "Landmarks"])


def texts(comparison: Comparison, number: int = 0) -> dict[str, list[str]]:
    """The lines of each column with their marks, without confidences."""
    columns = comparison.diffs[number].columns
    return {
        name: [f"{line.mark} {line.text}".strip().split(" (")[0] for line in lines]
        for name, lines in columns.items()
    }


def test_a_face_in_one_gallery_is_marked_and_drawn_for_its_service(galleries: Comparison) -> None:
    assert texts(galleries) == {
        "untaught": ["≠ 1 celebrity found:", "Grace Hopper"],
        "taught": ["≠ 2 celebrities found:", "Grace Hopper", "≠ Eileen Collins"],
    }
    assert [diff.differs for diff in galleries.diffs] == [True, False]
    assert str(galleries).startswith("Celebrities: different\n")
    assert "<b>≠ Eileen Collins (" in galleries._repr_html_()
    assert [len(ax.patches) for ax in galleries.draw("Celebrities")] == [1, 2]


def test_by_default_the_tasks_for_any_image_are_compared(
    client: VisionClient, client_v3: VisionClient
) -> None:
    finished: list[str] = []
    versions = {"v1.0": client, "v3.2": client_v3}
    comparison = vh.compare(vh.sample_path("coffee_cup.jpg"), versions, on_task=finished.append)
    assert finished == list(DEFAULT_TASKS) == [diff.task for diff in comparison.diffs]
    assert not any(diff.marks for diff in comparison.diffs), comparison
    assert "a cup of coffee" in str(comparison)


def test_a_resized_image_is_noted_only_for_the_service_that_needs_it(
    client: VisionClient, client_v3: VisionClient, recwarn: pytest.WarningsRecorder
) -> None:
    found = vh.compare(noise(3600, 100), {"v1.0": client, "v3.2": client_v3}, "OCR").diffs[0]
    note = found.columns["v1.0"][-1]
    assert note.text.startswith("Note: The image of 3600 x 100 pixels ")
    assert (note.text[-1], note.mark) == (".", "≠")
    assert not any("Note" in line.text for line in found.columns["v3.2"])
    assert not recwarn.list


def test_an_error_is_shown_in_its_column_only(client: VisionClient) -> None:
    stranger = vh.VisionClient(client.base_url, "an-invalid-key")
    comparison = vh.compare(BOTH, {"local": client, "stranger": stranger}, ["Faces", "Tags"])
    for number in (0, 1):
        shown = texts(comparison, number)
        assert shown["local"][0].endswith("found:")
        assert shown["stranger"][0].startswith("≠ 401: ")
    axes = comparison.draw("Faces")
    assert len(axes[0].patches) == 2
    assert axes[1].get_title().startswith("401: ")


def test_settings_are_compared_by_joining(client: VisionClient) -> None:
    def sized(name: str, width: int) -> Comparison:
        return vh.compare(BOTH, {name: client}, "Thumbnail", width=width, height=60)

    joined = sized("narrow", 50) | sized("wide", 90)
    assert texts(joined) == {
        "narrow": ["≠ A thumbnail of 50 x 60 pixels, returned as an image."],
        "wide": ["≠ A thumbnail of 90 x 60 pixels, returned as an image."],
    }
    shapes = [ax.images[0].get_array().shape for ax in joined.draw("Thumbnail")]
    assert shapes == [(60, 50, 3), (60, 90, 3)]


def test_only_comparisons_of_the_same_image_and_tasks_can_be_joined(client: VisionClient) -> None:
    faces = vh.compare(BOTH, {"a": client}, "Faces")
    with pytest.raises(ValueError, match="Both comparisons contain 'a': use different names"):
        _ = faces | faces
    with pytest.raises(ValueError, match="different tasks, Faces and Tags: use the same"):
        _ = faces | vh.compare(BOTH, {"b": client}, "Tags")
    with pytest.raises(ValueError, match="different images"):
        _ = faces | vh.compare(vh.sample_path("dahlia.jpg"), {"b": client}, "Faces")


@pytest.mark.parametrize("task", ["Describe", "Color and image type"])
def test_names_and_captions_have_space_in_the_figure(client: VisionClient, task: str) -> None:
    comparison = vh.compare(vh.sample_path("grace_hopper.jpg"), {"a": client, "b": client}, task)
    axes = comparison.draw(task)
    figure = axes[0].figure
    figure.canvas.draw()
    for ax, service in zip(axes, "ab", strict=True):
        (name,) = ax.texts
        assert name.get_text() == service
        image, caption = ax.get_window_extent(), ax.title.get_window_extent()
        assert ax.title.get_text()
        assert 0 <= caption.y0 < caption.y1 < image.y0 < image.y1 <= name.get_window_extent().y0
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
    ("image", "clients", "tasks", "options", "error", "message"),
    [
        (BOTH, {}, "Faces", {}, ValueError, "Invalid clients or tasks: use at least one of each"),
        (BOTH, {"a": None}, [], {}, ValueError, "Invalid clients or tasks"),
        (BOTH, {"a": None}, "Fases", {}, ValueError, "Invalid task 'Fases': use one of Describe,"),
        (BOTH, {"a": None}, "OCR", {"langauge": "en"}, ValueError, "Invalid option 'langauge': "),
        ("no.jpg", {"a": None}, "OCR", {}, vh.ImageError, r"no\.jpg"),
    ],
)
def test_a_wrong_argument_is_an_error_before_any_request(
    image: ImageInput,
    clients: dict[str, Any],
    tasks: str | list[str],
    options: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    with pytest.raises(error, match=message):
        vh.compare(image, clients, tasks, **options)


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


def test_the_image_is_read_once_and_sent_to_all_services_at_the_same_time() -> None:
    class Download(BytesIO):
        def seekable(self) -> bool:
            return False  # it cannot be read again

    data = BOTH.read_bytes()
    with scripted_server() as server, ThreadPoolExecutor(1) as pool:
        server.go.clear()
        clients = {name: server.client() for name in "abcd"}
        comparison = pool.submit(vh.compare, Download(data), clients, "Tags")
        poll_until(lambda: len(server.requests) == 4)  # none of them has a response
        server.go.set()
        assert not comparison.result(60).diffs[0].differs
        assert {request.body for request in server.requests} == {data}
