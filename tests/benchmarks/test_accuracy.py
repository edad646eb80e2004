from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmarks import (
    cutting,
    describing,
    finding,
    kinds,
    measures,
    reading,
    things,
    truth,
    variants,
)
from benchmarks.rows import Row
from visionhelpers import VisionClient, load_image, sample_path
from visionservice import LocalService

IMAGE = Image.fromarray(np.random.default_rng(1).integers(0, 256, (80, 120, 3), np.uint8))
FACTS = {
    "handwritten_note.jpg": {"lines": ["Dear Ada,", "it works at last!"]},
    "eileen_collins.jpg": {"faces": [{"gender": "Female", "age": 40, "ltrb": [177, 66, 266, 155]}]},
    "chelsea_the_cat.jpg": {
        "words": [],
        "faces": 0,
        "tags_any_of": [["cat"], ["submarine"]],
        "caption_any_of": ["cat"],
        "imageType": [0, 0],
        "subject": [20, 0, 440, 300],
    },
}
"""Facts of three images, one of them false."""


def test_changed_added_and_lost_characters_are_errors_in_any_order_of_lines() -> None:
    assert measures.distance("Omg", "0mg") == 1
    assert measures.distance("", "abc") == measures.distance("kitten", "sitting") == 3
    lines = ["Total Fat 13g", "Sodium 20mg", "Calories 190"]
    assert measures.character_errors(lines, lines[::-1]) == 0
    assert measures.character_errors(["one", "three"], ["one"]) == 5
    assert measures.character_errors(["one"], ["one", "one"]) == 3
    assert measures.in_order(lines, lines) == (3, 3)
    assert measures.in_order(lines, lines[::-1]) == (0, 3)


def test_boxes_match_one_to_one_by_half_their_union() -> None:
    assert measures.iou((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(1 / 3)
    twice = [(0, 0, 10, 10), (1, 0, 11, 10)]
    assert measures.match_boxes([(0, 0, 10, 10)], twice) == [(0, 0)]
    assert measures.match_boxes([(0, 0, 10, 10)], [(6, 0, 16, 10)]) == []


def test_the_window_of_a_thumbnail_is_found_in_its_pixels() -> None:
    image, window = load_image(sample_path("coffee_cup.jpg")), (150, 0, 550, 400)
    found = measures.find_cut(image, image.crop(window).resize((160, 160)))
    assert found == pytest.approx(window, abs=4)


def test_variants_have_the_size_and_the_light_of_their_name() -> None:
    sizes = {v.name: v.image.size for v in (*variants.upright(IMAGE), variants.middle(IMAGE))}
    assert sizes["scaled by 0.5"] == (60, 40)
    assert sizes["scaled by 2"] == (240, 160)
    assert sizes["cut to 60%"] == (72, 48)
    assert sizes["darker by 30%"] == sizes["JPEG quality 30"] == (120, 80)
    turned = [v.image.size for v in variants.quarter_turns(IMAGE)]
    assert turned == [(80, 120), (120, 80), (80, 120)]
    darker = variants.in_light(IMAGE, 0.7).image
    assert np.mean(darker) == pytest.approx(0.7 * np.mean(IMAGE), rel=0.01)


@pytest.mark.parametrize("turn", [0, 10, 90, 180, 270])
def test_a_box_turns_with_its_content(turn: int) -> None:
    image = Image.new("RGB", (120, 80))
    image.paste("white", (10, 20, 30, 40))
    variant = variants.turned(image, turn)
    bright = variant.image.convert("L").point(lambda value: 255 * (value > 127)).getbbox()
    box = variant.box((10, 20, 30, 40))
    centers = [
        ((left + right) / 2, (top + bottom) / 2) for left, top, right, bottom in (box, bright)
    ]
    assert centers[0] == pytest.approx(centers[1], abs=1.5)
    assert box[2] - box[0] == pytest.approx(20)


def test_a_box_is_mirrored_scaled_and_moved_to_corners_unless_it_is_too_large() -> None:
    assert variants.mirrored(IMAGE).box((10, 20, 30, 40)) == (90, 20, 110, 40)
    assert variants.scaled(IMAGE, 2).box((10, 20, 30, 40)) == (20, 40, 60, 80)
    (first, left), (last, right) = variants.in_corners(IMAGE, (40, 20, 80, 60))
    assert (left, right) == ((-38, -18), (38, 18))
    subject = IMAGE.crop((40, 20, 80, 60))
    assert first.crop((2, 2, 42, 42)) == last.crop((78, 38, 118, 78)) == subject
    assert list(variants.in_corners(IMAGE, (5, 5, 115, 60))) == []


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> truth.Truth:
    folder = tmp_path_factory.mktemp("own")
    for name in FACTS:
        shutil.copy(sample_path(name), folder / name)
    (folder / "truth.json").write_text(json.dumps({"images": FACTS}))
    return truth.load(folder)


@pytest.fixture(scope="module")
def vision(service: LocalService) -> VisionClient:
    return VisionClient(service.url, service.key)


def test_facts_are_measured_and_those_that_do_not_hold_are_named(
    vision: VisionClient, known: truth.Truth
) -> None:
    engines = (things, kinds, cutting, finding)
    measured = [row for engine in engines for row in engine.measure(vision, known)]
    table = {row.measure: row for row in measured if isinstance(row, Row)}
    tags = table["tags that hold, not chelsea_the_cat.jpg"]
    assert (tags.ours, tags.holds) == ("1 of 2", False)
    assert "of 2 top ImageNet label" in tags.alternative
    assert table["captions that hold"].holds
    assert table["image types that hold"].holds
    assert table["highest score of 3 harmless images"].holds
    assert table["black and white: prints, grey, JPEG quality 80 and 30"].ours == "6 of 6"
    assert table["black and white: images with color"].ours.startswith("0 of ")
    assert table["ground and figure named, drawn clean"].ours == "66 of 66 (100.0%)"
    thumbnail = table["of the subject the best crop keeps, as they are"]
    assert thumbnail.alternative.endswith("% ImageOps.fit")
    assert 50 < float(thumbnail.ours.rstrip("%")) <= 101
    assert table["faces found, IoU at least 0.5"].ours == "1 of 1"
    assert table["genders right"].holds
    assert table["faces on 1 images without"].ours == "0"
    assert not [measure for measure in table if measure.startswith("categories")]
    (figures,) = kinds.confused(vision, known)
    assert figures.lines == [["photograph or text", "7"]]


@pytest.mark.parametrize(
    ("facts", "recall"),
    [
        ({"tags_right": ["dog", "animal"], "tags_any_of": [["dog", "puppy"], ["grass"]]}, "0.50"),
        pytest.param({"caption_none_of": ["cat"]}, "-", id="without right ones, denied are wrong"),
    ],
)
def test_each_threshold_of_tags_has_a_precision_and_a_recall(
    facts: dict[str, Any], recall: str
) -> None:
    image = truth.Known(Path("dog.jpg"), facts)
    tags = [{"name": "dog", "confidence": 0.95}, {"name": "cat", "confidence": 0.65}]
    figures = things.by_threshold([image], {image.path: [{"tags": tags}]})
    assert figures.lines[1] == ("0.6", "2", "1", "0.50", recall, "cat (dog)")
    assert figures.lines[-1] == ("0.9", "1", "1", "1.00", recall, "")


def test_a_line_that_the_truth_lacks_counts_against_the_reader(
    vision: VisionClient, known: truth.Truth, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = next(known.having("lines"))
    read = reading.read(vision, page, variants.unchanged(page.image))
    assert "Tea on Monday at four?" in read.ours
    assert len("Tea on Monday at four?") <= read.errors <= 25
    monkeypatch.setenv("PATH", "")  # without Tesseract
    read = reading.read(vision, page, variants.unchanged(page.image))
    assert reading.errors("all", [read]).alternative == "not installed"


def test_a_folder_without_truth_is_refused_in_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.accuracy", str(tmp_path)]
    root = Path(__file__).parents[2]
    refused = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert refused.returncode == 1
    assert refused.stderr.startswith("There is no truth.json in ")
    assert refused.stderr.count("\n") == 1


def test_a_caption_claims_what_is_neither_right_nor_quoted() -> None:
    known = truth.Known(Path("cup.jpg"), {"tags_right": ["cup", "coffee"]})
    assert describing.claims("a cup of coffee", known) == []
    assert describing.claims("a man holding two cups outdoors", known) == ["man", "outdoors"]
    assert describing.claims('text that reads "the dog"', known) == []
    denied = truth.Known(Path("cup.jpg"), {"caption_none_of": ["table"]})
    assert describing.claims("a cup on a table", denied) == ["table"]


def test_a_caption_holds_with_every_required_word_and_none_that_is_false() -> None:
    facts = {
        "caption_all_of": [["horse", "horses"], ["grass", "field"]],
        "caption_none_of": ["cow"],
        "tags_any_of": [["horse"], ["outdoor"]],
    }
    image = truth.Known(Path("horses.jpg"), facts)
    description = {"captions": [{"text": "two horses and a cow"}], "tags": ["horse", "cow"]}
    cells = ("two horses and a cow", "NO", "cow", "grass/field", "1 of 2", "outdoor", "cow")
    assert describing.Judgement(description, image).cells() == cells
    description = {"captions": [{"text": "horses in a field"}], "tags": ["horse", "outdoor"]}
    assert describing.Judgement(description, image).holds


def test_required_words_are_whole_words() -> None:
    assert describing.says_one_of("a group of horses", ["horse", "horses"])
    assert not describing.says_one_of("a group of horses", ["horse"])
    assert describing.says_one_of("two dogs outdoors", ["a cat", "two dogs"])


def test_a_vague_caption_names_nothing() -> None:
    vague = ["an outdoor scene", "a clip art picture", "something orange on a black background"]
    clear = ["a cup of coffee", "Grace Hopper posing for a photo", 'a sign that reads "7"']
    assert [caption for caption in vague + clear if describing.is_vague(caption)] == vague
