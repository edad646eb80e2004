from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageOps

from visionhelpers.images import load_image, sample_path
from visionservice.engines.base import Colors
from visionservice.engines.colors import NAMES, analyze

PAINTS = {
    "Black": (5, 5, 5),
    "Blue": (30, 60, 200),
    "Brown": (110, 65, 30),
    "Grey": (128, 128, 128),
    "Green": (40, 140, 50),
    "Orange": (250, 140, 20),
    "Pink": (250, 150, 190),
    "Purple": (120, 40, 160),
    "Red": (210, 20, 25),
    "Teal": (0, 130, 130),
    "White": (250, 250, 250),
    "Yellow": (250, 220, 30),
}
COLORED = [
    "chelsea_the_cat.jpg",
    "coffee_cup.jpg",
    "dahlia.jpg",
    "eileen_collins.jpg",
    "grace_hopper.jpg",
    "rocket_at_dusk.jpg",
    "summer_palace.jpg",
]


def colors(name: str) -> Colors:
    return analyze(np.asarray(load_image(sample_path(name))))


def plain(color: tuple[int, int, int]) -> NDArray[np.uint8]:
    return np.full((100, 150, 3), color, np.uint8)


def printed(
    name: str, dark: str, light: str, between: str | None = None, quality: int = 80
) -> NDArray[np.uint8]:
    """A photograph printed in the tone from dark to light, and saved as a JPEG."""
    gray = load_image(sample_path(name)).convert("L")
    file = BytesIO()
    ImageOps.colorize(gray, dark, light, mid=between).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file).convert("RGB"))


def test_there_are_the_twelve_names_of_the_api() -> None:
    assert set(NAMES) == set(PAINTS)


@pytest.mark.parametrize("name", PAINTS)
def test_a_plain_color_has_its_name_everywhere(name: str) -> None:
    found = analyze(plain(PAINTS[name]))
    assert (found.foreground, found.background, found.dominant) == (name, name, (name,))


def test_the_middle_is_the_foreground_and_the_border_the_background() -> None:
    image = plain(PAINTS["Green"])
    image[20:80, 30:120] = PAINTS["Red"]
    found = analyze(image)
    assert (found.foreground, found.background) == ("Red", "Green")
    assert set(found.dominant) == {"Red", "Green"}


def test_dominant_colors_are_the_commonest_first_without_specks() -> None:
    image = plain(PAINTS["White"])
    image[:40] = PAINTS["Blue"]
    image[90:, :20] = PAINTS["Red"]
    assert analyze(image).dominant == ("White", "Blue")


def test_the_accent_is_the_vibrant_color_not_the_common_one() -> None:
    image = plain(PAINTS["Grey"])
    image[30:60, 40:80] = (230, 40, 20)
    assert analyze(image).accent == "E62814"


def test_an_image_without_color_has_a_gray_accent() -> None:
    accent = colors("photographer.jpg").accent
    assert accent[:2] == accent[2:4] == accent[4:]


def test_a_photograph_in_color_is_not_black_and_white() -> None:
    assert not any(colors(name).black_and_white for name in COLORED)


def test_a_gray_photograph_is_black_and_white() -> None:
    assert colors("photographer.jpg").black_and_white


@pytest.mark.parametrize("name", ["eileen_collins.jpg", "summer_palace.jpg", "coffee_cup.jpg"])
def test_a_sepia_print_and_a_yellowed_scan_are_black_and_white(name: str) -> None:
    assert analyze(printed(name, "#1a0f05", "#f5e6c8", "#8a6a45")).black_and_white
    assert analyze(printed(name, "#15120e", "#f7eed2")).black_and_white


@pytest.mark.parametrize("quality", [80, 30])
def test_a_cyanotype_is_black_and_white_though_its_hue_drifts(quality: int) -> None:
    for name in ("chelsea_the_cat.jpg", "dahlia.jpg", "summer_palace.jpg"):
        tone = ("#0a1a3a", "#e8f4ff", "#3a6ea0")
        assert analyze(printed(name, *tone, quality=quality)).black_and_white, name


def test_a_warm_half_and_a_cold_half_are_two_colors() -> None:
    image = printed("coffee_cup.jpg", "#1a0f05", "#f5e6c8", "#8a6a45").copy()
    half = image.shape[1] // 2
    image[:, half:] = printed("coffee_cup.jpg", "#0a1a3a", "#e8f4ff", "#3a6ea0")[:, half:]
    assert not analyze(image).black_and_white


def test_a_wall_of_one_color_is_not_black_and_white() -> None:
    assert not analyze(plain((150, 170, 200))).black_and_white
    assert not analyze(plain(PAINTS["Red"])).black_and_white


def test_a_little_color_on_gray_is_color() -> None:
    image = np.array(load_image(sample_path("photographer.jpg")))
    height, width = image.shape[:2]
    image[: height // 8, : width // 8] = PAINTS["Red"]
    assert not analyze(image).black_and_white


def test_photographs_have_the_colors_that_a_person_sees() -> None:
    assert colors("dahlia.jpg").foreground == "Orange"
    assert colors("rocket_at_dusk.jpg").background == "Blue"
    assert "Brown" in colors("chelsea_the_cat.jpg").dominant


def test_the_published_images_have_sensible_colors(evaluation: Path) -> None:
    cheese = analyze(np.asarray(load_image(evaluation / "images" / "cheese_clipart.png")))
    assert (cheese.foreground, cheese.background) == ("Yellow", "White")
    lion = analyze(np.asarray(load_image(evaluation / "images" / "lion_drawing.png")))
    assert lion.background == "White"
    assert lion.black_and_white
