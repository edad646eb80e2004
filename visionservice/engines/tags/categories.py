"""The 86 categories of the API, a tree of two levels: `people_` is the parent of `people_group`.

`objects.csv` and `scenes.csv` have the categories of objects and scenes; the others follow from
people, text, light and place. A parent has at least the score of its categories.
"""

from collections.abc import Iterator

from ..base import LabelScore
from ..evidence.evidence import Evidence
from ..evidence.people import MAX_BABY_AGE, MAX_CHILD_AGE, is_portrait, people
from ..geometry import Box
from ..labels import object_class

NO_PARENTS = ("object_", "sky_", "trans_")  # first parts of names that are no categories
MIN_CATEGORY_SCORE = 0.2  # lower than that of a tag, as a likely category is better than none
MIN_SCENE_CATEGORY = 0.5
"""The least sum of the scores of the scene model's classes in a category. In 115 images six
sums were between 0.4 and this: a leaf and an aloe as food, a dragonfly as a bird, and correctly
two pyramids as buildings and a gate as an arch."""
MIN_SUBJECT_CATEGORY, PLACE_WEIGHT = 0.5, 0.5
"""The score of a subject from which the place and the light count by this weight: a panda (0.88)
outdoors (1.00) is an image of a panda."""
FULL_SCORE_SHARE, FULL_SCORE_WORDS = 0.1, 12  # from which objects and text count in full
GROUPS = {1: "people_", 6: "people_group", 12: "people_many"}  # by their greatest number of people

Scores = Iterator[tuple[str, float]]


def categories(evidence: Evidence) -> tuple[LabelScore, ...]:
    """Return the categories, the highest score first; `others_` if there is none."""
    subjects = [*_objects_and_people(evidence), *_scene(evidence), *_text_and_type(evidence)]
    is_subject = max(score for _, score in subjects) >= MIN_SUBJECT_CATEGORY
    places = [(n, score * PLACE_WEIGHT if is_subject else score) for n, score in _place(evidence)]
    best: dict[str, float] = {}
    for name, score in (*subjects, *places):
        parent = name.partition("_")[0] + "_"
        for each in dict.fromkeys([name] if parent in NO_PARENTS else [name, parent]):
            best[each] = max(score, best.get(each, 0.0))
    found = [LabelScore(n, min(1.0, s)) for n, s in best.items() if s >= MIN_CATEGORY_SCORE]
    if not found:
        return (LabelScore("others_", 1 - max(best.values())),)
    return tuple(sorted(found, key=lambda category: -category.confidence))


def _objects_and_people(evidence: Evidence) -> Scores:
    for thing in evidence.corroborated_objects:
        category = object_class(thing.name).category
        if category and thing.name != "person":
            yield category, thing.confidence * _size_weight(evidence, thing.box)
    persons = people(evidence)
    if not persons:
        return
    confidence = max(person.confidence for person in persons)
    score = confidence * _size_weight(evidence, *(person.box for person in persons))
    group = next((name for most, name in GROUPS.items() if len(persons) <= most), "people_crowd")
    yield "people_portrait" if is_portrait(evidence, persons) else group, score
    oldest = max((person.face.age for person in persons if person.face), default=MAX_CHILD_AGE + 1)
    if oldest <= MAX_BABY_AGE:
        yield "people_baby", score
    elif oldest <= MAX_CHILD_AGE:
        yield "people_young", score


def _scene(evidence: Evidence) -> Scores:
    # The model takes any white page for a screen, and a menu needs words.
    wrong = "object_screen" if evidence.word_count else "text_"
    for category in () if evidence.is_drawing else evidence.scene.categories:
        if category.confidence >= MIN_SCENE_CATEGORY and not category.name.startswith(wrong):
            yield category.name, category.confidence


def _place(evidence: Evidence) -> Scores:
    scene = evidence.scene
    if not evidence.is_drawing:
        yield "indoor_", scene.indoor * scene.indoors
        yield "outdoor_", scene.outdoor * scene.outdoors
        yield "outdoor_grass", scene.outdoor * scene.low_level.grass * scene.shows("grass")
        yield "sky_cloud", scene.outdoor * scene.low_level.sky * scene.shows("sky")
    yield "dark_", scene.outdoor * scene.night


def _text_and_type(evidence: Evidence) -> Scores:
    confidence = max((line.confidence for line in evidence.text.lines), default=0.0)
    yield "text_", confidence * min(1.0, evidence.word_count / FULL_SCORE_WORDS)
    yield "abstract_nonphoto", evidence.image_type.confidence
    yield "abstract_texture", evidence.scene.low_level.texture


def _size_weight(evidence: Evidence, *boxes: Box) -> float:
    """Return the weight of what covers these boxes, 0 to 1."""
    return min(1.0, sum(map(evidence.share, boxes)) / FULL_SCORE_SHARE)
