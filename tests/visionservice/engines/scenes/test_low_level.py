import numpy as np

from visionservice.engines.base import MIN_GRASS, MIN_SKY, MIN_SNOW
from visionservice.engines.scenes.classifier import extract

SKY_BLUE, LEAF_GREEN = (120, 170, 240), (60, 140, 40)


def landscape() -> np.ndarray:
    image = np.empty((200, 200, 3), np.uint8)
    image[:100], image[100:] = SKY_BLUE, LEAF_GREEN
    blades = np.random.default_rng(4).integers(-20, 20, (100, 200, 1))
    image[100:] = (image[100:] + blades).astype(np.uint8)
    return image


def test_blue_at_the_top_counts_as_sky_and_green_below_as_grass() -> None:
    seen = extract(landscape())
    assert abs(seen.sky - 0.5) < 0.05
    assert seen.grass > 0.95
    assert abs(seen.green - 0.5) < 0.05


def test_upside_down_there_is_neither() -> None:
    seen = extract(landscape()[::-1])
    assert seen.sky < MIN_SKY
    assert seen.grass < MIN_GRASS


def test_rough_blue_is_no_sky() -> None:
    noise = np.random.default_rng(1).integers(-60, 60, (200, 200, 1))
    rough = np.clip(np.array(SKY_BLUE) + noise, 0, 255).astype(np.uint8)
    assert extract(rough).sky < MIN_SKY


def test_even_roughness_is_a_texture() -> None:
    gravel = np.random.default_rng(2).integers(60, 200, (280, 280, 1), np.uint8).repeat(3, axis=2)
    assert extract(gravel).texture > 0.9
    gravel[:140] = 128
    assert extract(gravel).texture == 0


def test_an_image_without_an_edge_is_plain_whatever_its_grain() -> None:
    ramp = np.tile(np.linspace(0, 255, 280), (280, 1))[..., None].repeat(3, axis=2)
    assert extract(ramp.astype(np.uint8)).plain
    grain = np.random.default_rng(3).normal(230, 8, (280, 280, 1)).clip(0, 255).astype(np.uint8)
    paper = grain.repeat(3, axis=2)
    assert extract(paper).plain
    paper[100:110, 100:180] = 20
    assert not extract(paper).plain


def test_green_out_of_focus_is_no_grass() -> None:
    blurred = np.full((200, 200, 3), LEAF_GREEN, np.uint8)
    assert extract(blurred).grass == 0
    assert extract(blurred).green > 0.95


def test_wires_do_not_end_the_sky_and_only_blue_is_blue() -> None:
    image = landscape()
    image[20:22] = 60
    assert extract(image).sky > 0.4
    assert extract(image).blue == extract(image).sky
    image[:100] = (230, 225, 220)
    assert extract(image).sky > 0.4
    assert extract(image).blue == 0


def test_white_below_the_sky_is_measured_for_snow() -> None:
    image = landscape()
    assert extract(image).white < MIN_SNOW
    image[150:] = 245
    assert extract(image).white > 0.3


def test_a_dim_image_is_dark_but_not_a_dim_forest() -> None:
    assert extract(np.full((50, 50, 3), 30, np.uint8)).dark
    assert not extract(np.full((50, 50, 3), (15, 45, 15), np.uint8)).dark
    assert not extract(landscape()).dark
