import numpy as np

from visionservice.engines.labels import classes
from visionservice.engines.scenes.indoor_outdoor import AT_MOST, HINT, under, wild, with_colours
from visionservice.engines.scenes.low_level import measure

BLUE = measure(np.full((64, 64, 3), (120, 170, 240), np.uint8))
GREY = measure(np.full((64, 64, 3), 128, np.uint8))


def all_of(label: str) -> np.ndarray:
    return np.array([float(row.label == label) for row in classes()])


def test_blue_sky_adds_to_a_little_of_a_place_and_makes_none() -> None:
    assert with_colours(HINT, BLUE) > 0.8
    assert with_colours(0.6, BLUE) == AT_MOST
    assert with_colours(HINT, GREY) == HINT
    assert with_colours(HINT - 0.01, BLUE) == HINT - 0.01


def test_wild_animals_live_outdoors_and_pets_may_not() -> None:
    assert wild(all_of("cheetah")) == wild(all_of("agama")) == 1
    assert wild(all_of("golden retriever")) == wild(all_of("Egyptian cat")) == 0


def test_a_lake_is_under_water() -> None:
    assert under(all_of("lake"), "water") == 1
    assert under(all_of("castle"), "water") == 0
