from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from visionhelpers.images import load_image, sample_path
from visionservice.engines.base import Object
from visionservice.engines.evidence.evidence import MAX_WORKING_PIXELS
from visionservice.engines.geometry import Box, shrink
from visionservice.engines.labels import MIN_CONFIDENCE, OBJECT_CLASSES
from visionservice.engines.objects.ssd_mobilenet import _read
from visionservice.engines.registry import default

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
    names = [o.name for o in detect(np.asarray(load_image(sample_path("coffee_cup.jpg"))))]
    assert names.count("cup") == 1
    assert "bowl" not in names


def test_threads_do_not_mix_their_images() -> None:
    cat = np.asarray(load_image(sample_path("chelsea_the_cat.jpg")))
    cup = np.asarray(load_image(sample_path("coffee_cup.jpg")))
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(detect, [cat, cup] * 4))
    assert results == [detect(cat), detect(cup)] * 4
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


def field(number: int, value: bytes) -> bytes:
    """A field of a message; its length takes one byte below 128, and two from there."""
    size = len(value)
    length = bytes([size]) if size < 128 else bytes([size % 128 + 128, size // 128])
    return bytes([8 * number + 2]) + length + value


def node(name: str, operation: str = "Add", attribute: bytes = b"") -> bytes:
    return field(1, field(1, name.encode()) + field(2, operation.encode()) + field(5, attribute))


def test_a_graph_keeps_the_nodes_of_the_network_and_has_one_input(tmp_path: Path) -> None:
    before, after = node("Preprocessor/sub"), node("Postprocessor/" + "scores" * 30)
    weights = node("FeatureExtractor/weights", "Const", b"\x80" * 300)
    boxes, scores = node("BoxPredictor_0/Reshape"), node("concat_1")
    version = field(4, b"\x08\x01")
    attribute = field(1, b"dtype") + field(2, b"\x30\x01")
    file, core = tmp_path / "graph.pb", SimpleNamespace(read_model=Path.read_bytes)
    file.write_bytes(before + weights + boxes + after + scores + version)
    input_node = node("Preprocessor/sub", "Placeholder", attribute)
    assert _read(core, file) == weights + boxes + scores + input_node
