from __future__ import annotations

import subprocess
import sys
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
from PIL import Image, ImageDraw, ImageFont

from visionhelpers.drawing.fonts import FALLBACK_FONTS
from visionhelpers.images import load_image, sample_path
from visionservice.engines.base import OcrResult
from visionservice.engines.geometry import Box, Point, Polygon
from visionservice.engines.text import reader
from visionservice.engines.text.reader import DeskewedImage, RapidOcrReader
from visionservice.engines.text.recognition import LineResult, recognize_lines

WHITE = 255
FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSerif.ttf"
QUOTATION = (
    "Nothing exists except atoms",
    "and empty space; everything",
    "else is opinion, said he",
    "in a book of 1842 pages.",
)


def write(
    image: Image.Image,
    lines: tuple[str, ...],
    left: int,
    top: int,
    pixels: int = 32,
    font_file: Path = FONT,
) -> list[tuple[str, Box]]:
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


def page(lines: tuple[str, ...] = QUOTATION) -> tuple[Image.Image, list[tuple[str, Box]]]:
    image = Image.new("RGB", (720, 400), "white")
    return image, write(image, lines, 60, 80)


def seen(image: Image.Image, *, detect_orientation: bool = True) -> OcrResult:
    return RapidOcrReader().read(
        np.asarray(image.convert("RGB")), detect_orientation=detect_orientation
    )


def words(text: OcrResult) -> list[str]:
    return [word.text for line in text.lines for word in line.words]


def box(polygon: Polygon) -> Box:
    xs, ys = zip(*polygon, strict=True)
    return Box.from_edges(min(xs), min(ys), max(xs), max(ys))


def turned(point: Point, degrees: float, size: tuple[int, int]) -> NDArray[np.float64]:
    """Return where a point goes when the image turns clockwise about its center."""
    center = np.array(size) / 2
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s], [s, c]]) @ (np.array(point) - center) + center


def dotted() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Return 300 x 200 white pixels with a black square of 8 x 8 whose middle is (60, 40)."""
    image = np.full((200, 300, 3), WHITE, np.uint8)
    image[36:44, 56:64] = 0
    return image


def dot(page: DeskewedImage) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return the middle of the black square, as the page says where it was."""
    darkness = WHITE - page.image[..., 0].astype(float)
    rows, columns = np.indices(darkness.shape) + 0.5
    middle = [(columns * darkness).sum(), (rows * darkness).sum()] / darkness.sum()
    return page.to_original(np.array([middle]))[0]


def test_words_are_where_they_were_drawn() -> None:
    image, drawn = page()
    text = seen(image)
    assert words(text) == [word for word, _ in drawn]
    assert (text.orientation, text.angle, text.language) == ("Up", 0.0, "en")
    found = [box(word.polygon) for line in text.lines for word in line.words]
    for (word, there), here in zip(drawn, found, strict=True):
        assert here.iou(there) > 0.7, word


def test_a_line_is_its_words_separated_by_spaces() -> None:
    text = seen(page()[0])
    assert [line.text for line in text.lines] == list(QUOTATION)
    for line in text.lines:
        assert line.text == " ".join(word.text for word in line.words)
        assert all(0.5 < word.confidence <= 1 for word in line.words)
        frame = box(line.polygon)
        assert all(box(w.polygon).overlap(frame) >= 0.9 * box(w.polygon).area for w in line.words)


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


@pytest.mark.parametrize(("degrees", "facing"), [(90, "Left"), (180, "Down"), (270, "Right")])
def test_a_rotated_page_is_read_in_its_own_coordinates(degrees: int, facing: str) -> None:
    image, drawn = page()
    text = seen(image.rotate(degrees, expand=True))
    assert (text.orientation, text.angle) == (facing, 0.0)
    assert words(text) == [word for word, _ in drawn]
    first = text.lines[0].words[0].polygon
    beside = np.rot90(np.asarray(_mask(image.size, drawn[0][1])), degrees // 90)
    rows, columns = np.nonzero(beside)
    there = Box.from_edges(columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert box(first).iou(there) > 0.7
    reading = np.subtract(first[1], first[0])
    assert np.degrees(np.arctan2(*-reading[::-1])) % 360 == pytest.approx(
        (180 - degrees) % 360, abs=2
    )


def _mask(size: tuple[int, int], area: Box) -> Image.Image:
    mask = Image.new("L", size)
    mask.paste(255, (area.left, area.top, area.right, area.bottom))
    return mask


@pytest.mark.parametrize("degrees", [-10, -3, 10])
@pytest.mark.parametrize(("quarters", "facing"), [(0, "Up"), (1, "Left")])
def test_a_skewed_page_has_the_angle_that_deskews_it(
    degrees: int, quarters: int, facing: str
) -> None:
    image, drawn = page()
    skewed = image.rotate(degrees + 90 * quarters, expand=True, fillcolor="white")
    text = seen(skewed)
    assert text.orientation == facing
    assert text.angle == pytest.approx(degrees, abs=0.6)
    assert words(text) == [word for word, _ in drawn]
    line = text.lines[0].polygon
    along = turned(line[1], text.angle, skewed.size) - turned(line[0], text.angle, skewed.size)
    level = along if quarters == 0 else along[::-1]
    assert abs(level[1]) < 0.03 * abs(level[0])


@pytest.mark.parametrize(
    ("degrees", "facing", "angle"),
    [
        (30, "Up", 30),
        (-40, "Up", -40),
        (60, "Left", -30),
        (-120, "Right", -30),
        (150, "Down", -30),
    ],
)
def test_a_steeply_tilted_page_is_read_in_its_own_coordinates(
    degrees: int, facing: str, angle: int
) -> None:
    image, drawn = page()
    tilted = image.rotate(degrees, expand=True, fillcolor="white")
    text = seen(tilted)
    assert words(text) == [word for word, _ in drawn]
    assert (text.orientation, text.angle) == (facing, pytest.approx(angle, abs=0.6))
    for (word, there), line_word in zip(
        drawn, (w for li in text.lines for w in li.words), strict=True
    ):
        shift = (np.array(tilted.size) - image.size) / 2
        corners = [turned(p - shift, degrees, image.size) for p in map(np.array, line_word.polygon)]
        assert box(tuple(map(tuple, corners))).iou(there) > 0.6, word  # type: ignore[arg-type]


def test_columns_are_regions_read_one_after_the_other() -> None:
    image = Image.new("RGB", (900, 460), "white")
    write(image, ("A title over both of the columns",), 60, 20, pixels=44)
    write(image, ("Left column", "goes on here"), 60, 160)
    write(image, ("Right column", "ends down here"), 500, 160)
    regions = [[line.text for line in region] for region in seen(image).regions]
    assert regions == [
        ["A title over both of the columns"],
        ["Left column", "goes on here"],
        ["Right column", "ends down here"],
    ]


def test_lines_are_in_the_order_of_the_regions() -> None:
    text = seen(load_image(sample_path("printed_page.jpg")))
    assert text.lines == tuple(line for region in text.regions for line in region)


def test_an_upright_page_is_read_without_detecting_the_orientation() -> None:
    image, drawn = page()
    assert words(seen(image, detect_orientation=False)) == [word for word, _ in drawn]


def test_the_orientation_is_detected_only_on_request() -> None:
    upside_down = page()[0].rotate(180)
    text = seen(upside_down, detect_orientation=False)
    assert text.orientation in ("Up", "NotDetected")
    assert "exists" not in words(text)


@pytest.mark.parametrize("color", ["white", "black", "grey"])
@pytest.mark.parametrize("size", [(400, 300), (50, 50), (900, 60)])
def test_a_blank_page_has_no_text(color: str, size: tuple[int, int]) -> None:
    text = seen(Image.new("RGB", size, color))
    assert (text.lines, text.regions) == ((), ())
    assert (text.orientation, text.angle, text.language) == ("NotDetected", 0.0, "unk")


def test_light_letters_on_dark_are_read() -> None:
    image = page(("Fire exit on the left",))[0]
    assert words(seen(Image.eval(image, lambda value: 255 - value))) == [
        "Fire",
        "exit",
        "on",
        "the",
        "left",
    ]


def test_a_single_short_word_is_read() -> None:
    text = seen(page(("EXIT",))[0])
    assert (words(text), text.orientation, text.language) == (["EXIT"], "Up", "en")


def test_a_small_note_on_a_page_of_ten_megapixels_is_read() -> None:
    image = Image.new("RGB", (3600, 2780), "white")
    drawn = write(image, QUOTATION, 1400, 1300, pixels=36)
    text = seen(image)
    assert words(text) == [word for word, _ in drawn]
    assert box(text.lines[0].words[0].polygon).iou(drawn[0][1]) > 0.7


@pytest.mark.parametrize(
    "name",
    [
        "chelsea_the_cat.jpg",
        "coffee_cup.jpg",
        "dahlia.jpg",
        "photographer.jpg",
        "summer_palace.jpg",
    ],
)
def test_a_photograph_without_text_has_none(name: str) -> None:
    assert words(seen(load_image(sample_path(name)))) == []


def test_the_sample_quotation_is_one_region_of_english() -> None:
    text = seen(load_image(sample_path("democritus.png")))
    assert " ".join(words(text)) == (
        "NOTHING EXISTS EXCEPT ATOMS AND EMPTY SPACE. Everything else is opinion."
    )
    assert (text.language, len(text.regions)) == ("en", 1)


def test_handwriting_is_read_the_right_way_up() -> None:
    text = seen(load_image(sample_path("handwriting.jpg")))
    assert text.orientation == "Up"
    assert "How vexingly quick daft zebras jump" in [line.text for line in text.lines]


def test_threads_share_one_model() -> None:
    image, drawn = page()
    with ThreadPoolExecutor(4) as pool:
        texts = list(pool.map(seen, [image] * 4))
    assert all(words(text) == [word for word, _ in drawn] for text in texts)


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


@pytest.mark.parametrize("name", ["dog.jpg", "house.jpg", "faces.jpg"])
def test_real_photographs_without_text_have_none(evaluation: Path, name: str) -> None:
    assert words(seen(load_image(evaluation / "images" / name))) == []


def test_reading_stops_after_the_words_that_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    recognized: list[int] = []

    def count(strips: Sequence[NDArray[np.uint8]], *options: int) -> list[LineResult]:
        recognized.append(len(strips))
        return recognize_lines(strips, *options)

    monkeypatch.setattr(reader, "recognize_lines", count)
    image = np.asarray(page(tuple(QUOTATION * 2))[0].crop((0, 0, 720, 450)))
    text = RapidOcrReader().read(image, max_words=6)
    assert [line.text for line in text.lines] == list(QUOTATION[:2])
    assert sum(recognized) == 2
    assert text.language == "unk"


def test_the_coverage_is_that_of_all_lines() -> None:
    image = page()[0]
    some = RapidOcrReader().read(np.asarray(image), max_words=4)
    everything = seen(image)
    areas = sum(box(line.polygon).area for line in everything.lines)
    assert len(some.lines) < len(everything.lines)
    assert everything.coverage == pytest.approx(areas / (720 * 400), rel=0.05)
    assert some.coverage == pytest.approx(everything.coverage, rel=0.2)
    assert seen(Image.new("RGB", (400, 300), "white")).coverage == 0


@pytest.mark.parametrize("degrees", [0, 90, 180])
def test_some_words_of_a_rotated_page_are_read(degrees: int) -> None:
    image = page()[0].rotate(degrees, expand=True)
    text = RapidOcrReader().read(np.asarray(image), max_words=20)
    assert text.lines[0].text == QUOTATION[0]
    assert text.orientation == {0: "Up", 90: "Left", 180: "Down"}[degrees]


def test_some_words_of_a_photograph_without_text_are_none() -> None:
    image = load_image(sample_path("coffee_cup.jpg")).convert("RGB")
    text = RapidOcrReader().read(np.asarray(image), max_words=20)
    assert (text.lines, text.coverage) == ((), 0.0)


@pytest.mark.parametrize("size", [(3000, 20), (20, 3000), (1, 1), (2500, 250)])
def test_images_of_any_shape_are_read(size: tuple[int, int]) -> None:
    assert words(seen(Image.new("RGB", size, "white"))) == []


def test_a_long_strip_is_read() -> None:
    image = Image.new("RGB", (1500, 60), "white")
    drawn = write(image, ("A line that is as high as the image and goes on for a while",), 20, 8)
    assert words(seen(image)) == [word for word, _ in drawn]


def test_reading_imports_no_other_runtime() -> None:
    code = (
        "import sys, numpy; from visionservice.engines.text.reader import RapidOcrReader; "
        "RapidOcrReader().read(numpy.full((60, 200, 3), 255, numpy.uint8)); "
        "sys.exit(bool({'onnxruntime', 'rapidocr'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_cell_of_a_large_table_is_read_in_seconds() -> None:
    """The limit is twice the 5 seconds that the table may take, as processors may be shared."""
    image = Image.new("RGB", (1960, 840), "white")
    cells = [str(number) for number in range(5000, 5480)]
    for number, cell in enumerate(cells):
        write(image, (cell,), 30 + number % 24 * 80, 25 + number // 24 * 40, pixels=22)
    start = thread_time()
    text = seen(image)
    assert thread_time() - start < 10
    assert sorted(words(text)) == cells
    assert [line.text for line in text.rows] == cells


@pytest.mark.parametrize("quarters", [0, 1, 2, 3])
@pytest.mark.parametrize("degrees", [0, 20, -30, 45, -44.5])
def test_a_point_of_a_rotated_page_has_its_original_coordinates(
    degrees: float, quarters: int
) -> None:
    page = DeskewedImage(dotted())
    turned = (page.deskewed(degrees) if degrees else page).rotated(quarters)
    assert dot(turned) == pytest.approx((60, 40), abs=0.05)


@pytest.mark.parametrize("degrees", [20, -45])
def test_the_deskewed_image_contains_the_whole_image(degrees: float) -> None:
    image = dotted()
    image[:4, :4] = image[-4:, -4:] = 0
    page = DeskewedImage(image).deskewed(degrees)
    ink = (WHITE - image.astype(float)).sum()
    assert (WHITE - page.image.astype(float)).sum() == pytest.approx(ink, rel=0.03)


def test_new_corners_have_the_color_of_the_edges() -> None:
    image = np.full((60, 90, 3), (200, 100, 50), np.uint8)
    image[20:40, 20:70] = 0
    assert DeskewedImage(image).deskewed(30).image[0, 0].tolist() == [200, 100, 50]
