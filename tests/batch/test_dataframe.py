from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from visionhelpers import VisionClient, VisionError, sample
from visionhelpers.batch.dataframe import frame, row
from visionhelpers.service import LocalService

WITHOUT = """
import sys
sys.modules["pandas"] = None
from visionhelpers.batch.dataframe import frame
frame([])
"""


@pytest.fixture(scope="module")
def client(service: LocalService) -> VisionClient:
    return VisionClient(service.url, service.key)


def cells(answer: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in row("a.jpg", answer, "", 0.5).items()
        if value is not None and name not in ("picture", "seconds")
    }


def test_each_operation_fills_its_columns(client: VisionClient) -> None:
    woman = sample("eileen_collins.jpg")
    described = cells(client.describe(woman))
    assert "a woman" in described["caption"]
    assert 0 < described["confidence"] <= 1
    assert "person" in described["tags"]
    assert cells(client.analyze(woman, features="Faces"))["faces"] == 1
    assert cells(client.analyze(sample("dahlia.jpg"), features="Faces"))["faces"] == 0
    assert "person" in cells(client.tag(woman))["tags"]
    assert cells(client.celebrities(woman)) == {"names": []}
    assert cells(client.analyze(woman, features="Color")) == {}


def test_words_are_those_of_print_and_of_handwriting(client: VisionClient) -> None:
    assert "NOTHING EXISTS EXCEPT ATOMS" in cells(client.ocr(sample("democritus.png")))["words"]
    assert cells(client.ocr(sample("dahlia.jpg")))["words"] == ""
    assert "Dear Ada," in cells(client.recognize_text(sample("handwritten_note.jpg")))["words"]


def test_names_are_those_of_people_and_places_each_once() -> None:
    details = [
        {"name": "people_", "detail": {"celebrities": [{"name": "Ada"}, {"name": "Bob"}]}},
        {"name": "others_", "detail": {"landmarks": [{"name": "Ada"}]}},
        {"name": "trees_"},
    ]
    assert cells({"categories": details})["names"] == ["Ada", "Bob"]
    assert cells({"result": {"landmarks": [{"name": "Tower"}]}}) == {"names": ["Tower"]}


def test_a_failure_has_its_reason_and_nothing_else() -> None:
    table = frame([row("a.jpg", None, "No such file", 0.0), row("b.jpg", {"faces": []}, "", 1.0)])
    assert table["error"].tolist() == ["No such file", pd.NA]
    assert table["faces"].tolist() == [pd.NA, 0]
    assert table["seconds"].tolist() == [0.0, 1.0]


@pytest.mark.parametrize(
    "answers", [[], [{"tags": [{"name": "cat"}]}, {"faces": []}], [{"regions": []}]]
)
def test_it_goes_to_parquet_and_back(answers: list[dict[str, Any]], tmp_path: Path) -> None:
    table = frame(row(f"{number}.jpg", each, "", 0.5) for number, each in enumerate(answers))
    table.to_parquet(tmp_path / "out.parquet")
    back = pd.read_parquet(tmp_path / "out.parquet")
    assert list(back.columns) == list(table.columns)
    assert [list(tags) for tags in back["tags"] if tags is not None] == [
        tags for tags in table["tags"] if tags is not None
    ]


def test_without_pandas_the_pip_command_is_named() -> None:
    run = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)
    assert 'VisionError: A table needs pandas: pip install "visionhelpers[many]"' in run.stderr
    assert issubclass(VisionError, Exception)
