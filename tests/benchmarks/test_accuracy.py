from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

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
    rows,
    things,
    truth,
    variants,
)
from visionhelpers import VisionClient, load_image, sample_path
from visionservice import LocalService

PICTURE = Image.fromarray(np.random.default_rng(1).integers(0, 256, (80, 120, 3), np.uint8))


def test_characters_changed_put_in_and_left_out_are_errors() -> None:
    assert measures.distance("Omg", "0mg") == 1
    assert measures.distance("", "abc") == 3
    assert measures.distance("kitten", "sitting") == 3


def test_lines_are_matched_whatever_their_order() -> None:
    lines = ["Total Fat 13g", "Sodium 20mg", "Calories 190"]
    assert measures.character_errors(lines, lines[::-1]) == 0
    assert measures.in_order(lines, lines) == (3, 3)
    assert measures.in_order(lines, lines[::-1]) == (0, 3)


def test_lines_lost_and_doubled_are_errors_in_full() -> None:
    assert measures.character_errors(["one", "three"], ["one"]) == 5
    assert measures.character_errors(["one"], ["one", "one"]) == 3


def test_boxes_match_one_to_one_by_half_their_union() -> None:
    assert measures.iou((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(1 / 3)
    twice = [(0, 0, 10, 10), (1, 0, 11, 10)]
    assert measures.match_boxes([(0, 0, 10, 10)], twice) == [(0, 0)]
    assert measures.match_boxes([(0, 0, 10, 10)], [(6, 0, 16, 10)]) == []


def test_the_window_of_a_thumbnail_is_found_in_its_pixels() -> None:
    picture = load_image(sample_path("coffee_cup.jpg"))
    window = (150, 0, 550, 400)
    found = measures.find_cut(picture, picture.crop(window).resize((160, 160)))
    assert found == pytest.approx(window, abs=4)


def test_variants_have_the_size_their_name_says() -> None:
    sizes = {v.name: v.image.size for v in (*variants.upright(PICTURE), variants.middle(PICTURE))}
    assert sizes["scaled by 0.5"] == (60, 40)
    assert sizes["scaled by 2"] == (240, 160)
    assert sizes["cut to 60%"] == (72, 48)
    assert sizes["darker by 30%"] == sizes["JPEG quality 30"] == (120, 80)
    turned = [v.image.size for v in variants.quarter_turns(PICTURE)]
    assert turned == [(80, 120), (120, 80), (80, 120)]


def test_the_light_changes_by_30_percent() -> None:
    darker = variants.in_light(PICTURE, 0.7).image
    assert np.mean(darker) == pytest.approx(0.7 * np.mean(PICTURE), rel=0.01)


@pytest.mark.parametrize("turn", [0, 10, 90, 180, 270])
def test_a_box_moves_with_what_it_is_around(turn: int) -> None:
    picture = Image.new("RGB", (120, 80))
    picture.paste("white", (10, 20, 30, 40))
    variant = variants.turned(picture, turn)
    bright = variant.image.convert("L").point(lambda value: 255 * (value > 127))
    left, top, right, bottom = bright.getbbox() or (0, 0, 0, 0)
    box = variant.box((10, 20, 30, 40))
    centre = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    assert centre == pytest.approx(((left + right) / 2, (top + bottom) / 2), abs=1.5)
    assert box[2] - box[0] == pytest.approx(20)


def test_a_mirrored_and_a_scaled_box_are_where_they_should_be() -> None:
    assert variants.mirrored(PICTURE).box((10, 20, 30, 40)) == (90, 20, 110, 40)
    assert variants.scaled(PICTURE, 2).box((10, 20, 30, 40)) == (20, 40, 60, 80)


def test_shifted_pictures_have_their_subject_in_a_corner() -> None:
    (first, left), (last, right) = variants.in_corners(PICTURE, (40, 20, 80, 60))
    assert (left, right) == ((-38, -18), (38, 18))
    subject = PICTURE.crop((40, 20, 80, 60))
    assert first.crop((2, 2, 42, 42)) == subject
    assert last.crop((78, 38, 118, 78)) == subject


def test_what_fills_more_than_half_the_picture_stands_in_no_corner() -> None:
    assert list(variants.in_corners(PICTURE, (5, 5, 115, 60))) == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three pictures with facts, one of them false."""
    folder = tmp_path_factory.mktemp("own")
    for name in ("handwritten_note.jpg", "eileen_collins.jpg", "chelsea_the_cat.jpg"):
        shutil.copy(sample_path(name), folder / name)
    facts = {
        "handwritten_note.jpg": {"lines": ["Dear Ada,", "it works at last!"]},
        "eileen_collins.jpg": {
            "faces": [{"gender": "Female", "age": 40, "ltrb": [177, 66, 266, 155]}]
        },
        "chelsea_the_cat.jpg": {
            "words": [],
            "faces": 0,
            "tags_any_of": [["cat"], ["submarine"]],
            "caption_any_of": ["cat"],
            "imageType": [0, 0],
            "subject": [20, 0, 440, 300],
        },
    }
    (folder / "truth.json").write_text(json.dumps({"images": facts}))
    return folder


@pytest.fixture(scope="module")
def table(folder: Path, service: LocalService) -> dict[str, rows.Row]:
    """The rows about things and thumbnails, by their measure."""
    vision, known = VisionClient(service.url, service.key), truth.load(folder)
    measured = [
        *things.measure(vision, known),
        *kinds.measure(vision, known),
        *cutting.measure(vision, known),
    ]
    return {row.measure: row for row in measured if isinstance(row, rows.Row)}


def test_facts_that_do_not_hold_are_missed_and_named(table: dict[str, rows.Row]) -> None:
    row = table["tags that hold, not chelsea_the_cat.jpg"]
    assert (row.ours, row.holds) == ("1 of 2", False)
    assert "of 2 top ImageNet label" in row.alternative
    assert table["captions that hold"].holds
    assert table["image types that hold"].holds


def test_each_threshold_of_tags_has_a_precision_and_a_recall() -> None:
    facts = {"tags_right": ["dog", "animal"], "tags_any_of": [["dog", "puppy"], ["grass"]]}
    known = truth.Known(Path("dog.jpg"), facts)
    tags = [{"name": "dog", "confidence": 0.95}, {"name": "cat", "confidence": 0.65}]
    figures = things.by_threshold([known], {known.path: [{"tags": tags}]})
    assert figures.lines[1] == ("0.6", "2", "1", "0.50", "0.50", "cat (dog)")
    assert figures.lines[-1] == ("0.9", "1", "1", "1.00", "0.50", "")


def test_tags_without_a_list_of_right_ones_are_wrong_if_they_are_denied() -> None:
    known = truth.Known(Path("dog.jpg"), {"caption_none_of": ["cat"]})
    tags = [{"name": "dog", "confidence": 0.95}, {"name": "cat", "confidence": 0.95}]
    figures = things.by_threshold([known], {known.path: [{"tags": tags}]})
    assert figures.lines[0] == ("0.5", "2", "1", "0.50", "-", "")


def test_only_what_the_truth_tells_is_measured(table: dict[str, rows.Row]) -> None:
    assert not [measure for measure in table if measure.startswith("categories")]


def test_harmless_pictures_are_scored_together(table: dict[str, rows.Row]) -> None:
    assert table["highest score of 3 harmless images"].holds


def test_prints_in_one_ink_are_told_from_colour(table: dict[str, rows.Row]) -> None:
    assert table["black and white: prints, grey, JPEG quality 80 and 30"].ours == "6 of 6"
    assert table["black and white: images with color"].ours.startswith("0 of ")


def test_drawn_colours_are_the_ones_asked_for(table: dict[str, rows.Row]) -> None:
    assert table["ground and figure named, drawn clean"].ours == "66 of 66 (100.0%)"


def test_who_is_taken_for_what_is_counted(folder: Path, service: LocalService) -> None:
    vision, known = VisionClient(service.url, service.key), truth.load(folder)
    (figures,) = kinds.confused(vision, known)
    assert figures.lines == [["photograph or text", "7"]]


def test_thumbnails_are_compared_with_the_centre(table: dict[str, rows.Row]) -> None:
    row = table["of the subject the best crop keeps, as they are"]
    assert row.alternative.endswith("% ImageOps.fit")
    assert 50 < float(row.ours.rstrip("%")) <= 101


def test_a_line_that_the_truth_lacks_counts_against_the_reader(
    folder: Path, service: LocalService
) -> None:
    page = next(truth.load(folder).having("lines"))
    vision = VisionClient(service.url, service.key)
    read = reading.read(vision, page, variants.unchanged(page.image))
    assert "Tea on Monday at four?" in read.ours
    assert len("Tea on Monday at four?") <= read.errors <= 25


def test_faces_are_found_and_judged_over_http(folder: Path, service: LocalService) -> None:
    vision, known = VisionClient(service.url, service.key), truth.load(folder)
    faces = {row.measure: row for row in finding.measure(vision, known)}
    assert faces["faces found, IoU at least 0.5"].ours == "1 of 1"
    assert faces["genders right"].holds
    assert faces["faces on 1 images without"].ours == "0"


def test_without_tesseract_the_cell_says_so(
    folder: Path, service: LocalService, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    page = next(truth.load(folder).having("lines"))
    vision = VisionClient(service.url, service.key)
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
    known = truth.Known(Path("horses.jpg"), facts)
    description = {"captions": [{"text": "two horses and a cow"}], "tags": ["horse", "cow"]}
    judgement = describing.Judgement(description, known)
    cells = ("two horses and a cow", "NO", "cow", "grass/field", "1 of 2", "outdoor", "cow")
    assert judgement.cells() == cells
    description = {"captions": [{"text": "horses in a field"}], "tags": ["horse", "outdoor"]}
    assert describing.Judgement(description, known).holds


def test_required_words_are_whole_words() -> None:
    assert describing.says_one_of("a group of horses", ["horse", "horses"])
    assert not describing.says_one_of("a group of horses", ["horse"])
    assert describing.says_one_of("two dogs outdoors", ["a cat", "two dogs"])


@pytest.mark.parametrize(
    ("caption", "vague"),
    [
        ("an outdoor scene", True),
        ("a brown picture", True),
        ("a clip art picture", True),
        ("something orange on a black background", True),
        ("a cup of coffee", False),
        ("two people", False),
        ("Grace Hopper posing for a photo", False),
        ('a sign that reads "7"', False),
    ],
)
def test_a_vague_caption_names_nothing(caption: str, vague: bool) -> None:
    assert describing.is_vague(caption) is vague
