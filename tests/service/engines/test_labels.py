from __future__ import annotations

from visionservice.engines.base import Object
from visionservice.engines.geometry import Box
from visionservice.engines.labels import (
    OBJECT_CLASSES,
    SCENE_CLASSES,
    WORD_CLASSES,
    has_class,
    is_kind_of_animal,
    object_class,
    scene_class,
    word_class,
)


def test_objects_of_another_detector_have_a_plural_and_no_general_words() -> None:
    assert Object("lighthouse", 0.9, Box(0, 0, 9, 9)).words == ()
    assert object_class("lighthouse").plural == "lighthouses"
    assert object_class("cup").content == "coffee"


def test_labels_of_another_classifier_have_no_general_words() -> None:
    assert scene_class("lighthouse at dawn").words == ()
    assert scene_class("redbone").words[-1] == "animal"


def test_a_label_of_two_classes_has_the_words_of_both() -> None:
    assert {"bird", "animal"} <= set(scene_class("crane").words)
    assert sum(row.name == "crane" for row in SCENE_CLASSES) == 2


def test_the_scene_model_has_dogs_and_zebras_but_hardly_any_horses() -> None:
    assert has_class("dog")
    assert has_class("zebra")
    assert not has_class("horse")  # the sorrel alone
    assert not has_class("giraffe")


def test_pigs_and_hogs_are_kinds_of_animals() -> None:
    assert is_kind_of_animal("pig")
    assert is_kind_of_animal("hog")
    assert not is_kind_of_animal("mammal")
    assert not is_kind_of_animal("house")
    assert not is_kind_of_animal("teddy bear")


def test_exceptions_are_of_words_in_the_tables() -> None:
    words = {word for row in SCENE_CLASSES for word in (row.name, *row.words)}
    words |= {word for row in OBJECT_CLASSES.values() for word in (row.name, *row.words)}
    assert set(WORD_CLASSES) <= words
    assert {row.naming for row in WORD_CLASSES.values()} == {"", "doubtful", "kitchen", "never"}
    assert word_class("dog").naming == ""


def test_the_columns_have_known_values() -> None:
    namings = {row.naming for row in SCENE_CLASSES}
    assert namings == {"", "certain", "family", "unreliable"}
    generic = {row.generic for row in OBJECT_CLASSES.values()} - {""}
    assert generic <= {word for row in OBJECT_CLASSES.values() for word in row.words}
    assert sum(row.supports == "yes" for row in OBJECT_CLASSES.values()) == 5
