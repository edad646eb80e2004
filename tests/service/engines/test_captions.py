from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from visionhelpers.service.engines.boxes import Box
from visionhelpers.service.engines.captions import captions
from visionhelpers.service.engines.colours import Colours
from visionhelpers.service.engines.faces import Face
from visionhelpers.service.engines.findings import Findings
from visionhelpers.service.engines.imagetype import ImageType
from visionhelpers.service.engines.objects import Object

Look = Callable[[str | Path], Findings]

MAN = Face(Box(130, 55, 60, 60), 40, "Male", 0.9)
WOMAN = Face(Box(250, 55, 60, 60), 38, "Female", 0.9)
BODY = Object("person", 0.95, Box(100, 50, 100, 300))
BOARD = Object("skateboard", 0.9, Box(80, 330, 140, 40))


def best(findings: Findings) -> str:
    return captions(findings, 1)[0].text


def test_the_photographs_are_described_as_they_should_be(evaluation: Path, look: Look) -> None:
    truth = json.loads((evaluation / "truth.json").read_text())["images"]
    checked = 0
    for name, facts in truth.items():
        if words := facts.get("caption_any_of"):
            checked += 1
            text = best(look(evaluation / "images" / name))
            assert any(word in text.split() for word in words), f"{name}: {text}"
    assert checked >= 3


def test_the_skater_rides_the_skateboard(evaluation: Path, look: Look) -> None:
    assert "riding a skateboard" in best(look(evaluation / "images/objects.jpg"))


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
        ("dahlia.jpg", "a flower"),
        ("printed_page.jpg", 'a page of text that reads "'),
    ],
)
def test_the_samples_are_described(look: Look, sample: str, words: str) -> None:
    assert words in best(look(sample))


def test_candidates_are_different_sorted_and_no_more_than_asked_for(look: Look) -> None:
    found = captions(look("coffee_cup.jpg"), 10)
    texts = [caption.text for caption in found]
    assert 1 < len(texts) == len(set(texts)) <= 10
    sure = [caption.confidence for caption in found]
    assert sure == sorted(sure, reverse=True)
    assert all(0 < confidence <= 1 for confidence in sure)
    assert captions(look("coffee_cup.jpg"), 2) == found[:2]


def test_sentences_have_no_double_spaces_or_loose_ends(look: Look) -> None:
    for sample in ("dahlia.jpg", "eileen_collins.jpg", "photographer.jpg", "summer_palace.jpg"):
        for caption in captions(look(sample), 20):
            assert caption.text == " ".join(caption.text.split())
            assert caption.text.split()[-1] not in ("a", "an", "of", "and", "with")
            assert caption.text.split()[0] in ("a", "an", "two", "three", "something")


def test_a_doubtful_detail_is_left_out_and_a_sure_one_told(nothing: Findings) -> None:
    sure = replace(nothing, objects=(BODY, BOARD), faces=(MAN,))
    assert best(sure) == "a man riding a skateboard"
    weak = replace(BOARD, confidence=0.4)
    assert best(replace(sure, objects=(BODY, weak))) == "a man posing for a photo"


def test_the_less_sure_the_things_the_less_sure_the_sentence(nothing: Findings) -> None:
    weaker = replace(BOARD, confidence=0.7)
    sure = captions(replace(nothing, objects=(BODY, BOARD)), 1)[0]
    less = captions(replace(nothing, objects=(BODY, weaker)), 1)[0]
    assert sure.text == less.text
    assert less.confidence < sure.confidence


def test_recognised_people_are_called_by_their_names(nothing: Findings) -> None:
    two = replace(nothing, faces=(MAN, WOMAN), names=("Ada Lovelace", "Alan Turing"))
    assert best(two) == "Ada Lovelace and Alan Turing posing for a photo"
    one = replace(two, names=("Ada Lovelace",))
    assert best(one) == "Ada Lovelace and another person posing for a photo"


def test_without_names_they_are_counted(nothing: Findings) -> None:
    assert best(replace(nothing, faces=(MAN, WOMAN))) == "a man and a woman posing for a photo"


def test_what_is_drawn_is_called_a_drawing(nothing: Findings) -> None:
    horse = Object("horse", 0.98, Box(10, 10, 300, 300))
    drawn = replace(nothing, image_type=ImageType(clip_art=3, line_drawing=0))
    assert best(replace(drawn, objects=(horse,))) == "a clip art picture of a horse"
    assert (
        best(replace(drawn, image_type=ImageType(clip_art=2, line_drawing=1))) == "a line drawing"
    )


def test_of_an_unknown_picture_it_says_the_colours_and_not_much_confidence(
    nothing: Findings,
) -> None:
    (only,) = captions(nothing, 3)
    assert only.text == "something blue on a white background"
    assert only.confidence <= 0.3
    grey = Colours("Orange", "Orange", ("Orange",), "FF8800", black_and_white=False)
    assert best(replace(nothing, colours=grey)) == "an orange picture"
