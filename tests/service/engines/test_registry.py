from __future__ import annotations

import re
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import EntryPoint
from pathlib import Path
from threading import Lock
from time import sleep
from typing import Any

import numpy as np
import pytest

from visionservice.engines import registry
from visionservice.engines.base import EngineUnavailable

BLACK = np.zeros((60, 60, 3), np.uint8)


class Scorer:
    """An adult classifier that counts its loads and detects calls at the same time."""

    name = "scorer"

    def __init__(self, model: str = "", thread_safe: bool = True) -> None:
        if model == "invalid.onnx":
            raise OSError("Invalid model")
        self.model, self.thread_safe = model, thread_safe
        self.loads, self.overlaps = 0, 0
        self._busy = Lock()

    def load(self) -> None:
        self.loads += 1
        if self.model == "missing.onnx":
            raise FileNotFoundError(2, "No such file", self.model)

    def score(self, _: np.ndarray) -> float:
        if not self._busy.acquire(blocking=False):
            self.overlaps += 1
            return 0.5
        sleep(0.05)
        self._busy.release()
        return 0.25


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """The class above as a registered entry point and as module:Class."""
    monkeypatch.setitem(sys.modules, "mine", sys.modules[Scorer.__module__])
    point = EntryPoint("adult.fast", "mine:Scorer", registry.GROUP)
    monkeypatch.setattr(registry, "entry_points", lambda **_: [point])


def test_the_built_in_engines_are_the_defaults_which_services_share() -> None:
    default = registry.default()
    assert default.names == {kind: row.built_in for kind, row in registry.KINDS.items()}
    one, other = (registry.load({"adult": Scorer()}, {}) for _ in range(2))
    assert one.text is other.text is default.text
    assert one.adult is not other.adult


def test_the_engines_of_the_package_are_entry_points_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "entry_points", lambda **_: [])
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))
    points = project["project"]["entry-points"][registry.GROUP]
    assert points == {
        f"{kind}.{name}": path
        for kind in registry.KINDS
        for name, path in registry.registered(kind).items()
    }


@pytest.mark.parametrize("choice", ["fast", "mine:Scorer", Scorer()])
def test_an_engine_is_a_name_a_class_or_an_object(choice: object) -> None:
    engines = registry.load({"adult": choice}, {})
    assert engines.names["adult"] == "scorer"
    assert engines.adult.score(BLACK) == 0.25
    assert engines.names["text"] == "rapidocr"


@pytest.mark.parametrize("thread_safe", [True, False])
def test_an_engine_is_loaded_once_and_calls_take_turns_if_they_must(thread_safe: bool) -> None:
    engine = Scorer(thread_safe=thread_safe)
    engines = registry.load({"adult": engine}, {})
    assert engine.loads == 0
    with ThreadPoolExecutor(4) as threads:
        scores = list(threads.map(engines.adult.score, [BLACK] * 4))
    assert engine.loads == 1
    assert (engine.overlaps > 0) == thread_safe
    assert thread_safe or scores == [0.25] * 4


@pytest.mark.parametrize("count", [2, len(registry.KINDS)])
def test_engines_are_loaded_in_order_until_the_service_stops(count: int) -> None:
    scorers: list[Any] = [Scorer() for _ in registry.KINDS]
    registry.Engines(*scorers).load(lambda: sum(scorer.loads for scorer in scorers) == count)
    assert [scorer.loads for scorer in scorers] == [1] * count + [0] * (len(scorers) - count)


def test_an_engine_that_cannot_be_loaded_with_its_options_prevents_no_other() -> None:
    scorers: list[Any] = [Scorer() for _ in registry.KINDS]
    scorers[0] = registry.load({"adult": "mine:Scorer"}, {"adult.model": "missing.onnx"}).adult
    registry.Engines(*scorers).load(lambda: False)
    assert all(scorer.loads for scorer in scorers[1:])
    with pytest.raises(EngineUnavailable, match=r"'scorer' .*missing\.onnx"):
        scorers[0].score(BLACK)


@pytest.mark.parametrize(
    ("choices", "options", "message"),
    [
        ({"brands": "x"}, {}, "Invalid engine kind 'brands': use captions, tags, "),
        ({"adult": "x"}, {}, "Invalid engine 'x': use module:Class or fast, open-nsfw"),
        ({"adult": "mine:"}, {}, "Invalid engine 'mine:': use module:Class"),
        ({"adult": "absent:Mine"}, {}, "Invalid engine 'absent:Mine': .*No module named 'absent'"),
        ({"adult": "mine:Absent"}, {}, "Invalid engine 'mine:Absent': .*no attribute 'Absent'"),
        ({"adult": "mine:Scorer"}, {"adult.x": "1"}, "or options: .* argument 'x'"),
        ({"adult": "fast"}, {"adult.model": "invalid.onnx"}, "'fast' .*: Invalid model"),
        ({}, {"adult.x": "1"}, "Invalid engine 'open-nsfw' or options"),
        ({}, {"brands.x": "1"}, "Invalid engine option 'brands.x'"),
        ({}, {"adult": "1"}, "Invalid engine option 'adult'"),
        ({"adult": Scorer()}, {"adult.x": "1"}, "Invalid engine option 'adult.x'"),
    ],
)
def test_an_invalid_choice_is_an_error(
    choices: dict[str, Any], options: dict[str, str], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        registry.load(choices, options)


@pytest.mark.parametrize("choice", [7, None, object(), Scorer])
def test_an_object_that_is_no_engine_is_an_error(choice: object) -> None:
    message = "use an object with name, thread_safe, load() and score()."
    with pytest.raises(TypeError, match=re.escape(message)):
        registry.load({"adult": choice}, {})
