from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from traitlets import TraitError

from visionhelpers import VisionClient, sample
from visionhelpers.exploration import Exploration
from visionhelpers.service import LocalService
from visionhelpers.tasks import TASKS


@pytest.fixture
def model(service: LocalService) -> Exploration:
    return Exploration(VisionClient(service.url, service.key))


def test_it_begins_idle_and_empty(model: Exploration) -> None:
    assert model.task == "Describe"
    model.look()
    assert (model.status, model.answer, model.facts, model.drawing) == ("idle", None, [], b"")


@pytest.mark.parametrize("task", TASKS)
def test_every_task_ends_in_facts_and_a_drawing(model: Exploration, task: str) -> None:
    model.task = task
    model.show(sample("eileen_collins_portrait.jpg"), "Eileen Collins")
    assert (model.status, model.error) == ("done", "")
    assert model.answer
    assert model.facts
    Image.open(BytesIO(model.drawing)).verify()


@pytest.mark.parametrize("mode", ["RGB", "CMYK", "L"])
def test_a_pillow_image_is_a_picture(model: Exploration, mode: str) -> None:
    model.task = "Faces"
    model.show(Image.open(sample("grace_hopper.jpg")).convert(mode), "Grace Hopper")
    assert (model.status, model.error) == ("done", "")
    assert model.facts[0] == "1 face found:"


def test_it_looks_anew_when_the_task_changes(model: Exploration) -> None:
    model.task = "Faces"
    model.show(sample("grace_hopper.jpg"), "Grace Hopper")
    assert "faces" in model.answer
    model.task = "Celebrities"
    assert model.facts[1].startswith("Grace Hopper")


def test_a_thumbnail_follows_its_size(model: Exploration) -> None:
    model.task = "Thumbnail"
    model.show(sample("dahlia.jpg"), "Dahlia")
    model.width = 90
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
    assert seen == ["working", "done"]


def test_bytes_and_addresses_are_pictures(model: Exploration, service: LocalService) -> None:
    model.task = "Faces"
    model.show(sample("grace_hopper.jpg").read_bytes(), "an upload")
    assert model.facts[0] == "1 face found:"
    model.show(f"{service.url}/samples/dahlia.jpg", "an address")
    assert model.facts == ["No face found."]


def test_a_picture_sent_smaller_is_noted(model: Exploration, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (400, 3600, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    model.task = "Thumbnail"
    model.show(tmp_path / "noise.png", "noise")
    assert model.status == "done"
    assert model.facts[-1].startswith("Note: The picture of 3600 x 400 pixels is too large")


def test_a_missing_file_is_one_sentence(model: Exploration) -> None:
    model.show("no/such/file.jpg", "nothing")
    assert model.status == "failed"
    assert model.error == "Cannot read 'no/such/file.jpg': No such file or directory."
    assert (model.answer, model.facts, model.drawing) == (None, [], b"")


def test_what_the_service_says_is_one_sentence(model: Exploration) -> None:
    file = BytesIO()
    Image.new("RGB", (20, 20)).save(file, "PNG")
    model.show(file.getvalue(), "too small")
    assert model.status == "failed"
    assert "50" in model.error
    assert "\n" not in model.error


def test_a_service_that_is_not_there_is_one_sentence() -> None:
    model = Exploration(VisionClient("http://127.0.0.1:9", "key", retries=0))
    model.show(sample("dahlia.jpg"), "Dahlia")
    assert model.status == "failed"
    assert model.error.endswith(".")
    assert "\n" not in model.error


def test_it_recovers_from_an_error(model: Exploration) -> None:
    model.task = "Faces"
    model.show(b"not a picture", "nothing")
    assert model.error
    model.show(sample("dahlia.jpg"), "Dahlia")
    assert (model.status, model.error) == ("done", "")


def test_the_model_imports_no_widget() -> None:
    probe = "import sys, visionhelpers.exploration as e; print('ipywidgets' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert run.stdout == "False\n"
