"""The plug-in of docs/engines.md, as pasted, in a service that the command line starts."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.support.poll import poll_until
from visionhelpers import VisionClient, VisionError, sample_path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/engines.md").read_text("utf-8")
FILES = {
    name: code
    for code, name in re.findall(r"^```python\n(# (\w+\.py)\n.*?)^```", PAGE, re.S | re.M)
}
COMMAND = re.findall(r"^python -m visionservice (.*)$", PAGE, re.M)[0].split()
CUP = sample_path("coffee_cup.jpg")


def captions(client: VisionClient, path: Path) -> list[str]:
    result = client.describe(path, max_candidates=3)
    return [caption["text"] for caption in result["description"]["captions"]]


@contextmanager
def served(folder: Path, *options: str) -> Iterator[VisionClient]:
    """A client of a service that was started in a folder."""
    state = folder / "service.json"
    command = [sys.executable, "-m", "visionservice", "--state-file", str(state), *options]
    variables = os.environ | {"PYTHONPATH": str(ROOT), "VISION_STATE_DIR": str(folder)}
    process = subprocess.Popen(command, cwd=folder, env=variables)
    try:
        poll_until(lambda: state.exists() or process.poll() is not None)
        place = json.loads(state.read_text())
        yield VisionClient(place["url"], place["key"])
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files of the page and the model that they make."""
    for name, code in FILES.items():
        (tmp_path / name).write_text(code, encoding="utf-8")
    variables = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "teach.py"], cwd=tmp_path, env=variables, check=True)
    return tmp_path


def test_the_page_has_a_captioner_of_at_most_25_lines() -> None:
    assert set(FILES) == {"mine.py", "teach.py", "test_mine.py"}
    assert len(FILES["mine.py"].splitlines()) - 1 <= 25  # the first line is the name of the file


def test_the_engine_of_the_page_changes_the_captions_of_every_version(folder: Path) -> None:
    with served(folder, *COMMAND) as client:
        assert captions(client, CUP) == ["my favorite cup"]
        fallback = captions(client, sample_path("chelsea_the_cat.jpg"))
        assert any("cat" in caption for caption in fallback)
        host = client.base_url.partition("/vision")[0]
        health = requests.get(f"{host}/health", timeout=10).json()
        assert health["engines"]["captions"] == "nearest-image"
        response = requests.post(
            f"{host}/computervision/imageanalysis:analyze",
            params={"api-version": "2024-02-01", "features": "caption,denseCaptions"},
            headers={
                "Ocp-Apim-Subscription-Key": client.key or "",
                "Content-Type": "application/octet-stream",
            },
            data=CUP.read_bytes(),
            timeout=60,
        ).json()
        assert response["captionResult"]["text"] == "my favorite cup"
        assert response["denseCaptionsResult"]["values"][0]["text"] == "my favorite cup"


def test_a_missing_model_file_is_a_501_that_names_it(folder: Path) -> None:
    (folder / "mine.npz").unlink()
    with served(folder, *COMMAND) as client:
        with pytest.raises(VisionError, match=r"mine\.npz") as error:
            captions(client, CUP)
        assert error.value.status == 501
        assert client.tag(CUP)["tags"]


def test_an_unknown_engine_is_an_error_at_the_start(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "visionservice", "--engine", "captions=absent:Mine"]
    variables = os.environ | {"PYTHONPATH": str(ROOT), "VISION_STATE_DIR": str(tmp_path)}
    run = subprocess.run(
        command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 1
    assert run.stderr == (
        "Invalid engine 'absent:Mine': use module:Class or chat-completions, template "
        "(No module named 'absent').\n"
    )
