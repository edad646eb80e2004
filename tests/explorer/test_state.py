import asyncio
import threading
from io import BytesIO
from pathlib import Path
from threading import Thread, get_ident
from time import sleep
from typing import Any

import pytest
from matplotlib.figure import Figure
from PIL import Image
from traitlets import TraitError

from tests.support.poll import poll_until
from tests.support.scripted_server import RUNNING, TAGS, scripted_server
from tests.support.silent_server import SilentServer
from visionhelpers import VisionClient, sample_path
from visionhelpers.explorer.query import Query
from visionhelpers.explorer.state import MAX_CONCURRENT, ExplorerState
from visionhelpers.explorer.tasks import TASKS
from visionhelpers.images import ImageInput
from visionservice import LocalService

DAHLIA, HOPPER = sample_path("dahlia.jpg"), sample_path("grace_hopper.jpg")


def summary(state: ExplorerState) -> list[str]:
    return [str(line) for line in state.summary]


def changes(state: ExplorerState, trait: str) -> list[Any]:
    """The values of a trait from now on."""
    seen: list[Any] = []
    state.observe(lambda change: seen.append(change.new), trait)
    return seen


@pytest.fixture
def state(client: VisionClient) -> ExplorerState:
    return ExplorerState(client, task="Faces")


@pytest.fixture
def waiting(silent: SilentServer) -> ExplorerState:
    """A state that waits for a service."""
    state = ExplorerState(VisionClient(silent.url, "key", retries=0))
    state.show(DAHLIA)
    return state


def test_it_begins_idle_and_empty(client: VisionClient) -> None:
    state = ExplorerState(client)
    state.run()
    assert state.wait() is None
    assert (state.task, state.status, state.result) == ("Describe", "idle", None)
    assert (state.summary, state.drawing) == ((), b"")


@pytest.mark.parametrize("task", TASKS)
def test_every_task_gives_a_summary_a_drawing_and_code_with_the_same_result(
    service: LocalService, client: VisionClient, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def comparable(result: Any) -> Any:
        return result.tobytes() if task == "Thumbnail" else result | {"requestId": None}

    monkeypatch.setenv("VISION_ENDPOINT", f"{service.url}/vision/v1.0")
    monkeypatch.setenv("VISION_KEY", service.key)
    state = ExplorerState(client, task=task)
    state.show(sample_path("eileen_collins_portrait.jpg"))
    assert state.wait() is state.result
    assert (state.status, state.error, bool(state.summary)) == ("done", "", True)
    Image.open(BytesIO(state.drawing)).verify()
    names: dict[str, Any] = {}
    exec(state.code, names)  # noqa: S102
    assert comparable(names["result"]) == comparable(state.result)


@pytest.mark.parametrize(
    "open_image",
    [
        pytest.param(lambda file: file.read(), id="bytes"),
        pytest.param(lambda file: file, id="an open file"),
        pytest.param(Image.open, id="a Pillow image that is not read yet"),
        pytest.param(lambda file: Image.open(file).convert("CMYK"), id="a Pillow image in CMYK"),
    ],
)
def test_an_open_image_is_read_at_once_for_several_tasks(
    state: ExplorerState, open_image: Any
) -> None:
    with HOPPER.open("rb") as file:
        state.show(open_image(file))
    state.wait()
    assert summary(state)[0] == "1 face found:"
    state.run("Celebrities")
    state.wait()
    assert summary(state)[1].startswith("Grace Hopper")


@pytest.mark.parametrize(
    ("image", "title"),
    [
        (Path("folder/a cat.jpg"), "a cat.jpg"),
        ("https://example.org/images/cat.jpg", "cat.jpg"),
        (b"bytes", "image"),
        (Image.open(DAHLIA), "dahlia.jpg"),
    ],
)
def test_the_title_is_by_default_the_name_of_the_file(
    refused: VisionClient, image: ImageInput, title: str
) -> None:
    state = ExplorerState(refused)
    state.show(image)
    assert state.title == title


def test_an_argument_that_is_no_image_no_task_or_no_size_is_refused(state: ExplorerState) -> None:
    with pytest.raises(TypeError, match="42"):
        state.show(42)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="Invalid task 'Fases'"):
        state.run("Fases")
    with pytest.raises(TraitError):
        state.width = 1025
    assert (state.task, state.status) == ("Faces", "idle")


def test_the_same_image_shown_again_is_sent_again(state: ExplorerState) -> None:
    data = DAHLIA.read_bytes()
    state.show(data, "one.jpg")
    state.wait()
    state.show(data, "other.jpg")
    assert state.status == "working"
    assert "'other.jpg'" in state.code
    state.wait()


def test_only_the_options_of_the_task_start_a_query(state: ExplorerState) -> None:
    state.task = "Thumbnail"
    state.show(DAHLIA)
    state.wait()
    state.max_candidates, state.language = 1, "de"
    assert state.status == "done"
    state.width = 90
    assert state.wait().size == (90, 200)
    assert Image.open(BytesIO(state.drawing)).size == (90, 200)


def test_observers_never_get_a_new_task_with_an_old_result(state: ExplorerState) -> None:
    state.show(DAHLIA)
    state.wait()
    seen: list[tuple[str, bool]] = []
    state.observe(lambda _: seen.append((state.status, bool(state.summary))), ["status", "code"])
    state.task = "Celebrities"
    state.wait()
    assert seen == [("working", False), ("working", False), ("done", True)]


def test_no_more_than_three_requests_are_sent_at_the_same_time() -> None:
    def show_and_wait_for(requests: int) -> None:
        state.show(DAHLIA)
        poll_until(lambda: len(server.requests) == requests)

    with scripted_server() as server:
        server.go.clear()
        state = ExplorerState(server.client(), task="Tags")
        for number in range(MAX_CONCURRENT):
            show_and_wait_for(number + 1)
        for _ in range(2):
            state.show(DAHLIA)
        sleep(0.3)
        assert len(server.requests) == MAX_CONCURRENT == 3
        server.go.set()
        assert state.wait() == {"tags": []}
        assert len(server.requests) == MAX_CONCURRENT + 1, "a replaced query is not sent"


def test_downloads_that_hang_do_not_delay_other_queries(
    state: ExplorerState, silent: SilentServer
) -> None:
    for number in range(MAX_CONCURRENT + 2):
        state.show(f"{silent.url}/{number}.jpg")
    state.show(DAHLIA)
    state.wait(8)
    assert summary(state) == ["No face found."]


def test_the_result_of_an_earlier_query_is_dropped(
    state: ExplorerState, silent: SilentServer
) -> None:
    state.show(f"{silent.url}/slow.jpg")
    slow = silent.accept()
    state.show(HOPPER)
    assert state.wait()["faces"]
    seen = changes(state, "status")
    slow.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + DAHLIA.read_bytes())
    slow.close()
    poll_until(lambda: not [each for each in threading.enumerate() if "_work" in each.name])
    state.run("Celebrities")
    assert state.wait()["result"]["celebrities"]
    assert seen == ["working", "done"]


def test_a_query_that_another_thread_replaces_while_it_is_drawn_is_dropped(
    client: VisionClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JupyterLab delivers changes of controls on a thread of their own."""
    state, render, drawn = ExplorerState(client), Query.render, []

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


def test_wait_returns_the_result_of_the_query_that_replaces_another(
    state: ExplorerState, silent: SilentServer
) -> None:
    state.show(f"{silent.url}/slow.jpg")
    results: list[Any] = []
    thread = Thread(target=lambda: results.append(state.wait(30)))
    thread.start()
    with silent.accept():
        state.show(HOPPER)
        thread.join(30)
    assert results[0]["faces"]


def test_a_service_that_sends_nothing_does_not_block(waiting: ExplorerState) -> None:
    assert (waiting.status, waiting.result) == ("working", None)
    with pytest.raises(TimeoutError, match=r"Describe did not finish within 0\.01 seconds"):
        waiting.wait(0.01)


def test_the_progress_of_an_operation_that_was_replaced_is_not_shown() -> None:
    with scripted_server() as server:
        client = server.client(server.operation(), RUNNING)
        state = ExplorerState(client, task="Recognize text")
        seen = changes(state, "progress")
        state.show(sample_path("handwritten_note.jpg"))
        poll_until(lambda: len(server.requests) > 2)  # the first poll has called back
        server.steps = [TAGS]
        state.run("Tags")
        assert state.wait() == {"tags": []}
    assert seen == []


def test_a_failed_upload_takes_the_place_of_an_image(waiting: ExplorerState) -> None:
    seen = changes(waiting, "status")
    waiting.fail("large.tif", "Too large.")
    waiting.fail("larger.tif", "Too large.")
    assert seen == ["idle", "failed", "idle", "failed"]
    assert (waiting.title, waiting.error, waiting.image) == ("larger.tif", "Too large.", None)
    assert (waiting.wait(), waiting.code) == (None, "")
    waiting.run()
    assert waiting.status == "failed"


def test_results_are_drawn_on_the_thread_of_the_event_loop_also_in_wait(
    client: VisionClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads, savefig = [], Figure.savefig

    def record(*args: Any, **kwargs: Any) -> None:
        threads.append(get_ident())
        savefig(*args, **kwargs)

    async def main() -> ExplorerState:
        state = ExplorerState(client, task="Faces")
        done = asyncio.Event()
        state.observe(lambda change: change.new == "done" and done.set(), "status")
        state.observe(lambda _: threads.append(get_ident()), ["drawing", "summary"])
        state.show(HOPPER)
        await asyncio.wait_for(done.wait(), 60)
        assert summary(state)[0] == "1 face found:"
        for image in (DAHLIA, HOPPER):
            state.show(image)
        assert state.wait(60)["faces"]
        await asyncio.sleep(0.1)  # the loop finds no callbacks
        return state

    monkeypatch.setattr(Figure, "savefig", record)
    state = asyncio.run(main())
    assert set(threads) == {get_ident()}
    state.show(DAHLIA)
    state.wait(60)
    assert summary(state) == ["No face found."], "the loop is closed"


def test_wait_on_another_thread_than_the_event_loop_returns(client: VisionClient) -> None:
    async def main() -> Any:
        state = ExplorerState(client, task="Faces")
        state.show(HOPPER)
        return await asyncio.to_thread(state.wait, 60)

    assert asyncio.run(main())["faces"]
