from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from visionhelpers.images import load_image, sample_path
from visionservice.engines.base import ImageType
from visionservice.engines.image_type import classify

Pixels = NDArray[np.uint8]

PHOTOGRAPHS = [
    "chelsea_the_cat.jpg",
    "coffee_cup.jpg",
    "dahlia.jpg",
    "grace_hopper.jpg",
    "photographer.jpg",
    "rocket_at_dusk.jpg",
    "summer_palace.jpg",
]


def pixels(path: Path) -> Pixels:
    return np.asarray(load_image(path))


def paper(width: int = 400, height: int = 300) -> Pixels:
    return np.full((height, width, 3), 255, np.uint8)


def snowman(fill: tuple[int, int, int] | None) -> Pixels:
    """Two balls and a hat with black outlines, filled with a color or left white."""
    image = paper()
    for center, radius in (((200, 200), 70), ((200, 100), 45)):
        if fill:
            cv2.circle(image, center, radius, fill, -1, cv2.LINE_AA)
        cv2.circle(image, center, radius, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.line(image, (140, 60), (260, 60), (0, 0, 0), 3, cv2.LINE_AA)
    cv2.rectangle(image, (165, 20), (235, 60), (0, 0, 0), 3, cv2.LINE_AA)
    return image


def cut_out(image: Pixels, ground: tuple[int, int, int] = (255, 255, 255)) -> Pixels:
    """The middle of a photograph, in an oval on white or a color."""
    height, width = image.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    cv2.ellipse(mask, (width // 2, height // 2), (width // 3, height // 3), 0, 0, 360, 1, -1)
    return np.where(mask[..., None] > 0, image, np.array(ground, np.uint8))


def test_outlines_are_a_line_drawing() -> None:
    assert classify(snowman(None), lambda: 0) == ImageType(clip_art=2, line_drawing=1)


@pytest.mark.parametrize("sky", [(250, 200, 40), (70, 150, 230), (40, 30, 90)])
def test_a_drawing_filled_up_to_the_border_is_clip_art(sky: tuple[int, int, int]) -> None:
    image = snowman((240, 240, 255))
    white = (image == 255).all(axis=2)
    image[white] = sky
    assert classify(image, lambda: 0).clip_art >= 2
    assert classify(np.full_like(image, sky), lambda: 0) == ImageType(0, 0)


def test_a_colored_drawing_is_good_clip_art() -> None:
    assert classify(snowman((250, 200, 40)), lambda: 0) == ImageType(clip_art=3, line_drawing=0)


def test_a_drawing_filled_with_gray_or_black_is_normal_clip_art() -> None:
    assert classify(snowman((130, 130, 130)), lambda: 0) == ImageType(2, 0)
    assert classify(snowman((10, 10, 10)), lambda: 0) == ImageType(2, 0)


def test_the_size_of_a_drawing_does_not_matter() -> None:
    for fill, expected in ((None, ImageType(2, 1)), ((250, 200, 40), ImageType(3, 0))):
        large = cv2.resize(snowman(fill), None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC)
        assert classify(large, lambda: 0) == expected


@pytest.mark.parametrize("fill", [None, (250, 200, 40)])
def test_a_drawing_stays_one_small_in_the_shade_and_pressed(
    fill: tuple[int, int, int] | None,
) -> None:
    image = snowman(fill)
    expected = ImageType(3, 0) if fill else ImageType(2, 1)
    small = cv2.resize(image, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
    pressed = cv2.imdecode(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 30])[1], 1)
    for variant in (small, cv2.convertScaleAbs(image, alpha=0.7), pressed):
        assert classify(np.asarray(variant, np.uint8), lambda: 0) == expected


def test_a_handwritten_note_is_neither() -> None:
    assert classify(pixels(sample_path("handwritten_note.jpg")), lambda: 6) == ImageType(0, 0)


def test_the_published_images_have_their_published_types(evaluation: Path) -> None:
    images = evaluation / "images"
    assert classify(pixels(images / "cheese_clipart.png"), lambda: 0) == ImageType(3, 0)
    assert classify(pixels(images / "lion_drawing.png"), lambda: 0) == ImageType(2, 1)


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_a_photograph_is_neither(name: str) -> None:
    assert classify(pixels(sample_path(name)), lambda: 0) == ImageType(0, 0)


@pytest.mark.parametrize("name", ["chelsea_the_cat.jpg", "dahlia.jpg", "grace_hopper.jpg"])
@pytest.mark.parametrize("ground", [(255, 255, 255), (255, 210, 0), (20, 110, 190)])
def test_a_photograph_cut_out_on_a_plain_ground_is_not_clip_art(
    name: str, ground: tuple[int, int, int]
) -> None:
    assert classify(cut_out(pixels(sample_path(name)), ground), lambda: 0).clip_art < 2


@pytest.mark.parametrize("name", ["eileen_collins.jpg", "grace_hopper.jpg", "coffee_cup.jpg"])
def test_a_photograph_that_was_brightened_is_not_clip_art(name: str) -> None:
    bright = np.clip(pixels(sample_path(name)) * 1.8, 0, 255).astype(np.uint8)
    assert classify(bright, lambda: 0).clip_art < 2


@pytest.mark.parametrize("fill", [(250, 200, 40), (130, 130, 130)])
def test_words_are_counted_only_where_they_matter(fill: tuple[int, int, int]) -> None:
    colored, counts = len(set(fill)) > 1, []
    classify(snowman(fill), lambda: counts.append(1) or 0)  # type: ignore[func-returns-value]
    assert len(counts) == (0 if colored else 1)
    classify(pixels(sample_path("dahlia.jpg")), lambda: pytest.fail("words were counted"))


def test_a_page_of_print_is_neither() -> None:
    assert classify(pixels(sample_path("democritus.png")), lambda: 11) == ImageType(0, 0)


def test_an_empty_page_is_neither() -> None:
    assert classify(paper(), lambda: 0) == ImageType(0, 0)
