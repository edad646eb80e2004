"""The built-in tagger, and the 86 categories of the API: rules over the evidence.

A tag of two engines has the higher confidence. The categories are a tree of two levels: `people_`
is the parent of `people_group`, and has at least its score. `objects.csv` and `scenes.csv` have the
categories of objects and scenes; the others follow from people, text, light and place.
"""

from collections.abc import Iterator

from ..base import LabelScore, Tag, Tagger
from ..evidence.evidence import MAX_BABY_AGE, MAX_CHILD_AGE, MIN_TEXT_WORDS, Evidence
from ..geometry import Box
from ..labels import class_count, highest, object_class

MIN_TAG_CONFIDENCE = 0.5  # on 25 images wrong words have at most 0.48, right ones at least 0.53
MIN_LABEL_TAG = 0.7  # of one class: in 170 images 3 of those from 0.6 were right, and 7 wrong
BY_COLOR = frozenset({"water", "snow"})
"""Words for which colors or the whole scene decide: the class of a mountain has the word snow."""
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

Scores = Iterator[tuple[str, float]]  # words or categories, with their confidences


class RuleTagger(Tagger):
    """Derives tags from the results of the other engines; needs no model."""

    name = "rules"
    thread_safe = True

    def tag(self, evidence: Evidence) -> tuple[Tag, ...]:
        """Return the tags, the most confident first; of equal ones, the general word first."""
        best = highest([*_objects_and_people(evidence), *_scene(evidence), *_medium(evidence)])
        tags = (Tag(name, min(1.0, c)) for name, c in best.items() if c >= MIN_TAG_CONFIDENCE)
        return tuple(sorted(tags, key=lambda tag: (-tag.confidence, class_count(tag.name) == 1)))


def categories(evidence: Evidence) -> tuple[LabelScore, ...]:
    """Return the categories, the highest score first; `others_` if there is none."""
    subjects = [*_subjects(evidence)]
    is_subject = max(score for _, score in subjects) >= MIN_SUBJECT_CATEGORY
    places = [(n, score * PLACE_WEIGHT if is_subject else score) for n, score in _places(evidence)]
    with_parents = []
    for name, score in (*subjects, *places):
        parent = name.partition("_")[0] + "_"
        with_parents += [(name, score), (name if parent in NO_PARENTS else parent, score)]
    best = highest(with_parents)
    found = [LabelScore(n, min(1.0, s)) for n, s in best.items() if s >= MIN_CATEGORY_SCORE]
    if not found:
        return (LabelScore("others_", 1 - max(best.values())),)
    return tuple(sorted(found, key=lambda category: -category.confidence))


def _objects_and_people(evidence: Evidence) -> Scores:
    for thing in evidence.corroborated_objects:
        for word in (thing.name, *thing.words):
            yield word, thing.confidence
    persons = evidence.people
    for person in persons:
        yield "person", person.confidence
        if person.face:
            yield person.word.split()[-1], person.confidence
            if person.face.age <= MAX_CHILD_AGE:
                yield "child", person.confidence
    confidences = sorted((person.confidence for person in persons), reverse=True)
    if len(persons) > 1:
        yield "people", confidences[0]
    if len(persons) > 2:
        yield "group", confidences[2]
    if evidence.is_portrait:
        yield "portrait", confidences[0]


def _scene(evidence: Evidence) -> Scores:
    if evidence.is_drawing:
        return
    scene = evidence.scene
    words = [s for s in scene.words if s.confidence >= MIN_LABEL_TAG or class_count(s.name) > 1]
    places = [s for s in scene.place_labels if s.confidence >= MIN_LABEL_TAG and scene.outdoors]
    yield from ((s.name, s.confidence) for s in (*words, *places) if s.name not in BY_COLOR)
    yield "indoor", scene.indoor * scene.indoors
    yield "outdoor", scene.outdoor * scene.outdoors
    yield "water", scene.outdoor * scene.shows("water")
    yield "snow", scene.probability("snow") * scene.shows("snow")
    for word in ("night", "dark"):
        yield word, scene.outdoor * scene.night
    for surface in ("sky", "grass", "plant"):
        yield surface, scene.outdoor * scene.shows(surface)


def _medium(evidence: Evidence) -> Scores:
    confidences = [line.confidence for line in evidence.text.lines]
    yield "text", max(confidences, default=0.0) * (evidence.word_count >= MIN_TEXT_WORDS)
    yield "drawing", evidence.image_type.confidence * evidence.image_type.line_drawing
    yield "clip art", evidence.image_type.confidence
    if not evidence.scene.low_level.plain:
        yield "black and white", evidence.colors.gray


def _subjects(evidence: Evidence) -> Scores:
    """Yield the categories of objects, people, the scene, text and drawings."""
    for thing in evidence.corroborated_objects:
        category = object_class(thing.name).category
        if category and thing.name != "person":
            yield category, thing.confidence * _size_weight(evidence, thing.box)
    yield from _people_categories(evidence)
    # The model takes any white page for a screen, and a menu needs words.
    wrong = "object_screen" if evidence.word_count else "text_"
    for found in () if evidence.is_drawing else evidence.scene.categories:
        if found.confidence >= MIN_SCENE_CATEGORY and not found.name.startswith(wrong):
            yield found.name, found.confidence
    confidence = max((line.confidence for line in evidence.text.lines), default=0.0)
    yield "text_", confidence * min(1.0, evidence.word_count / FULL_SCORE_WORDS)
    yield "abstract_nonphoto", evidence.image_type.confidence
    yield "abstract_texture", evidence.scene.low_level.texture


def _people_categories(evidence: Evidence) -> Scores:
    persons = evidence.people
    if not persons:
        return
    confidence = max(person.confidence for person in persons)
    score = confidence * _size_weight(evidence, *(person.box for person in persons))
    group = next((name for most, name in GROUPS.items() if len(persons) <= most), "people_crowd")
    yield "people_portrait" if evidence.is_portrait else group, score
    oldest = max((person.face.age for person in persons if person.face), default=MAX_CHILD_AGE + 1)
    if oldest <= MAX_BABY_AGE:
        yield "people_baby", score
    elif oldest <= MAX_CHILD_AGE:
        yield "people_young", score


def _places(evidence: Evidence) -> Scores:
    scene = evidence.scene
    if not evidence.is_drawing:
        yield "indoor_", scene.indoor * scene.indoors
        yield "outdoor_", scene.outdoor * scene.outdoors
        yield "outdoor_grass", scene.outdoor * scene.low_level.grass * scene.shows("grass")
        yield "sky_cloud", scene.outdoor * scene.low_level.sky * scene.shows("sky")
    yield "dark_", scene.outdoor * scene.night


def _size_weight(evidence: Evidence, *boxes: Box) -> float:
    """Return the weight of what covers these boxes, 0 to 1."""
    return min(1.0, sum(map(evidence.share, boxes)) / FULL_SCORE_SHARE)
