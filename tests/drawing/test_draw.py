from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Polygon
from matplotlib.path import Path
from nbclient import NotebookClient
from PIL import Image, ImageDraw

from visionhelpers import draw_caption, draw_faces, draw_lines, draw_words, sample
from visionhelpers.drawing.draw import COLOURS, LONG_SIDE

mpl.use("agg")

PICTURE = Image.new("RGB", (600, 400), "navy")
SIZES = [(2.5, 2), (6.4, 4.8), (14, 8)]


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    yield
    plt.close("all")


def faces(*rectangles: tuple[int, int, int, int]) -> dict[str, object]:
    keys = ("left", "top", "width", "height")
    return {
        "faces": [
            {"age": 30 + n, "gender": "Female", "faceRectangle": dict(zip(keys, each, strict=True))}
            for n, each in enumerate(rectangles)
        ]
    }


def ocr(*lines: list[tuple[str, str]], **more: object) -> dict[str, object]:
    words = [[{"boundingBox": box, "text": text} for box, text in line] for line in lines]
    return {"language": "en", "regions": [{"lines": [{"words": row} for row in words]}], **more}


def written(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def corners(ax: Axes) -> list[list[list[float]]]:
    """The corners of every polygon on the axes."""
    assert all(isinstance(patch, Polygon) for patch in ax.patches)
    return [patch.get_xy()[:-1].tolist() for patch in ax.patches]


def colours(ax: Axes) -> list[str]:
    return [to_hex(patch.get_edgecolor()).upper() for patch in ax.patches]


@pytest.mark.parametrize("size", [(50, 40), (600, 400), (300, 900), (3800, 2600)])
def test_a_new_figure_is_the_picture_and_nothing_else(size):
    ax = draw_faces(Image.new("RGB", size), {"faces": []})
    assert max(ax.figure.get_size_inches()) == LONG_SIDE
    ax.figure.draw_without_rendering()
    assert np.allclose(ax.bbox.extents, ax.figure.bbox.extents, atol=1)
    assert not ax.axison
    assert plt.get_fignums() == [ax.figure.number]


def test_axes_that_are_given_are_used_and_no_figure_is_made():
    figure, ax = plt.subplots()
    assert draw_faces(PICTURE, faces((10, 10, 50, 50)), ax) is ax
    assert draw_words(PICTURE, ocr(), ax) is ax
    assert draw_lines(PICTURE, {"recognitionResult": {"lines": []}}, ax) is ax
    assert draw_caption(PICTURE, "six people", ax) is ax
    assert plt.get_fignums() == [figure.number]


def test_the_picture_is_not_changed():
    picture = PICTURE.copy()
    draw_faces(picture, faces((10, 10, 50, 50)))
    assert picture.tobytes() == PICTURE.tobytes()


def test_a_picture_turned_by_its_exif_is_shown_upright():
    data, exif = BytesIO(), Image.Exif()
    exif[0x0112] = 6
    PICTURE.save(data, "jpeg", exif=exif)
    ax = draw_caption(data.getvalue(), "on its side")
    assert ax.images[0].get_array().shape == (600, 400, 3)


def test_coordinates_are_edges_of_pixels_from_the_top_left():
    ax = draw_faces(PICTURE, faces((0, 0, 600, 400)))
    assert ax.get_xlim() == (0, 600)
    assert ax.get_ylim() == (400, 0)
    assert corners(ax) == [[[0, 0], [600, 0], [600, 400], [0, 400]]]


@pytest.mark.parametrize("size", SIZES)
def test_faces_have_rectangles_and_readable_labels_in_the_same_colour(size):
    _, ax = plt.subplots(figsize=size)
    rectangles = [(100, 150, 80, 80), (200, 150, 80, 80), (300, 140, 80, 80)]
    draw_faces(PICTURE, faces(*rectangles), ax)
    assert written(ax) == ["30, Female", "31, Female", "32, Female"]
    assert corners(ax)[1] == [[200, 150], [280, 150], [280, 230], [200, 230]]
    assert colours(ax) == list(COLOURS[:3])
    backgrounds = [text.get_bbox_patch().get_facecolor() for text in ax.texts]
    assert [to_hex(colour).upper() for colour in backgrounds] == colours(ax)
    extents = [text.get_window_extent() for text in ax.texts]
    assert all(ax.bbox.count_contains(extent.corners()) == 4 for extent in extents)
    assert not any(extents[n].overlaps(extents[n + 1]) for n in range(2))


def test_a_celebrity_is_named():
    rectangle = {"left": 156, "top": 123, "width": 187, "height": 187}
    person = {"name": "Grace Hopper", "confidence": 0.99, "faceRectangle": rectangle}
    ax = draw_faces(sample("grace_hopper.jpg"), {"result": {"celebrities": [person]}})
    assert written(ax) == ["Grace Hopper"]


def test_the_words_of_a_line_share_a_colour():
    ax = draw_words(
        PICTURE,
        ocr([("20,50,100,40", "AND"), ("150,50,200,40", "EMPTY")], [("20,200,300,60", "SPACE.")]),
    )
    assert written(ax) == ["AND", "EMPTY", "SPACE."]
    assert corners(ax)[0] == [[20, 50], [120, 50], [120, 90], [20, 90]]
    assert colours(ax) == [COLOURS[0], COLOURS[0], COLOURS[1]]


@pytest.mark.parametrize("angle", [-30.0, -4.5, 12.0, 40.0])
def test_boxes_of_a_slanted_page_are_turned_back_onto_the_words(angle):
    page = Image.new("L", (600, 400), "white")
    box = (200, 150, 420, 190)
    ImageDraw.Draw(page).rectangle(box, fill="black")
    # Pillow turns counter-clockwise, and the answer tells how far to turn clockwise.
    slanted = page.rotate(angle, fillcolor="white")
    left, top, right, bottom = box
    answer = ocr([(f"{left},{top},{right - left + 1},{bottom - top + 1}", "word")])
    ax = draw_words(slanted, {**answer, "textAngle": angle, "orientation": "Up"})

    dark = np.argwhere(np.asarray(slanted) < 128)[:, ::-1] + 0.5
    inside = Path(corners(ax)[0]).contains_points(dark)
    assert len(dark) == pytest.approx(221 * 41, rel=0.02)
    assert inside.mean() > 0.98
    assert ax.texts[0].get_rotation() % 360 == pytest.approx(angle % 360)


def test_lines_have_polygons_and_their_text():
    line = {"boundingBox": [20, 100, 500, 80, 505, 140, 25, 160], "text": "you must be"}
    ax = draw_lines(PICTURE, {"status": "Succeeded", "recognitionResult": {"lines": [line]}})
    assert written(ax) == ["you must be"]
    assert corners(ax) == [[[20, 100], [500, 80], [505, 140], [25, 160]]]


def test_frames_are_thin_beside_what_they_frame():
    large = draw_faces(PICTURE, faces((100, 100, 200, 200))).patches[0]
    small = draw_faces(PICTURE, faces((100, 100, 8, 8))).patches[0]
    assert small.get_linewidth() < large.get_linewidth() / 2


def caption_fits(ax: Axes) -> bool:
    """Tell whether the caption is under the picture, no wider, and wholly on the figure."""
    ax.figure.draw_without_rendering()
    extent = ax.title.get_window_extent()
    on_figure = ax.figure.bbox.padded(0.5).count_contains(extent.corners()) == 4
    return on_figure and extent.y1 < ax.bbox.y0 + 1 and extent.width <= ax.bbox.width + 1


LONG = "a group of people who stand on a street at night and look at the lights of Times Square"


@pytest.mark.parametrize("size", [None, *SIZES])
@pytest.mark.parametrize("text", ["a dog", LONG])
def test_the_caption_is_under_the_picture_and_never_cut_off(size, text):
    ax = None if size is None else plt.subplots(figsize=size)[1]
    ax = draw_caption(PICTURE, text, ax)
    assert ax.get_title().replace("\n", " ") == text
    assert caption_fits(ax)


def test_a_caption_goes_under_what_was_drawn_before_and_leaves_it_in_place():
    ax = draw_faces(PICTURE, faces((100, 100, 80, 80)))
    before = ax.get_window_extent().size
    draw_caption(PICTURE, LONG, ax)
    assert np.allclose(ax.get_window_extent().size, before, atol=0.5)
    assert caption_fits(ax)


def test_every_panel_keeps_its_size_when_the_figure_grows_for_a_caption():
    figure, (left, right) = plt.subplots(1, 2, figsize=(6, 1.6))
    before = [ax.get_window_extent().size for ax in (left, right)]
    draw_caption(PICTURE, LONG, left)
    assert figure.get_size_inches()[1] > 1.6
    assert np.allclose(left.get_position(original=True).height * figure.bbox.height, before[0][1])
    assert np.allclose(right.get_window_extent().size, before[1])


def test_the_caption_of_an_answer_begins_with_a_capital_and_keeps_names_and_dollars():
    found = {"text": "the Bunker Hill Monument for $5 and $6", "confidence": 0.5}
    ax = draw_caption(PICTURE, {"description": {"captions": [found]}})
    assert ax.get_title() == "The Bunker Hill Monument for $5 and $6"
    assert not ax.title.get_parse_math()


def test_a_caption_of_ones_own_is_written_as_it_is():
    assert draw_caption(PICTURE, "animal_cat").get_title() == "animal_cat"


def test_nothing_found_is_a_picture_without_a_caption():
    assert draw_caption(PICTURE, {"description": {"tags": [], "captions": []}}).get_title() == ""


@pytest.mark.parametrize("draw", [draw_caption, draw_faces, draw_words, draw_lines])
def test_the_wrong_answer_is_refused_and_leaves_no_figure(draw):
    with pytest.raises(ValueError, match=r"needs the .*answer of"):
        draw(PICTURE, {"color": {}, "requestId": "1"})
    assert plt.get_fignums() == []


def test_drawing_on_given_axes_loads_no_pyplot():
    code = (
        "import sys; from matplotlib.figure import Figure; from PIL import Image;"
        "from visionhelpers import draw_caption;"
        "draw_caption(Image.new('RGB', (60, 40)), 'a', Figure().subplots());"
        "sys.exit('matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_notebook_cell_shows_the_figure_once_and_says_nothing_else():
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
