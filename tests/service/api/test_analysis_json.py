from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from visionservice.api import analysis_json
from visionservice.api.version import V1_0, V3_2
from visionservice.engines.base import LabelScore, Object
from visionservice.engines.geometry import Box

ADA = SimpleNamespace(name="Ada", confidence=0.9, box=Box(1, 2, 3, 4))
NAMED = {
    "name": "Ada",
    "confidence": 0.9,
    "faceRectangle": {"left": 1, "top": 2, "width": 3, "height": 4},
}


def analysis(categories: dict[str, float], *people: Any) -> Any:
    found = [LabelScore(name, score) for name, score in categories.items()]
    return SimpleNamespace(categories=found, celebrities=people, landmarks=())


@pytest.mark.parametrize(
    ("categories", "named"),
    [
        ({"people_portrait": 0.8, "people_": 0.2}, "people_"),
        ({"outdoor_": 0.8, "people_group": 0.2}, "people_group"),
        ({"outdoor_": 0.8}, "people_"),  # a recognized person implies the category
    ],
)
def test_names_are_details_of_the_most_general_category(
    categories: dict[str, float], named: str
) -> None:
    found = analysis_json.categories(analysis(categories, ADA), frozenset({"Celebrities"}))
    details = {c["name"]: c["detail"] for c in found if "detail" in c}
    assert details == {named: {"celebrities": [NAMED]}}


def test_categories_have_no_details_unless_requested_or_without_a_match() -> None:
    for details, people in ((frozenset[str](), (ADA,)), (frozenset({"Celebrities"}), ())):
        found = analysis_json.categories(analysis({"outdoor_": 0.8}, *people), details)
        assert found == [{"name": "outdoor_", "score": 0.8}]


def test_an_object_has_its_more_general_terms_as_nested_parents() -> None:
    cat = Object("cat", 0.7, Box(1, 2, 3, 4))
    parent = {"object": "mammal", "confidence": 0.7}
    parent |= {"parent": {"object": "animal", "confidence": 0.7}}  # type: ignore[dict-item]
    rectangle = {"x": 1, "y": 2, "w": 3, "h": 4}
    found: Any = SimpleNamespace(objects=(cat,))
    assert analysis_json.objects(found) == [
        {"rectangle": rectangle, "object": "cat", "confidence": 0.7, "parent": parent}
    ]


def test_a_response_has_a_model_version_in_v3_2_only() -> None:
    found: Any = SimpleNamespace(size=(3, 2), format="Png")
    result = {"a": 1, "requestId": "id", "metadata": {"width": 3, "height": 2, "format": "Png"}}
    assert analysis_json.handler(V1_0, a=lambda _: 1)(found, "id") == result
    result |= {"modelVersion": "2021-05-01"}
    assert analysis_json.handler(V3_2, a=lambda _: 1)(found, "id") == result
