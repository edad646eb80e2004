"""The API's 86 categories: a tree of two levels, `people_` above `people_group`.

Things and scenes have their category in `objects.csv` and `scenes.csv`; the rest is decided
here from people, pages, light and place. A category's parent, where the API has one, is at least
as sure as the category.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..base import Category
from ..evidence.people import MAX_BABY_AGE, MAX_CHILD_AGE, Person, people
from ..labels import object_classes

if TYPE_CHECKING:
    from ..evidence.evidence import Evidence

PARENTS = (
    *("abstract_", "animal_", "building_", "dark_", "drink_", "food_", "indoor_"),
    *("others_", "outdoor_", "people_", "plant_", "text_"),
)
CUTOFF = 0.2
"""Below a tag's: a picture with nothing surer is better put in a likely place than in none."""
KIND = 0.5
"""The least sum of probabilities over the scene model's classes in a category. Over 115
photographs six sums stood between 0.4 and this: a leaf and an aloe as food, a dragonfly as a bird,
and rightly two pyramids as buildings and a gate as an arch."""
SUBJECT, BEHIND = 0.5, 0.5
"""Where something is what the picture is of, the place it stands in counts half: a panda (0.88)
outdoors (1.00) is a picture of a panda."""
LARGE = 0.1
"""A thing is what the picture is of when it covers this share; a smaller one counts for less."""
PAGE = 12
"""How many words make a picture a page beyond doubt."""
MANY, CROWD = 6, 12

Scores = Iterator[tuple[str, float]]


def categories(evidence: Evidence) -> tuple[Category, ...]:
    """Return the categories of a picture, the surest first; `others_` when nothing is sure.

    Answers the `categories` of the API's Analyze Image operation.
    """
    best: dict[str, float] = {}
    for source in (_things, _people, _scene, _page, _drawn):
        _keep_best(best, source(evidence))
    behind = BEHIND if max(best.values(), default=0.0) >= SUBJECT else 1.0
    for source in (_place, _light):
        _keep_best(best, ((name, score * behind) for name, score in source(evidence)))
    found = [Category(name, min(1.0, score)) for name, score in best.items() if score >= CUTOFF]
    if not found:
        return (Category("others_", 1 - max(best.values(), default=0.0)),)
    return tuple(sorted(found, key=lambda category: -category.score))


def _keep_best(best: dict[str, float], scores: Scores) -> None:
    """Raise categories, and their parents where the API has one, to these scores."""
    for name, score in scores:
        parent = name.partition("_")[0] + "_"
        for one in dict.fromkeys([name, parent] if parent in PARENTS else [name]):
            best[one] = max(score, best.get(one, 0.0))


def _things(evidence: Evidence) -> Scores:
    for thing in evidence.corroborated_objects:
        category = object_classes()[thing.name].category
        if category and thing.name != "person":
            yield category, thing.confidence * _prominence(evidence.share(thing.box))


def _people(evidence: Evidence) -> Scores:
    persons = people(evidence)
    if not persons:
        return
    sure = max(person.confidence for person in persons)
    weight = _prominence(sum(evidence.share(person.box) for person in persons))
    faces = [person.face for person in persons if person.face]
    yield _how_many(evidence, persons), sure * weight
    if faces and all(face.age <= MAX_BABY_AGE for face in faces):
        yield "people_baby", sure * weight
    elif faces and all(face.age <= MAX_CHILD_AGE for face in faces):
        yield "people_young", sure * weight


def _how_many(evidence: Evidence, persons: tuple[Person, ...]) -> str:
    if len(persons) == 1:
        face = persons[0].face
        portrait = face is not None and face.box.height > evidence.height / 6
        return "people_portrait" if portrait else "people_"
    if len(persons) <= MANY:
        return "people_group"
    return "people_many" if len(persons) <= CROWD else "people_crowd"


def _scene(evidence: Evidence) -> Scores:
    for category in () if evidence.is_drawing else evidence.scene.categories:
        if category.name.startswith("text_") and not evidence.word_count:
            continue  # a menu without a word is none
        if category.name == "object_screen" and evidence.word_count:
            continue  # any white page looks like a screen to the model
        if category.confidence >= KIND:
            yield category.name, category.confidence


def _place(evidence: Evidence) -> Scores:
    scene, surfaces = evidence.scene, evidence.scene.low_level
    if evidence.is_drawing:
        return
    if scene.indoors:
        yield "indoor_", scene.indoor
    if scene.outdoors:
        yield "outdoor_", scene.outdoor
        if scene.grass:
            yield "outdoor_grass", scene.outdoor * surfaces.grass
        if scene.sky:
            yield "sky_cloud", scene.outdoor * surfaces.sky


def _light(evidence: Evidence) -> Scores:
    if evidence.scene.night:
        yield "dark_", evidence.scene.outdoor


def _page(evidence: Evidence) -> Scores:
    sure = max((line.confidence for line in evidence.text.lines), default=0.0)
    yield "text_", sure * min(1.0, evidence.word_count / PAGE)


def _drawn(evidence: Evidence) -> Scores:
    yield "abstract_nonphoto", evidence.image_type.confidence
    yield "abstract_texture", evidence.scene.low_level.texture


def _prominence(share: float) -> float:
    """Return how much a thing of this share of the picture counts, 0 to 1."""
    return min(1.0, share / LARGE)
