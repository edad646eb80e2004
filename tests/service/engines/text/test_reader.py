from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from difflib import SequenceMatcher
from pathlib import Path
from time import thread_time

import matplotlib
import numpy as np
import pytest
from matplotlib.font_manager import findfont, fontManager
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont, ImageOps

from visionhelpers.drawing.fonts import FALLBACK_FONTS
from visionhelpers.images import load_image, sample_path
from visionservice.engines.base import OcrResult
from visionservice.engines.geometry import Box
from visionservice.engines.text import reader
from visionservice.engines.text.reader import DeskewedImage, RapidOcrReader
from visionservice.engines.text.recognition import LineResult, recognize_lines

Corners = NDArray[np.float64]
Words = list[tuple[str, Box]]

FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSerif.ttf"
QUOTATION = (
    "Nothing exists except atoms",
    "and empty space; everything",
    "else is opinion, said he",
    "in a book of 1842 pages.",
)


def write(
    image: Image.Image,
    lines: Sequence[str],
    left: int,
    top: int,
    pixels: int = 32,
    font_file: Path = FONT,
) -> Words:
    """Write on the image; return each word with the box it fills."""
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype(font_file, pixels)
    words = []
    for number, line in enumerate(lines):
        x, y = float(left), top + number * pixels * 1.4
        for word in line.split():
            draw.text((x, y), word, font=font, fill="black")
            words.append((word, Box.from_edges(*draw.textbbox((x, y), word, font=font))))
            x += draw.textlength(f"{word} ", font=font)
    return words


def page(
    lines: Sequence[str] = QUOTATION,
    size: tuple[int, int] = (720, 400),
    at: tuple[int, int] = (60, 80),
    pixels: int = 32,
) -> Image.Image:
    image = Image.new("RGB", size, "white")
    write(image, lines, *at, pixels)
    return image


def seen(image: Image.Image, **options: object) -> OcrResult:
    return RapidOcrReader().read(np.asarray(image.convert("RGB")), **options)


def words(text: OcrResult) -> str:
    return " ".join(word.text for line in text.lines for word in line.words)


def box(corners: Sequence[Sequence[float]] | Corners) -> Box:
    return Box.from_edges(*np.min(corners, axis=0), *np.max(corners, axis=0))


@pytest.mark.parametrize(
    ("degrees", "facing", "angle"),
    [(0, "Up", 0), (-3, "Up", -3), (10, "Up", 10), (30, "Up", 30), (-40, "Up", -40),
     (60, "Left", -30), (80, "Left", -10), (90, "Left", 0), (100, "Left", 10), (150, "Down", -30),
     (180, "Down", 0), (-120, "Right", -30), (270, "Right", 0)],
)  # fmt: skip
def test_words_are_where_they_were_drawn_on_a_page_rotated_counterclockwise(
    degrees: int, facing: str, angle: int
) -> None:
    image = Image.new("RGB", (720, 400), "white")
    drawn = write(image, QUOTATION, 60, 80)
    rotated = image.rotate(degrees, expand=True, fillcolor="white")
    text = seen(rotated)
    assert [line.text for line in text.lines] == list(QUOTATION)
    assert (text.orientation, text.language) == (facing, "en")
    assert text.angle == (pytest.approx(angle, abs=0.6) if angle else 0.0)
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    found = [word for line in text.lines for word in line.words]
    for word, (_, there) in zip(found, drawn, strict=True):
        corners = (np.array(word.polygon) - np.divide(rotated.size, 2)) @ [[c, s], [-s, c]]
        corners += np.divide(image.size, 2)
        assert box(corners).iou(there) > (0.6 if degrees % 90 else 0.7), word
        assert np.abs(corners[0] - (there.left, there.top)).max() < 8, word
        assert 0.5 < word.confidence <= 1
    for line in text.lines:
        frame = box(line.polygon)
        assert all(box(w.polygon).overlap(frame) >= 0.9 * box(w.polygon).area for w in line.words)


def test_the_orientation_is_detected_only_on_request() -> None:
    assert words(seen(page(), detect_orientation=False)) == " ".join(QUOTATION)
    text = seen(page().rotate(180), detect_orientation=False)
    assert text.orientation in ("Up", "NotDetected")
    assert "exists" not in words(text)


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("de", ("Die Straße ist größer", "Übung macht den Meister")),
        ("fr", ("La leçon de français", "où l'élève étudie")),
        ("zh-Hans", ("图书馆每天九点开门", "请不要大声说话")),
        ("ja", ("さくらの花が咲きました", "カタカナもひらがなも")),
    ],
)
def test_german_french_chinese_and_japanese_are_read(language: str, lines: tuple[str, ...]) -> None:
    font = FONT
    if language in ("zh-Hans", "ja"):
        installed = set(FALLBACK_FONTS[2:]) & set(fontManager.get_font_names())
        if not installed:
            pytest.skip("no font with Chinese characters here: make debian")
        font = Path(findfont(installed.pop(), fallback_to_default=False))
    image = Image.new("RGB", (720, 220), "white")
    write(image, lines, 40, 40, 40, font)
    text = seen(image)
    assert [line.text for line in text.lines] == list(lines)
    assert text.language == language


LONG = "A line that is as high as the image and goes on for a while"
NOTE = page(QUOTATION[:2], (3600, 2780), at=(1400, 1300), pixels=36)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        pytest.param(page(["EXIT"]), "EXIT", id="a short word"),
        pytest.param(ImageOps.invert(page(["Fire exit"])), "Fire exit", id="light on dark"),
        pytest.param(page([LONG], (1500, 60), at=(20, 8)), LONG, id="a long strip"),
        pytest.param(NOTE, " ".join(QUOTATION[:2]), id="a small note on a large page"),
    ],
)
def test_text_is_read(image: Image.Image, expected: str) -> None:
    text = seen(image)
    assert words(text) == expected
    assert (text.orientation, text.language) == ("Up", "en")


@pytest.mark.parametrize(
    ("size", "color"),
    [((400, 300), "white"), ((50, 50), "black"), ((900, 60), "grey"), ((3000, 20), "white"),
     ((20, 3000), "white"), ((1, 1), "white")],
)  # fmt: skip
def test_a_blank_page_of_any_shape_has_no_text(size: tuple[int, int], color: str) -> None:
    text = seen(Image.new("RGB", size, color))
    assert (text.lines, text.regions, text.coverage) == ((), (), 0)
    assert (text.orientation, text.angle, text.language) == ("NotDetected", 0.0, "unk")


@pytest.mark.parametrize("name", ["chelsea_the_cat", "coffee_cup", "photographer", "summer_palace"])
def test_a_photograph_without_text_has_none(name: str) -> None:
    image = load_image(sample_path(f"{name}.jpg"))
    for text in (seen(image), seen(image, max_words=20)):
        assert (text.lines, text.coverage) == ((), 0.0)


def test_columns_are_regions_read_one_after_the_other() -> None:
    image = Image.new("RGB", (900, 460), "white")
    write(image, ("A title over both of the columns",), 60, 20, pixels=44)
    write(image, ("Left column", "goes on here"), 60, 160)
    write(image, ("Right column", "ends down here"), 500, 160)
    text = seen(image)
    assert [[line.text for line in region] for region in text.regions] == [
        ["A title over both of the columns"],
        ["Left column", "goes on here"],
        ["Right column", "ends down here"],
    ]
    assert text.lines == sum(text.regions, ())


def test_real_print_is_read_with_few_errors(evaluation: Path) -> None:
    text = seen(load_image(evaluation / "images" / "printed_text.jpg"))
    truth = (
        "Nutrition Facts|Serving size: 1 bar (40g)|Serving Per Package: 4|Amount Per Serving|"
        "Calories 190|ories from Fat 110|nt Daily Values are based on|calorie diet.|"
        "Amount Per Serving|Total Fat 13g|Saturated Fat 1.5g|Trans Fat 0g|Cholesterol 0mg|"
        "Sodium 20mg|Vitamin A 50%"
    )
    found = "|".join(line.text for line in text.lines)
    same = sum(m.size for m in SequenceMatcher(None, truth, found, False).get_matching_blocks())
    assert max(len(truth), len(found)) - same <= 0.03 * len(truth)
    assert len(text.regions) == 2


def test_every_cell_of_a_large_table_is_read_in_seconds() -> None:
    """The limit is twice the 5 seconds that the table may take, as processors may be shared."""
    image = Image.new("RGB", (1960, 840), "white")
    cells = [str(number) for number in range(5000, 5480)]
    for number, cell in enumerate(cells):
        write(image, (cell,), 30 + number % 24 * 80, 25 + number // 24 * 40, pixels=22)
    start = thread_time()
    text = seen(image)
    assert thread_time() - start < 10
    assert sorted(words(text).split()) == cells
    assert [line.text for line in text.rows] == cells


def test_threads_share_one_model() -> None:
    with ThreadPoolExecutor(4) as pool:
        texts = pool.map(seen, [page()] * 4)
    assert [words(text) for text in texts] == [" ".join(QUOTATION)] * 4


def test_reading_stops_after_the_words_that_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    recognized: list[int] = []

    def count(strips: Sequence[NDArray[np.uint8]], *options: int) -> list[LineResult]:
        recognized.append(len(strips))
        return recognize_lines(strips, *options)

    monkeypatch.setattr(reader, "recognize_lines", count)
    text = seen(page(QUOTATION * 2, (720, 450)), max_words=6)
    assert [line.text for line in text.lines] == list(QUOTATION[:2])
    assert sum(recognized) == 2
    assert text.language == "unk"


@pytest.mark.parametrize(("degrees", "facing"), [(0, "Up"), (90, "Left"), (180, "Down")])
def test_the_coverage_of_some_words_is_that_of_all_lines(degrees: int, facing: str) -> None:
    image = page().rotate(degrees, expand=True)
    some, everything = seen(image, max_words=4), seen(image)
    assert (some.lines[0].text, some.orientation) == (QUOTATION[0], facing)
    assert len(some.lines) < len(everything.lines)
    areas = sum(box(line.polygon).area for line in everything.lines)
    assert everything.coverage == pytest.approx(areas / (720 * 400), rel=0.05)
    assert some.coverage == pytest.approx(everything.coverage, rel=0.2)


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
@pytest.mark.parametrize("degrees", [20, -44.5, 45])
def test_a_rotated_image_is_whole_and_its_points_have_their_original_coordinates(
    degrees: float, quarters: int
) -> None:
    image = np.full((200, 300, 3), 255, np.uint8)
    image[36:44, 56:64] = 0
    rotated = DeskewedImage(image).deskewed(degrees).rotated(quarters)
    darkness = 255 - rotated.image[..., 0].astype(float)
    assert darkness.sum() == pytest.approx(8 * 8 * 255, rel=0.05)
    rows, columns = np.indices(darkness.shape) + 0.5
    middle = [(columns * darkness).sum(), (rows * darkness).sum()] / darkness.sum()
    assert rotated.to_original(np.array([middle]))[0] == pytest.approx((60, 40), abs=0.05)


def test_a_deskewed_image_contains_the_corners_and_the_new_ones_have_their_color() -> None:
    image = np.full((60, 90, 3), (200, 100, 50), np.uint8)
    image[:4, :4] = image[-4:, -4:] = 0
    rotated = DeskewedImage(image).deskewed(30).image
    assert rotated[0, 0].tolist() == [200, 100, 50]
    assert np.sum(200.0 - rotated[..., 0]) == pytest.approx(2 * 4 * 4 * 200, rel=0.1)
