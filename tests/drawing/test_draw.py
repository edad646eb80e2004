from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from functools import partial
from io import BytesIO
from typing import Any
from unittest.mock import Mock

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.path import Path
from PIL import Image, ImageDraw

from visionhelpers import ImageError, draw_caption, draw_faces, draw_lines, draw_objects, draw_words
from visionhelpers.drawing.draw import LONG_SIDE, PALETTE, extend_figure, figure_size
from visionhelpers.drawing.labels import text_size

mpl.use("agg")

IMAGE = Image.new("RGB", (600, 400), "navy")
LONG = "a group of people who stand on a street at night and look at the lights of Times Square"


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def faces(*rectangles: tuple[int, int, int, int]) -> dict[str, Any]:
    keys = ("left", "top", "width", "height")
    boxes = [dict(zip(keys, each, strict=True)) for each in rectangles]
    return {"faces": [{"age": 30, "gender": "Female", "faceRectangle": box} for box in boxes]}


def objects(**rectangles: tuple[int, int, int, int]) -> dict[str, Any]:
    boxes = {name: dict(zip("xywh", each, strict=True)) for name, each in rectangles.items()}
    return {"objects": [{"object": name, "rectangle": box} for name, box in boxes.items()]}


def ocr(*lines: list[tuple[str, str]], **more: object) -> dict[str, Any]:
    words = [[{"boundingBox": box, "text": text} for box, text in line] for line in lines]
    return {"language": "en", "regions": [{"lines": [{"words": row} for row in words]}], **more}


def recognized(*lines: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"status": "Succeeded", "recognitionResult": {"lines": lines, **more}}


GRACE = {"name": "Grace Hopper", "faceRectangle": {"left": 15, "top": 12, "width": 18, "height": 9}}
WORDS = [("20,50,100,40", "AND"), ("150,50,200,40", "EMPTY")], [("20,200,300,60", "SPACE.")]
LINE = {"boundingBox": [20, 100, 500, 80, 505, 140, 25, 160], "text": "you must be"}
DRAWN = [
    (draw_faces, faces((100, 150, 80, 80), (300, 140, 80, 80)), ["30, Female", "30, Female"],
        [[100, 150], [180, 150], [180, 230], [100, 230]], [0, 1]),
    (draw_faces, {"result": {"celebrities": [GRACE]}}, ["Grace Hopper"],
        [[15, 12], [33, 12], [33, 21], [15, 21]], [0]),
    (draw_objects, objects(cup=(100, 150, 80, 60), table=(200, 250, 300, 99)), ["cup", "table"],
        [[100, 150], [180, 150], [180, 210], [100, 210]], [0, 1]),
    (draw_words, ocr(*WORDS), ["AND", "EMPTY", "SPACE."],
        [[20, 50], [120, 50], [120, 90], [20, 90]], [0, 0, 1]),
    (draw_lines, recognized(LINE), ["you must be"],
        [[20, 100], [500, 80], [505, 140], [25, 160]], [0]),
]  # fmt: skip
"""Functions with a result; the labels, the corners of the first box, the colors in the palette."""
BOXES = [each[:2] for each in DRAWN]


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def corners(ax: Axes) -> list[list[list[float]]]:
    """Return the corners of every polygon on the Axes."""
    return [patch.get_xy()[:-1].tolist() for patch in ax.patches]


def colors(ax: Axes) -> list[str]:
    """Return the colors of the boxes, which are those of the labels."""
    edges = [to_hex(patch.get_edgecolor()).upper() for patch in ax.patches]
    labels = [to_hex(text.get_bbox_patch().get_facecolor()).upper() for text in ax.texts]
    assert edges == labels
    return edges


@pytest.mark.parametrize("size", [(50, 40), (300, 900), (3800, 2600)])
def test_the_image_fills_a_new_figure(size: tuple[int, int]) -> None:
    ax = draw_faces(Image.new("RGB", size), {"faces": []})
    assert max(ax.figure.get_size_inches()) == LONG_SIDE
    ax.figure.draw_without_rendering()
    assert np.allclose(ax.bbox.extents, ax.figure.bbox.extents, atol=1)
    assert not ax.axison
    assert plt.get_fignums() == [ax.figure.number]


@pytest.mark.parametrize(("size", "inches"), [((600, 400), (6, 4)), ((9, 900), (0.5, 6))])
def test_the_size_of_a_figure_has_the_aspect_of_the_image_down_to_a_minimum(
    size: tuple[int, int], inches: tuple[float, float]
) -> None:
    assert figure_size(Image.new("RGB", size), 6) == pytest.approx(inches)


@pytest.mark.parametrize(("draw", "result"), [(draw_caption, "a long caption " * 30), *BOXES])
@pytest.mark.parametrize("layout", [None, "constrained"])
def test_given_axes_are_returned_and_nothing_else_changes(
    draw: Callable[..., Axes], result: Any, layout: str | None
) -> None:
    figure, (ax, other) = plt.subplots(1, 2, figsize=(6, 2), layout=layout)
    other.plot([1, 2])
    before = figure.get_size_inches().tolist(), other.get_position(original=True).bounds
    assert draw(IMAGE, result, ax) is ax
    after = figure.get_size_inches().tolist(), other.get_position(original=True).bounds
    assert after == before
    assert ax.get_position(original=True).y0 == other.get_position(original=True).y0
    assert plt.get_fignums() == [figure.number]


def test_an_image_with_an_exif_orientation_is_drawn_upright() -> None:
    data, exif = BytesIO(), Image.Exif()
    exif[0x0112] = 6
    IMAGE.save(data, "jpeg", exif=exif)
    ax = draw_caption(data.getvalue(), "on its side")
    assert ax.images[0].get_array().shape == (600, 400, 3)


def test_coordinates_are_edges_of_pixels_from_the_top_left() -> None:
    image = IMAGE.copy()
    ax = draw_faces(image, faces((0, 0, 600, 400)))
    assert (ax.get_xlim(), ax.get_ylim()) == ((0, 600), (400, 0))
    assert corners(ax) == [[[0, 0], [600, 0], [600, 400], [0, 400]]]
    assert image.tobytes() == IMAGE.tobytes(), "the image is not modified"


@pytest.mark.parametrize(("draw", "result", "labels", "first", "edges"), DRAWN)
def test_each_box_has_a_label_in_its_color(
    draw: Callable[..., Axes], result: Any, labels: list[str], first: list[Any], edges: list[int]
) -> None:
    ax = draw(IMAGE, result)
    assert texts(ax) == labels
    assert corners(ax)[0] == first
    assert colors(ax) == [PALETTE[number] for number in edges]


@pytest.mark.parametrize("angle", [-30.0, 12.0])
def test_boxes_of_a_rotated_page_are_rotated_back_onto_the_words(angle: float) -> None:
    page = Image.new("L", (600, 400), "white")
    ImageDraw.Draw(page).rectangle((200, 150, 420, 190), fill="black")
    # Pillow rotates counter-clockwise; `textAngle` is the clockwise rotation to level text.
    rotated = page.rotate(angle, fillcolor="white")
    ax = draw_words(rotated, ocr([("200,150,221,41", "word")], textAngle=angle, orientation="Up"))

    dark = np.argwhere(np.asarray(rotated) < 128)[:, ::-1] + 0.5
    assert len(dark) == pytest.approx(221 * 41, rel=0.02)
    assert Path(corners(ax)[0]).contains_points(dark).mean() > 0.98
    assert ax.texts[0].get_rotation() % 360 == pytest.approx(angle % 360)


def test_lines_of_one_page_of_a_document_are_scaled_from_inches_to_the_image() -> None:
    line = {"boundingBox": [1, 1, 4, 1, 4, 2, 1, 2], "text": "x"}
    pages = [{"page": 1, "width": 6, "unit": "inch"}, {"page": 2, "width": 12, "unit": "inch"}]
    result = recognized({**line, "page": 1}, {**line, "page": 2}, pages=pages)
    assert corners(draw_lines(IMAGE, result)) == [[[100, 100], [400, 100], [400, 200], [100, 200]]]
    page = draw_lines(IMAGE, result, page=2)
    assert corners(page) == [[[50, 50], [200, 50], [200, 100], [50, 100]]]


def test_lines_are_thin_relative_to_their_boxes() -> None:
    large = draw_faces(IMAGE, faces((100, 100, 200, 200))).patches[0]
    small = draw_faces(IMAGE, faces((100, 100, 8, 8))).patches[0]
    assert small.get_linewidth() < large.get_linewidth() / 2


@pytest.mark.parametrize("shape", [(6, 2), (2, 6)])
def test_the_line_width_depends_on_the_size_of_the_image_in_given_axes(
    shape: tuple[int, int],
) -> None:
    scale = min(shape[0] / 600, shape[1] / 400)
    given, fitted = [
        draw_faces(IMAGE, faces((100, 100, 30, 30)), Figure(figsize=size).add_axes((0, 0, 1, 1)))
        for size in (shape, (600 * scale, 400 * scale))
    ]
    assert given.patches[0].get_linewidth() == pytest.approx(fitted.patches[0].get_linewidth())


@pytest.mark.parametrize(("draw", "result"), BOXES)
def test_boxes_and_labels_have_the_given_style(draw: Callable[..., Axes], result: Any) -> None:
    default, bare = draw(IMAGE, result), draw(IMAGE, result, labels=False)
    ax = draw(IMAGE, result, color="tab:red", linewidth=3.5, fontsize=9)
    assert set(colors(ax)) == {to_hex("tab:red").upper()}
    assert {patch.get_linewidth() for patch in ax.patches} == {3.5}
    assert {text.get_fontsize() for text in ax.texts} == {9}
    assert texts(ax) == texts(default)
    assert texts(bare) == []
    assert corners(ax) == corners(default) == corners(bare)


def test_a_translucent_color_and_a_named_font_size_are_accepted() -> None:
    ax = draw_objects(IMAGE, objects(cup=(9, 9, 80, 60)), color=(1, 0, 0, 0.5), fontsize="small")
    assert ax.patches[0].get_edgecolor() == pytest.approx((1, 0, 0, 0.5), abs=0.01)
    assert ax.texts[0].get_fontsize() < mpl.rcParams["font.size"]


@pytest.mark.parametrize("color", [None, "red"])
def test_the_labels_of_a_line_of_words_are_on_one_side(color: str) -> None:
    line = [(f"{60 * n + 10},200,50,25", f"word{n}") for n in range(9)]
    ax = draw_words(IMAGE, ocr(line, [("10,160,50,30", "roof")]), color=color)
    *labels, roof = ax.texts
    assert {label.get_position()[1] > 225 for label in labels} == {True}
    assert roof.get_position()[1] < 160


def assert_caption_is_below_the_image(ax: Axes) -> None:
    ax.figure.draw_without_rendering()
    extent = ax.title.get_window_extent()
    assert extent.y1 < ax.bbox.y0 + 1
    assert extent.width <= ax.bbox.width + 1


def assert_caption_is_on_the_figure(ax: Axes) -> None:
    corners = ax.title.get_window_extent().corners()
    assert ax.figure.bbox.padded(0.5).count_contains(corners) == 4


@pytest.mark.parametrize("text", ["a dog", LONG])
@pytest.mark.parametrize("settings", [{}, {"figure.autolayout": True}])
@pytest.mark.filterwarnings("error")
def test_a_new_figure_extends_below_the_image_for_the_caption(
    text: str, settings: dict[str, Any]
) -> None:
    with mpl.rc_context(settings):
        ax = draw_caption(IMAGE, text)
        assert ax.get_title().replace("\n", " ") == text
        assert_caption_is_below_the_image(ax)
        assert_caption_is_on_the_figure(ax)
    assert np.allclose(ax.bbox.size / ax.figure.dpi, figure_size(IMAGE))


@pytest.mark.parametrize("fontsize", [None, 7])
@pytest.mark.parametrize("size", [(2.5, 2), (14, 8), (12, 2)])
def test_the_caption_is_no_wider_than_the_image_in_given_axes(
    size: tuple[float, float], fontsize: int | None
) -> None:
    ax = draw_caption(IMAGE, LONG, plt.subplots(figsize=size)[1], fontsize=fontsize)
    assert ax.get_title().replace("\n", " ") == LONG
    assert_caption_is_below_the_image(ax)


def test_the_caption_is_wrapped_to_as_few_lines_as_fit_the_width() -> None:
    ax = draw_caption(IMAGE, LONG, fontsize=20)
    columns = max(map(len, ax.get_title().split("\n")))
    while len(wider := textwrap.wrap(LONG, columns)) == ax.get_title().count("\n") + 1:
        columns += 1
    ax.title.set_text("\n".join(wider))
    assert ax.title.get_window_extent().width > ax.bbox.width


def test_a_long_caption_is_wrapped_in_few_measurements(monkeypatch: pytest.MonkeyPatch) -> None:
    ax = Figure(figsize=(4, 3)).subplots()
    measure = Mock(wraps=ax.title.get_window_extent)
    monkeypatch.setattr(ax.title, "get_window_extent", measure)
    draw_caption(IMAGE, "word " * 200, ax)
    assert 1 < measure.call_count < 20


def test_a_caption_extends_a_figure_that_draw_faces_created() -> None:
    ax = draw_faces(IMAGE, faces((100, 100, 80, 80)))
    before = ax.get_window_extent().size
    draw_caption(IMAGE, LONG, ax)
    assert np.allclose(ax.get_window_extent().size, before, atol=0.5)
    assert_caption_is_below_the_image(ax)
    assert_caption_is_on_the_figure(ax)


def test_extend_figure_makes_space_for_all_captions_and_keeps_the_size_of_the_axes() -> None:
    figure, both = plt.subplots(1, 2, figsize=(6, 1.6))
    for ax, caption in zip(both, ("short", LONG * 2), strict=True):
        draw_caption(IMAGE, caption, ax)
    before = [ax.get_window_extent().size for ax in both]
    extend_figure(figure)
    height = figure.get_size_inches()[1]
    assert height > 1.6
    assert np.allclose([ax.get_window_extent().size for ax in both], before)
    for ax in both:
        assert_caption_is_on_the_figure(ax)
    extend_figure(figure)
    assert figure.get_size_inches()[1] == pytest.approx(height)


def test_the_caption_of_a_result_starts_with_a_capital_and_a_text_is_not_changed() -> None:
    caption = {"text": "the Bunker Hill Monument for $5 and $6", "confidence": 0.5}
    ax = draw_caption(IMAGE, {"description": {"captions": [caption]}})
    assert ax.get_title() == "The Bunker Hill Monument for $5 and $6"
    assert not ax.title.get_parse_math()
    assert draw_caption(IMAGE, "animal_cat").get_title() == "animal_cat"


def test_the_caption_has_the_given_style() -> None:
    ax = draw_caption(IMAGE, "a dog", color="tab:red", fontsize=20, linewidth=2)
    assert to_hex(ax.title.get_color()) == to_hex("tab:red")
    assert ax.title.get_fontsize() == 20
    default = draw_caption(IMAGE, "a dog")
    assert default.title.get_fontsize() == pytest.approx(text_size(default) * 1.1)
    with pytest.raises(TypeError, match="colour"):
        draw_caption(IMAGE, "a dog", colour="red")


@pytest.mark.parametrize(
    ("draw", "result"),
    [
        (draw_caption, {"description": {"tags": [], "captions": []}}),
        (draw_caption, {"categories": [{"name": "drink_", "score": 0.9}]}),
        (draw_faces, {"faces": []}),
        (draw_faces, {"result": {"celebrities": []}}),
        (draw_objects, {"objects": []}),
        (draw_words, ocr()),
        (draw_lines, recognized()),
        pytest.param(partial(draw_caption, labels=False), "a dog", id="without labels"),
    ],
)
def test_the_image_fills_the_figure_if_nothing_was_found(
    draw: Callable[..., Axes], result: Any
) -> None:
    ax = draw(IMAGE, result)
    assert len(ax.images) == 1
    assert (ax.get_title(), texts(ax), corners(ax)) == ("", [], [])
    assert tuple(ax.figure.get_size_inches()) == pytest.approx(figure_size(IMAGE))


@pytest.mark.parametrize(("draw", "result"), [(draw_caption, "a dog"), *BOXES])
def test_invalid_arguments_raise_and_leave_no_figure(
    draw: Callable[..., Axes], result: Any
) -> None:
    with pytest.raises(ValueError, match="no color"):
        draw(IMAGE, result, color="no color")
    with pytest.raises(ValueError, match="large"):
        draw(IMAGE, result, fontsize="very large")
    with pytest.raises(ImageError):
        draw("no/such/image.jpg", result)
    with pytest.raises(ValueError, match=r"'color'.*: use the result of"):
        draw(IMAGE, {"color": {}, "requestId": "1"})
    assert plt.get_fignums() == []


def test_pyplot_is_not_loaded_for_given_axes() -> None:
    code = (
        "import sys; from matplotlib.figure import Figure; from PIL import Image;"
        "from visionhelpers import draw_caption;"
        "draw_caption(Image.new('RGB', (60, 40)), 'a', Figure().subplots());"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
