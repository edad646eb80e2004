from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from visionhelpers import VisionClient, sample_path
from visionhelpers.batch import BatchResult
from visionhelpers.batch.dataframe import to_dataframe
from visionservice import LocalService


@pytest.fixture(scope="module")
def client(service: LocalService) -> VisionClient:
    return VisionClient(service.url, service.key)


def cells(result: Mapping[str, Any]) -> dict[str, Any]:
    """The cells that a result fills, besides those of every row."""
    (row,) = to_dataframe([BatchResult("a.jpg", dict(result), seconds=0.5)]).iloc
    cells = row.dropna().to_dict()
    assert cells.pop("result") == result
    assert (cells.pop("image"), cells.pop("seconds")) == ("a.jpg", 0.5)
    return dict(cells)


def test_each_operation_fills_its_columns(client: VisionClient) -> None:
    woman = sample_path("eileen_collins.jpg")
    described = cells(client.describe(woman))
    assert "a woman" in described["caption"]
    assert 0 < described["confidence"] <= 1
    assert "person" in described["tags"]
    assert cells(client.analyze(woman, features="Faces"))["faces"] == 1
    assert cells(client.analyze(sample_path("dahlia.jpg"), features="Faces"))["faces"] == 0
    assert "person" in cells(client.tag(woman))["tags"]
    assert cells(client.celebrities(woman)) == {"names": []}


def test_an_operation_without_a_column_has_its_result(client: VisionClient) -> None:
    result = client.analyze(sample_path("dahlia.jpg"), features="Color")
    assert cells(result) == {}
    (row,) = to_dataframe([BatchResult("a.jpg", dict(result))]).to_dict("records")
    assert row["result"]["color"]["accentColor"] == result["color"]["accentColor"]


def test_the_text_is_that_of_ocr_and_of_recognize_text(client: VisionClient) -> None:
    page = cells(client.ocr(sample_path("democritus.png")))["text"]
    assert "NOTHING EXISTS EXCEPT ATOMS" in page.replace("\n", " ")
    assert cells(client.ocr(sample_path("dahlia.jpg")))["text"] == ""
    note = client.recognize_text(sample_path("handwritten_note.jpg"))
    assert "Dear Ada," in cells(note)["text"].splitlines()


def test_names_are_those_of_people_and_places_each_once() -> None:
    details = [
        {"name": "people_", "detail": {"celebrities": [{"name": "Ada"}, {"name": "Bob"}]}},
        {"name": "others_", "detail": {"landmarks": [{"name": "Ada"}]}},
        {"name": "trees_"},
    ]
    assert cells({"categories": details})["names"] == ["Ada", "Bob"]
    assert cells({"result": {"landmarks": [{"name": "Tower"}]}}) == {"names": ["Tower"]}


def test_a_failure_has_its_error_and_nothing_else() -> None:
    failed = BatchResult("a.jpg", error="No such file")
    table = to_dataframe([failed, BatchResult("b.jpg", {"faces": []}, seconds=1)])
    assert table["error"].tolist() == ["No such file", pd.NA]
    assert table["faces"].tolist() == [pd.NA, 0]
    assert table["seconds"].tolist() == [0.0, 1.0]
    assert table["result"].tolist() == [None, {"faces": []}]


def test_the_columns_are_the_same_for_every_operation() -> None:
    expected = "image caption confidence tags text faces names error seconds result"
    for rows in ([], [BatchResult("a.jpg", {"regions": []})]):
        assert list(to_dataframe(rows).columns) == expected.split()


def test_a_table_of_real_results_goes_to_parquet_and_back(
    client: VisionClient, tmp_path: Path
) -> None:
    woman, page = sample_path("eileen_collins.jpg"), sample_path("democritus.png")
    everything = "ImageType,Faces,Adult,Categories,Color,Tags,Description"
    results: list[Any] = [
        client.analyze(woman, features=everything, details="Celebrities,Landmarks"),
        client.ocr(page),
        client.ocr(woman),
        client.recognize_text(page),
        client.landmarks(page),
    ]
    found = [BatchResult(f"{number}.jpg", each) for number, each in enumerate(results)]
    table = to_dataframe([*found, BatchResult("x.jpg", error="No such file")])
    table.to_parquet(tmp_path / "out.parquet")
    back = pd.read_parquet(tmp_path / "out.parquet")
    assert list(back.columns) == list(table.columns)
    assert [list(tags) for tags in back["tags"] if tags is not None] == [
        tags for tags in table["tags"] if tags is not None
    ]
    to_dataframe([]).to_parquet(tmp_path / "empty.parquet")
