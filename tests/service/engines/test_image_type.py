from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from visionhelpers.images import load_image, sample_path
from visionservice.engines.base import ImageType
from visionservice.engines.image_type import classify

Pixels = NDArray[np.uint8]
Color = tuple[int, int, int]

NEITHER, LINE_DRAWING = ImageType(0, 0), ImageType(clip_art=2, line_drawing=1)
NORMAL, GOOD = ImageType(clip_art=2, line_drawing=0), ImageType(clip_art=3, line_drawing=0)
WHITE, ORANGE, GRAY, BLACK = (255, 255, 255), (250, 200, 40), (130, 130, 130), (10, 10, 10)


def pixels(name: str) -> Pixels:
    return np.asarray(load_image(sample_path(name)))


def snowman(fill: Color, ground: Color = WHITE) -> Pixels:
    """Two balls and a hat with black outlines."""
    image = np.full((300, 400, 3), ground, np.uint8)
    for center, radius in (((200, 200), 70), ((200, 100), 45)):
        cv2.circle(image, center, radius, fill, -1, cv2.LINE_AA)
        cv2.circle(image, center, radius, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.line(image, (140, 60), (260, 60), (0, 0, 0), 3, cv2.LINE_AA)
    cv2.rectangle(image, (165, 20), (235, 60), (0, 0, 0), 3, cv2.LINE_AA)
    return image


def cut_out(image: Pixels, ground: Color) -> Pixels:
    """The middle of a photograph, in an oval on a color."""
    height, width = image.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    cv2.ellipse(mask, (width // 2, height // 2), (width // 3, height // 3), 0, 0, 360, 1, -1)
    return np.where(mask[..., None] > 0, image, np.array(ground, np.uint8))


@pytest.mark.parametrize(
    ("fill", "expected"), [(WHITE, LINE_DRAWING), (ORANGE, GOOD), (GRAY, NORMAL), (BLACK, NORMAL)]
)
def test_a_drawing_has_its_type(fill: Color, expected: ImageType) -> None:
    assert classify(snowman(fill), lambda: 0) == expected


@pytest.mark.parametrize(("fill", "expected"), [(WHITE, LINE_DRAWING), (ORANGE, GOOD)])
def test_a_drawing_has_its_type_large_small_in_the_shade_and_compressed(
    fill: Color, expected: ImageType
) -> None:
    image = snowman(fill)
    large = cv2.resize(image, None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC)
    small = cv2.resize(image, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    shaded = cv2.convertScaleAbs(image, alpha=0.7)
    compressed = cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 30])[1], 1)
    for variant in (large, small, shaded, compressed):
        assert classify(np.asarray(variant, np.uint8), lambda: 0) == expected


@pytest.mark.parametrize("sky", [(250, 200, 40), (70, 150, 230), (40, 30, 90)])
def test_a_drawing_filled_up_to_the_border_is_clip_art(sky: Color) -> None:
    assert classify(snowman((240, 240, 255), sky), lambda: 0).clip_art >= 2


@pytest.mark.parametrize(
    "name",
    ["chelsea_the_cat.jpg", "coffee_cup.jpg", "dahlia.jpg", "grace_hopper.jpg", "photographer.jpg",
     "summer_palace.jpg"],
)  # fmt: skip
def test_a_photograph_is_neither_nor_is_it_clip_art_when_it_is_cut_out_or_brightened(
    name: str,
) -> None:
    image = pixels(name)
    assert classify(image, lambda: 0) == NEITHER
    bright = np.clip(image * 1.8, 0, 255).astype(np.uint8)
    for variant in (bright, *(cut_out(image, c) for c in (WHITE, (255, 210, 0), (20, 110, 190)))):
        assert classify(variant, lambda: 0).clip_art < 2


@pytest.mark.parametrize(
    ("image", "word_count"),
    [
        pytest.param(pixels("handwritten_note.jpg"), 6, id="handwriting"),
        pytest.param(pixels("democritus.png"), 11, id="print"),
        pytest.param(snowman(WHITE, WHITE), 1, id="a drawing with words"),
        pytest.param(np.full((300, 400, 3), WHITE, np.uint8), 0, id="an empty page"),
        pytest.param(np.full((300, 400, 3), ORANGE, np.uint8), 0, id="an empty page in color"),
    ],
)
def test_a_page_is_neither(image: Pixels, word_count: int) -> None:
    assert classify(image, lambda: word_count) == NEITHER


@pytest.mark.parametrize(
    ("image", "times"), [(snowman(ORANGE), 0), (snowman(GRAY), 1), (pixels("dahlia.jpg"), 0)]
)
def test_words_are_counted_only_where_they_matter(image: Pixels, times: int) -> None:
    counts: list[int] = []

    def count() -> int:
        counts.append(1)
        return 0

    classify(image, count)
    assert len(counts) == times
