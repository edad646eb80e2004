from __future__ import annotations

from pathlib import Path

import pytest

from tests.support import openapi

NAME = "v3.2/Ocr.json"


def test_a_test_is_skipped_where_nobody_promised_the_descriptions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VISION_SPECS", raising=False)
    monkeypatch.setattr(openapi, "SHARED", tmp_path)
    with pytest.raises(pytest.skip.Exception, match=r"no v3.2/Ocr.json: VISION_SPECS"):
        openapi.find_file(NAME)


def test_a_promised_folder_is_read_and_a_test_fails_where_it_lacks_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VISION_SPECS", str(tmp_path))
    with pytest.raises(AssertionError, match=r"has no specification/.*v3.2/Ocr.json"):
        openapi.find_file(NAME)
    with pytest.raises(pytest.skip.Exception, match="not in azure-rest-api-specs"):
        openapi.definitions("4.0")
    file = tmp_path / openapi.AZURE / "ComputerVision" / "stable" / NAME
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    assert openapi.find_file(NAME) == file
