"""Draw the image at the top of the README: three samples with their results.

Run it after a change of the samples or of the drawing: `python -m tools.make_hero`. It sends the
samples to a local service, and prints the alternative text for the README.
"""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import matplotlib.pyplot as plt
from PIL import Image

import visionhelpers as vh
from visionservice import LocalService

HERO = Path(__file__).parents[1] / "docs" / "images" / "hero.jpg"
CAPTION, FACES, LINES = "gateway_of_india.jpg", "grace_hopper.jpg", "handwritten_note.jpg"
SIZE = (12.0, 3.9)
"""Width and height in inches."""
DPI = 150


def draw(vision: vh.VisionClient) -> tuple[Image.Image, str]:
    """Return the image and its alternative text."""
    paths = [vh.sample_path(name) for name in (CAPTION, FACES, LINES)]
    described, named = vision.describe(paths[0]), vision.celebrities(paths[1])
    read = vision.recognize_text(paths[2])
    shapes = [vh.load_image(path).size for path in paths]
    widths = [width / height for width, height in shapes]
    figure, axes = plt.subplots(
        1, 3, figsize=SIZE, width_ratios=widths, gridspec_kw={"wspace": 0.03}, dpi=DPI
    )
    vh.draw_caption(paths[0], described, ax=axes[0], fontsize=12)
    vh.draw_faces(paths[1], named, ax=axes[1], fontsize=12)
    vh.draw_lines(paths[2], read, ax=axes[2], fontsize=13)
    figure.savefig(buffer := BytesIO(), bbox_inches="tight", pad_inches=0.05)
    plt.close(figure)
    return Image.open(buffer).convert("RGB"), alternative(described, named, read)


def alternative(described: object, named: object, read: object) -> str:
    """Return the alternative text: the caption, the name and the lines in the image."""
    caption = described["description"]["captions"][0]["text"]  # type: ignore[index]
    name = named["result"]["celebrities"][0]["name"]  # type: ignore[index]
    lines = vh.text(read).replace("\n", " ")  # type: ignore[arg-type]
    return (
        f"Three results: a city at dusk with the caption “{caption.capitalize()}”, a face in a box "
        f"with the name “{name}”, and handwriting in polygons with the text “{lines}”"
    )


def main() -> None:
    with LocalService() as service:
        image, text = draw(vh.VisionClient(service.url, service.key))
    HERO.parent.mkdir(exist_ok=True)
    image.save(HERO, quality=88, optimize=True)
    print(text)


if __name__ == "__main__":
    main()
