from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from visionservice.engines.base import (
    Caption,
    Colors,
    Face,
    ImageType,
    LabelScore,
    Line,
    Object,
    Word,
)
from visionservice.engines.captions.phrases import CaptionPlan
from visionservice.engines.captions.template import TemplateCaptioner, plan_caption, text_plan
from visionservice.engines.evidence.evidence import Evidence
from visionservice.engines.geometry import Box
from visionservice.engines.tags.tagger import RuleTagger

Look = Callable[[str | Path], Evidence]
See = Callable[[NDArray[np.uint8]], Evidence]

MAN = Face(Box(130, 55, 60, 60), 0.9, age=40, gender="Male")
WOMAN = Face(Box(250, 55, 60, 60), 0.9, age=38, gender="Female")
BODY = Object("person", 0.95, Box(100, 50, 100, 300))
BOARD = Object("skateboard", 0.9, Box(80, 330, 140, 40))

CORNERS = ((10.0, 10.0), (110.0, 10.0), (110.0, 30.0), (10.0, 30.0))
LINE = Line("copy center", CORNERS, (Word("copy", CORNERS, 1.0),) * 2, 0.99)


def captions(evidence: Evidence, limit: int) -> tuple[Caption, ...]:
    return TemplateCaptioner().caption(evidence, limit, gender_neutral=False, names=True)


def best(evidence: Evidence) -> str:
    return captions(evidence, 1)[0].text


def phrases(plan: CaptionPlan | None) -> list[str]:
    return [plan.subject.text, *(detail.text for detail in plan.details)] if plan else []


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
def test_the_samples_are_described(look: Look, sample: str, words: str) -> None:
    assert words in best(look(sample))


def test_captions_are_different_sorted_and_at_most_the_limit(look: Look) -> None:
    all_captions = captions(look("coffee_cup.jpg"), 10)
    texts = [caption.text for caption in all_captions]
    assert 1 < len(texts) == len(set(texts)) <= 10
    confidences = [caption.confidence for caption in all_captions]
    assert confidences == sorted(confidences, reverse=True)
    assert all(0 < confidence <= 1 for confidence in confidences)
    assert captions(look("coffee_cup.jpg"), 2) == all_captions[:2]


def test_sentences_have_no_double_spaces_or_loose_ends(look: Look) -> None:
    for sample in ("dahlia.jpg", "eileen_collins.jpg", "photographer.jpg", "summer_palace.jpg"):
        for caption in captions(look(sample), 20):
            assert caption.text == " ".join(caption.text.split())
            assert caption.text.split()[-1] not in ("a", "an", "of", "and", "with")
            assert caption.text.split()[0] in ("a", "an", "two", "three", "something")


def test_a_doubtful_detail_is_omitted_and_a_certain_one_named(nothing: Evidence) -> None:
    certain = nothing.with_results(objects=(BODY, BOARD), faces=(MAN,))
    assert best(certain) == "a man riding a skateboard"
    weak = replace(BOARD, confidence=0.4)
    assert best(certain.with_results(objects=(BODY, weak))) == "a man posing for a photo"


def test_the_confidence_of_a_caption_follows_that_of_the_object(nothing: Evidence) -> None:
    weaker = replace(BOARD, confidence=0.7)
    certain = captions(nothing.with_results(objects=(BODY, BOARD)), 1)[0]
    weak = captions(nothing.with_results(objects=(BODY, weaker)), 1)[0]
    assert certain.text == weak.text
    assert weak.confidence < certain.confidence


def test_recognized_people_are_named(nothing: Evidence) -> None:
    two = nothing.with_results(faces=(MAN, WOMAN), names=("Ada Lovelace", "Alan Turing"))
    assert best(two) == "Ada Lovelace and Alan Turing posing for a photo"
    one = two.with_results(names=("Ada Lovelace",))
    assert best(one) == "Ada Lovelace and another person posing for a photo"


def test_without_names_they_are_counted(nothing: Evidence) -> None:
    assert best(nothing.with_results(faces=(MAN, WOMAN))) == "a man and a woman posing for a photo"


def test_a_drawing_has_the_confidence_of_its_image_type(nothing: Evidence) -> None:
    for kind, text in (
        (ImageType(3, 0), "a clip art picture"),
        (ImageType(2, 1), "a line drawing"),
    ):
        (caption,) = captions(nothing.with_results(image_type=kind), 3)
        assert caption.text == text
        assert caption.confidence == kind.confidence
    face = nothing.with_results(image_type=ImageType(3, 0), faces=(MAN,))
    assert best(face) == "a clip art picture of a man posing for a photo"


def test_an_unknown_image_has_a_caption_of_its_colors_and_a_low_confidence(
    nothing: Evidence,
) -> None:
    (only,) = captions(nothing, 3)
    assert only.text == "a white and blue picture"
    assert only.confidence == pytest.approx(nothing.colors.covered / 2)
    orange = Colors("Orange", "Orange", ("Orange",), "FF8800", 0.9, black_and_white=False)
    assert best(nothing.with_results(colors=orange)) == "an orange picture"
    grey = Colors("White", "Black", ("Black",), "111111", 0.9, black_and_white=True)
    assert best(nothing.with_results(colors=grey)) == "a black and white picture"


def test_what_is_not_sure_has_the_likeliest_general_word_and_a_low_confidence(
    nothing: Evidence,
) -> None:
    words = (LabelScore("animal", 0.3), LabelScore("plant", 0.2), LabelScore("daisy", 0.2))
    scene = replace(nothing.scene, labels=words[2:], words=words)
    (only,) = captions(nothing.with_results(scene=scene), 3)
    assert only == Caption("a plant", 0.2)  # 398 of 1,000 classes are animals, 9 are plants
    outdoors = replace(scene, outdoor=0.8)
    assert best(nothing.with_results(scene=outdoors)) == "an outdoor scene"
    clearer = replace(outdoors, words=(LabelScore("plant", 0.4),))
    assert best(nothing.with_results(scene=clearer)) == "a plant outdoors"
    beach = replace(outdoors, place_labels=(LabelScore("water", 0.64),))
    assert best(nothing.with_results(scene=beach)) == "a body of water outdoors"
    rare = replace(outdoors, words=(LabelScore("plant", 0.1),))
    assert best(nothing.with_results(scene=rare)) == "an outdoor scene"


def test_a_general_word_below_a_quarter_is_an_object_or_a_plant(nothing: Evidence) -> None:
    def named(word: str, **results: object) -> str:
        words = LabelScore("buckle", 0.17), LabelScore(word, 0.2)
        scene = replace(nothing.scene, labels=words[:1], words=words)
        return best(nothing.with_results(scene=scene, **results))

    assert named("clothing") == "an object"
    assert named("plant") == "a plant"
    one_word = replace(nothing.text, lines=(replace(LINE, words=LINE.words[:1]),))
    assert named("clothing", text=one_word) == "a white and blue picture"


def test_a_doubtful_object_is_likelier_than_no_name_unless_it_fills_the_image(
    nothing: Evidence,
) -> None:
    scene = replace(nothing.scene, labels=(LabelScore("toaster", 0.1),))
    case = nothing.with_results(
        scene=scene, objects=(Object("suitcase", 0.55, Box(0, 0, 200, 200)),)
    )
    (only,) = captions(case, 2)
    assert only == Caption("a suitcase", 0.275)
    large = (replace(case.objects[0], box=Box(0, 0, 300, 300)),)
    assert best(case.with_results(objects=large)) == "an object"
    outdoors = case.with_results(scene=replace(scene, outdoor=0.8))
    assert best(outdoors) == "an outdoor scene"
    boat = (replace(case.objects[0], name="boat"),)
    assert best(outdoors.with_results(objects=boat)) == "a boat outdoors"
    likelier = replace(scene, words=(LabelScore("food", 0.4),))
    assert best(case.with_results(scene=likelier)) == "food"


def test_a_likelier_word_of_more_classes_comes_first(nothing: Evidence) -> None:
    bulldozer = LabelScore("vehicle", 0.5), LabelScore("tractor", 0.42), LabelScore("tool", 0.34)
    scene = replace(nothing.scene, labels=bulldozer[1:2], words=bulldozer)
    assert best(nothing.with_results(scene=scene)) == "a vehicle"


def test_an_object_that_the_scene_does_not_confirm_is_better_than_a_color(
    nothing: Evidence,
) -> None:
    bowl = Object("bowl", 0.77, Box(0, 0, 200, 200))
    (only,) = captions(nothing.with_results(objects=(bowl,)), 3)
    assert (only.text, only.confidence) == ("a bowl", pytest.approx(0.385))
    assert best(nothing.with_results(objects=(replace(bowl, confidence=0.4),))) != "a bowl"


def pixels(color: object) -> NDArray[np.uint8]:
    return np.broadcast_to(np.asarray(color, np.uint8), (300, 400, 3)).copy()


RAMP = np.linspace(0, 255, 400)[:, None].repeat(3, axis=1)
NOISE = np.random.default_rng(0).integers(0, 256, (300, 400, 3))


@pytest.mark.parametrize(
    ("image", "text"),
    [
        (pixels(255), "a white picture"),
        (pixels(0), "a black picture"),
        (pixels((30, 80, 220)), "a blue picture"),
        (pixels(RAMP), "a grey picture"),
        (pixels(NOISE), "an even texture"),
        (pixels(NOISE[..., :1]), "an even texture"),
    ],
)
def test_an_image_of_nothing_has_a_caption_of_its_colors(
    see: See, image: NDArray[np.uint8], text: str
) -> None:
    evidence = see(image)
    assert [caption.text for caption in captions(evidence, 5)] == [text]
    assert not {tag.name for tag in RuleTagger().tag(evidence)} - {"black and white"}


def test_an_image_without_an_edge_has_a_caption_of_its_colors(nothing: Evidence) -> None:
    plain = replace(nothing.scene, low_level=replace(nothing.scene.low_level, plain=True))
    (only,) = captions(nothing.with_results(scene=plain), 3)
    assert only.text == "a white and blue picture"
    assert only.confidence == nothing.colors.covered


def test_one_small_word_on_white_is_black_and_white(see: See) -> None:
    image = Image.new("RGB", (400, 300), "white")
    ImageDraw.Draw(image).text((180, 140), "hello", fill="black")
    assert best(see(np.asarray(image))) == "a black and white picture"


def test_a_circle_in_ink_is_no_kite(see: See) -> None:
    image = Image.new("RGB", (400, 300), "white")
    ImageDraw.Draw(image).ellipse((120, 70, 280, 230), outline="black", width=3)
    assert best(see(np.asarray(image))) == "a black and white line drawing"


def test_a_brown_print_is_sepia_and_a_blue_one_has_no_name(nothing: Evidence) -> None:
    brown = Colors("Brown", "Brown", ("Brown", "Orange"), "8E6642", 0.8, black_and_white=True)
    board = nothing.with_results(objects=(BODY, BOARD), colors=brown)
    assert best(board) == "a sepia photo of a person riding a skateboard"
    assert best(nothing.with_results(colors=brown)) == "a sepia picture"
    blue = replace(brown, dominant=("Blue",))
    assert best(board.with_results(colors=blue)) == "a person riding a skateboard"


def test_neutral_captions_contain_no_gender_and_no_names(nothing: Evidence) -> None:
    two = nothing.with_results(faces=(MAN, WOMAN), names=("Ada Lovelace",))
    captioner = TemplateCaptioner()
    (neutral,) = captioner.caption(two, 1, gender_neutral=True, names=True)
    assert neutral.text == "two people posing for a photo"
    (unnamed,) = captioner.caption(two, 1, gender_neutral=False, names=False)
    assert unnamed.text == "a man and a woman posing for a photo"


def test_a_long_text_is_quoted_in_part(look: Look) -> None:
    (name, quote) = phrases(text_plan(look("printed_page.jpg")))
    assert name == "a page of text"
    assert quote.startswith('that reads "')
    assert quote.endswith(' ..."')
    assert len(quote.split()) <= 12


def test_a_distant_page_is_only_text(look: Look) -> None:
    page = look("printed_page.jpg")
    distant = replace(page.text, coverage=page.text.coverage / 4)
    assert phrases(text_plan(page.with_results(text=distant)))[0] == "text"


def test_a_note_is_a_close_up_and_is_quoted_if_its_confidence_is_high(look: Look) -> None:
    note = look("handwritten_note.jpg")
    name, quote = phrases(text_plan(note))
    assert name == "a close up of text"
    assert quote.startswith('that reads "Dear Ada')
    lines = tuple(replace(line, confidence=0.9) for line in note.text.lines)
    assert phrases(text_plan(note.with_results(text=replace(note.text, lines=lines)))) == [name]


def test_an_image_without_text_has_no_plan(look: Look) -> None:
    assert phrases(text_plan(look("coffee_cup.jpg"))) == []


def test_a_shop_with_a_few_words_on_it_is_no_text(nothing: Evidence) -> None:
    shown = nothing.with_results(text=replace(nothing.text, lines=(LINE,)))
    assert phrases(plan_caption(shown)) == ["text", 'that reads "copy center"']
    words = (LabelScore("bakery", 0.8), LabelScore("shop", 0.8))
    shop = shown.with_results(scene=replace(shown.scene, labels=words[:1], words=words))
    assert phrases(plan_caption(shop)) == ["a bakery"]


def test_a_landscape_with_a_watermark_is_no_text(nothing: Evidence) -> None:
    cliff = LabelScore("cliff", 0.45), LabelScore("nature", 0.7)
    scene = replace(nothing.scene, labels=cliff[:1], words=cliff, outdoor=0.9)
    for coverage, name in ((0.01, "a cliff"), (0.05, "text")):
        text = replace(nothing.text, lines=(LINE,), coverage=coverage)
        assert phrases(plan_caption(nothing.with_results(text=text, scene=scene)))[0] == name


@pytest.mark.parametrize(("coverage", "name"), [(0.03, "an electronic device"), (0.05, "text")])
def test_a_device_with_little_text_is_no_page(
    nothing: Evidence, coverage: float, name: str
) -> None:
    text = replace(nothing.text, lines=(LINE,), coverage=coverage)
    words = LabelScore("modem", 0.56), LabelScore("electronics", 0.81)
    scene = replace(nothing.scene, labels=words[:1], words=words)
    shown = nothing.with_results(text=text, scene=scene)
    assert phrases(plan_caption(shown))[0] == name


def test_text_on_a_doubtful_screen_is_text(nothing: Evidence) -> None:
    board = Object("tv", 0.78, Box(0, 0, 390, 390))
    shown = nothing.with_results(objects=(board,), text=replace(nothing.text, lines=(LINE,)))
    assert phrases(plan_caption(shown)) == ["text", 'that reads "copy center"']


def test_a_maze_is_no_outdoor_scene(nothing: Evidence) -> None:
    scene = replace(nothing.scene, labels=(LabelScore("maze", 0.6),), outdoor=0.8)
    assert phrases(plan_caption(nothing.with_results(scene=scene))) == ["a white and blue picture"]
    field = replace(scene, labels=(LabelScore("rapeseed", 0.2),))
    assert phrases(plan_caption(nothing.with_results(scene=field))) == ["an outdoor scene"]
