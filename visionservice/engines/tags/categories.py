"""The API's 86 categories: a tree of two levels, `people_` above `people_group`.

Things and scenes have their category in `objects.csv` and `scenes.csv`; the rest is decided
here from people, pages, light and place. A category's parent, where the API has one, is at least
as sure as the category.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..evidence.people import BABY, CHILD, Person, people
from ..labels import kinds

if TYPE_CHECKING:
    from ..evidence.evidence import Findings

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


@dataclass(frozen=True, slots=True)
class Category:
    """One of the API's 86 categories, and how well the picture fits it (0 to 1)."""

    name: str
    score: float


def categories(findings: Findings) -> tuple[Category, ...]:
    """Return the categories of a picture, the surest first; `others_` when nothing is sure.

    Answers the `categories` of the API's Analyze Image operation.
    """
    best: dict[str, float] = {}
    for source in (_things, _people, _scene, _page, _drawn):
        _keep_best(best, source(findings))
    behind = BEHIND if max(best.values(), default=0.0) >= SUBJECT else 1.0
    for source in (_place, _light):
        _keep_best(best, ((name, score * behind) for name, score in source(findings)))
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


def _things(findings: Findings) -> Scores:
    for thing in findings.things:
        category = kinds()[thing.name].category
        if category and thing.name != "person":
            yield category, thing.confidence * _prominence(findings.share(thing.box))


def _people(findings: Findings) -> Scores:
    persons = people(findings)
    if not persons:
        return
    sure = max(person.confidence for person in persons)
    weight = _prominence(sum(findings.share(person.box) for person in persons))
    faces = [person.face for person in persons if person.face]
    yield _how_many(findings, persons), sure * weight
    if faces and all(face.age <= BABY for face in faces):
        yield "people_baby", sure * weight
    elif faces and all(face.age <= CHILD for face in faces):
        yield "people_young", sure * weight


def _how_many(findings: Findings, persons: tuple[Person, ...]) -> str:
    if len(persons) == 1:
        face = persons[0].face
        portrait = face is not None and face.box.height > findings.height / 6
        return "people_portrait" if portrait else "people_"
    if len(persons) <= MANY:
        return "people_group"
    return "people_many" if len(persons) <= CROWD else "people_crowd"


def _scene(findings: Findings) -> Scores:
    for category in () if findings.drawn else findings.scene.categories:
        if category.name.startswith("text_") and not findings.words_read:
            continue  # a menu without a word is none
        if category.name == "object_screen" and findings.words_read:
            continue  # any white page looks like a screen to the model
        if category.confidence >= KIND:
            yield category.name, category.confidence


def _place(findings: Findings) -> Scores:
    scene, surfaces = findings.scene, findings.scene.surfaces
    if findings.drawn:
        return
    if scene.indoors:
        yield "indoor_", scene.indoor
    if scene.outdoors:
        yield "outdoor_", scene.outdoor
        if scene.grass:
            yield "outdoor_grass", scene.outdoor * surfaces.grass
        if scene.sky:
            yield "sky_cloud", scene.outdoor * surfaces.sky


def _light(findings: Findings) -> Scores:
    if findings.scene.night:
        yield "dark_", findings.scene.outdoor


def _page(findings: Findings) -> Scores:
    sure = max((line.confidence for line in findings.text.lines), default=0.0)
    yield "text_", sure * min(1.0, findings.words_read / PAGE)


def _drawn(findings: Findings) -> Scores:
    yield "abstract_nonphoto", findings.image_type.confidence
    yield "abstract_texture", findings.scene.surfaces.texture


def _prominence(share: float) -> float:
    """Return how much a thing of this share of the picture counts, 0 to 1."""
    return min(1.0, share / LARGE)
