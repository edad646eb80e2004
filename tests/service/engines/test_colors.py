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

Pixels = NDArray[np.uint8]

PAINTS = {
    "Black": (5, 5, 5), "Blue": (30, 60, 200), "Brown": (110, 65, 30), "Grey": (128, 128, 128),
    "Green": (40, 140, 50), "Orange": (250, 140, 20), "Pink": (250, 150, 190),
    "Purple": (120, 40, 160), "Red": (210, 20, 25), "Teal": (0, 130, 130),
    "White": (250, 250, 250), "Yellow": (250, 220, 30),
}  # fmt: skip
SEPIA = ("#1a0f05", "#8a6a45", "#f5e6c8")
YELLOWED = ("#15120e", None, "#f7eed2")
CYANOTYPE = ("#0a1a3a", "#3a6ea0", "#e8f4ff")
"""The tones of a print: dark, between, light."""


def pixels(name: str) -> Pixels:
    return np.array(load_image(sample_path(f"{name}.jpg")))


def colors(name: str) -> Colors:
    return analyze(pixels(name))


def plain(color: tuple[int, int, int]) -> Pixels:
    return np.full((100, 150, 3), color, np.uint8)


def printed(name: str, tones: tuple[str, str | None, str], quality: int = 80) -> Pixels:
    """A photograph printed in these tones, and saved as a JPEG."""
    dark, between, light = tones
    gray = load_image(sample_path(f"{name}.jpg")).convert("L")
    file = BytesIO()
    ImageOps.colorize(gray, dark, light, mid=between).save(file, "JPEG", quality=quality)
    return np.array(Image.open(file).convert("RGB"))


def test_a_plain_color_has_its_name_everywhere() -> None:
    for name, color in PAINTS.items():
        found = analyze(plain(color))
        assert (found.foreground, found.background, found.dominant) == (name, name, (name,))
    assert set(NAMES) == set(PAINTS)


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


def test_the_accent_is_the_vibrant_color_and_gray_without_any() -> None:
    image = plain(PAINTS["Grey"])
    image[30:60, 40:80] = (230, 40, 20)
    assert analyze(image).accent == "E62814"
    accent = colors("photographer").accent
    assert accent[:2] == accent[2:4] == accent[4:]


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(pixels("photographer"), id="gray"),
        pytest.param(printed("eileen_collins", SEPIA), id="a portrait in sepia"),
        pytest.param(printed("summer_palace", SEPIA), id="a view in sepia"),
        pytest.param(printed("coffee_cup", YELLOWED), id="on yellowed paper"),
        pytest.param(printed("chelsea_the_cat", CYANOTYPE), id="a cyanotype, whose hue drifts"),
        pytest.param(printed("dahlia", CYANOTYPE, quality=30), id="a cyanotype of low quality"),
    ],
)
def test_a_print_in_one_ink_is_black_and_white(image: Pixels) -> None:
    assert analyze(image).black_and_white


def half_warm_half_cold() -> Pixels:
    image = printed("coffee_cup", SEPIA)
    half = image.shape[1] // 2
    image[:, half:] = printed("coffee_cup", CYANOTYPE)[:, half:]
    return image


def with_a_little_red() -> Pixels:
    image = pixels("photographer")
    height, width = image.shape[:2]
    image[: height // 8, : width // 8] = PAINTS["Red"]
    return image


@pytest.mark.parametrize(
    "image",
    [
        *map(pixels, ("chelsea_the_cat", "coffee_cup", "grace_hopper", "rocket_at_dusk")),
        pytest.param(half_warm_half_cold(), id="a warm and a cold half"),
        pytest.param(with_a_little_red(), id="a little red on gray"),
        pytest.param(plain((150, 170, 200)), id="a wall in light blue"),
        pytest.param(plain(PAINTS["Red"]), id="a red wall"),
    ],
)
def test_an_image_with_colors_is_not_black_and_white(image: Pixels) -> None:
    assert not analyze(image).black_and_white


def test_photographs_and_drawings_have_the_colors_that_a_person_sees(evaluation: Path) -> None:
    assert colors("dahlia").foreground == "Orange"
    assert colors("rocket_at_dusk").background == "Blue"
    assert "Brown" in colors("chelsea_the_cat").dominant
    cheese, lion = (
        analyze(np.asarray(load_image(evaluation / "images" / name)))
        for name in ("cheese_clipart.png", "lion_drawing.png")
    )
    assert (cheese.foreground, cheese.background) == ("Yellow", "White")
    assert (lion.background, lion.black_and_white) == ("White", True)
