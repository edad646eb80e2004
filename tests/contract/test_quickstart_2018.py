"""The original quickstart, block by block as published, against the service."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from visionhelpers.images import sample_path
from visionservice import LocalService

pytestmark = pytest.mark.timeout(300)  # a whole notebook

IMAGES = (
    "photographer.jpg", "summer_palace.jpg", "grace_hopper.jpg", "chelsea_the_cat.jpg",
    "democritus.png", "handwriting.jpg",
)  # fmt: skip
"""One sample for each `image_url` of the quickstart, in its order."""


@pytest.fixture
def blocks(shared: Path) -> list[str]:
    """The code of the quickstart, in order."""
    file = shared / "quickstart.md"
    if not file.is_file():
        pytest.skip("no ../shared/quickstart.md beside the project")
    return re.findall(r"```python\n(.*?)```", file.read_text(encoding="utf-8"), re.DOTALL)


def replaced(blocks: list[str], service: LocalService) -> list[str]:
    """Put in a key, a base address and images; change nothing else."""
    values = {
        "subscription_key = None": f"subscription_key = {service.key!r}",
        'vision_base_url = "https://westcentralus.api.cognitive.microsoft.com/vision/v1.0/"': (
            f'vision_base_url = "{service.url}/vision/v1.0/"'
        ),
    }
    code = "\0\n".join(blocks)
    for old, new in values.items():
        assert code.count(old) == 1
        code = code.replace(old, new)
    addresses = re.findall(r'^image_url = "(.*)"$', code, re.MULTILINE)
    assert len(addresses) == len(IMAGES)
    for address, name in zip(addresses, IMAGES, strict=True):
        code = code.replace(f'"{address}"', f'"{service.url}/samples/{name}"')
    assert "http" not in code.replace(service.url, "")
    return code.split("\0\n")


def test_every_block_runs_in_order_in_one_kernel(
    blocks: list[str], service: LocalService, tmp_path: Path
) -> None:
    assert len(blocks) == 37
    images = tmp_path / "images"
    images.mkdir()
    (images / "house_yard.jpg").write_bytes(sample_path("coffee_cup.jpg").read_bytes())
    cells = [nbformat.v4.new_code_cell(code) for code in replaced(blocks, service)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = NotebookClient(notebook, timeout=120, kernel_name="python3")
    client.execute(cwd=str(tmp_path))
    said = [output_of(cell) for cell in notebook.cells]
    assert any("['celebrities', 'landmarks']" in text for text in said)
    assert any("'name': 'Grace Hopper'" in text for text in said)
    assert any("Thumbnail is 50-by-50" in text for text in said)
    assert any("'text': 'NOTHING'" in text for text in said)
    assert sum(text.count("image/png") for text in said) >= 7


def output_of(cell: nbformat.NotebookNode) -> str:
    """Return what a cell printed and showed, and the kinds of what it drew."""
    texts = []
    for output in cell.outputs:
        assert output.output_type != "error", output
        texts.append(output.get("text", ""))
        texts.extend([*output.get("data", {}), output.get("data", {}).get("text/plain", "")])
    return "\n".join(texts)
