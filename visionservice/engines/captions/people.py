"""The caption of people: who they are, what they wear, do and carry, and where they are."""

from collections.abc import Sequence

from ..base import LabelScore, Object
from ..evidence.evidence import Evidence, Person
from ..geometry import Box
from ..labels import MIN_CONFIDENCE, read_table, scene_class
from .objects import MIN_GROUP, counted
from .phrases import CaptionPlan, Phrase, article, join, number, place_and_time, plural
from .scene import MIN_VIEW_SCORE, scene_plan

MIN_CROWD = 12  # people for "a crowd of"
MIN_CERTAIN_PERSON = 0.8  # of a body without a face (a crab has 0.75), and of what few of many do
MIN_THIRD_PERSON = 0.5  # of a body beside two people, less than alone
ACTIVITIES = read_table("activities.csv")  # an object, its relation to a person, and the phrases
MIN_CLOTHING_SCORE, MIN_CARRIED_SCORE = 0.6, 0.9  # of clothing and of other items of a person
MIN_POSING_CONFIDENCE, MIN_POSING_HEIGHT = 0.8, 1 / 12  # of faces: the mean, and in image heights

BESIDE = ("near", "next to", "with")  # the activities of people who may sit or stand
MIN_BODY_HEIGHT, BODY_FACES, POSE_CONFIDENCE = 96, 5, 0.9
"""The least height of a body in pixels and in faces, below which legs are out of the image, and the
confidence of a posture that is found."""

Persons = Sequence[Person]


def people_plan(evidence: Evidence) -> CaptionPlan | None:
    """Return the plan of people; None without a face, in a more certain scene."""
    persons = evidence.people
    ashore = evidence.scene.water < MIN_CONFIDENCE / 2  # without waves to ride
    objects = [o for o in evidence.corroborated_objects if not (ashore and o.name == "surfboard")]
    if not persons or (not evidence.faces and _is_doubtful(evidence, persons)):
        return None
    activity, actors = find_activity(persons, objects)
    if not activity and (animals := [o for o in objects if "animal" in o.words]):
        near = counted(evidence, [o for o in animals if o.name == animals[0].name])
        activity = Phrase(f"near {near}", animals[0].confidence)
    few = len(actors) * 2 < len(persons)
    if few and activity and activity.confidence < MIN_CERTAIN_PERSON:
        few, activity = False, None
    actors = actors if few else persons
    details = _appearance(evidence, actors, activity)
    if few:
        details.append(Phrase("with other people nearby", max(p.confidence for p in persons)))
    found = (o for o in evidence.objects if o.name == "person" and o.confidence < MIN_CONFIDENCE)
    name = count(actors, list(found))
    generic = number("person", "people", len(actors))
    if not few and evidence.names:
        others = len(persons) - len(evidence.names)
        rest = ["another person" if others == 1 else "other people"] if others > 0 else []
        name, generic = join([*evidence.names, *rest]), name
    subject = Phrase(name, max(person.confidence for person in actors))
    return CaptionPlan(subject, (*details, *place_and_time(evidence)), generic)


def _is_doubtful(evidence: Evidence, persons: Persons) -> bool:
    """Return True if the scene is more certain than people without faces."""
    best = max(person.confidence for person in persons)
    scene = scene_plan(evidence) if best < MIN_CERTAIN_PERSON else None
    return scene is not None and scene.subject.confidence > max(best, MIN_VIEW_SCORE)


def count(persons: Persons, doubtful: Sequence[Object] = ()) -> str:
    """Return the people in words; a doubtful one may be the third, or make three a group."""
    words = [person.word for person in persons]
    apart = [o for o in doubtful if all(o.box.overlap(p.box) < o.box.area / 2 for p in persons)]
    size, best = len(words), max((o.confidence for o in apart), default=0.0)
    size += (size == 2 and best >= MIN_THIRD_PERSON) or (size == MIN_GROUP - 1 and best > 0)
    if size > 1 and len(apart) >= MIN_GROUP - 1:
        size = max(size, MIN_GROUP)
    if size >= MIN_CROWD:
        return "a crowd of people"
    if size != len(words) or size >= MIN_GROUP or (size > 1 and any("person" in w for w in words)):
        return number("person", "people", size)
    return join([number(word, plural(word), words.count(word)) for word in dict.fromkeys(words)])


def _appearance(evidence: Evidence, actors: Persons, activity: Phrase | None) -> list[Phrase]:
    """Return what people wear, do and carry; the clothing and the items are those of one person."""
    details = _clothing(evidence) if len(actors) == 1 else []
    labels = [s for s in evidence.scene.labels if s.confidence >= MIN_CARRIED_SCORE]
    balls = [article(s.name) for s in labels if "ball" in scene_class(s.name).words]
    carried = [Phrase(f"with {article(s.name)}", s.confidence) for s in labels if _is_item(s.name)]
    carried = carried if len(actors) == 1 else []
    if not activity or activity.text.startswith(BESIDE):
        details += _posture(evidence, actors)
    if activity:
        text = activity.text.replace("a ball", next(iter(balls), "a ball"))
        return [*details, Phrase(text, activity.confidence), *([] if balls else carried)]
    return _posing(evidence, actors) if not details and not carried else [*details, *carried]


def _posture(evidence: Evidence, persons: Persons) -> list[Phrase]:
    """Return that all people sit or stand, or raise their arms; not of the faces of a portrait."""
    bodies = [p for p in persons if p.has_body and p.box.height >= MIN_BODY_HEIGHT]
    bodies = [p for p in bodies if not p.face or p.box.height >= BODY_FACES * p.face.box.height]
    if _posing(evidence, persons) or not len(persons) == len(bodies) < MIN_GROUP:
        return []
    poses = [evidence.pose(person.box) for person in bodies]
    (posture, *others) = {pose.posture for pose in poses}
    found = [Phrase(posture, POSE_CONFIDENCE)] if posture and not others else []
    arms = all(pose.raised_arms for pose in poses)
    return found + [Phrase("with raised arms", POSE_CONFIDENCE)] * arms


def _posing(evidence: Evidence, persons: Persons) -> list[Phrase]:
    """Return that people pose if their faces are large and certain, and look at the camera."""
    faces = [person.face for person in persons if person.face]
    confidence = sum(face.confidence for face in faces) / len(persons)
    height = evidence.size[1] * MIN_POSING_HEIGHT
    to_camera = all(face.frontal and face.box.height >= height for face in faces)
    posing = to_camera and confidence >= MIN_POSING_CONFIDENCE
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


def find_activity(persons: Persons, objects: Sequence[Object]) -> tuple[Phrase | None, Persons]:
    """Return the first activity of the table that applies, and the people who do it."""
    for row in ACTIVITIES:
        same = [o for o in objects if o.name == row["object"]]
        active = [p for p in persons if any(relations(p, o.box)[row["relation"]] for o in same)]
        if active:
            text = row["one"] if len(active) == 1 else row["many"]
            return Phrase(text, max(o.confidence for o in same)), active
    return None, persons


def relations(person: Person, box: Box) -> dict[str, bool]:
    """Return each relation of a person and the box of an object: True if they have it."""
    body, face, (x, y) = person.box, person.face, box.center
    middle_x, middle_y = body.center
    margin = body.height / 10
    gap_x = max(box.left - body.right, body.left - box.right)
    gap_y = max(box.top - body.bottom, body.top - box.bottom)
    shared_height = min(body.bottom, box.bottom) - max(body.top, box.top)
    shared_area = box.overlap(body)
    near = max(gap_x, gap_y) <= margin
    aligned = body.left <= x <= body.right or box.left <= middle_x <= box.right
    below = near and aligned and y > middle_y
    feet_on_it = box.top + box.height / 10 <= body.bottom <= box.bottom + margin
    on_it = box.top < body.bottom <= box.bottom + 2 * margin
    behind_it = body.top < box.top < body.bottom <= box.bottom + margin
    reach = body.width / 10
    inside = body.left - reach <= x <= body.right + reach and body.top <= y <= body.bottom
    return {
        "near": near,
        "below": below,
        "mount": below and feet_on_it and shared_height >= body.height / 5,
        "in hand": inside and box.area < body.area / 2,
        "at face": face is not None
        and abs(x - face.box.center[0]) <= face.box.width
        and abs(y - face.box.center[1]) <= face.box.height * 0.75,
        "in lap": aligned and box.bottom > middle_y and shared_area > box.area / 5,
        "above": box.bottom < middle_y,
        "seat": aligned and on_it and shared_area >= body.area / 4,
        "table": aligned and behind_it,
    }
