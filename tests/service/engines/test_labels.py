from __future__ import annotations

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


def test_a_class_of_another_model_has_a_plural_and_no_general_words() -> None:
    assert object_class("lighthouse").words == scene_class("lighthouse at dawn").words == ()
    assert object_class("lighthouse").plural == "lighthouses"
    assert object_class("cup").content == "coffee"
    assert scene_class("redbone").words[-1] == "animal"


def test_a_label_of_two_classes_has_the_words_of_both() -> None:
    assert {"bird", "animal"} <= set(scene_class("crane").words)
    assert sum(row.name == "crane" for row in SCENE_CLASSES) == 2


def test_the_scene_model_has_dogs_and_zebras_but_hardly_any_horses() -> None:
    animals = ["dog", "zebra", "horse", "giraffe"]  # of the horses the sorrel alone
    assert [name for name in animals if has_class(name)] == ["dog", "zebra"]


def test_pigs_and_hogs_are_kinds_of_animals() -> None:
    words = ["pig", "hog", "mammal", "house", "teddy bear"]
    assert [word for word in words if is_kind_of_animal(word)] == ["pig", "hog"]


def test_the_tables_have_known_words_and_values() -> None:
    rows = [*SCENE_CLASSES, *OBJECT_CLASSES.values()]
    assert set(WORD_CLASSES) <= {word for row in rows for word in (row.name, *row.words)}
    assert {row.naming for row in WORD_CLASSES.values()} == {"", "doubtful", "kitchen", "never"}
    assert {row.naming for row in SCENE_CLASSES} == {"", "certain", "family", "unreliable"}
    assert word_class("dog").naming == ""
    generic = {row.generic for row in OBJECT_CLASSES.values()} - {""}
    assert generic <= {word for row in OBJECT_CLASSES.values() for word in row.words}
    assert sum(row.supports == "yes" for row in OBJECT_CLASSES.values()) == 5
