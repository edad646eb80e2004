from __future__ import annotations

import socket
import subprocess
import sys
import time
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from traitlets import TraitError

from tests.drawn import noise
from visionhelpers import VisionClient, sample
from visionhelpers.explorer.state import Exploration
from visionhelpers.explorer.tasks import TASKS
from visionhelpers.images import SAMPLES
from visionhelpers.service import LocalService


def silence() -> tuple[socket.socket, str]:
    """An address that takes connections and says nothing."""
    listening = socket.create_server(("127.0.0.1", 0))
    return listening, f"http://127.0.0.1:{listening.getsockname()[1]}"


def compared(answer: Any) -> Any:
    if isinstance(answer, Image.Image):
        return answer.size, answer.tobytes()
    return {name: value for name, value in answer.items() if name != "requestId"}


@pytest.fixture
def model(service: LocalService) -> Exploration:
    return Exploration(VisionClient(service.url, service.key))


def test_it_begins_idle_and_empty(model: Exploration) -> None:
    assert model.task == "Describe"
    model.look()
    assert model.wait() is None
    assert (model.status, model.answer, model.facts, model.drawing) == ("idle", None, [], b"")


@pytest.mark.parametrize("task", TASKS)
def test_every_task_ends_in_facts_and_a_drawing(model: Exploration, task: str) -> None:
    model.task = task
    model.show(sample("eileen_collins_portrait.jpg"), "Eileen Collins")
    model.wait()
    assert (model.status, model.error) == ("done", "")
    assert model.answer
    assert model.facts
    Image.open(BytesIO(model.drawing)).verify()


@pytest.mark.parametrize("mode", ["RGB", "CMYK", "L"])
def test_a_pillow_image_is_a_picture(model: Exploration, mode: str) -> None:
    model.task = "Faces"
    model.show(Image.open(sample("grace_hopper.jpg")).convert(mode), "Grace Hopper")
    model.wait()
    assert (model.status, model.error) == ("done", "")
    assert model.facts[0] == "1 face found:"


def test_a_pillow_image_that_is_not_read_yet_can_be_asked_about_twice(model: Exploration) -> None:
    file = BytesIO()
    noise(1500, 1500).save(file, "PNG")
    for _ in range(3):
        model.show(Image.open(file), "noise")
        model.task = "Thumbnail" if model.task == "Faces" else "Faces"
        model.wait()
        assert (model.status, model.error) == ("done", "")


def test_the_same_picture_shown_again_is_looked_at_again(model: Exploration) -> None:
    data = sample("dahlia.jpg").read_bytes()
    model.task = "Faces"
    model.show(data, "one.jpg")
    model.wait()
    model.show(data, "other.jpg")
    assert model.status == "working"
    assert "'other.jpg'" in model.code
    model.wait()


def test_downloads_that_hang_keep_no_question_waiting(model: Exploration) -> None:
    silent, address = silence()
    with silent:
        model.task = "Faces"
        for name in "abcde":
            model.show(f"{address}/{name}.jpg", name)
        model.show(sample("dahlia.jpg"), "Dahlia")
        model.wait(8)
        assert model.facts == ["No face found."]


def test_it_looks_anew_when_the_task_changes(model: Exploration) -> None:
    model.task = "Faces"
    model.show(sample("grace_hopper.jpg"), "Grace Hopper")
    model.wait()
    assert "faces" in model.answer
    model.task = "Celebrities"
    model.wait()
    assert model.facts[1].startswith("Grace Hopper")


def test_a_thumbnail_follows_its_size(model: Exploration) -> None:
    model.task = "Thumbnail"
    model.show(sample("dahlia.jpg"), "Dahlia")
    model.wait()
    model.width = 90
    model.wait()
    assert model.answer.size == (90, 200)
    assert Image.open(BytesIO(model.drawing)).size == (90, 200)


def test_a_size_that_no_service_takes_is_refused(model: Exploration) -> None:
    with pytest.raises(TraitError):
        model.width = 1025


def test_the_observer_sees_the_work_begin_and_end(model: Exploration) -> None:
    seen: list[str] = []
    model.task = "Faces"
    model.observe(lambda change: seen.append(change.new), "status")
    model.show(sample("dahlia.jpg"), "Dahlia")
    model.wait()
    assert seen == ["working", "done"]


def test_bytes_and_addresses_are_pictures(model: Exploration, service: LocalService) -> None:
    model.task = "Faces"
    model.show(sample("grace_hopper.jpg").read_bytes(), "an upload")
    model.wait()
    assert model.facts[0] == "1 face found:"
    model.show(f"{service.url}/samples/dahlia.jpg", "an address")
    model.wait()
    assert model.facts == ["No face found."]


def test_a_picture_sent_smaller_is_noted(model: Exploration, tmp_path: Path) -> None:
    noise(3600, 400).save(tmp_path / "noise.png")
    model.task = "Thumbnail"
    model.show(tmp_path / "noise.png", "noise")
    model.wait()
    assert model.status == "done"
    assert model.facts[-1].startswith("Note: The picture of 3600 x 400 pixels is too large")


def test_nobody_waits_for_an_answer() -> None:
    silent, address = silence()
    with silent:
        model = Exploration(VisionClient(address, "key", retries=0))
        model.show(sample("dahlia.jpg"), "Dahlia")
        assert (model.status, model.answer) == ("working", None)
        with pytest.raises(TimeoutError, match="Describe has no answer"):
            model.wait(0.01)


def test_the_last_question_wins_whatever_comes_late(service: LocalService) -> None:
    silent, address = silence()
    with silent:
        model = Exploration(VisionClient(service.url, service.key))
        model.task = "Faces"
        model.show(f"{address}/slow.jpg", "slow")
        slow = silent.accept()[0]
        model.show(sample("grace_hopper.jpg"), "Grace Hopper")
        assert model.wait()["faces"]
        seen: list[object] = []
        model.observe(seen.append)
        slow.sendall(b"HTTP/1.0 200 OK\r\n\r\n" + sample("dahlia.jpg").read_bytes())
        slow.close()
        time.sleep(1)
        assert not seen
        assert model.facts[0] == "1 face found:"


def test_nobody_sees_a_new_task_with_an_old_answer(model: Exploration) -> None:
    model.task = "Faces"
    model.show(sample("dahlia.jpg"), "Dahlia")
    model.wait()
    seen: list[tuple[str, bool]] = []
    model.observe(lambda _: seen.append((model.status, bool(model.facts))), ["status", "code"])
    model.task = "Celebrities"
    model.wait()
    assert seen == [("working", False), ("working", False), ("done", True)]


def test_it_waits_for_the_last_of_many_questions(model: Exploration) -> None:
    model.show(sample("grace_hopper.jpg"), "Grace Hopper")
    for task in TASKS:
        model.task = task
    model.task = "Celebrities"
    assert model.wait()["result"]["celebrities"]
    assert model.facts[1].startswith("Grace Hopper")


def test_progress_is_what_the_service_says_while_it_works() -> None:
    with LocalService(operation_delay=1.5) as slow:
        model = Exploration(VisionClient(slow.url, slow.key))
        model.task = "Handwriting"
        seen: list[str] = []
        model.observe(lambda change: seen.append(change.new), "progress")
        model.show(sample("handwritten_note.jpg"), "A note")
        model.wait()
        assert seen[0] in ("NotStarted", "Running")
        assert seen[-1] == ""


def test_only_the_options_of_the_task_ask_anew(model: Exploration) -> None:
    model.task = "Print"
    model.show(sample("democritus.png"), "Democritus")
    model.wait()
    model.captions, model.width = 1, 90
    assert model.status == "done"
    model.language = "de"
    assert model.wait()["language"] == "de"


@pytest.mark.parametrize("task", TASKS)
def test_the_code_shown_runs_and_gives_the_same_answer(
    service: LocalService, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISION_ENDPOINT", f"{service.url}/vision/v1.0")
    monkeypatch.setenv("VISION_KEY", service.key)
    model = Exploration(VisionClient(service.url, service.key), task=task)
    model.show(sample("eileen_collins_portrait.jpg"), "Eileen Collins")
    assert len(model.code.splitlines()) == 3
    names: dict[str, Any] = {}
    exec(model.code, names)  # noqa: S102
    assert compared(names["answer"]) == compared(model.wait())


@pytest.mark.parametrize(
    ("picture", "named"),
    [
        (sample("dahlia.jpg"), "vh.sample('dahlia.jpg')"),
        ("https://example.org/a.jpg", "'https://example.org/a.jpg'"),
        ("/pictures/it's.jpg", '"/pictures/it\'s.jpg"'),
        (SAMPLES / "../samples/gone.jpg", repr(str(SAMPLES / "../samples/gone.jpg"))),
    ],
)
def test_the_code_names_the_picture(picture: Path | str, named: str) -> None:
    model = Exploration(VisionClient("http://127.0.0.1:9", "key", retries=0), task="Faces")
    model.show(picture, "holiday.jpg")
    assert model.code.endswith(f"vision.analyze({named}, features='Faces')")


def test_the_code_says_where_the_file_of_an_upload_belongs() -> None:
    model = Exploration(VisionClient("http://127.0.0.1:9", "key", retries=0), task="Tags")
    model.show(b"some bytes", "holiday.jpg")
    assert model.code.endswith("vision.tag('holiday.jpg')  # a file beside the notebook")


def test_the_code_makes_the_client_that_was_asked_and_tells_no_key() -> None:
    model = Exploration(VisionClient("http://127.0.0.1:9", "secret", retries=0))
    model.show(sample("dahlia.jpg"), "Dahlia")
    made = "vision = vh.VisionClient('http://127.0.0.1:9/vision/v1.0/', 'your key')"
    assert model.code.splitlines()[1] == made


def test_a_missing_file_is_one_sentence(model: Exploration) -> None:
    model.show("no/such/file.jpg", "nothing")
    model.wait()
    assert model.status == "failed"
    assert model.error == "Cannot read 'no/such/file.jpg': No such file or directory."
    assert (model.answer, model.facts, model.drawing) == (None, [], b"")


def test_what_the_service_says_is_one_sentence(model: Exploration) -> None:
    file = BytesIO()
    Image.new("RGB", (20, 20)).save(file, "PNG")
    model.show(file.getvalue(), "too small")
    model.wait()
    assert model.status == "failed"
    assert "50" in model.error
    assert "\n" not in model.error


def test_a_service_that_is_not_there_is_one_sentence() -> None:
    model = Exploration(VisionClient("http://127.0.0.1:9", "key", retries=0))
    model.show(sample("dahlia.jpg"), "Dahlia")
    model.wait()
    assert model.status == "failed"
    assert model.error.endswith(".")
    assert "\n" not in model.error


def test_a_refused_picture_takes_the_place_of_one_that_is_looked_at() -> None:
    silent, address = silence()
    with silent:
        model = Exploration(VisionClient(address, "key", retries=0))
        model.show(sample("dahlia.jpg"), "Dahlia")
        seen: list[str] = []
        model.observe(lambda change: seen.append(change.new), "status")
        model.refuse("large.tif", "Too large.")
        model.refuse("larger.tif", "Too large.")
        assert seen == ["idle", "failed", "idle", "failed"]
        assert (model.title, model.error, model.picture) == ("larger.tif", "Too large.", None)
        assert (model.wait(), model.code) == (None, "")
        model.look()
        assert model.status == "failed"


def test_it_recovers_from_an_error(model: Exploration) -> None:
    model.task = "Faces"
    model.show(b"not a picture", "nothing")
    model.wait()
    assert model.error
    model.show(sample("dahlia.jpg"), "Dahlia")
    model.wait()
    assert (model.status, model.error) == ("done", "")


def test_the_model_imports_no_widget() -> None:
    probe = "import sys, visionhelpers.explorer.state as e; print('ipywidgets' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
