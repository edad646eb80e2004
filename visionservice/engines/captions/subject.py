"""The plan of a caption: the subject of an image, and further details about it."""

from collections.abc import Sequence

from ..base import Colors, LabelScore, Object
from ..evidence.evidence import MIN_PAGE_WORDS, MIN_TEXT_WORDS, Evidence
from ..evidence.people import Person, people
from ..geometry import Box
from ..labels import MIN_CONFIDENCE, scene_class
from .activities import find_activity
from .grammar import MIN_CROWD, MIN_GROUP, article, join, number, plural
from .objects import drawn_animal, object_plan
from .phrases import CaptionPlan, Phrase, place_and_time
from .scene import is_place, scene_plan

GENERIC_SHARE = 0.5
"""The factor of the confidence of a generic name ("a person" for "a man"), and of a caption that
contains only a place or colors."""
MIN_CLOTHING_SCORE, MIN_CARRIED_SCORE = 0.5, 0.8  # of clothing and of other items of a person
MIN_VIEW_SCORE = 0.7  # of a scene behind words or behind one doubtful person (a shadow has 0.6)
MIN_POSING_CONFIDENCE, MIN_POSING_HEIGHT = 0.8, 1 / 12  # of faces: the mean, and in image heights
MIN_PAGE_SHARE, MIN_CLOSE_UP_SHARE = 0.09, 0.2
"""The least shares of the image that the lines of a page and of a close up cover: a sudoku covers
0.095, the marks on a circuit board 0.03."""
MIN_QUOTE_CONFIDENCE = 0.95  # the mean of the lines; misread captions of a squirrel have 0.92
MAX_QUOTED_WORDS = 8


def plan_caption(evidence: Evidence) -> CaptionPlan:
    """Return the plan of a caption: a document, people, objects, a scene, text or colors."""
    plans = (plan(evidence) for plan in (_document, _people, object_plan, scene_plan, text_plan))
    return next(filter(None, plans), None) or _colors(evidence)


def count(persons: Sequence[Person], doubtful: Sequence[Box] = ()) -> str:
    """Return the people in words; three are a group if a doubtful one may be the fourth."""
    words = [person.word for person in persons]
    apart = any(all(b.overlap(p.box) < b.area / 2 for p in persons) for b in doubtful)
    size = len(words) + (len(words) == MIN_GROUP - 1 and apart)
    if size >= MIN_CROWD:
        return "a crowd of people"
    if size >= MIN_GROUP or (size > 1 and any("person" in word for word in words)):
        return number("person", "people", size)
    return join([number(word, plural(word), words.count(word)) for word in dict.fromkeys(words)])


def tone(colors: Colors) -> str:
    """Return "a black and white", "a sepia" for one brown ink, or an empty string."""
    if not colors.black_and_white:
        return ""
    if set(colors.dominant) <= {"Black", "Grey", "White"}:
        return "a black and white"
    return "a sepia" if "Brown" in colors.dominant else ""


def _document(evidence: Evidence) -> CaptionPlan | None:
    """Return the plan of a document, None if its few words are on something else, as on a shop."""
    if not evidence.is_document:
        return None
    scene = scene_plan(evidence) if evidence.text.coverage < MIN_PAGE_SHARE else None
    screen = evidence.scene.probability("electronics")
    if scene and scene.subject.confidence >= MIN_VIEW_SCORE and not screen:
        return None
    return text_plan(evidence)


def text_plan(evidence: Evidence) -> CaptionPlan | None:
    """Return the plan of a caption about the text, None if there is no text."""
    if evidence.word_count < MIN_TEXT_WORDS:
        return None
    text = evidence.text
    name = "a close up of text" if text.coverage >= MIN_CLOSE_UP_SHARE else "text"
    if evidence.word_count >= MIN_PAGE_WORDS and text.coverage >= MIN_PAGE_SHARE:
        name = "a page of text"
    confidence = sum(line.confidence for line in text.lines) / len(text.lines)
    words = " ".join(line.text for line in text.lines).replace('"', "").split()
    quoted = words[:MAX_QUOTED_WORDS] + ["..."] * (len(words) > MAX_QUOTED_WORDS)
    quote = Phrase(f'that reads "{" ".join(quoted)}"', confidence)
    details = (quote,) if confidence >= MIN_QUOTE_CONFIDENCE else ()
    return CaptionPlan(Phrase(name, confidence), details, "text", skip_medium=True)


def _people(evidence: Evidence) -> CaptionPlan | None:
    """Return the plan of people; None for one person, without a face, in a more certain scene."""
    persons = people(evidence)
    doubtful = len(persons) == 1 and not evidence.faces and persons[0].confidence < MIN_VIEW_SCORE
    scene = scene_plan(evidence) if doubtful else None
    if not persons or (scene and scene.subject.confidence > MIN_VIEW_SCORE):
        return None
    activity, actors = find_activity(persons, evidence.corroborated_objects)
    few = len(actors) * 2 < len(persons)
    actors = actors if few else persons
    details = _appearance(evidence, actors, activity)
    if few:
        details.append(Phrase("with other people nearby", max(p.confidence for p in persons)))
    found = (o for o in evidence.objects if o.name == "person")
    name = count(actors, [o.box for o in found if o.confidence < MIN_CONFIDENCE])
    generic = number("person", "people", len(actors))
    if not few and evidence.names:
        others = len(persons) - len(evidence.names)
        rest = ["another person" if others == 1 else "other people"] if others > 0 else []
        name, generic = join([*evidence.names, *rest]), name
    subject = Phrase(name, max(person.confidence for person in actors))
    return CaptionPlan(subject, (*details, *place_and_time(evidence)), generic)


def _appearance(
    evidence: Evidence, actors: Sequence[Person], activity: Phrase | None
) -> list[Phrase]:
    """Return what people wear, do and carry; the clothing and the items are those of one person."""
    details = _clothing(evidence) if len(actors) == 1 else []
    labels = [s for s in evidence.scene.labels if s.confidence >= MIN_CARRIED_SCORE]
    balls = [article(s.name) for s in labels if "ball" in scene_class(s.name).words]
    carried = [Phrase(f"with {article(s.name)}", s.confidence) for s in labels if _is_item(s.name)]
    carried = carried if len(actors) == 1 else []
    if activity:
        text = activity.text.replace("a ball", next(iter(balls), "a ball"))
        return [*details, Phrase(text, activity.confidence), *([] if balls else carried)]
    return [*details, *carried] or _posing(evidence, actors)


def _posing(evidence: Evidence, persons: Sequence[Person]) -> list[Phrase]:
    """Return that people pose if their faces are large and certain, and so look at the camera."""
    faces = [person.face for person in persons if person.face]
    confidence = sum(face.confidence for face in faces) / len(persons)
    large = all(face.box.height >= evidence.height * MIN_POSING_HEIGHT for face in faces)
    posing = large and confidence >= MIN_POSING_CONFIDENCE
    return [Phrase("posing for a photo", confidence)] if posing else []


def _clothing(evidence: Evidence) -> list[Phrase]:
    labels = [s for s in evidence.scene.labels if s.confidence >= MIN_CLOTHING_SCORE]
    worn: list[LabelScore | Object] = [s for s in labels if "clothing" in scene_class(s.name).words]
    worn += [o for o in evidence.corroborated_objects if o.name == "tie"][:1]
    names = join([article(name) for name in dict.fromkeys(each.name for each in worn)])
    return [Phrase(f"wearing {names}", min(each.confidence for each in worn))] if worn else []


def _is_item(label: str) -> bool:
    """Return True if a person may carry what the scene model alone finds: a tripod."""
    row = scene_class(label)
    return not (row.place or row.category or row.naming == "unreliable" or "clothing" in row.words)


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
    elif tone(colors) == "a black and white":
        text, confidence = "a black and white picture", GENERIC_SHARE * colors.gray
    elif is_place(scene):
        return CaptionPlan(Phrase("an outdoor scene", GENERIC_SHARE * scene.outdoor))
    elif len(names) > 1 and not colors.black_and_white:
        text = f"something {names[1]} on a {names[0]} background"
    return CaptionPlan(Phrase(text, confidence), skip_medium=True)
