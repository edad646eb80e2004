from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from visionhelpers import VisionClient, sample_path
from visionhelpers.batch import BatchResult
from visionhelpers.batch.dataframe import COLUMNS, to_dataframe

LINES = {"lines": [{"text": "Dear Ada,", "boundingBox": [0] * 8, "words": []}]}


@pytest.mark.parametrize(
    ("result", "cells"),
    [
        ({"faces": [{}, {}]}, {"faces": 2}),
        ({"faces": []}, {"faces": 0}),
        ({"tags": [{"name": "cat", "confidence": 0.9}]}, {"tags": ["cat"]}),
        (
            {"description": {"tags": ["cat"], "captions": [{"text": "a cat", "confidence": 0.9}]}},
            {"caption": "a cat", "confidence": 0.9, "tags": ["cat"]},
        ),
        ({"regions": []}, {"text": ""}),
        ({"status": "Succeeded", "recognitionResult": LINES}, {"text": "Dear Ada,"}),
        ({"result": {"celebrities": []}}, {"names": []}),
        (
            {
                "categories": [
                    {"name": "people_", "detail": {"celebrities": [{"name": "Ada"}]}},
                    {"name": "others_", "detail": {"landmarks": [{"name": "Tower"}]}},
                    {"name": "trees_"},
                ]
            },
            {"names": ["Ada", "Tower"]},
        ),
        pytest.param({"color": {"accentColor": "AA6611"}}, {}, id="an operation without a column"),
    ],
)
def test_a_result_fills_the_columns_of_its_operation(
    result: dict[str, Any], cells: dict[str, Any]
) -> None:
    (row,) = to_dataframe([BatchResult("a.jpg", result, seconds=0.5)]).iloc
    assert row.dropna().to_dict() == {"image": "a.jpg", "seconds": 0.5, "result": result, **cells}


def test_a_table_of_real_results_and_a_failure_goes_to_parquet_and_back(
    client: VisionClient, tmp_path: Path
) -> None:
    woman, page = sample_path("eileen_collins.jpg"), sample_path("democritus.png")
    everything = "ImageType,Faces,Adult,Categories,Color,Tags,Description"
    results = [
        client.analyze(woman, features=everything, details="Celebrities,Landmarks"),
        client.ocr(page),
        client.recognize_text(page),
        client.landmarks(page),
    ]
    found = [BatchResult(f"{number}.jpg", each) for number, each in enumerate(results)]
    table = to_dataframe([*found, BatchResult("x.jpg", error="No such file")])
    assert "a woman" in table["caption"][0]
    assert table["faces"].tolist() == [1, *[pd.NA] * 4]
    assert "NOTHING EXISTS" in table["text"][1].replace("\n", " ")
    assert table["error"].tolist() == [pd.NA] * 4 + ["No such file"]
    assert table["result"].tolist() == [*results, None]
    table.to_parquet(tmp_path / "out.parquet")
    back = pd.read_parquet(tmp_path / "out.parquet")
    assert list(back.columns) == list(table.columns)
    assert list(back["tags"][0]) == table["tags"][0]


def test_the_columns_are_the_same_without_results(tmp_path: Path) -> None:
    empty = to_dataframe([])
    expected = "image caption confidence tags text faces names error seconds result"
    assert list(empty.columns) == expected.split() == list(COLUMNS)
    empty.to_parquet(tmp_path / "empty.parquet")
