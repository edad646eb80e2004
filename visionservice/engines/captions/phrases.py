"""The phrases of a caption: their grammar, and those of place and time: "on a pier", "at night"."""

from collections.abc import Sequence
from typing import NamedTuple

from ..base import MIN_SKY, Scene
from ..evidence.evidence import Evidence
from ..labels import MIN_CONFIDENCE, read_table, word_class

PLACES = {row["word"]: row["phrase"] for row in read_table("places.csv")}  # by label
_NUMBERS = {2: "two", 3: "three"}
_PLURALS = {"man": "men", "woman": "women", "baby": "babies", "person": "people"}
_CONSONANT_SOUNDS = ("uni", "eu", "one", "use", "uku")
_VOWEL_SOUNDS = ("hour", "heir", "honest")


class Phrase(NamedTuple):
    """Some words of a caption, and their confidence, 0 to 1."""

    text: str
    confidence: float


class CaptionPlan(NamedTuple):
    """The phrases of a caption."""

    subject: Phrase  # what the image shows
    details: tuple[Phrase, ...] = ()  # in their order in the sentence
    generic_name: str = ""  # a vaguer name of the subject, if there is one
    skip_medium: bool = False  # whether to omit the medium ("a line drawing of")


def article(word: str) -> str:
    """Return a word after "a" or "an", or alone if it is not counted."""
    lower = word.lower()
    if word_class(lower).uncounted:
        return word
    vowel = lower.startswith(tuple("aeiou")) and not lower.startswith(_CONSONANT_SOUNDS)
    return f"{'an' if vowel or lower.startswith(_VOWEL_SOUNDS) else 'a'} {word}"


def number(word: str, plural_word: str, count: int) -> str:
    """Return a word with its number: "a dog", "an apple", "two dogs", "a group of dogs"."""
    if count == 1:
        return article(word)
    return f"{_NUMBERS.get(count, 'a group of')} {plural_word}"


def plural(word: str) -> str:
    """Return the plural of a word for people."""
    head, _, last = word.rpartition(" ")
    return f"{head} {_PLURALS.get(last, last + 's')}".strip()


def join(parts: Sequence[str]) -> str:
    """Return the parts with commas and "and" between them."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def place_and_time(evidence: Evidence) -> list[Phrase]:
    """Return where people or objects are: a place, or else outdoors or indoors; and the night."""
    if evidence.is_drawing:
        return []
    scene = evidence.scene
    places = [Phrase(PLACES[s.name], s.confidence) for s in scene.place_labels if s.name in PLACES]
    if scene.outdoors:
        places.append(Phrase("outdoors", scene.outdoor))
    elif scene.indoors:
        places.append(Phrase("indoors", scene.indoor))
    return [p for p in places if p.confidence >= MIN_CONFIDENCE][:1] + night(scene)


def surroundings(scene: Scene) -> list[Phrase]:
    """Return the foreground or background of a scene that is the subject."""
    if scene.outdoors and not scene.night:
        if scene.shows("grass"):
            return [Phrase("with grass in front of it", scene.outdoor)]
        if scene.low_level.sky >= 2 * MIN_SKY:
            return [Phrase("against the sky", scene.outdoor)]
    return []


def night(scene: Scene) -> list[Phrase]:
    """Return the time if it is night."""
    return [Phrase("at night", scene.outdoor)] if scene.night else []
