"""Execute every notebook in place, against a local service of this run.

A second run writes the same files, except for images whose pixels have changed: timestamps and the
state of widgets stay out, and a text output that differs from the stored one only by a request id
or a little in its numbers (notebook_outputs.py) stays as it was stored.
Name notebooks on the command line to execute only those.
"""

from __future__ import annotations

import base64
import re
import sys
from io import BytesIO
from itertools import zip_longest
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

from benchmarks.own_service import own_state
from tools.add_navigation import in_order
from tools.notebook_outputs import same

ROOT = Path(__file__).parents[1]

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
WIDGET = "application/vnd.jupyter.widget-view+json"
HOST = re.compile(r"127\.0\.0\.1:\d+")
PORT = 8421
"""The port that `connect()` prefers; stored outputs have it even where it was taken."""
JPEG_QUALITY = 88
KEPT_METADATA = ("mystnb", "tags")
"""Keys of a cell's metadata: options for the site, such as the alternative text, and tags."""


def smallest(png: str) -> tuple[str, str]:
    """Return the type and the base64 text of an image as lossless PNG, or as JPEG if smaller.

    Camera images become JPEG in full color resolution, charts stay PNG.
    """
    image = Image.open(BytesIO(base64.b64decode(png))).convert("RGB")
    image.save(lossless := BytesIO(), "PNG", optimize=True)
    image.save(jpeg := BytesIO(), "JPEG", quality=JPEG_QUALITY, subsampling=0, optimize=True)
    kind, data = min(
        ("image/png", lossless.getvalue()), ("image/jpeg", jpeg.getvalue()), key=lambda x: len(x[1])
    )
    return kind, base64.b64encode(data).decode() + "\n"


def trim_output(output: nbformat.NotebookNode) -> None:
    """Keep one small form of each image, the usual port, and no widget."""
    data = output.get("data", {})
    data.pop(WIDGET, None)
    png = data.pop("image/png", None)
    if png and "image/jpeg" not in data:
        kind, image = smallest(png)
        data[kind] = image
    for texts in (output, data):
        for key in {"text", "text/plain", "text/html"} & set(texts):
            texts[key] = HOST.sub(f"127.0.0.1:{PORT}", texts[key])


def keep_stored(output: nbformat.NotebookNode, stored: nbformat.NotebookNode | None) -> None:
    """Restore the stored texts of an output that has the same text."""
    if stored and same(output, stored):
        images = {key: data for key, data in output.get("data", {}).items() if "image/" in key}
        output.update(stored)
        if "data" in output:
            texts = {key: text for key, text in stored.data.items() if "image/" not in key}
            output.data = nbformat.from_dict(images | texts)


def trim(notebook: nbformat.NotebookNode, stored: dict[str, nbformat.NotebookNode]) -> None:
    """Remove metadata and output details that differ between runs or machines."""
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    )
    for cell in notebook.cells:
        cell.metadata = {key: cell.metadata[key] for key in KEPT_METADATA if key in cell.metadata}
        before = stored.get(cell.id, {}).get("outputs", [])
        for output, old in zip_longest(cell.get("outputs", []), before):
            if output:
                trim_output(output)
                keep_stored(output, old)


def executed(path: Path) -> nbformat.NotebookNode:
    """Run a notebook from top to bottom in its folder, and return it."""
    notebook = nbformat.read(path, 4)
    stored = {cell.id: nbformat.from_dict(cell) for cell in nbformat.read(path, 4).cells}
    client = NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        coalesce_streams=True,
        record_timing=False,
        store_widget_state=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    trim(notebook, stored)
    return notebook


def main() -> None:
    chosen = {Path(name).name for name in sys.argv[1:]}
    with own_state():
        for path in in_order():
            if not chosen or path.name in chosen:
                print(path.name)
                nbformat.write(executed(path), path)


if __name__ == "__main__":
    main()
