from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.service.engines.builders import (
    BOARD,
    BODY,
    CLIP_ART,
    DRAWING,
    LARGE,
    NOTHING,
    Scores,
    face,
    image_of,
    look,
    scene,
    see,
    sentence,
    text,
)
from visionservice.engines.base import Caption, Colors, Object, OcrResult
from visionservice.engines.captions.template import TemplateCaptioner, text_plan
from visionservice.engines.evidence.evidence import Evidence
from visionservice.engines.geometry import Box
from visionservice.engines.tags.tagger import RuleTagger


def captions(evidence: Evidence, limit: int = 3) -> tuple[Caption, ...]:
    return TemplateCaptioner().caption(evidence, limit, gender_neutral=False, names=True)


@pytest.mark.parametrize(
    ("sample", "words"),
    [
        ("chelsea_the_cat.jpg", "a cat"),
        ("coffee_cup.jpg", "a cup of coffee"),
        ("summer_palace.jpg", "a building"),
        ("rocket_at_dusk.jpg", "a rocket at night"),
        ("photographer.jpg", "a black and white photo of a"),
        ("eileen_collins.jpg", "a woman"),
        ("grace_hopper.jpg", "wearing a military uniform"),
        ("dahlia.jpg", "a plant"),
        ("printed_page.jpg", 'a page of text that reads "'),
    ],
)
def test_the_samples_are_described(sample: str, words: str) -> None:
    found = captions(look(sample), 10)
    assert words in found[0].text
    for parts in (caption.text.split(" ") for caption in found):
        assert parts[0] in ("a", "an", "text", "tableware")
        assert parts[-1] not in ("", "a", "an", "of", "and", "with")


MAN, WOMAN = face(130, 55, 60), face(250, 55, 60, age=38, gender="Female")
BOTH, WEAK_BOARD = (MAN, WOMAN), replace(BOARD, confidence=0.4)
ADA, ALAN = "Ada Lovelace", "Alan Turing"
BROWN = Colors("Brown", "Brown", ("Brown", "Orange"), "8E6642", 0.8, black_and_white=True)
BLUE = replace(BROWN, dominant=("Blue",))
GREY = Colors("White", "Black", ("Black",), "111111", 0.9, black_and_white=True)
ORANGE = Colors("Orange", "Orange", ("Orange",), "FF8800", 0.9, black_and_white=False)
BOWL, SUITCASE = Object("bowl", 0.77, LARGE), Object("suitcase", 0.55, LARGE)
BOAT, WIDE = Object("boat", 0.55, LARGE), replace(SUITCASE, box=Box(0, 0, 300, 300))
TV = Object("tv", 0.78, Box(0, 0, 390, 390))
UNSURE = {"daisy": 0.2, "animal": 0.3, "plant": 0.2}
TOASTER, WATER = {"toaster": 0.1}, {"water": 0.64}
BULLDOZER = {"tractor": 0.42, "vehicle": 0.5, "tool": 0.34}
BUCKLE = {"buckle": 0.17, "clothing": 0.2}
CLIFF = scene({"cliff": 0.45, "nature": 0.7}, outdoor=0.9)
BAKERY, MODEM = {"bakery": 0.8, "shop": 0.8}, {"modem": 0.56, "electronics": 0.81}
POSING, QUOTE = "posing for a photo", 'text that reads "copy center"'


def outdoors(*objects: Object, words: Scores, places: Scores | None = None) -> Evidence:
    return image_of(*objects, scene=scene(words, places=places, outdoor=0.8))


def printed(coverage: float = 0.0) -> OcrResult:
    return text("copy center", coverage)


CAPTIONS = {
    "a certain detail": (image_of(BODY, BOARD, faces=(MAN,)), "a man riding a skateboard"),
    "a doubtful detail": (image_of(BODY, WEAK_BOARD, faces=(MAN,)), f"a man {POSING}"),
    "two people": (image_of(faces=BOTH), f"a man and a woman {POSING}"),
    "two names": (image_of(faces=BOTH, names=(ADA, ALAN)), f"{ADA} and {ALAN} {POSING}"),
    "one name of two": (image_of(faces=BOTH, names=(ADA,)), f"{ADA} and another person {POSING}"),
    "a drawn man": (
        image_of(faces=(MAN,), image_type=CLIP_ART),
        f"a clip art picture of a man {POSING}",
    ),
    "one color": (image_of(colors=ORANGE), "an orange picture"),
    "no color": (image_of(colors=GREY), "a black and white picture"),
    "a brown print": (image_of(colors=BROWN), "a sepia picture"),
    "a brown photo": (
        image_of(BODY, BOARD, colors=BROWN),
        "a sepia photo of a person riding a skateboard",
    ),
    "a blue photo": (image_of(BODY, BOARD, colors=BLUE), "a person riding a skateboard"),
    "an unsure place": (outdoors(words=UNSURE), "an outdoor scene"),
    "a general word of the image": (outdoors(words={"plant": 0.4}), "a plant outdoors"),
    "a rare general word": (outdoors(words={"plant": 0.1}), "an outdoor scene"),
    "a word of the place": (outdoors(words=UNSURE, places=WATER), "a body of water outdoors"),
    "a word below a quarter": (image_of(words=BUCKLE), "an object"),
    "a plant below a quarter": (image_of(words={"buckle": 0.17, "plant": 0.2}), "a plant"),
    "one printed word": (image_of(words=BUCKLE, text=text("copy")), "a white and blue picture"),
    "an object that fills the image": (image_of(WIDE, words=TOASTER), "an object"),
    "an object of another place": (outdoors(SUITCASE, words=TOASTER), "an outdoor scene"),
    "an object of the place": (outdoors(BOAT, words=TOASTER), "a boat outdoors"),
    "a word that is likelier": (image_of(SUITCASE, words=TOASTER | {"food": 0.4}), "food"),
    "a word of more classes": (image_of(words=BULLDOZER), "a vehicle"),
    "a doubtful bowl": (image_of(replace(BOWL, confidence=0.4)), "a white and blue picture"),
    "some text": (image_of(text=printed()), QUOTE),
    "a shop with a few words": (image_of(words=BAKERY, text=printed()), "a bakery"),
    "a watermark": (image_of(scene=CLIFF, text=printed(0.01)), "a cliff"),
    "a poster": (image_of(scene=CLIFF, text=printed(0.05)), QUOTE),
    "a device with words": (image_of(words=MODEM, text=printed(0.03)), "an electronic device"),
    "a page on a screen": (image_of(words=MODEM, text=printed(0.05)), QUOTE),
    "text on a doubtful screen": (image_of(TV, text=printed()), QUOTE),
    "a pattern": (outdoors(words={"maze": 0.6}), "a white and blue picture"),
    "a field": (outdoors(words={"rapeseed": 0.2}), "an outdoor scene"),
}


@pytest.mark.parametrize(("evidence", "caption"), CAPTIONS.values(), ids=CAPTIONS)
def test_the_best_caption(evidence: Evidence, caption: str) -> None:
    assert captions(evidence)[0].text == caption


UNCERTAIN = {
    "clip art": (image_of(image_type=CLIP_ART), "a clip art picture", CLIP_ART.confidence),
    "a drawing": (image_of(image_type=DRAWING), "a line drawing", DRAWING.confidence),
    "colors": (NOTHING, "a white and blue picture", 0.3),
    "no edge": (image_of(scene=scene(plain=True)), "a white and blue picture", 0.6),
    "a general word, rarer than animal": (image_of(words=UNSURE), "a plant", 0.2),
    "a doubtful object": (image_of(SUITCASE, words=TOASTER), "a suitcase", 0.275),
    "an object that the scene does not show": (image_of(BOWL), "a bowl", 0.385),
}


@pytest.mark.parametrize(("evidence", "caption", "confidence"), UNCERTAIN.values(), ids=UNCERTAIN)
def test_an_unsure_caption_is_the_only_one(
    evidence: Evidence, caption: str, confidence: float
) -> None:
    (only,) = captions(evidence)
    assert (only.text, only.confidence) == (caption, pytest.approx(confidence))


def test_the_confidence_of_a_caption_follows_that_of_the_object() -> None:
    weaker = captions(image_of(BODY, replace(BOARD, confidence=0.7)))[0]
    certain = captions(image_of(BODY, BOARD))[0]
    assert certain.text == weaker.text
    assert weaker.confidence < certain.confidence


@pytest.mark.parametrize(
    ("neutral", "names", "text"),
    [(True, True, "two people posing"), (False, False, "a man and a woman posing")],
)
def test_captions_obey_the_request(neutral: bool, names: bool, text: str) -> None:
    evidence, captioner = image_of(faces=BOTH, names=(ADA,)), TemplateCaptioner()
    (caption,) = captioner.caption(evidence, 1, gender_neutral=neutral, names=names)
    assert caption.text == f"{text} for a photo"


RAMP = np.linspace(0, 255, 400)[:, None].repeat(3, axis=1)
NOISE = np.random.default_rng(0).integers(0, 256, (300, 400, 3))


@pytest.mark.parametrize(
    ("colors", "text"),
    [
        (255, "a white picture"),
        ((30, 80, 220), "a blue picture"),
        (RAMP, "a grey picture"),
        (NOISE, "an even texture"),
        (NOISE[..., :1], "an even texture"),
    ],
)
def test_an_image_of_nothing_has_a_caption_of_its_colors(colors: Any, text: str) -> None:
    evidence = see(np.broadcast_to(np.asarray(colors, np.uint8), (300, 400, 3)).copy())
    assert [caption.text for caption in captions(evidence)] == [text]
    assert not {tag.name for tag in RuleTagger().tag(evidence)} - {"black and white"}


def test_a_word_and_a_circle_in_ink_are_black_and_white() -> None:
    word, circle = (Image.new("RGB", (400, 300), "white") for _ in range(2))
    ImageDraw.Draw(word).text((180, 140), "hello", fill="black")
    ImageDraw.Draw(circle).ellipse((120, 70, 280, 230), outline="black", width=3)
    first, second = (captions(see(np.asarray(image)))[0].text for image in (word, circle))
    assert first == "a black and white picture"
    assert second == "a black and white line drawing"


def test_a_page_is_quoted_in_part_and_is_only_text_from_afar() -> None:
    page = look("printed_page.jpg")
    name, _, quote = sentence(text_plan(page)).partition(" that reads ")
    assert name == "a page of text"
    assert quote.startswith('"')
    assert quote.endswith(' ..."')
    assert len(quote.split()) == 9
    distant = replace(page.text, coverage=page.text.coverage / 4)
    assert sentence(text_plan(page.with_results(text=distant))).startswith("text that reads ")


def test_a_note_is_a_close_up_and_is_quoted_if_its_confidence_is_high() -> None:
    note = look("handwritten_note.jpg")
    assert sentence(text_plan(note)).startswith('a close up of text that reads "Dear Ada')
    lines = tuple(replace(line, confidence=0.9) for line in note.text.lines)
    doubtful = note.with_results(text=replace(note.text, lines=lines))
    assert sentence(text_plan(doubtful)) == "a close up of text"
