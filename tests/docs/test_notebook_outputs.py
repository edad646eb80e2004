"""tools/notebook_outputs.py: which differences between outputs it accepts."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbformat.v4 import new_output

from tools.notebook_outputs import PATTERNS, differences, sanitized, text_of
from tools.notebook_outputs import same as same_output

CONFIG = Path(__file__).parents[1] / "sanitize.cfg"
FACE = "{'age': 31, 'faceRectangle': {'left': 178, 'top': 75, 'width': 94, 'height': 94}}"
ID = "fb5f2322-9239-4d08-affc-711cb220722d"
URL = f"http://127.0.0.1:8421/vision/v1.0/textOperations/{ID}"


def same(new: str, stored: str) -> bool:
    outputs = [new_output("stream", name="stdout", text=text) for text in (new, stored)]
    return same_output(*outputs)


def test_the_patterns_are_those_of_nbval() -> None:
    config = CONFIG.read_text(encoding="utf-8")
    assert len(PATTERNS) == config.count("\nregex: ") == config.count("\n[") >= 9


@pytest.mark.parametrize(
    ("stored", "new"),
    [
        (FACE, FACE.replace("31", "42")),
        (FACE, FACE.replace("178", "210")),
        ('"confidence": 0.85', '"confidence": 85.0'),
        ('"boundingBox": "26,12,286,47"', '"boundingBox": "1,1,1,1"'),
        ("(91, 76), (732, 79)", "(91, 76), (7, 79)"),
        ("Grace Hopper 0.9999", "Grace Hopper 9.9999"),
        ("0.0", "2.5e-1"),
    ],
)
def test_numbers_that_are_far_from_the_stored_ones_are_found(stored: str, new: str) -> None:
    assert sanitized(new) == sanitized(stored)  # nbval accepts them
    assert differences(new, stored)
    assert differences(stored, new)
    assert not same(new, stored)


@pytest.mark.parametrize(
    ("stored", "new"),
    [
        (FACE, FACE.replace("31", "36").replace("178", "175").replace("94", "97")),
        ('"confidence": 0.85', '"confidence": 0.8515625'),
        ("0.0", "1.2e-05"),
        ('"26,12,286,47"', '"25,13,288,47"'),
        ("[48, 62, 244, 54, 246, 96, 49, 104]", "[49, 62, 243, 54, 248, 96, 49, 104]"),
        ("Hopper, brighter: 32, Male", "Hopper, brighter: 67, Male"),
        (URL, URL.replace("8421", "40123").replace(ID, ID[::-1].replace("-", "")[:8] + ID[8:])),
        ("Please retry after 60 seconds.", "Please retry after 2 seconds."),
    ],
)
def test_small_differences_and_those_of_the_run_are_accepted(stored: str, new: str) -> None:
    assert same(new, stored)
    assert same(stored, new)


@pytest.mark.parametrize(
    ("stored", "new"),
    [("13 images", "12 images"), ("79, Male", "79, Female"), ("0.5", "0.5, 0.5"), ("-2.1", "2.1")],
)
def test_other_texts_differ(stored: str, new: str) -> None:
    assert sanitized(new) != sanitized(stored)


def test_an_address_is_no_fraction_and_a_missing_number_is_a_difference() -> None:
    assert sanitized("OK: 127.0.0.1 responds. 0.5.") == "OK: 127.0.0.1 responds. FRACTION."
    assert sanitized("http://127.0.0.1:8421/") == "http://127.0.0.1:PORT/"
    assert differences("0.5", "0.5 0.5") == ["1 numbers instead of 2"]


def test_texts_and_tables_are_compared_but_no_images_and_no_widgets() -> None:
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "WIDGET"}}
    data = {"text/plain": "PLAIN", "text/html": "<b>", "image/png": "IMAGE"} | widget
    text = text_of([new_output("display_data", data=data)])
    assert text.splitlines()[-2:] == ["text/html: <b>", "text/plain: PLAIN"]
    assert not {"IMAGE", "WIDGET"} & {*text.replace('"', " ").split()}
