"""The plan of a caption: the subject of an image, and further details about it."""

from __future__ import annotations

from collections.abc import Iterator

from ..base import Colors, LabelScore, Object
from ..evidence.evidence import Evidence
from ..evidence.people import MIN_CROWD, Person, people
from ..labels import MIN_CONFIDENCE, scene_class
from .activities import find_activity
from .context import place_phrase, time_phrase
from .grammar import MIN_GROUP, article, join, number, plural
from .objects import drawn_animal, object_plan
from .plan import CaptionPlan, Phrase
from .scene import is_place, scene_plan
from .text import MIN_PAGE_SHARE, text_plan, text_share

GENERIC_SHARE = 0.5
"""The share of a generic name ("a person" for "a man"), or of a subject that is only a place or
colors, in what a caption could contain."""
MIN_CLOTHING_SCORE, MIN_CARRIED_SCORE = 0.5, 0.8
"""The least scores of the scene model for clothing and for other items of a person."""
MIN_VIEW_SCORE = 0.7
"""The least score of a scene behind words or behind one doubtful person (a shadow has 0.6)."""
MIN_POSING_CONFIDENCE, MIN_POSING_HEIGHT = 0.8, 1 / 12
"""The least mean confidence, and the least height as a share of the image, of posing faces."""


def plan_caption(evidence: Evidence) -> CaptionPlan:
    """Return the plan of a caption: a document, people, objects, a scene, text or colors."""
    plans = (plan(evidence) for plan in (_document, _people, object_plan, scene_plan, text_plan))
    return next(filter(None, plans), None) or _colors(evidence)


def count(persons: tuple[Person, ...]) -> str:
    """Return the people in words: "a man", "a woman and two boys", "a group of people"."""
    if len(persons) >= MIN_CROWD:
        return "a crowd of people"
    words = [person.word for person in persons]
    if len(persons) >= MIN_GROUP or (len(words) > 1 and any("person" in word for word in words)):
        return number("person", "people", len(words))
    return join([number(word, plural(word), words.count(word)) for word in dict.fromkeys(words)])


def has_only_grays(colors: Colors) -> bool:
    """Return True if the dominant colors are black, gray and white."""
    return set(colors.dominant) <= {"Black", "Grey", "White"}


def _document(evidence: Evidence) -> CaptionPlan | None:
    """Return the plan of a document, None if its few words are on something else, as on a shop."""
    if not evidence.is_document:
        return None
    scene = scene_plan(evidence) if text_share(evidence) < MIN_PAGE_SHARE else None
    screen = evidence.scene.probability("electronics")
    if scene and scene.subject.confidence >= MIN_VIEW_SCORE and not screen:
        return None
    return text_plan(evidence)


def _people(evidence: Evidence) -> CaptionPlan | None:
    persons = people(evidence)
    if not persons or _is_contradicted(evidence, persons):
        return None
    activity = find_activity(persons, evidence.corroborated_objects)
    few = activity is not None and len(activity.persons) * 2 < len(persons)
    actors = activity.persons if activity and few else persons
    ball = _ball(evidence)
    details = list(_clothing(evidence, actors))
    carried = [] if activity and ball else list(_carried_items(evidence, actors))
    if activity:
        text = activity.text
        if ball and activity.name == "sports ball":
            text = text.replace("a ball", article(ball))
        details.append(Phrase(text, activity.confidence))
    elif not details and not carried:
        details += _posing(evidence, persons)
    details += carried
    if few:
        confidence = max(person.confidence for person in persons)
        details.append(Phrase("with other people nearby", confidence))
    details += [*place_phrase(evidence), *time_phrase(evidence)]
    name, generic = _count_actors(evidence, actors), number("person", "people", len(actors))
    if not few and evidence.names:
        name, generic = _join_names(evidence.names, len(persons)), name
    confidence = max(person.confidence for person in actors)
    return CaptionPlan(Phrase(name, confidence), tuple(details), generic)


def _is_contradicted(evidence: Evidence, persons: tuple[Person, ...]) -> bool:
    """Return True if the scene is more certain than one person without a face."""
    scene = scene_plan(evidence) if len(persons) == 1 and not evidence.faces else None
    return bool(scene and persons[0].confidence < MIN_VIEW_SCORE < scene.subject.confidence)


def _count_actors(evidence: Evidence, actors: tuple[Person, ...]) -> str:
    """Return the people in words: three are a group if there may be a fourth."""
    hints = (o for o in evidence.objects if o.name == "person" and o.confidence < MIN_CONFIDENCE)
    apart = (o for o in hints if all(o.box.overlap(p.box) < o.box.area / 2 for p in actors))
    if len(actors) == MIN_GROUP - 1 and any(apart):
        return number("person", "people", MIN_GROUP)
    return count(actors)


def _ball(evidence: Evidence) -> str:
    """Return the label of a ball that the scene model finds, or an empty string."""
    for label in evidence.scene.labels[:1]:
        if label.confidence >= MIN_CARRIED_SCORE and "ball" in scene_class(label.name).words:
            return label.name
    return ""


def _join_names(names: tuple[str, ...], persons: int) -> str:
    others = persons - len(names)
    rest = "another person" if others == 1 else "other people"
    return join([*names, rest] if others > 0 else names)


def _posing(evidence: Evidence, persons: tuple[Person, ...]) -> Iterator[Phrase]:
    """Yield that people pose if their faces are large and certain, and so look at the camera."""
    faces = [person.face for person in persons if person.face]
    confidence = sum(face.confidence for face in faces) / len(persons)
    large = all(face.box.height >= evidence.height * MIN_POSING_HEIGHT for face in faces)
    if confidence >= MIN_POSING_CONFIDENCE and large:
        yield Phrase("posing for a photo", confidence)


def _clothing(evidence: Evidence, persons: tuple[Person, ...]) -> Iterator[Phrase]:
    """Yield the clothing of one person."""
    if len(persons) > 1:
        return
    labels = [s for s in evidence.scene.labels if s.confidence >= MIN_CLOTHING_SCORE]
    labels = [label for label in labels if "clothing" in scene_class(label.name).words]
    ties = [o for o in evidence.corroborated_objects if o.name == "tie"]
    worn: list[LabelScore | Object] = [*labels, *ties[:1]]
    if worn:
        names = join([article(name) for name in dict.fromkeys(each.name for each in worn)])
        yield Phrase(f"wearing {names}", min(each.confidence for each in worn))


def _carried_items(evidence: Evidence, persons: tuple[Person, ...]) -> Iterator[Phrase]:
    """Yield the items of one person that the scene model alone finds: a tripod."""
    for label in evidence.scene.labels if len(persons) == 1 else ():
        row = scene_class(label.name)
        fixed = row.place or row.category or row.naming == "unreliable" or "clothing" in row.words
        if label.confidence >= MIN_CARRIED_SCORE and not fixed:
            yield Phrase(f"with {article(label.name)}", label.confidence)


def _colors(evidence: Evidence) -> CaptionPlan:
    """Return the plan of an image in which no engine is certain: a drawing, a place or colors."""
    scene, colors = evidence.scene, evidence.colors
    names = list(dict.fromkeys([colors.background.lower(), colors.foreground.lower()]))
    text, confidence = f"{article(join(names))} picture", GENERIC_SHARE * colors.covered
    if evidence.is_drawing:
        return CaptionPlan(drawn_animal(evidence) or Phrase("", evidence.image_type.confidence))
    if scene.low_level.texture:
        text, confidence = "an even texture", scene.low_level.texture
    elif scene.low_level.plain:
        confidence = colors.covered
    elif colors.gray and has_only_grays(colors):
        text, confidence = "a black and white picture", GENERIC_SHARE * colors.gray
    elif is_place(scene):
        return CaptionPlan(Phrase("an outdoor scene", GENERIC_SHARE * scene.outdoor))
    elif len(names) > 1 and not colors.black_and_white:
        text = f"something {names[1]} on a {names[0]} background"
    return CaptionPlan(Phrase(text, confidence), skip_medium=True)
