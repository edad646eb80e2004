"""Execute every notebook in place, against a local service of the run's own.

A second run gives the same files, pictures perhaps excepted: timestamps, versions and the state of
widgets stay out, and pictures are stored small (figures with 256 colours, photographs as JPEG).
Name notebooks on the command line to execute only those.
"""

from __future__ import annotations

import base64
import sys
from io import BytesIO
from pathlib import Path

import nbformat
from add_navigation import in_order
from nbclient import NotebookClient
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

from own_service import own_state  # benchmarks/ is no package

KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
WIDGET = "application/vnd.jupyter.widget-view+json"


def smaller(png: str) -> str:
    """Return a base64 PNG with at most 256 colours: about a third of the size."""
    image = Image.open(BytesIO(base64.b64decode(png))).convert("RGB")
    buffer = BytesIO()
    image.quantize(256, Image.Quantize.MEDIANCUT).save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode() + "\n"


def trim_output(output: nbformat.NotebookNode) -> None:
    """Keep one small form of each picture, and of a widget what does not change from run to run."""
    data = output.get("data", {})
    data.pop(WIDGET, None)
    if "image/jpeg" in data:
        data.pop("image/png", None)
    elif "image/png" in data:
        data["image/png"] = smaller(data["image/png"])


def trim(notebook: nbformat.NotebookNode) -> None:
    """Leave out whatever differs between two runs or two machines."""
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    )
    for cell in notebook.cells:
        cell.metadata = {key: cell.metadata[key] for key in ("tags",) if key in cell.metadata}
        for output in cell.get("outputs", []):
            trim_output(output)


def executed(path: Path) -> nbformat.NotebookNode:
    """Run a notebook from top to bottom, where it stands, and return it."""
    notebook = nbformat.read(path, 4)
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
    trim(notebook)
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
