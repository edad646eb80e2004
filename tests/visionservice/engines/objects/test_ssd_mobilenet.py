from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from visionhelpers.images import load_image, sample_path
from visionservice.engines.geometry import Box
from visionservice.engines.labels import MIN_CONFIDENCE, object_classes
from visionservice.engines.objects.ssd_mobilenet import detect


def test_it_finds_the_skater_above_the_skateboard(evaluation: Path) -> None:
    found = detect(np.asarray(load_image(evaluation / "images/objects.jpg")))
    sure = {thing.name: thing for thing in found if thing.confidence >= MIN_CONFIDENCE}
    assert set(sure) == {"person", "skateboard"}
    assert sure["person"].box.iou(Box.from_edges(116, 60, 419, 386)) > 0.8
    assert sure["skateboard"].box.iou(Box.from_edges(238, 298, 417, 416)) > 0.7


def test_a_house_without_people_has_none_sure_enough_to_name(evaluation: Path) -> None:
    found = detect(np.asarray(load_image(evaluation / "images/house.jpg")))
    assert not [thing for thing in found if thing.confidence >= MIN_CONFIDENCE]


def test_one_cup_is_found_once_and_inside_the_picture() -> None:
    image = np.asarray(load_image(sample_path("coffee_cup.jpg")))
    found = detect(image)
    assert [thing.name for thing in found].count("cup") == 1
    assert "bowl" not in {thing.name for thing in found}
    for box in (thing.box for thing in found):
        assert box.left >= 0
        assert box.top >= 0
        assert box.right <= image.shape[1]
        assert box.bottom <= image.shape[0]


def test_a_blank_picture_has_nothing_in_it() -> None:
    assert detect(np.full((60, 90, 3), 255, np.uint8)) == ()


def test_threads_do_not_mix_their_pictures() -> None:
    cat = np.asarray(load_image(sample_path("chelsea_the_cat.jpg")))
    cup = np.asarray(load_image(sample_path("coffee_cup.jpg")))
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(detect, [cat, cup] * 4))
    assert all(answer == detect(cat) for answer in answers[::2])
    assert all(answer == detect(cup) for answer in answers[1::2])
    assert answers[0][0].name == "cat"


def test_the_table_has_the_eighty_kinds_in_categories_of_the_api(shared: Path) -> None:
    allowed = {*json.loads((shared / "specs/categories86.json").read_text()), ""}
    assert len(object_classes()) == 80
    assert {kind.category for kind in object_classes().values()} <= allowed
