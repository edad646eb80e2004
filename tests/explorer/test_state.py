from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from io import BytesIO
from pathlib import Path
from textwrap import dedent
from threading import Thread, get_ident
from typing import Any

import nbformat
import pytest
from matplotlib.figure import Figure
from nbclient import NotebookClient
from PIL import Image
from traitlets import TraitError

from tests.support.images import noise
from tests.support.poll import poll_until
from tests.support.scripted_server import RUNNING, TAGS, scripted_server
from tests.support.silent_server import SilentServer
from visionhelpers import VisionClient, sample_path
from visionhelpers.explorer.query import Query
from visionhelpers.explorer.state import MAX_CONCURRENT, ExplorerState
from visionhelpers.explorer.tasks import TASKS
from visionhelpers.images import ImageInput
from visionservice import LocalService


def comparable(result: Any) -> Any:
    if isinstance(result, Image.Image):
        return result.size, result.tobytes()
    return {name: value for name, value in result.items() if name != "requestId"}


def summary(state: ExplorerState) -> list[str]:
    return [str(line) for line in state.summary]


@pytest.fixture
def state(client: VisionClient) -> ExplorerState:
    return ExplorerState(client)


@pytest.fixture
def drawing_threads(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The thread of each drawing that matplotlib writes."""
    threads: list[int] = []
    savefig = Figure.savefig

    def record(*args: Any, **kwargs: Any) -> None:
        threads.append(get_ident())
        savefig(*args, **kwargs)

    monkeypatch.setattr(Figure, "savefig", record)
    return threads


def test_a_query_that_another_thread_replaces_while_it_is_drawn_is_dropped(
    state: ExplorerState, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JupyterLab delivers changes of controls on a thread of their own."""
    render, drawn = Query.render, []

    def replaced(query: Query, outcome: Any) -> Any:
        drawn.append(state.task)
        if len(drawn) == 1:
            thread = Thread(target=state.run, args=["Tags"])
            thread.start()
            thread.join()
        return render(query, outcome)

    monkeypatch.setattr(Query, "render", replaced)
    shown: list[Any] = []
    state.observe(lambda _: shown.append((state.status, state.task, summary(state)[:1])), "status")
    state.show(sample_path("chelsea_the_cat.jpg"))
    state.wait()
    assert drawn == ["Describe", "Tags"]
    assert shown == [("working", "Describe", []), ("done", "Tags", ["3 tags found:"])]


def test_it_begins_idle_and_empty(state: ExplorerState) -> None:
    assert state.task == "Describe"
    state.run()
    assert state.wait() is None
    assert (state.status, state.result, state.summary, state.drawing) == ("idle", None, (), b"")


@pytest.mark.parametrize("task", TASKS)
def test_every_task_gives_a_summary_and_a_drawing(state: ExplorerState, task: str) -> None:
    state.task = task
    state.show(sample_path("eileen_collins_portrait.jpg"))
    assert state.wait() is state.result
    assert (state.status, state.error) == ("done", "")
    assert state.result
    assert state.summary
    Image.open(BytesIO(state.drawing)).verify()


@pytest.mark.parametrize("mode", ["RGB", "CMYK", "L"])
def test_it_takes_a_pillow_image(state: ExplorerState, mode: str) -> None:
    state.run("Faces")
    state.show(Image.open(sample_path("grace_hopper.jpg")).convert(mode))
    state.wait()
    assert (state.status, state.error) == ("done", "")
    assert summary(state)[0] == "1 face found:"


def test_a_pillow_image_whose_file_is_not_read_yet_can_be_used_repeatedly(
    state: ExplorerState,
) -> None:
    file = BytesIO()
    noise(1500, 1500).save(file, "PNG")
    for _ in range(3):
        state.show(Image.open(file))
        state.task = "Thumbnail" if state.task == "Faces" else "Faces"
        state.wait()
        assert (state.status, state.error) == ("done", "")


def test_it_takes_bytes_files_and_urls(state: ExplorerState, service: LocalService) -> None:
    state.task = "Faces"
    data = sample_path("grace_hopper.jpg").read_bytes()
    for image in (data, BytesIO(data)):
        state.show(image)
        state.wait()
        assert summary(state)[0] == "1 face found:"
        assert state.title == "image"
    state.show(f"{service.url}/samples/dahlia.jpg")
    state.wait()
    assert summary(state) == ["No face found."]


def test_an_open_file_is_read_once_for_several_tasks(state: ExplorerState) -> None:
    state.task = "Faces"
    with sample_path("grace_hopper.jpg").open("rb") as file:
        state.show(file)
    state.wait()
    state.run("Celebrities")
    state.wait()
    assert summary(state)[1].startswith("Grace Hopper")


@pytest.mark.parametrize(
    ("image", "title"),
    [
        (Path("folder/a cat.jpg"), "a cat.jpg"),
        ("https://example.org/images/cat.jpg", "cat.jpg"),
        (b"bytes", "image"),
        (Image.new("RGB", (60, 60)), "image"),
        (Image.open(sample_path("dahlia.jpg")), "dahlia.jpg"),
    ],
)
def test_the_title_is_by_default_the_name_of_the_file(
    refused: VisionClient, image: ImageInput, title: str
) -> None:
    state = ExplorerState(refused)
    state.show(image)
    assert state.title == title
    state.show(image, "My image")
    assert state.title == "My image"


def test_an_argument_that_is_no_image_is_refused(state: ExplorerState) -> None:
    with pytest.raises(TypeError, match="42"):
        state.show(42)  # type: ignore[arg-type]
    assert state.status == "idle"


def test_the_same_image_shown_again_is_sent_again(state: ExplorerState) -> None:
    data = sample_path("dahlia.jpg").read_bytes()
    state.task = "Faces"
    state.show(data, "one.jpg")
    state.wait()
    state.show(data, "other.jpg")
    assert state.status == "working"
    assert "'other.jpg'" in state.code
    state.wait()


def test_downloads_that_hang_do_not_delay_other_queries(
    state: ExplorerState, silent: SilentServer
) -> None:
    state.task = "Faces"
    for number in range(MAX_CONCURRENT + 2):
        state.show(f"{silent.url}/{number}.jpg")
    state.show(sample_path("dahlia.jpg"))
    state.wait(8)
    assert summary(state) == ["No face found."]


def test_another_task_is_run_at_once(state: ExplorerState) -> None:
    state.task = "Faces"
    state.show(sample_path("grace_hopper.jpg"))
    state.wait()
    assert "faces" in state.result
    state.task = "Celebrities"
    state.wait()
    assert summary(state)[1].startswith("Grace Hopper")
    state.run("Faces")
    assert "faces" in state.wait()
    with pytest.raises(ValueError, match="Invalid task 'Fases'"):
        state.run("Fases")
    assert (state.task, state.status) == ("Faces", "done")


def test_a_thumbnail_follows_its_size(state: ExplorerState) -> None:
    state.task = "Thumbnail"
    state.show(sample_path("dahlia.jpg"))
    state.wait()
    state.width = 90
    assert state.wait().size == (90, 200)
    assert Image.open(BytesIO(state.drawing)).size == (90, 200)


def test_a_size_that_no_service_takes_is_refused(state: ExplorerState) -> None:
    with pytest.raises(TraitError):
        state.width = 1025


def test_only_the_options_of_the_task_start_a_query(state: ExplorerState) -> None:
    state.task = "OCR"
    state.show(sample_path("democritus.png"))
    state.wait()
    state.max_candidates, state.width = 1, 90
    assert state.status == "done"
    state.language = "de"
    assert state.wait()["language"] == "de"


def test_observers_get_the_start_and_the_end_of_a_query(state: ExplorerState) -> None:
    seen: list[str] = []
    state.task = "Faces"
    state.observe(lambda change: seen.append(change.new), "status")
    state.show(sample_path("dahlia.jpg"))
    state.wait()
    assert seen == ["working", "done"]


def test_observers_never_get_a_new_task_with_an_old_result(state: ExplorerState) -> None:
    state.task = "Faces"
    state.show(sample_path("dahlia.jpg"))
    state.wait()
    seen: list[tuple[str, bool]] = []
    state.observe(lambda _: seen.append((state.status, bool(state.summary))), ["status", "code"])
    state.task = "Celebrities"
    state.wait()
    assert seen == [("working", False), ("working", False), ("done", True)]


def test_it_waits_for_the_last_of_many_queries(state: ExplorerState) -> None:
    state.show(sample_path("grace_hopper.jpg"))
    for task in TASKS:
        state.task = task
    state.task = "Celebrities"
    assert state.wait()["result"]["celebrities"]
    assert summary(state)[1].startswith("Grace Hopper")


def test_the_result_of_an_earlier_query_is_dropped(
    state: ExplorerState, silent: SilentServer
) -> None:
    state.task = "Faces"
    state.show(f"{silent.url}/slow.jpg")
    slow = silent.accept()
    state.show(sample_path("grace_hopper.jpg"))
    assert state.wait()["faces"]
    seen: list[object] = []
    state.observe(lambda change: seen.append(change.new), "status")
    slow.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + sample_path("dahlia.jpg").read_bytes())
    slow.close()
    poll_until(lambda: not [each for each in threading.enumerate() if "_work" in each.name])
    state.run("Celebrities")
    assert state.wait()["result"]["celebrities"]
    assert seen == ["working", "done"]


def test_wait_returns_the_result_of_the_query_that_replaces_another(
    state: ExplorerState, silent: SilentServer
) -> None:
    state.task = "Faces"
    state.show(f"{silent.url}/slow.jpg")
    results: list[Any] = []
    thread = Thread(target=lambda: results.append(state.wait(30)))
    thread.start()
    with silent.accept():
        state.show(sample_path("grace_hopper.jpg"))
        thread.join(30)
    assert results[0]["faces"]


def test_a_service_that_sends_nothing_does_not_block(silent: SilentServer) -> None:
    state = ExplorerState(VisionClient(silent.url, "key", retries=0))
    state.show(sample_path("dahlia.jpg"))
    assert (state.status, state.result) == ("working", None)
    with pytest.raises(TimeoutError, match=r"Describe did not finish within 0\.01 seconds"):
        state.wait(0.01)


def test_progress_is_the_status_of_a_running_operation() -> None:
    with LocalService(operation_delay=0.5) as slow:
        state = ExplorerState(VisionClient(slow.url, slow.key, version="v1.0"))
        state.task = "Recognize text"
        seen: list[str] = []
        state.observe(lambda change: seen.append(change.new), "progress")
        state.show(sample_path("handwritten_note.jpg"))
        state.wait()
    assert seen[0] in ("NotStarted", "Running")
    assert seen[-1] == ""


def test_the_progress_of_an_operation_that_was_replaced_is_not_shown() -> None:
    with scripted_server() as server:
        client = server.client(server.operation(), RUNNING)
        state = ExplorerState(client, task="Recognize text")
        seen: list[str] = []
        state.observe(lambda change: seen.append(change.new), "progress")
        state.show(sample_path("handwritten_note.jpg"))
        poll_until(lambda: len(server.requests) > 2)  # the first poll has called back
        server.steps = [TAGS]
        state.run("Tags")
        assert state.wait() == {"tags": []}
    assert seen == []


@pytest.mark.parametrize("task", TASKS)
def test_the_code_gives_the_same_result(
    service: LocalService, client: VisionClient, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISION_ENDPOINT", f"{service.url}/vision/v1.0")
    monkeypatch.setenv("VISION_KEY", service.key)
    state = ExplorerState(client, task=task)
    state.show(sample_path("eileen_collins_portrait.jpg"))
    assert len(state.code.splitlines()) == 4
    names: dict[str, Any] = {}
    exec(state.code, names)  # noqa: S102
    assert comparable(names["result"]) == comparable(state.wait())


def test_the_code_contains_no_key(refused: VisionClient) -> None:
    state = ExplorerState(refused)
    state.show(sample_path("dahlia.jpg"))
    assert refused.key not in state.code


def test_an_error_clears_the_result_and_the_next_image_clears_the_error(
    state: ExplorerState,
) -> None:
    state.task = "Faces"
    state.show(b"not an image")
    state.wait()
    assert (state.status, bool(state.error)) == ("failed", True)
    assert (state.result, state.summary, state.drawing) == (None, (), b"")
    state.show(sample_path("dahlia.jpg"))
    state.wait()
    assert (state.status, state.error) == ("done", "")


def test_a_failed_upload_takes_the_place_of_an_image(silent: SilentServer) -> None:
    state = ExplorerState(VisionClient(silent.url, "key", retries=0))
    state.show(sample_path("dahlia.jpg"))
    seen: list[str] = []
    state.observe(lambda change: seen.append(change.new), "status")
    state.fail("large.tif", "Too large.")
    state.fail("larger.tif", "Too large.")
    assert seen == ["idle", "failed", "idle", "failed"]
    assert (state.title, state.error, state.image) == ("larger.tif", "Too large.", None)
    assert (state.wait(), state.code) == (None, "")
    state.run()
    assert state.status == "failed"


def test_results_are_drawn_and_applied_on_the_thread_of_the_event_loop(
    client: VisionClient, drawing_threads: list[int]
) -> None:
    changes: list[int] = []

    async def main() -> None:
        state = ExplorerState(client, task="Faces")
        done = asyncio.Event()
        state.observe(lambda _: changes.append(get_ident()), ["drawing", "summary", "progress"])
        state.observe(lambda change: change.new == "done" and done.set(), "status")
        state.show(sample_path("grace_hopper.jpg"))
        await asyncio.wait_for(done.wait(), 60)
        assert summary(state)[0] == "1 face found:"

    asyncio.run(main())
    assert drawing_threads == [get_ident()]
    assert set(changes) == {get_ident()}


def test_wait_on_the_thread_of_the_event_loop_draws_the_result(
    client: VisionClient, drawing_threads: list[int]
) -> None:
    async def main() -> ExplorerState:
        state = ExplorerState(client, task="Faces")
        for name in ("dahlia.jpg", "grace_hopper.jpg"):
            state.show(sample_path(name))
        assert state.wait(60)["faces"]
        await asyncio.sleep(0.1)  # the loop finds no callbacks
        return state

    state = asyncio.run(main())
    assert drawing_threads == [get_ident()]
    state.show(sample_path("dahlia.jpg"))
    state.wait(60)
    assert summary(state) == ["No face found."], "the loop is closed"


def test_wait_on_another_thread_than_the_event_loop_returns(client: VisionClient) -> None:
    async def main() -> Any:
        state = ExplorerState(client, task="Faces")
        state.show(sample_path("grace_hopper.jpg"))
        return await asyncio.to_thread(state.wait, 60)

    assert asyncio.run(main())["faces"]


def in_kernel(*cells: str) -> list[str]:
    """Run cells in a kernel, and return what each printed."""
    notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
    NotebookClient(notebook, timeout=120).execute()
    return ["".join(output.text for output in cell.outputs) for cell in notebook.cells]


def test_in_a_kernel_a_cell_can_wait_and_results_are_drawn_between_cells(
    client: VisionClient,
) -> None:
    setup = f"""
        import asyncio, threading
        import visionhelpers as vh
        vision = vh.VisionClient({client.base_url!r}, {str(client.key)!r})
        explorer = vh.Explorer(vision)
        threads = []
        explorer.state.observe(lambda _: threads.append(threading.current_thread()), "drawing")
    """
    wait = "print(list(explorer.wait(60))[0], explorer.state.status)"
    leave = 'explorer.run("Faces")'
    later = """
        while explorer.state.status == "working":
            await asyncio.sleep(0.1)
        print(explorer.state.summary[0], set(threads) == {threading.main_thread()})
    """
    show = 'explorer.show(vh.sample_path("grace_hopper.jpg"))\nprint(len(explorer.wait()["faces"]))'
    printed = in_kernel(dedent(setup), wait, leave, dedent(later), show)
    assert printed == ["", "description done\n", "", "1 face found: True\n", "1\n"]


def test_the_state_imports_no_widgets() -> None:
    probe = "import sys, visionhelpers.explorer.state as e; print('ipywidgets' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
