from __future__ import annotations

import json
import runpy
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.service.engines.builders import look, scene
from visionhelpers.images import load_image, sample_path
from visionservice.engines.base import MIN_GRASS, MIN_SKY, MIN_SNOW, Object
from visionservice.engines.geometry import Box
from visionservice.engines.labels import SCENE_CLASSES, class_count
from visionservice.engines.registry import default
from visionservice.engines.scenes.classifier import (
    extract,
    indoor_score,
    outdoor_score,
    water_score,
)

ROOT = Path(__file__).parents[4]
SKY_BLUE, LEAF_GREEN = (120, 170, 240), (60, 140, 40)
SPOT = Box(0, 0, 9, 9)
CAT, CUP = (
    np.asarray(load_image(sample_path(name))) for name in ("chelsea_the_cat.jpg", "coffee_cup.jpg")
)
classify = default().scenes.classify


def test_general_words_have_at_least_the_score_of_the_breeds_below_them() -> None:
    found = look("chelsea_the_cat.jpg").scene
    assert found.probability("animal") >= found.probability("cat") > 0.8
    assert found.probability("cat") > found.labels[0].confidence
    assert found.words[0].name in ("animal", "mammal")


def test_the_place_is_found_once_the_dog_is_painted_out(evaluation: Path) -> None:
    path = evaluation / "images/dog.jpg"
    assert classify(np.asarray(load_image(path)), ()).outdoor < 0.1
    assert look(path).scene.outdoors
    assert look(path).scene.outdoor > 0.5


@pytest.mark.parametrize("name", ["house.jpg", "landmark.jpg"])
def test_buildings_are_outdoors_by_day(evaluation: Path, name: str) -> None:
    found = look(evaluation / "images" / name).scene
    assert found.outdoors
    assert not found.night
    assert found.probability("building") > 0.6


@pytest.mark.parametrize("name", ["coffee_cup.jpg", "eileen_collins.jpg", "chelsea_the_cat.jpg"])
def test_indoor_images_are_not_outdoors(name: str) -> None:
    assert not look(name).scene.outdoors


def test_an_animal_in_the_shade_is_not_at_night() -> None:
    assert scene(outdoor=0.9, dark=True).night
    assert not scene({"animal": 0.9}, outdoor=0.9, dark=True).night


def test_threads_do_not_mix_their_images() -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda image: classify(image, ()).labels, [CAT, CUP] * 3))
    assert results == [classify(CAT, ()).labels, classify(CUP, ()).labels] * 3


def test_the_box_of_a_doubtful_animal_is_classified_alone() -> None:
    whole, small = Box(0, 0, CAT.shape[1], CAT.shape[0]), Box(0, 0, 47, 200)
    boxes = ("dog", 0.5, whole), ("dog", 0.95, whole), ("dog", 0.5, small), ("cup", 0.5, whole)
    words, *others = classify(CAT, [Object(*each) for each in boxes]).object_words
    assert next(word.name for word in words if word.name in ("dog", "cat")) == "cat"
    assert others == [(), (), ()]


def test_the_table_has_a_row_for_each_class_in_categories_of_the_api(shared: Path) -> None:
    allowed = {*json.loads((shared / "specs/categories86.json").read_text()), ""}
    assert len(SCENE_CLASSES) == 1000
    assert {row.category for row in SCENE_CLASSES} <= allowed
    assert {row.place for row in SCENE_CLASSES} == {"outdoor", "indoor", ""}
    assert class_count("dog") == 118


def test_the_table_is_what_the_tool_writes(tmp_path: Path) -> None:
    tool = runpy.run_path(str(ROOT / "tools/make_scene_table.py"))
    if not tool["NOUNS"].exists():
        pytest.skip("no WordNet here: make debian")
    tool["write_table"].__globals__["TABLE"] = tmp_path / "scenes.csv"
    tool["write_table"]()
    committed = ROOT / "visionservice/engines/data/scenes.csv"
    assert (tmp_path / "scenes.csv").read_text() == committed.read_text()


def all_of(label: str) -> np.ndarray:
    return np.array([float(row.name == label) for row in SCENE_CLASSES])


NOTHING, LAKE = np.zeros(len(SCENE_CLASSES)), all_of("lake")
BLUE = extract(np.full((64, 64, 3), SKY_BLUE, np.uint8))
GRAY = extract(np.full((64, 64, 3), 128, np.uint8))
WHITE = replace(GRAY, white=0.8)
BED, BOAT, LIGHTHOUSE = (Object(name, 0.95, SPOT) for name in ("bed", "boat", "lighthouse"))
CAR, *CARS = (Object("car", confidence, SPOT) for confidence in (0.98, 0.8, 0.7))
OUTDOORS = {
    "blue sky raises a score": (NOTHING, 0.15 * LAKE, (), BLUE, 0.85),
    "blue sky raises it to a limit": (NOTHING, 0.6 * LAKE, (), BLUE, 0.95),
    "gray does not raise it": (NOTHING, 0.15 * LAKE, (), GRAY, 0.15),
    "a score that is too low": (NOTHING, 0.14 * LAKE, (), BLUE, 0.14),
    "a wild animal": (all_of("cheetah"), NOTHING, (), GRAY, 1),
    "a wild reptile": (all_of("agama"), NOTHING, (), GRAY, 1),
    "a pet dog": (all_of("golden retriever"), NOTHING, (), GRAY, 0),
    "a hen on white": (all_of("hen"), NOTHING, (), WHITE, 0),
    "a car on white": (NOTHING, NOTHING, [CAR], WHITE, 0),
    "a car in snow": (NOTHING, NOTHING, [CAR], replace(WHITE, blue=0.2), 0.98),
    "one car": (NOTHING, NOTHING, CARS[:1], GRAY, 0),
    "a street of cars": (NOTHING, NOTHING, CARS, GRAY, 0.94),
    "doubtful cars": (NOTHING, NOTHING, [replace(CAR, confidence=0.45)] * 6, GRAY, 0),
    "objects of no place outdoors": (NOTHING, NOTHING, [BED, LIGHTHOUSE], GRAY, 0),
}


@pytest.mark.parametrize(
    ("scores", "background", "objects", "features", "score"), OUTDOORS.values(), ids=OUTDOORS
)
def test_animals_objects_and_colors_are_outdoors(
    scores: Any, background: Any, objects: Any, features: Any, score: float
) -> None:
    assert outdoor_score(scores, background, objects, features) == pytest.approx(score)


def test_a_certain_bed_is_indoors() -> None:
    assert indoor_score(NOTHING, [BED, LIGHTHOUSE], GRAY) == 0.95


def test_a_lake_is_water_and_so_is_a_background_with_a_boat() -> None:
    assert water_score(LAKE, NOTHING, ()) == water_score(NOTHING, LAKE, [BOAT]) == 1
    assert water_score(NOTHING, LAKE, ()) == water_score(all_of("castle"), NOTHING, ()) == 0


def gray(levels: np.ndarray) -> np.ndarray:
    return levels.clip(0, 255).astype(np.uint8)[..., None].repeat(3, axis=2)


def painted(image: np.ndarray, top: int, bottom: int, color: object) -> np.ndarray:
    copy = image.copy()
    copy[top:bottom] = color
    return copy


LANDSCAPE = np.empty((200, 200, 3), np.uint8)
LANDSCAPE[:100] = SKY_BLUE
LANDSCAPE[100:] = LEAF_GREEN + np.random.default_rng(4).integers(-20, 20, (100, 200, 1))
ROUGH = np.array(SKY_BLUE) + np.random.default_rng(1).integers(-60, 60, (200, 200, 1))
GRAVEL = gray(np.random.default_rng(2).integers(60, 200, (280, 280)))
RAMP = gray(np.tile(np.linspace(0, 255, 280), (280, 1)))
PAPER = gray(np.random.default_rng(3).normal(230, 8, (280, 280)))
PALE, BLURRED = painted(LANDSCAPE, 0, 100, (230, 225, 220)), painted(LANDSCAPE, 0, 200, LEAF_GREEN)
WIRES = painted(LANDSCAPE, 20, 22, 60)
IMAGES = {
    "blue above green is sky, and green is grass": (
        LANDSCAPE,
        {"sky": (0.45, 0.55), "grass": (0.95, 1), "green": (0.45, 0.55), "dark": (0, 0)},
    ),
    "upside down there is neither": (
        LANDSCAPE[::-1],
        {"sky": (0, MIN_SKY), "grass": (0, MIN_GRASS)},
    ),
    "rough blue is no sky": (ROUGH.clip(0, 255).astype(np.uint8), {"sky": (0, MIN_SKY)}),
    "wires do not end the sky": (WIRES, {"sky": (0.4, 0.5), "blue": (0.4, 0.5)}),
    "a pale sky is not blue": (PALE, {"sky": (0.4, 0.5), "blue": (0, 0)}),
    "green out of focus is no grass": (BLURRED, {"grass": (0, 0), "green": (0.95, 1)}),
    "no snow": (LANDSCAPE, {"white": (0, MIN_SNOW)}),
    "snow below the sky": (painted(LANDSCAPE, 150, 200, 245), {"white": (0.3, 0.4)}),
    "even roughness is a texture": (GRAVEL, {"texture": (0.9, 1)}),
    "uneven roughness is none": (painted(GRAVEL, 0, 140, 128), {"texture": (0, 0)}),
    "a ramp has no edge": (RAMP, {"plain": (1, 1)}),
    "grain is no edge": (PAPER, {"plain": (1, 1)}),
    "a bar has edges": (painted(PAPER, 100, 110, 20), {"plain": (0, 0)}),
    "a dim image is dark": (np.full((50, 50, 3), 30, np.uint8), {"dark": (1, 1)}),
    "a dim forest is not": (np.full((50, 50, 3), (15, 45, 15), np.uint8), {"dark": (0, 0)}),
}


@pytest.mark.parametrize(("image", "ranges"), IMAGES.values(), ids=IMAGES)
def test_colors_and_gradients_are_measured(image: np.ndarray, ranges: dict[str, Any]) -> None:
    features = extract(image)
    for name, (low, high) in ranges.items():
        assert low <= getattr(features, name) <= high, name
