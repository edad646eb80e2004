import numpy as np

from visionservice.engines.labels import scene_classes
from visionservice.engines.scenes.indoor_outdoor import (
    AT_MOST,
    HINT,
    label_score,
    wildlife_score,
    with_colors,
)
from visionservice.engines.scenes.low_level import extract

BLUE = extract(np.full((64, 64, 3), (120, 170, 240), np.uint8))
GREY = extract(np.full((64, 64, 3), 128, np.uint8))


def all_of(label: str) -> np.ndarray:
    return np.array([float(row.label == label) for row in scene_classes()])


def test_blue_sky_adds_to_a_little_of_a_place_and_makes_none() -> None:
    assert with_colors(HINT, BLUE) > 0.8
    assert with_colors(0.6, BLUE) == AT_MOST
    assert with_colors(HINT, GREY) == HINT
    assert with_colors(HINT - 0.01, BLUE) == HINT - 0.01


def test_wild_animals_live_outdoors_and_pets_may_not() -> None:
    assert wildlife_score(all_of("cheetah")) == wildlife_score(all_of("agama")) == 1
    assert wildlife_score(all_of("golden retriever")) == wildlife_score(all_of("Egyptian cat")) == 0


def test_a_lake_is_under_water() -> None:
    assert label_score(all_of("lake"), "water") == 1
    assert label_score(all_of("castle"), "water") == 0
