from __future__ import annotations

import pytest

from tests.service.engines.builders import LARGE, Scores, image_of, scene, sentence
from visionservice.engines.base import Object
from visionservice.engines.captions.scene import scene_plan
from visionservice.engines.labels import SCENE_CLASSES

CAPTIONS = {
    "a breed": ({"redbone": 0.8, "dog": 0.9, "animal": 0.9}, "a close up of a dog"),
    "a species": ({"ladybug": 0.8, "animal": 0.9}, "a close up of a ladybug"),
    "any flower": ({"daisy": 0.99, "flower": 0.99, "plant": 0.99}, "a close up of a flower"),
    "a likely bird": ({"junco": 0.9, "bird": 0.9, "animal": 0.9}, "a close up of a bird"),
    "a certain bird": ({"junco": 0.97, "bird": 0.9, "animal": 0.9}, "a close up of a junco"),
    "a boat needs no object": ({"gondola": 0.6, "boat": 0.7, "vehicle": 0.72}, "a boat"),
    "a train needs an object": ({"freight car": 0.3, "train": 0.7, "vehicle": 0.72}, "a vehicle"),
    "noise is no animal": ({"tench": 0.2, "animal": 0.64}, ""),
    "more than noise is one": ({"tench": 0.2, "animal": 0.66}, "a close up of an animal"),
    "a kitchen word needs a high score": ({"head cabbage": 0.5, "vegetable": 0.61}, ""),
    "a valley stands for landscapes": ({"valley": 0.96, "nature": 0.97}, "a landscape"),
    "any shoe": ({"running shoe": 0.9, "shoe": 0.91, "footwear": 0.91}, "a shoe"),
    "a certain label of another classifier": ({"lighthouse": 0.9}, "a lighthouse"),
    "a doubtful label of another classifier": ({"lighthouse": 0.6}, ""),
}


@pytest.mark.parametrize(("words", "caption"), CAPTIONS.values(), ids=CAPTIONS)
def test_a_caption_of_a_scene(words: Scores, caption: str) -> None:
    assert sentence(scene_plan(image_of(words=words))) == caption


def test_a_lake_is_no_shore_and_nature_is_a_landscape() -> None:
    lake = scene({"lake": 0.56, "nature": 0.66, "water": 0.65, "shore": 0.56}, outdoor=0.8)
    assert sentence(scene_plan(image_of(scene=lake))) == "a lake"
    valley = scene({"valley": 0.3, "nature": 0.7}, outdoor=0.8)
    assert sentence(scene_plan(image_of(scene=valley))) == "a landscape"


def test_labels_of_patterns_are_not_used() -> None:
    unreliable = [row.name for row in SCENE_CLASSES if row.naming == "unreliable"]
    assert len(unreliable) > 20
    assert not any(scene_plan(image_of(words={name: 0.99})) for name in unreliable)


def test_the_object_model_must_find_objects_of_its_classes_too() -> None:
    lids = image_of(words={"wall clock": 0.9, "clock": 0.93})
    assert scene_plan(lids) is None
    hint = lids.with_results(objects=(Object("clock", 0.4, LARGE),))
    assert sentence(scene_plan(hint)) == "a wall clock"
