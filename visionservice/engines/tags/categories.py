"""The 86 categories of the API, a tree of two levels: `people_` is the parent of `people_group`.

`objects.csv` and `scenes.csv` have the categories of objects and scenes; the others follow from
people, text, light and place. A parent has at least the score of its categories.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..base import Category
from ..evidence.evidence import Evidence
from ..evidence.people import MAX_BABY_AGE, MAX_CHILD_AGE, Person, people
from ..labels import object_class

PARENTS = (
    *("abstract_", "animal_", "building_", "dark_", "drink_", "food_", "indoor_"),
    *("others_", "outdoor_", "people_", "plant_", "text_"),
)
MIN_CATEGORY_SCORE = 0.2
"""The least score of a category: lower than that of a tag, as a likely category is better than
none."""
MIN_SCENE_CATEGORY = 0.5
"""The least sum of the scores of the scene model's classes in a category. In 115 images six
sums were between 0.4 and this: a leaf and an aloe as food, a dragonfly as a bird, and correctly
two pyramids as buildings and a gate as an arch."""
MIN_SUBJECT_CATEGORY, PLACE_WEIGHT = 0.5, 0.5
"""The score of a subject from which the place and the light count by this weight: a panda (0.88)
outdoors (1.00) is an image of a panda."""
FULL_SCORE_SHARE = 0.1
"""The share of the image from which an object counts in full."""
FULL_SCORE_WORDS = 12
"""The number of words from which text counts in full."""
MAX_GROUP, MAX_MANY = 6, 12
"""The greatest numbers of people in `people_group` and in `people_many`."""

Scores = Iterator[tuple[str, float]]


def categories(evidence: Evidence) -> tuple[Category, ...]:
    """Return the categories, the highest score first; `others_` if there is none."""
    best: dict[str, float] = {}
    for source in (_objects, _people, _scene, _text, _type):
        _keep_best(best, source(evidence))
    weight = PLACE_WEIGHT if max(best.values(), default=0.0) >= MIN_SUBJECT_CATEGORY else 1.0
    _keep_best(best, ((name, score * weight) for name, score in _place(evidence)))
    found = [Category(n, min(1.0, s)) for n, s in best.items() if s >= MIN_CATEGORY_SCORE]
    if not found:
        return (Category("others_", 1 - max(best.values(), default=0.0)),)
    return tuple(sorted(found, key=lambda category: -category.score))


def _keep_best(best: dict[str, float], scores: Scores) -> None:
    """Raise the scores of categories, and of their parents if the API has them."""
    for name, score in scores:
        parent = name.partition("_")[0] + "_"
        for each in dict.fromkeys([name, parent] if parent in PARENTS else [name]):
            best[each] = max(score, best.get(each, 0.0))


def _objects(evidence: Evidence) -> Scores:
    for thing in evidence.corroborated_objects:
        category = object_class(thing.name).category
        if category and thing.name != "person":
            yield category, thing.confidence * _size_weight(evidence.share(thing.box))


def _people(evidence: Evidence) -> Scores:
    persons = people(evidence)
    if not persons:
        return
    confidence = max(person.confidence for person in persons)
    score = confidence * _size_weight(sum(evidence.share(person.box) for person in persons))
    ages = [person.face.age for person in persons if person.face]
    yield _by_number(evidence, persons), score
    if ages and max(ages) <= MAX_BABY_AGE:
        yield "people_baby", score
    elif ages and max(ages) <= MAX_CHILD_AGE:
        yield "people_young", score


def _by_number(evidence: Evidence, persons: tuple[Person, ...]) -> str:
    if len(persons) == 1:
        face = persons[0].face
        portrait = face is not None and face.box.height > evidence.height / 6
        return "people_portrait" if portrait else "people_"
    if len(persons) <= MAX_GROUP:
        return "people_group"
    return "people_many" if len(persons) <= MAX_MANY else "people_crowd"


def _scene(evidence: Evidence) -> Scores:
    for category in () if evidence.is_drawing else evidence.scene.categories:
        if category.name.startswith("text_") and not evidence.word_count:
            continue  # a menu needs words
        if category.name == "object_screen" and evidence.word_count:
            continue  # the model takes any white page for a screen
        if category.confidence >= MIN_SCENE_CATEGORY:
            yield category.name, category.confidence


def _place(evidence: Evidence) -> Scores:
    scene = evidence.scene
    if scene.indoors and not evidence.is_drawing:
        yield "indoor_", scene.indoor
    if scene.outdoors and not evidence.is_drawing:
        yield "outdoor_", scene.outdoor
        yield "outdoor_grass", scene.outdoor * scene.low_level.grass * scene.shows("grass")
        yield "sky_cloud", scene.outdoor * scene.low_level.sky * scene.shows("sky")
    yield "dark_", scene.outdoor * scene.night


def _text(evidence: Evidence) -> Scores:
    confidence = max((line.confidence for line in evidence.text.lines), default=0.0)
    yield "text_", confidence * min(1.0, evidence.word_count / FULL_SCORE_WORDS)


def _type(evidence: Evidence) -> Scores:
    yield "abstract_nonphoto", evidence.image_type.confidence
    yield "abstract_texture", evidence.scene.low_level.texture


def _size_weight(share: float) -> float:
    """Return the weight of an object that covers this share of the image, 0 to 1."""
    return min(1.0, share / FULL_SCORE_SHARE)
