"""The plug-in of docs/engines.md, as pasted, in a service that the command line starts."""

from __future__ import annotations

import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.support.poll import poll_until
from visionhelpers import VisionClient, VisionError, sample_path
from visionservice import LocalService

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/engines.md").read_text("utf-8")
FILES = {
    name: code
    for code, name in re.findall(r"^```python\n(# (\w+\.py)\n.*?)^```", PAGE, re.S | re.M)
}
COMMAND = re.findall(r"^python -m visionservice (.*)$", PAGE, re.M)[0].split()
CUP, CAT = sample_path("coffee_cup.jpg"), sample_path("chelsea_the_cat.jpg")


def test_the_page_has_a_captioner_of_at_most_25_lines() -> None:
    assert set(FILES) == {"mine.py", "teach.py", "test_mine.py"}
    assert len(FILES["mine.py"].splitlines()) - 1 <= 25  # the first line is the name of the file


def test_the_engine_of_the_page_changes_the_captions_of_every_version(tmp_path: Path) -> None:
    variables = os.environ | {"PYTHONPATH": str(ROOT), "VISION_STATE_DIR": str(tmp_path)}
    for name, code in FILES.items():
        (tmp_path / name).write_text(code, encoding="utf-8")
    subprocess.run([sys.executable, "teach.py"], cwd=tmp_path, env=variables, check=True)
    state = tmp_path / "service.json"
    command = [sys.executable, "-m", "visionservice", "--state-file", str(state), *COMMAND]
    process = subprocess.Popen(command, cwd=tmp_path, env=variables)
    try:
        poll_until(lambda: state.exists() or process.poll() is not None)
        place = json.loads(state.read_text())
        client = VisionClient(place["url"], place["key"])
        cup, cat = (client.describe(image)["description"]["captions"] for image in (CUP, CAT))
        host = client.base_url.partition("/vision")[0]
        health = requests.get(f"{host}/health", timeout=10).json()
        response = requests.post(
            f"{host}/computervision/imageanalysis:analyze?api-version=2024-02-01&features=caption",
            headers={"Ocp-Apim-Subscription-Key": place["key"], "Content-Type": "image/jpeg"},
            data=CUP.read_bytes(),
            timeout=60,
        )
    finally:
        process.terminate()
        process.wait(30)
    assert [caption["text"] for caption in cup] == ["my favorite cup"]
    assert any("cat" in caption["text"] for caption in cat)  # by the built-in captioner
    assert health["engines"]["captions"] == "nearest-image"
    assert response.json()["captionResult"]["text"] == "my favorite cup"


def test_a_missing_model_file_is_a_501_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FILES["mine.py"], encoding="utf-8")
    captioner = runpy.run_path(str(tmp_path / "mine.py"))["Mine"]("missing.npz")
    with LocalService(engines={"captions": captioner}) as service:
        client = VisionClient(service.url, service.key)
        with pytest.raises(VisionError, match=r"missing\.npz") as error:
            client.describe(CUP)
        assert error.value.status == 501
        assert client.tag(CUP)["tags"]
