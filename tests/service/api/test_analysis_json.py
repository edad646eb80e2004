from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from visionservice.api import analysis_json
from visionservice.api.version import V1_0, V3_2
from visionservice.engines.base import LabelScore, Object
from visionservice.engines.geometry import Box

ADA = SimpleNamespace(name="Ada", confidence=0.9, box=Box(1, 2, 3, 4))
FACE = {"left": 1, "top": 2, "width": 3, "height": 4}
NAMED = {"name": "Ada", "confidence": 0.9, "faceRectangle": FACE}


@pytest.mark.parametrize(
    ("names", "details", "people", "expected"),
    [
        ("people_portrait people_", "Celebrities", [ADA], {"people_": [NAMED]}),
        ("outdoor_ people_group", "Celebrities", [ADA], {"people_group": [NAMED]}),
        ("outdoor_", "Celebrities", [ADA], {"people_": [NAMED]}),  # a person implies the category
        ("people_", "Celebrities", [], {"people_": []}),
        ("outdoor_", "Celebrities", [], {}),
        ("people_", "", [ADA], {}),
    ],
)
def test_names_are_details_of_the_most_general_category(
    names: str, details: str, people: list[Any], expected: dict[str, Any]
) -> None:
    scores = [LabelScore(name, 0.5) for name in names.split()]
    analysis: Any = SimpleNamespace(categories=scores, celebrities=people, landmarks=())
    found = analysis_json.categories(analysis, frozenset(details.split()))
    assert {category["name"] for category in found} == {*names.split(), *expected}
    detailed = {category["name"]: category["detail"] for category in found if "detail" in category}
    assert detailed == {name: {"celebrities": named} for name, named in expected.items()}


def test_an_object_has_its_more_general_terms_as_nested_parents() -> None:
    analysis: Any = SimpleNamespace(objects=(Object("cat", 0.7, Box(1, 2, 3, 4)),))
    (found,) = analysis_json.objects(analysis)
    mammal = {"object": "mammal", "parent": {"object": "animal", "confidence": 0.7}}
    assert found == {
        "rectangle": {"x": 1, "y": 2, "w": 3, "h": 4},
        "object": "cat",
        "confidence": 0.7,
        "parent": mammal | {"confidence": 0.7},
    }


def test_a_response_has_a_model_version_in_v3_2_only() -> None:
    found: Any = SimpleNamespace(size=(3, 2), format="Png")
    result = {"a": 1, "requestId": "id", "metadata": {"width": 3, "height": 2, "format": "Png"}}
    assert analysis_json.handler(V1_0, a=lambda _: 1)(found, "id") == result
    result |= {"modelVersion": "2021-05-01"}
    assert analysis_json.handler(V3_2, a=lambda _: 1)(found, "id") == result
