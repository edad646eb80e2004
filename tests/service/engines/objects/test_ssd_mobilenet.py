from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from visionhelpers.images import load_image, sample_path
from visionservice.engines.base import Object
from visionservice.engines.evidence.evidence import MAX_WORKING_PIXELS
from visionservice.engines.geometry import Box, shrink
from visionservice.engines.labels import MIN_CONFIDENCE, OBJECT_CLASSES
from visionservice.engines.objects.ssd_mobilenet import SsdMobileNetDetector
from visionservice.engines.registry import default

CAT, CUP = (
    np.asarray(load_image(sample_path(name))) for name in ("chelsea_the_cat.jpg", "coffee_cup.jpg")
)
detect = default().objects.detect


def confident(image: np.ndarray) -> dict[str, Object]:
    return {o.name: o for o in detect(image) if o.confidence >= MIN_CONFIDENCE}


def test_it_finds_the_skater_above_the_skateboard(evaluation: Path) -> None:
    found = confident(np.asarray(load_image(evaluation / "images/objects.jpg")))
    assert set(found) == {"person", "skateboard"}
    assert found["person"].box.iou(Box.from_edges(116, 60, 419, 386)) > 0.8
    assert found["skateboard"].box.iou(Box.from_edges(238, 298, 417, 416)) > 0.7


def test_a_house_without_people_has_no_confident_object(evaluation: Path) -> None:
    assert not confident(np.asarray(load_image(evaluation / "images/house.jpg")))


def test_a_blank_image_has_no_object() -> None:
    assert detect(np.full((60, 90, 3), 255, np.uint8)) == ()


def test_one_cup_is_found_once() -> None:
    names = [o.name for o in detect(CUP)]
    assert names.count("cup") == 1
    assert "bowl" not in names


def test_threads_do_not_mix_their_images() -> None:
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(detect, [CAT, CUP] * 4))
    assert results == [detect(CAT), detect(CUP)] * 4
    assert results[0][0].name == "cat"


def test_the_table_has_eighty_classes_in_categories_of_the_api(shared: Path) -> None:
    allowed = {*json.loads((shared / "specs/categories86.json").read_text()), ""}
    assert len(OBJECT_CLASSES) == 80
    assert {row.category for row in OBJECT_CLASSES.values()} <= allowed


def test_a_large_grainy_image_has_the_object_of_the_small_one() -> None:
    image = load_image(sample_path("scarlet_macaw.jpg"))
    large = np.asarray(image.resize((4000, 4000 * image.height // image.width)))
    grain = np.random.default_rng(1).normal(0, 20, large.shape)
    pixels = np.clip(large + grain, 0, 255).astype(np.uint8)
    assert [*confident(shrink(pixels, MAX_WORKING_PIXELS))] == ["bird"]


def test_the_network_alone_is_read_from_the_graph_and_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISION_MODEL_CACHE", str(tmp_path))
    compiled = SsdMobileNetDetector()
    compiled.load()
    found = compiled.detect(CUP)
    assert found == detect(CUP)
    assert "cup" in {o.name for o in found}
