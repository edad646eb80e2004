from __future__ import annotations

from dataclasses import replace

import pytest

from tests.service.engines.builders import SMALL, image_of, sentence
from visionservice.engines.base import Object
from visionservice.engines.captions.objects import object_plan
from visionservice.engines.evidence.evidence import Evidence
from visionservice.engines.geometry import Box

CUP, TABLE = Object("cup", 0.95, SMALL), Object("dining table", 0.8, Box(0, 100, 400, 300))
COFFEE, CAT_WORDS = {"espresso": 0.8, "coffee": 0.8}, {"cat": 0.9, "animal": 0.9}
CAT = Object("cat", 0.95, Box(150, 100, 60, 100))
COUCH = Object("couch", 0.9, Box(50, 120, 300, 150))
BOAT = Object("boat", 0.97, Box(0, 100, 90, 60))
DOUBTFUL = [replace(BOAT, confidence=0.4, box=Box(x, 200, 90, 60)) for x in (0, 120, 240)]
SAME_PLACE = [replace(boat, box=BOAT.box) for boat in DOUBTFUL]
CARS = [Object("car", 0.9, Box(x, 100, 90, 60)) for x in (0, 120)]
BICYCLE = Object("bicycle", 0.8, Box(300, 100, 60, 60))
CAKE, BUS = Object("cake", 0.65, SMALL), Object("bus", 0.7, SMALL)
APPLE, POT = Object("apple", 0.56, SMALL), Object("potted plant", 0.7, SMALL)
VASE = Object("vase", 0.97, Box(10, 10, 380, 380))
DAISY = {"daisy": 0.35, "plant": 0.35}
LIGHTHOUSES = [Object("lighthouse", 0.97, box) for box in (SMALL, Box(10, 150, 60, 60))]
CAPTIONS = {
    "a cup is on a table": (image_of(CUP, TABLE), "a cup on a table"),
    "the scene model finds the content": (image_of(CUP, words=COFFEE), "a cup of coffee"),
    "an animal is on a couch": (image_of(CAT, COUCH, words=CAT_WORDS), "a cat on a couch"),
    "two objects are next to another": (image_of(*CARS, BICYCLE), "two cars next to a bicycle"),
    "two more doubtful objects do not count": (image_of(BOAT, *DOUBTFUL[1:]), "a boat"),
    "three more doubtful objects make a group": (image_of(BOAT, *DOUBTFUL), "a group of boats"),
    "doubtful objects in the same place": (image_of(BOAT, *SAME_PLACE), "a boat"),
    "an object fills the image": (image_of(VASE), "a close up of a vase"),
    "a doubtful object is not confirmed": (image_of(CAKE), ""),
    "a certain object needs no confirmation": (image_of(replace(CAKE, confidence=0.96)), "a cake"),
    "both models find the object": (image_of(BUS, words={"bus": 0.2}), "a bus"),
    "a low score is not confirmed": (image_of(APPLE), ""),
    "two low scores agree": (image_of(APPLE, words={"apple": 0.41}), "an apple"),
    "the models find two classes of plant": (image_of(POT, words=DAISY), "a plant"),
    "an object of another detector": (image_of(*LIGHTHOUSES[:1]), "a lighthouse"),
    "two objects of another detector": (image_of(*LIGHTHOUSES), "two lighthouses"),
}


@pytest.mark.parametrize(("evidence", "caption"), CAPTIONS.values(), ids=CAPTIONS)
def test_a_caption_of_objects(evidence: Evidence, caption: str) -> None:
    assert sentence(object_plan(evidence)) == caption


@pytest.mark.parametrize(
    ("name", "generic"),
    [
        ("boat", "a vehicle"),
        ("refrigerator", "an appliance"),
        ("cat", "an animal"),
        ("apple", "food"),
        ("skateboard", ""),
    ],
)
def test_a_generic_name_is_that_of_the_object_and_not_of_its_use(name: str, generic: str) -> None:
    plan = object_plan(image_of(Object(name, 0.97, SMALL)))
    assert plan
    assert plan.generic_name == generic
