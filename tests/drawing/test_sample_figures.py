"""What the service finds on every picture there is, drawn in several sizes, can be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tests.legible import HAIR, assert_legible
from visionhelpers import VisionClient, draw_caption, draw_faces, draw_lines, draw_words, load_image
from visionhelpers.drawing.labels import SMALLEST
from visionhelpers.images import sample, samples
from visionhelpers.results import Answer
from visionhelpers.service import LocalService

mpl.use("agg")

Drawing: TypeAlias = tuple[Path, Callable[..., Axes], Answer]

OWN, PANEL = "a figure of its own", "one of two panels"
LONG_SIDES = 4.0, 7.0, 12.0
"""Inches."""


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    yield
    plt.close("all")


@pytest.fixture(scope="module", params=["samples", "shared"])
def drawings(request: pytest.FixtureRequest, service: LocalService) -> list[Drawing]:
    """Every picture with the answers to be drawn on it, asked for once."""
    if request.param == "samples":
        pictures = [sample(name) for name in samples()]
    else:
        pictures = sorted((request.getfixturevalue("evaluation") / "images").iterdir())
    assert len(pictures) >= 9
    client = VisionClient(service.url, service.key)
    return [drawing for picture in pictures for drawing in drawings_of(picture, client)]


def drawings_of(picture: Path, client: VisionClient) -> Iterator[Drawing]:
    seen = client.analyze(picture, features=["Description", "Faces"])
    yield picture, draw_caption, seen
    if seen["faces"]:
        yield picture, draw_faces, seen
    if "text" in seen["description"]["tags"]:
        yield picture, draw_words, client.ocr(picture)
        yield picture, draw_lines, client.recognize_text(picture)


def axes(size: Any, picture: Path) -> Axes | None:
    if size == OWN:
        return None
    if size == PANEL:
        return Figure().subplots(1, 2)[0]
    width, height = load_image(picture).size
    scale = size / max(width, height)
    return Figure(figsize=(width * scale, height * scale)).add_axes((0, 0, 1, 1))


def assert_on_the_figure(ax: Axes) -> None:
    extent = ax.title.get_window_extent()
    assert ax.figure.bbox.padded(HAIR).count_contains(extent.corners()) == 4, ax.get_title()


@pytest.mark.parametrize("size", [*LONG_SIDES, OWN, PANEL])
def test_no_label_is_outside_the_picture_or_on_another(drawings: list[Drawing], size: Any) -> None:
    captions, labels, missing = 0, 0, 0
    for picture, draw, answer in drawings:
        ax = draw(picture, answer, axes(size, picture))
        assert_legible(ax, ax.texts)
        assert min(text.get_fontsize() for text in (ax.title, *ax.texts)) >= SMALLEST
        if ax.get_title():
            assert_on_the_figure(ax)
            captions += 1
        labels += len(ax.texts)
        missing += any("do not fit" in text.get_text() for text in ax.texts)
        plt.close("all")
    assert captions >= 9
    assert labels >= 60
    assert size == PANEL or not missing
