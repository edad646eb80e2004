"""Make a tile for each notebook from its figures, for the index.

The tag `picture` marks the cell whose figure is used, or the Markdown cell whose image file is
used. Without a tag, the tile shows the first figure of matplotlib, or the last other image. A
notebook without images has no tile.
"""

from __future__ import annotations

import base64
import re
from io import BytesIO
from pathlib import Path

import nbformat
from PIL import Image, ImageChops, ImageOps

from tools.add_navigation import NOTEBOOKS, in_order

PICTURES = NOTEBOOKS / "pictures"
TAG = "picture"
SIZE = (400, 300)
"""Width and height of every tile, in pixels."""
MARGIN = 6
LINE = "#d0d7de"
IMAGE_FILE = re.compile(r"!\[[^]]*\]\((\S+?)\)")
"""An image in Markdown, with its path."""


def picture_path(notebook: Path) -> Path:
    """Return the path of a notebook's tile."""
    return PICTURES / f"{notebook.stem}.jpg"


def images(cells: list[nbformat.NotebookNode], figures: bool) -> list[Image.Image]:
    """Return the images among the outputs of cells, in order: matplotlib's figures, or others."""
    outputs = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    chosen = [data for data in outputs if figures == ("<Figure" in data.get("text/plain", ""))]
    kinds = ("image/png", "image/jpeg")
    found = [base64.b64decode(data[kind]) for data in chosen for kind in kinds if kind in data]
    return [Image.open(BytesIO(data)).convert("RGB") for data in found]


def image_files(cells: list[nbformat.NotebookNode], folder: Path) -> list[Image.Image]:
    """Return the image files that Markdown cells show, in order."""
    sources = [cell.source for cell in cells if cell.cell_type == "markdown"]
    names = [name for source in sources for name in IMAGE_FILE.findall(source)]
    return [Image.open(folder / name).convert("RGB") for name in names]


def chosen(notebook: Path) -> Image.Image | None:
    """Return the image for the tile of a notebook, or None if the notebook has no image."""
    cells = nbformat.read(notebook, 4).cells
    tagged = [cell for cell in cells if TAG in cell.metadata.get("tags", [])]
    if marked := image_files(tagged, notebook.parent):
        return marked[0]
    figures = images(tagged, figures=True) or images(cells, figures=True)
    others = images(tagged, figures=False) or images(cells, figures=False)
    return (figures[:1] or others[-1:] or [None])[0]


def trimmed(image: Image.Image) -> Image.Image:
    """Return a figure without the white around it."""
    box = ImageChops.invert(image).convert("L").point(lambda gray: 255 * (gray > 8)).getbbox()
    return image.crop(box)


def tile(image: Image.Image) -> Image.Image:
    """Return a figure on white, scaled to fit into the tile, with a line around it."""
    frame = 2 * (MARGIN + 1)
    room = (SIZE[0] - frame, SIZE[1] - frame)
    fitted = ImageOps.pad(trimmed(image), room, Image.Resampling.LANCZOS, "white")
    return ImageOps.expand(ImageOps.expand(fitted, MARGIN, "white"), 1, LINE)


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    for path in PICTURES.glob("*.jpg"):
        path.unlink()
    for notebook in in_order()[1:]:
        if image := chosen(notebook):
            tile(image).save(picture_path(notebook), quality=80, optimize=True)


if __name__ == "__main__":
    main()
