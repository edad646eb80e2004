from __future__ import annotations

import json
import runpy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from visionhelpers.images import load_image, sample_path
from visionservice.engines.base import (
    MIN_GRASS,
    MIN_SKY,
    MIN_SNOW,
    LabelScore,
    LowLevelFeatures,
    Object,
)
from visionservice.engines.evidence.evidence import Evidence
from visionservice.engines.geometry import Box
from visionservice.engines.labels import SCENE_CLASSES, class_count
from visionservice.engines.scenes.classifier import (
    MAX_COLOR_SCORE,
    MIN_COLOR_SUPPORT,
    EfficientNetClassifier,
    extract,
    indoor_score,
    label_score,
    outdoor_score,
    water_score,
)

Look = Callable[[str | Path], Evidence]

ROOT = Path(__file__).parents[4]

SKY_BLUE, LEAF_GREEN = (120, 170, 240), (60, 140, 40)
BLUE = extract(np.full((64, 64, 3), SKY_BLUE, np.uint8))
GRAY = extract(np.full((64, 64, 3), 128, np.uint8))
NOTHING = np.zeros(len(SCENE_CLASSES))


def all_of(label: str) -> np.ndarray:
    return np.array([float(row.name == label) for row in SCENE_CLASSES])


def landscape() -> np.ndarray:
    image = np.empty((200, 200, 3), np.uint8)
    image[:100], image[100:] = SKY_BLUE, LEAF_GREEN
    blades = np.random.default_rng(4).integers(-20, 20, (100, 200, 1))
    image[100:] = (image[100:] + blades).astype(np.uint8)
    return image


@pytest.fixture(scope="module")
def classifier() -> EfficientNetClassifier:
    loaded = EfficientNetClassifier()
    loaded.load()
    return loaded


def test_general_words_have_at_least_the_score_of_the_breeds_below_them(look: Look) -> None:
    scene = look("chelsea_the_cat.jpg").scene
    assert scene.probability("cat") > 0.8
    assert scene.probability("animal") >= scene.probability("cat")
    assert scene.probability("cat") > scene.labels[0].confidence
    assert scene.words[0].name in ("animal", "mammal")


def test_the_place_is_found_once_the_dog_is_painted_out(
    classifier: EfficientNetClassifier, evaluation: Path, look: Look
) -> None:
    path = evaluation / "images/dog.jpg"
    with_dog = classifier.classify(np.asarray(load_image(path)), ())
    assert with_dog.outdoor < 0.1
    assert look(path).scene.outdoors
    assert look(path).scene.outdoor > 0.5


@pytest.mark.parametrize("name", ["house.jpg", "landmark.jpg"])
def test_buildings_are_outdoors_by_day(evaluation: Path, look: Look, name: str) -> None:
    scene = look(evaluation / "images" / name).scene
    assert scene.outdoors
    assert not scene.night
    assert scene.probability("building") > 0.6


def test_a_rocket_at_dusk_is_outdoors_at_night(look: Look) -> None:
    scene = look("rocket_at_dusk.jpg").scene
    assert scene.night
    assert scene.probability("rocket") > 0.6


@pytest.mark.parametrize("name", ["coffee_cup.jpg", "eileen_collins.jpg", "chelsea_the_cat.jpg"])
def test_indoor_images_are_not_outdoors(look: Look, name: str) -> None:
    assert not look(name).scene.outdoors


def test_a_blank_image_has_no_word_and_no_place(classifier: EfficientNetClassifier) -> None:
    scene = classifier.classify(np.full((64, 64, 3), 255, np.uint8), ())
    assert not [word for word in scene.words if word.confidence >= 0.5]
    assert not scene.outdoors
    assert not scene.indoors


def test_threads_do_not_mix_their_images(classifier: EfficientNetClassifier) -> None:
    cat = np.asarray(load_image(sample_path("chelsea_the_cat.jpg")))
    cup = np.asarray(load_image(sample_path("coffee_cup.jpg")))
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda image: classifier.classify(image, ()), [cat, cup] * 3))
    assert len({result.labels for result in results}) == 2
    assert results[0].labels == classifier.classify(cat, ()).labels


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


def test_blue_sky_raises_an_outdoor_score_unless_it_is_too_low() -> None:
    def score(place: float, features: LowLevelFeatures) -> float:
        return outdoor_score(NOTHING, place * all_of("lake"), (), features)

    assert score(MIN_COLOR_SUPPORT, BLUE) > 0.8
    assert score(0.6, BLUE) == MAX_COLOR_SCORE
    assert score(MIN_COLOR_SUPPORT, GRAY) == MIN_COLOR_SUPPORT
    assert score(MIN_COLOR_SUPPORT - 0.01, BLUE) == MIN_COLOR_SUPPORT - 0.01


def test_wild_animals_are_outdoors_and_pets_may_not_be() -> None:
    for label, score in (("cheetah", 1), ("agama", 1), ("golden retriever", 0), ("tabby", 0)):
        assert outdoor_score(all_of(label), NOTHING, (), GRAY) == score


def test_a_lake_is_water() -> None:
    assert label_score(all_of("lake"), "water") == 1
    assert label_score(all_of("castle"), "water") == 0


def test_the_background_is_water_if_there_is_a_boat() -> None:
    boat = Object("boat", 0.8, Box(0, 0, 9, 9))
    assert water_score(NOTHING, all_of("lake"), [boat]) == 1
    assert water_score(NOTHING, all_of("lake"), ()) == 0


def test_a_certain_object_decides_the_place() -> None:
    bed = Object("bed", 0.95, Box(0, 0, 9, 9))
    lighthouse = Object("lighthouse", 0.95, Box(0, 0, 9, 9))
    assert indoor_score(NOTHING, [bed, lighthouse], GRAY) == 0.95
    assert outdoor_score(NOTHING, NOTHING, [bed, lighthouse], GRAY) == 0


def test_what_is_cut_out_on_white_is_not_outdoors() -> None:
    car, white = [Object("car", 0.98, Box(0, 0, 9, 9))], replace(GRAY, white=0.8)
    assert outdoor_score(NOTHING, NOTHING, car, replace(white, blue=0.2)) == 0.98  # in snow
    assert outdoor_score(NOTHING, NOTHING, car, white) == 0
    assert outdoor_score(all_of("hen"), NOTHING, (), white) == 0


def test_several_cars_are_a_street() -> None:
    cars = [Object("car", confidence, Box(0, 0, 9, 9)) for confidence in (0.8, 0.7)]
    assert outdoor_score(NOTHING, NOTHING, cars[:1], GRAY) == 0
    assert outdoor_score(NOTHING, NOTHING, cars, GRAY) == pytest.approx(0.94)
    doubtful = [Object("car", 0.45, Box(0, 0, 9, 9)) for _ in range(6)]
    assert outdoor_score(NOTHING, NOTHING, doubtful, GRAY) == 0


def test_the_box_of_a_doubtful_animal_is_classified_alone(
    classifier: EfficientNetClassifier,
) -> None:
    image = np.asarray(load_image(sample_path("chelsea_the_cat.jpg")))
    whole = Box(0, 0, image.shape[1], image.shape[0])
    small = Box(0, 0, 47, 200)
    objects = [
        Object("dog", 0.5, whole),
        Object("dog", 0.95, whole),
        Object("dog", 0.5, small),
        Object("cup", 0.5, whole),
    ]
    words, *others = classifier.classify(image, objects).object_words
    assert next(word.name for word in words if word.name in ("dog", "cat")) == "cat"
    assert others == [(), (), ()]


def test_an_animal_in_the_shade_is_not_at_night(look: Look) -> None:
    scene = look("rocket_at_dusk.jpg").scene
    assert scene.night
    assert not replace(scene, words=(LabelScore("animal", 0.9),)).night


def test_blue_at_the_top_counts_as_sky_and_green_below_as_grass() -> None:
    seen = extract(landscape())
    assert abs(seen.sky - 0.5) < 0.05
    assert seen.grass > 0.95
    assert abs(seen.green - 0.5) < 0.05


def test_upside_down_there_is_neither() -> None:
    seen = extract(landscape()[::-1])
    assert seen.sky < MIN_SKY
    assert seen.grass < MIN_GRASS


def test_rough_blue_is_no_sky() -> None:
    noise = np.random.default_rng(1).integers(-60, 60, (200, 200, 1))
    rough = np.clip(np.array(SKY_BLUE) + noise, 0, 255).astype(np.uint8)
    assert extract(rough).sky < MIN_SKY


def test_even_roughness_is_a_texture() -> None:
    gravel = np.random.default_rng(2).integers(60, 200, (280, 280, 1), np.uint8).repeat(3, axis=2)
    assert extract(gravel).texture > 0.9
    gravel[:140] = 128
    assert extract(gravel).texture == 0


def test_an_image_without_an_edge_is_plain_whatever_its_grain() -> None:
    ramp = np.tile(np.linspace(0, 255, 280), (280, 1))[..., None].repeat(3, axis=2)
    assert extract(ramp.astype(np.uint8)).plain
    grain = np.random.default_rng(3).normal(230, 8, (280, 280, 1)).clip(0, 255).astype(np.uint8)
    paper = grain.repeat(3, axis=2)
    assert extract(paper).plain
    paper[100:110, 100:180] = 20
    assert not extract(paper).plain


def test_green_out_of_focus_is_no_grass() -> None:
    blurred = np.full((200, 200, 3), LEAF_GREEN, np.uint8)
    assert extract(blurred).grass == 0
    assert extract(blurred).green > 0.95


def test_wires_do_not_end_the_sky_and_only_blue_is_blue() -> None:
    image = landscape()
    image[20:22] = 60
    assert extract(image).sky > 0.4
    assert extract(image).blue == extract(image).sky
    image[:100] = (230, 225, 220)
    assert extract(image).sky > 0.4
    assert extract(image).blue == 0


def test_white_below_the_sky_is_measured_for_snow() -> None:
    image = landscape()
    assert extract(image).white < MIN_SNOW
    image[150:] = 245
    assert extract(image).white > 0.3


def test_a_dim_image_is_dark_but_not_a_dim_forest() -> None:
    assert extract(np.full((50, 50, 3), 30, np.uint8)).dark
    assert not extract(np.full((50, 50, 3), (15, 45, 15), np.uint8)).dark
    assert not extract(landscape()).dark
