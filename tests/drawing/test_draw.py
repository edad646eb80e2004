from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from matplotlib.path import Path
from nbclient import NotebookClient
from PIL import Image, ImageDraw

from visionhelpers import (
    ImageError,
    draw_caption,
    draw_faces,
    draw_lines,
    draw_objects,
    draw_words,
    sample_path,
)
from visionhelpers.drawing.draw import LONG_SIDE, PALETTE, extend_figure, figure_size
from visionhelpers.drawing.labels import text_size

mpl.use("agg")

IMAGE = Image.new("RGB", (600, 400), "navy")
SIZES = [(2.5, 2), (6.4, 4.8), (14, 8)]


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def faces(*rectangles: tuple[int, int, int, int]) -> dict[str, Any]:
    keys = ("left", "top", "width", "height")
    return {
        "faces": [
            {"age": 30 + n, "gender": "Female", "faceRectangle": dict(zip(keys, each, strict=True))}
            for n, each in enumerate(rectangles)
        ]
    }


def objects(**rectangles: tuple[int, int, int, int]) -> dict[str, Any]:
    return {
        "objects": [
            {"object": name, "confidence": 0.9, "rectangle": dict(zip("xywh", each, strict=True))}
            for name, each in rectangles.items()
        ]
    }


def ocr(*lines: list[tuple[str, str]], **more: object) -> dict[str, Any]:
    words = [[{"boundingBox": box, "text": text} for box, text in line] for line in lines]
    return {"language": "en", "regions": [{"lines": [{"words": row} for row in words]}], **more}


def recognized(*lines: tuple[list[float], str], **more: object) -> dict[str, Any]:
    found = [{"boundingBox": box, "text": text} for box, text in lines]
    return {"status": "Succeeded", "recognitionResult": {"lines": found, **more}}


BOXES = [
    (draw_faces, faces((100, 150, 80, 80), (300, 140, 80, 80))),
    (draw_objects, objects(cup=(100, 150, 80, 80), table=(200, 250, 300, 100))),
    (draw_words, ocr([("20,50,100,40", "AND"), ("150,50,200,40", "EMPTY")])),
    (draw_lines, recognized(([20, 100, 500, 80, 505, 140, 25, 160], "you must be"))),
]
"""Each function that draws boxes, with a result."""

NOTHING = [
    (draw_caption, {"description": {"tags": [], "captions": []}}),
    (draw_caption, {"result": {"landmarks": []}}),
    (draw_caption, {"categories": [{"name": "drink_", "score": 0.9}]}),
    (draw_faces, {"faces": []}),
    (draw_faces, {"result": {"celebrities": []}}),
    (draw_faces, {"categories": [{"name": "drink_", "score": 0.9}]}),
    (draw_objects, {"objects": []}),
    (draw_words, ocr()),
    (draw_lines, recognized()),
]
"""Valid results in which nothing was found."""


def texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def corners(ax: Axes) -> list[list[list[float]]]:
    """Return the corners of every polygon on the Axes."""
    assert all(isinstance(patch, Polygon) for patch in ax.patches)
    return [patch.get_xy()[:-1].tolist() for patch in ax.patches]


def colors(ax: Axes) -> list[str]:
    return [to_hex(patch.get_edgecolor()).upper() for patch in ax.patches]


@pytest.mark.parametrize("size", [(50, 40), (600, 400), (300, 900), (3800, 2600)])
def test_the_image_fills_a_new_figure(size):
    ax = draw_faces(Image.new("RGB", size), {"faces": []})
    assert max(ax.figure.get_size_inches()) == LONG_SIDE
    ax.figure.draw_without_rendering()
    assert np.allclose(ax.bbox.extents, ax.figure.bbox.extents, atol=1)
    assert not ax.axison
    assert plt.get_fignums() == [ax.figure.number]


@pytest.mark.parametrize(("size", "inches"), [((600, 400), (6, 4)), ((9, 900), (0.5, 6))])
def test_the_size_of_a_figure_has_the_aspect_of_the_image_down_to_a_minimum(size, inches):
    assert figure_size(Image.new("RGB", size), 6) == pytest.approx(inches)


@pytest.mark.parametrize(("draw", "result"), [(draw_caption, "six people"), *BOXES])
def test_given_axes_are_returned_and_no_figure_is_created(draw, result):
    figure, ax = plt.subplots()
    assert draw(IMAGE, result, ax) is ax
    assert plt.get_fignums() == [figure.number]


@pytest.mark.parametrize(("draw", "result"), [(draw_caption, "a long caption " * 30), *BOXES])
@pytest.mark.parametrize("layout", [None, "constrained"])
def test_only_the_given_axes_change(draw, result, layout):
    figure, (ax, other) = plt.subplots(1, 2, figsize=(6, 2), layout=layout)
    other.plot([1, 2])
    before = figure.get_size_inches().tolist(), other.get_position(original=True).bounds
    draw(IMAGE, result, ax)
    after = figure.get_size_inches().tolist(), other.get_position(original=True).bounds
    assert after == before
    assert ax.get_position(original=True).y0 == other.get_position(original=True).y0


def test_the_image_is_not_modified():
    image = IMAGE.copy()
    draw_faces(image, faces((10, 10, 50, 50)))
    assert image.tobytes() == IMAGE.tobytes()


def test_an_image_with_an_exif_orientation_is_drawn_upright():
    data, exif = BytesIO(), Image.Exif()
    exif[0x0112] = 6
    IMAGE.save(data, "jpeg", exif=exif)
    ax = draw_caption(data.getvalue(), "on its side")
    assert ax.images[0].get_array().shape == (600, 400, 3)


def test_coordinates_are_edges_of_pixels_from_the_top_left():
    ax = draw_faces(IMAGE, faces((0, 0, 600, 400)))
    assert ax.get_xlim() == (0, 600)
    assert ax.get_ylim() == (400, 0)
    assert corners(ax) == [[[0, 0], [600, 0], [600, 400], [0, 400]]]


@pytest.mark.parametrize("size", SIZES)
def test_faces_have_rectangles_and_legible_labels_in_the_same_color(size):
    _, ax = plt.subplots(figsize=size)
    rectangles = [(100, 150, 80, 80), (200, 150, 80, 80), (300, 140, 80, 80)]
    draw_faces(IMAGE, faces(*rectangles), ax)
    assert texts(ax) == ["30, Female", "31, Female", "32, Female"]
    assert corners(ax)[1] == [[200, 150], [280, 150], [280, 230], [200, 230]]
    assert colors(ax) == list(PALETTE[:3])
    backgrounds = [text.get_bbox_patch().get_facecolor() for text in ax.texts]
    assert [to_hex(color).upper() for color in backgrounds] == colors(ax)
    extents = [text.get_window_extent() for text in ax.texts]
    assert all(ax.bbox.count_contains(extent.corners()) == 4 for extent in extents)
    assert not any(extents[n].overlaps(extents[n + 1]) for n in range(2))


def test_a_celebrity_is_named():
    rectangle = {"left": 156, "top": 123, "width": 187, "height": 187}
    person = {"name": "Grace Hopper", "confidence": 0.99, "faceRectangle": rectangle}
    ax = draw_faces(sample_path("grace_hopper.jpg"), {"result": {"celebrities": [person]}})
    assert texts(ax) == ["Grace Hopper"]


def test_objects_have_rectangles_and_their_names():
    ax = draw_objects(IMAGE, objects(cup=(100, 150, 80, 60), table=(200, 250, 300, 100)))
    assert texts(ax) == ["cup", "table"]
    assert corners(ax)[0] == [[100, 150], [180, 150], [180, 210], [100, 210]]
    assert colors(ax) == list(PALETTE[:2])


def test_the_words_of_a_line_share_a_color():
    ax = draw_words(
        IMAGE,
        ocr([("20,50,100,40", "AND"), ("150,50,200,40", "EMPTY")], [("20,200,300,60", "SPACE.")]),
    )
    assert texts(ax) == ["AND", "EMPTY", "SPACE."]
    assert corners(ax)[0] == [[20, 50], [120, 50], [120, 90], [20, 90]]
    assert colors(ax) == [PALETTE[0], PALETTE[0], PALETTE[1]]


@pytest.mark.parametrize("angle", [-30.0, -4.5, 12.0, 40.0])
def test_boxes_of_a_rotated_page_are_rotated_back_onto_the_words(angle):
    page = Image.new("L", (600, 400), "white")
    box = (200, 150, 420, 190)
    ImageDraw.Draw(page).rectangle(box, fill="black")
    # Pillow rotates counter-clockwise; `textAngle` is the clockwise rotation to level text.
    rotated = page.rotate(angle, fillcolor="white")
    left, top, right, bottom = box
    result = ocr([(f"{left},{top},{right - left + 1},{bottom - top + 1}", "word")])
    ax = draw_words(rotated, {**result, "textAngle": angle, "orientation": "Up"})

    dark = np.argwhere(np.asarray(rotated) < 128)[:, ::-1] + 0.5
    inside = Path(corners(ax)[0]).contains_points(dark)
    assert len(dark) == pytest.approx(221 * 41, rel=0.02)
    assert inside.mean() > 0.98
    assert ax.texts[0].get_rotation() % 360 == pytest.approx(angle % 360)


def test_lines_have_polygons_and_their_text():
    ax = draw_lines(IMAGE, recognized(([20, 100, 500, 80, 505, 140, 25, 160], "you must be")))
    assert texts(ax) == ["you must be"]
    assert corners(ax) == [[[20, 100], [500, 80], [505, 140], [25, 160]]]


def test_lines_of_one_page_of_a_document_are_scaled_from_inches_to_the_image():
    lines = [
        {"boundingBox": [1, 1, 4, 1, 4, 2, 1, 2], "text": "first", "page": 1},
        {"boundingBox": [2, 1, 4, 1, 4, 2, 2, 2], "text": "second", "page": 2},
    ]
    sizes = [(6, 4), (12, 8)]
    pages = [
        {"page": n, "width": width, "height": height, "unit": "inch"}
        for n, (width, height) in enumerate(sizes, 1)
    ]
    result = {"status": "Succeeded", "recognitionResult": {"lines": lines, "pages": pages}}
    first, second = draw_lines(IMAGE, result), draw_lines(IMAGE, result, page=2)
    assert (texts(first), texts(second)) == (["first"], ["second"])
    assert corners(first) == [[[100, 100], [400, 100], [400, 200], [100, 200]]]
    assert corners(second) == [[[100, 50], [200, 50], [200, 100], [100, 100]]]
    with pytest.raises(ValueError, match="page 3"):
        draw_lines(IMAGE, result, page=3)


def test_lines_are_thin_relative_to_their_boxes():
    large = draw_faces(IMAGE, faces((100, 100, 200, 200))).patches[0]
    small = draw_faces(IMAGE, faces((100, 100, 8, 8))).patches[0]
    assert small.get_linewidth() < large.get_linewidth() / 2


@pytest.mark.parametrize("shape", [(6, 4), (6, 2), (2, 6)])
def test_the_line_width_depends_on_the_size_of_the_image_in_given_axes(shape):
    result = faces((100, 100, 30, 30))
    ax = draw_faces(IMAGE, result, Figure(figsize=shape).add_axes((0, 0, 1, 1)))
    scale = min(shape[0] / 600, shape[1] / 400)
    fitted = Figure(figsize=(600 * scale, 400 * scale)).add_axes((0, 0, 1, 1))
    draw_faces(IMAGE, result, fitted)
    assert ax.patches[0].get_linewidth() == pytest.approx(fitted.patches[0].get_linewidth())


@pytest.mark.parametrize(("draw", "result"), BOXES)
def test_boxes_and_labels_have_the_given_style(draw, result):
    ax = draw(IMAGE, result, color="tab:red", linewidth=3.5, fontsize=9)
    assert set(colors(ax)) == {to_hex("tab:red").upper()}
    assert {patch.get_linewidth() for patch in ax.patches} == {3.5}
    assert texts(ax) == texts(draw(IMAGE, result))
    assert {text.get_fontsize() for text in ax.texts} == {9}
    backgrounds = {to_hex(text.get_bbox_patch().get_facecolor()) for text in ax.texts}
    assert backgrounds == {to_hex("tab:red")}


@pytest.mark.parametrize(("draw", "result"), BOXES)
def test_labels_can_be_left_out(draw, result):
    ax = draw(IMAGE, result, labels=False)
    assert texts(ax) == []
    assert corners(ax) == corners(draw(IMAGE, result))


def test_a_translucent_color_and_a_named_font_size_are_accepted():
    ax = draw_objects(
        IMAGE, objects(cup=(100, 150, 80, 60)), color=(1, 0, 0, 0.5), fontsize="small"
    )
    assert ax.patches[0].get_edgecolor() == pytest.approx((1, 0, 0, 0.5), abs=0.01)
    assert ax.texts[0].get_fontsize() < mpl.rcParams["font.size"]


def test_lines_of_words_in_one_color_keep_their_labels_on_one_side():
    line = [(f"{60 * n + 10},200,50,25", f"word{n}") for n in range(9)]
    above = [("10,160,50,30", "roof")]
    one, many = (draw_words(IMAGE, ocr(line, above), color=color) for color in ("red", None))
    positions = [[text.get_position() for text in ax.texts] for ax in (one, many)]
    assert np.allclose(positions[0], positions[1])


def caption_is_below_the_image(ax: Axes) -> bool:
    """Return True if the caption starts below the image and is not wider."""
    ax.figure.draw_without_rendering()
    extent = ax.title.get_window_extent()
    return extent.y1 < ax.bbox.y0 + 1 and extent.width <= ax.bbox.width + 1


def caption_is_on_the_figure(ax: Axes) -> bool:
    corners = ax.title.get_window_extent().corners()
    return bool(ax.figure.bbox.padded(0.5).count_contains(corners) == 4)


LONG = "a group of people who stand on a street at night and look at the lights of Times Square"


@pytest.mark.parametrize("text", ["a dog", LONG])
@pytest.mark.parametrize("settings", [{}, {"figure.autolayout": True}])
@pytest.mark.filterwarnings("error")
def test_a_new_figure_extends_below_the_image_for_the_caption(text, settings):
    with mpl.rc_context(settings):
        ax = draw_caption(IMAGE, text)
        assert ax.get_title().replace("\n", " ") == text
        assert caption_is_below_the_image(ax)
        assert caption_is_on_the_figure(ax)
    assert np.allclose(ax.bbox.size / ax.figure.dpi, figure_size(IMAGE))


@pytest.mark.parametrize("fontsize", [None, 7])
@pytest.mark.parametrize("size", [*SIZES, (12, 2)])
def test_the_caption_is_no_wider_than_the_image_in_given_axes(size, fontsize):
    ax = draw_caption(IMAGE, LONG, plt.subplots(figsize=size)[1], fontsize=fontsize)
    assert ax.get_title().replace("\n", " ") == LONG
    assert caption_is_below_the_image(ax)


def test_the_caption_is_wrapped_to_as_few_lines_as_fit_the_width():
    ax = draw_caption(IMAGE, LONG, fontsize=20)
    columns = max(map(len, ax.get_title().split("\n")))
    while len(wider := textwrap.wrap(LONG, columns)) == ax.get_title().count("\n") + 1:
        columns += 1
    ax.title.set_text("\n".join(wider))
    assert ax.title.get_window_extent().width > ax.bbox.width


def test_a_long_caption_is_wrapped_in_few_measurements(monkeypatch):
    ax = Figure(figsize=(4, 3)).subplots()
    measured = []
    get_window_extent = mpl.text.Text.get_window_extent
    monkeypatch.setattr(
        mpl.text.Text,
        "get_window_extent",
        lambda self, *args, **options: (
            measured.append(self) or get_window_extent(self, *args, **options)
        ),
    )
    draw_caption(IMAGE, "word " * 200, ax)
    assert measured.count(ax.title) < 20


def test_a_caption_extends_a_figure_that_draw_faces_created():
    ax = draw_faces(IMAGE, faces((100, 100, 80, 80)))
    before = ax.get_window_extent().size
    draw_caption(IMAGE, LONG, ax)
    assert np.allclose(ax.get_window_extent().size, before, atol=0.5)
    assert caption_is_below_the_image(ax)
    assert caption_is_on_the_figure(ax)


def test_extend_figure_makes_space_for_all_captions_and_keeps_the_size_of_the_axes():
    figure, (left, right) = plt.subplots(1, 2, figsize=(6, 1.6))
    draw_caption(IMAGE, "short", left)
    draw_caption(IMAGE, LONG * 2, right)
    before = [ax.get_window_extent().size for ax in (left, right)]
    extend_figure(figure)
    assert figure.get_size_inches()[1] > 1.6
    assert all(caption_is_on_the_figure(ax) for ax in (left, right))
    after = [ax.get_window_extent().size for ax in (left, right)]
    assert np.allclose(after, before)
    height = figure.get_size_inches()[1]
    extend_figure(figure)
    assert figure.get_size_inches()[1] == pytest.approx(height)


def test_the_caption_of_a_result_starts_with_a_capital_and_keeps_names_and_dollars():
    caption = {"text": "the Bunker Hill Monument for $5 and $6", "confidence": 0.5}
    ax = draw_caption(IMAGE, {"description": {"captions": [caption]}})
    assert ax.get_title() == "The Bunker Hill Monument for $5 and $6"
    assert not ax.title.get_parse_math()


def test_a_caption_given_as_text_is_not_changed():
    assert draw_caption(IMAGE, "animal_cat").get_title() == "animal_cat"


def test_the_caption_has_the_given_style():
    ax = draw_caption(IMAGE, "a dog", color="tab:red", fontsize=20, linewidth=2)
    assert to_hex(ax.title.get_color()) == to_hex("tab:red")
    assert ax.title.get_fontsize() == 20
    default = draw_caption(IMAGE, "a dog")
    assert default.title.get_fontsize() == pytest.approx(text_size(default) * 1.1)
    with pytest.raises(TypeError, match="colour"):
        draw_caption(IMAGE, "a dog", colour="red")


def test_without_labels_the_image_has_no_title_and_fills_the_figure():
    ax = draw_caption(IMAGE, "a dog", labels=False)
    assert ax.get_title() == ""
    assert len(ax.images) == 1
    assert tuple(ax.figure.get_size_inches()) == pytest.approx(figure_size(IMAGE))


@pytest.mark.parametrize(("draw", "result"), NOTHING)
def test_the_image_is_drawn_if_nothing_was_found(draw, result):
    ax = draw(IMAGE, result)
    assert len(ax.images) == 1
    assert (ax.get_title(), texts(ax), corners(ax)) == ("", [], [])
    assert tuple(ax.figure.get_size_inches()) == pytest.approx(figure_size(IMAGE))


@pytest.mark.parametrize("draw", [draw_caption, draw_faces, draw_objects, draw_words, draw_lines])
def test_the_result_of_another_operation_raises_and_leaves_no_figure(draw):
    with pytest.raises(ValueError, match=r"'color'.*: use the result of"):
        draw(IMAGE, {"color": {}, "requestId": "1"})
    assert plt.get_fignums() == []


@pytest.mark.parametrize(("draw", "result"), [(draw_caption, "a dog"), *BOXES])
def test_invalid_arguments_raise_and_leave_no_figure(draw: Callable[..., Axes], result: Any):
    with pytest.raises(ValueError, match="no color"):
        draw(IMAGE, result, color="no color")
    with pytest.raises(ValueError, match="large"):
        draw(IMAGE, result, fontsize="very large")
    with pytest.raises(ImageError):
        draw("no/such/image.jpg", result)
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    "code",
    [
        "import visionhelpers.drawing",
        "from matplotlib.figure import Figure; from PIL import Image;"
        "from visionhelpers import draw_caption;"
        "draw_caption(Image.new('RGB', (60, 40)), 'a', Figure().subplots())",
    ],
)
def test_pyplot_is_not_loaded_for_given_axes(code):
    code = f"import sys; {code}; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_notebook_cell_shows_the_figure_once_and_prints_nothing():
    source = (
        "from PIL import Image\n"
        "from visionhelpers import draw_caption\n"
        "ax = draw_caption(Image.new('RGB', (60, 40)), '東京 \\u0378 $x$')"
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    NotebookClient(notebook, timeout=120).execute()
    (output,) = notebook.cells[0].outputs
    assert output.output_type == "display_data"
    assert output.data["text/plain"].startswith("<Figure size 700x")
    assert output.data["text/plain"].endswith("with 1 Axes>")
