"""The built-in captioner: sentences from the phrases of a plan, ranked by confidence.

The confidence of a sentence is that of its weakest phrase, times its share of all phrases of the
plan. A sentence that omits a certain detail, or contains a doubtful one, therefore ranks lower.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

from ..base import Caption, Captioner, Colors
from ..evidence.evidence import MIN_PAGE_WORDS, MIN_TEXT_WORDS, Evidence
from ..labels import highest, scene_class, word_class
from .objects import likeliest_object, object_plan
from .people import people_plan
from .phrases import CaptionPlan, Phrase, article, join, place_and_time
from .scene import MIN_VIEW_SCORE, likeliest_word, scene_plan

GENERIC_SHARE = 0.5  # the factor of "a person" for "a man", and of a mere place or colors
MIN_PAGE_SHARE, MIN_SCREEN_SHARE, MIN_CLOSE_UP_SHARE, MAX_MARK_SHARE = 0.09, 0.04, 0.2, 0.02
"""Of the image, by lines of text: a sudoku, which may be a screen to the scene model, covers 0.095,
the marks on a circuit board 0.038."""
MIN_QUOTE_CONFIDENCE = 0.95  # the mean of the lines; misread captions of a squirrel have 0.92
MAX_QUOTED_WORDS = 8
MIN_PLACE_WORD, MIN_WORD, OBJECT_CONFIDENCE = 0.4, 0.25, 0.2
"""The score of a general word that replaces "an outdoor scene" and "an object", and the confidence
of the second. Of six words below 0.25 only a plant was right, of which there are few classes."""


class TemplateCaptioner(Captioner):
    """Composes captions from the results of the other engines; needs no model."""

    name = "template"
    thread_safe = True

    def caption(
        self, evidence: Evidence, limit: int, *, gender_neutral: bool, names: bool
    ) -> tuple[Caption, ...]:
        """Return at most `limit` different captions, the most confident first."""
        if gender_neutral:
            faces = tuple(replace(face, gender_confidence=0.0) for face in evidence.faces)
            evidence = evidence.with_results(faces=faces)
        if gender_neutral or not names:
            evidence = evidence.with_results(names=())
        ranked = sorted(highest(_sentences(evidence)).items(), key=lambda item: -item[1])
        return tuple(Caption(text, confidence) for text, confidence in ranked[:limit])


def _sentences(evidence: Evidence) -> Iterator[tuple[str, float]]:
    """Yield each sentence: with and without each detail, with the name and the generic name."""
    plan = plan_caption(evidence)
    names = [(plan.subject.text, 1.0), (plan.generic_name, GENERIC_SHARE)]
    for name, share in names if plan.generic_name else names[:1]:
        for size in range(len(plan.details), -1, -1):
            for details in combinations(plan.details, size):
                weakest = min(phrase.confidence for phrase in (plan.subject, *details))
                confidence = weakest * (share + size) / (1 + len(plan.details))
                words = " ".join([name, *(detail.text for detail in details)])
                yield _add_medium(evidence, plan, words), min(1.0, confidence)


def _add_medium(evidence: Evidence, plan: CaptionPlan, words: str) -> str:
    """Return the words after the medium, which is empty for a color image from a camera."""
    kind, ink = evidence.image_type, tone(evidence.colors)
    if kind.line_drawing:
        medium = f"{ink or 'a'} line drawing"
    elif evidence.is_drawing:
        medium = f"{ink or 'a'} clip art picture"
    elif ink and not plan.skip_medium:
        medium = f"{ink} photo"
    else:
        return words
    return f"{medium} of {words.removeprefix('a close up of ')}" if words else medium


def plan_caption(evidence: Evidence) -> CaptionPlan:
    """Return the plan of a caption: a document, people, objects, a scene, text or colors."""
    plans = _document, people_plan, object_plan, scene_plan, text_plan
    for plan in plans:
        if found := plan(evidence):
            return found
    return _unsure(evidence)


def _document(evidence: Evidence) -> CaptionPlan | None:
    """Return the plan of a document, None if its few words are on something else, as on a shop."""
    if not evidence.is_document:
        return None
    coverage, screen = evidence.text.coverage, evidence.scene.probability("electronics")
    limit = MIN_SCREEN_SHARE if screen else MIN_PAGE_SHARE
    scene = scene_plan(evidence) if coverage < limit else None
    certain = scene and scene.subject.confidence >= MIN_VIEW_SCORE
    return None if scene and (certain or coverage < MAX_MARK_SHARE) else text_plan(evidence)


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


def _unsure(evidence: Evidence) -> CaptionPlan:
    """Return the plan of what is the likeliest where no engine is certain, or of colors."""
    scene, colors = evidence.scene, evidence.colors
    if evidence.is_drawing:
        return CaptionPlan(Phrase("", evidence.image_type.confidence))
    if scene.low_level.texture:
        return CaptionPlan(Phrase("an even texture", scene.low_level.texture), skip_medium=True)
    word = likeliest_word(scene)
    if word and word.name == "electronics" and evidence.word_count:
        word = None  # a page, which the scene model takes for a screen
    pattern = any(scene_class(each.name).naming == "unreliable" for each in scene.labels[:1])
    if not pattern and not (word and word.confidence >= MIN_PLACE_WORD):
        if not evidence.word_count and (thing := likeliest_object(evidence)):
            return CaptionPlan(thing, tuple(place_and_time(evidence)))
        if scene.outdoors:
            return CaptionPlan(Phrase("an outdoor scene", GENERIC_SHARE * scene.outdoor))
    if word and not scene.low_level.plain and (word.confidence >= MIN_WORD or word.name == "plant"):
        name = word_class(word.name).phrase or article(word.name)
        return CaptionPlan(Phrase(name, word.confidence), tuple(place_and_time(evidence)))
    if scene.labels and not (pattern or scene.low_level.plain or evidence.word_count):
        return CaptionPlan(Phrase("an object", OBJECT_CONFIDENCE))
    names = dict.fromkeys([colors.background.lower(), colors.foreground.lower()])
    ink, share = ("", 1.0) if scene.low_level.plain else (tone(colors), 0.5)
    text = f"{ink or article(join([*names]))} picture"
    return CaptionPlan(Phrase(text, colors.covered * share), skip_medium=True)


def tone(colors: Colors) -> str:
    """Return "a black and white", "a sepia" for one brown ink, or an empty string."""
    if not colors.black_and_white:
        return ""
    if set(colors.dominant) <= {"Black", "Grey", "White"}:
        return "a black and white"
    return "a sepia" if "Brown" in colors.dominant else ""
