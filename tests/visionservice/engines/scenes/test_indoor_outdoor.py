import numpy as np

from visionservice.engines.base import Object
from visionservice.engines.geometry import Box
from visionservice.engines.labels import SCENE_CLASSES
from visionservice.engines.scenes.indoor_outdoor import (
    MAX_COLOR_SCORE,
    MIN_COLOR_SUPPORT,
    add_colors,
    indoor_score,
    label_score,
    outdoor_score,
    water_score,
)
from visionservice.engines.scenes.low_level import extract

BLUE = extract(np.full((64, 64, 3), (120, 170, 240), np.uint8))
GRAY = extract(np.full((64, 64, 3), 128, np.uint8))
NOTHING = np.zeros(len(SCENE_CLASSES))


def all_of(label: str) -> np.ndarray:
    return np.array([float(row.name == label) for row in SCENE_CLASSES])


def test_blue_sky_raises_an_outdoor_score_unless_it_is_too_low() -> None:
    assert add_colors(MIN_COLOR_SUPPORT, BLUE) > 0.8
    assert add_colors(0.6, BLUE) == MAX_COLOR_SCORE
    assert add_colors(MIN_COLOR_SUPPORT, GRAY) == MIN_COLOR_SUPPORT
    assert add_colors(MIN_COLOR_SUPPORT - 0.01, BLUE) == MIN_COLOR_SUPPORT - 0.01


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
