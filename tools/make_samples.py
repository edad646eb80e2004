"""Make the sample images and their credits: collect images, derive from them, draw the rest.

Run once by a maintainer, after a change to this file. It needs four packages that contain
images, and Debian's fonts for the handwriting and the print:

    pip install matplotlib scikit-image scikit-learn
    apt-get install gcompris-qt-data fonts-breip fonts-rufscript fonts-dejavu-core
    python -m tools.make_samples

The images of GCompris are those of its version 3.1 (Debian 12). Every image is in the
public domain, CC0 or CC BY, by a statement of the package or of the page that it names. Images
of scikit-image without such a statement (the scanned page, the motorcycle) stay there.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageEnhance, ImageOps

from tools import drawn_samples as drawn
from tools import qt_resource

SAMPLES = Path(__file__).parents[1] / "visionhelpers" / "samples"
HOPPER = "matplotlib/mpl-data/sample_data/grace_hopper.jpg"
COLLINS = "skimage/data/astronaut.png"
CHELSEA = "skimage/data/chelsea.png"
COFFEE = "skimage/data/coffee.png"
CAMERA = "skimage/data/camera.png"
ROCKET = "skimage/data/rocket.jpg"
TOWER = "sklearn/datasets/images/china.jpg"
DAHLIA = "sklearn/datasets/images/flower.jpg"
GCOMPRIS = Path("/usr/share/gcompris-qt/rcc")
Box = tuple[int, int, int, int]  # left, top, right, bottom, in pixels


@dataclass(frozen=True)
class Sample:
    file: str
    title: str
    author: str
    licence: str
    source: str
    make: Callable[[], Image.Image]

    def credit(self) -> dict[str, str]:
        return {key: getattr(self, key) for key in ("file", "title", "author", "licence", "source")}


def photograph(path: str) -> Image.Image:
    """Return an image from an installed package."""
    package, _, rest = path.partition("/")
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{package} is not installed; see the top of {__file__}")
    return Image.open(Path(spec.origin).parent / rest).convert("RGB")


def gcompris(activity: str, path: str, long_side: int) -> Image.Image:
    """Return an image from an activity of GCompris, with a shorter long side in pixels."""
    resource = GCOMPRIS / f"{activity}.rcc"
    if not resource.exists():
        raise SystemExit(f"gcompris-qt-data is not installed; see the top of {__file__}")
    name = f"gcompris/src/activities/{activity}/resource/{path}"
    image = Image.open(BytesIO(qt_resource.read(resource, name))).convert("RGB")
    image.thumbnail((long_side, long_side), Image.Resampling.LANCZOS)
    return image


def relit(image: Image.Image, brightness: float, warmth: float) -> Image.Image:
    """Return the image in other light: warmer above 1, cooler below."""
    red, green, blue = ImageEnhance.Brightness(image).enhance(brightness).split()
    red = red.point(lambda value: min(255, round(value * warmth)))
    blue = blue.point(lambda value: min(255, round(value / warmth)))
    return Image.merge("RGB", (red, green, blue))


def derived(
    path: str,
    box: Box,
    *,
    mirrored: bool = False,
    turned: float = 0,
    size: tuple[int, int] | None = None,
    brightness: float = 1,
    warmth: float = 1,
) -> Image.Image:
    """Return a part of an image: turned by degrees, cropped, mirrored, scaled, relit."""
    image = photograph(path).rotate(turned, Image.Resampling.BICUBIC).crop(box)
    image = ImageOps.mirror(image) if mirrored else image
    image = image.resize(size, Image.Resampling.LANCZOS) if size else image
    return relit(image, brightness, warmth)


def double_portrait() -> Image.Image:
    """Return Hopper and Collins side by side, neither of them as in her own portrait."""
    hopper = derived(HOPPER, (60, 20, 450, 410), mirrored=True, size=(320, 320), brightness=0.9)
    collins = derived(
        COLLINS,
        (80, 20, 380, 320),
        mirrored=True,
        turned=-4,
        size=(320, 320),
        brightness=0.8,
        warmth=1.12,
    )
    both = Image.new("RGB", (640, 320))
    both.paste(hopper, (0, 0))
    both.paste(collins, (320, 0))
    return both


PUBLIC, CC0, CC_BY = "Public domain", "CC0 1.0", "CC BY 2.0"
NAVY = (
    "James S. Davis, U.S. Navy",
    PUBLIC,
    "https://commons.wikimedia.org/wiki/File:Grace_Hopper.jpg, from matplotlib",
)
NASA = ("NASA", PUBLIC, "https://flic.kr/p/r9qvLn, from scikit-image")
BUECHELE = (
    "danielbuechele",
    CC_BY,
    "https://www.flickr.com/photos/danielbuechele/6061409035/, from scikit-learn",
)
VULTILION = (
    "vultilion",
    CC_BY,
    "https://www.flickr.com/photos/vultilion/6056698931/, from scikit-learn",
)
SPACEX = (
    "SpaceX",
    PUBLIC,
    "https://www.flickr.com/photos/spacexphotos/16511594820/, from scikit-image",
)
WALT = ("Stéfan van der Walt", CC0, "skimage.data.chelsea, from scikit-image")
MICHETTI = ("Rachel Michetti", CC0, "skimage.data.coffee, from scikit-image")
VARSHNEY = ("Lav Varshney", CC0, "skimage.data.camera, from scikit-image")
COMMONS = "https://commons.wikimedia.org/wiki/File:{}, from GCompris; made smaller"
STEINBERGER = ("Simon Steinberger", CC0, COMMONS.format("Gateway-of-India.jpg"))
COETZEE = (
    "Dcoetzee",
    CC0,
    COMMONS.format("Scarlet_macaw_at_Cougar_Mountain_Zoological_Park.jpg"),
)
DOHDUHDAH = ("Dohduhdah", PUBLIC, COMMONS.format("Cow-IMG_2050.JPG"))
BJOERN = ("BjörnT", PUBLIC, COMMONS.format("Chambord_Frontansicht.JPG"))
OURS = ("The visionhelpers authors", CC0, "Drawn by tools/make_samples.py")


def altered(credit: tuple[str, str, str]) -> tuple[str, str, str]:
    """Return the credit of an altered image with a note of the change, which CC BY requires."""
    author, licence, source = credit
    return author, licence, f"{source}; altered by tools/make_samples.py"


PHOTOGRAPHS = (
    Sample("grace_hopper.jpg", "Commodore Grace M. Hopper", *NAVY, partial(photograph, HOPPER)),
    Sample("eileen_collins.jpg", "Astronaut Eileen Collins", *NASA, partial(photograph, COLLINS)),
    Sample("chelsea_the_cat.jpg", "Chelsea the cat", *WALT, partial(photograph, CHELSEA)),
    Sample(
        "coffee_cup.jpg", "Coffee cup, Pikolo Espresso Bar", *MICHETTI, partial(photograph, COFFEE)
    ),
    Sample("photographer.jpg", "A man behind a camera", *VARSHNEY, partial(photograph, CAMERA)),
    Sample(
        "rocket_at_dusk.jpg",
        "Falcon 9 with DSCOVR on its launch pad",
        *SPACEX,
        partial(photograph, ROCKET),
    ),
    Sample(
        "summer_palace.jpg",
        "A tower of the Summer Palace, Beijing",
        *BUECHELE,
        partial(photograph, TOWER),
    ),
    Sample(
        "dahlia.jpg",
        "Dahlia",
        *VULTILION,
        partial(photograph, DAHLIA),
    ),
    Sample(
        "gateway_of_india.jpg",
        "The Gateway of India in the evening, Mumbai",
        *STEINBERGER,
        partial(gcompris, "explore_monuments", "india/gatewayofIndia.webp", 960),
    ),
    Sample(
        "scarlet_macaw.jpg",
        "A scarlet macaw",
        *COETZEE,
        partial(gcompris, "explore_world_animals", "animals/scarlet_macaw.webp", 960),
    ),
    Sample(
        "cow.jpg",
        "A cow in a meadow",
        *DOHDUHDAH,
        partial(gcompris, "explore_farm_animals", "animals/cow.webp", 864),
    ),
    Sample(
        "chambord.jpg",
        "The castle of Chambord and its lawn",
        *BJOERN,
        partial(gcompris, "explore_monuments", "france/chateaudeChambord.webp", 864),
    ),
)
# Samples in a folder are for tests: the Explorer does not offer them.
DERIVED = (
    Sample(
        "gallery/celebrities/Grace Hopper/portrait.jpg",
        "Commodore Grace M. Hopper, cropped",
        *altered(NAVY),
        partial(derived, HOPPER, (90, 10, 450, 400)),
    ),
    Sample(
        "gallery/landmarks/Summer Palace/tower.jpg",
        "A tower of the Summer Palace, Beijing, cropped",
        *altered(BUECHELE),
        partial(derived, TOWER, (60, 0, 480, 427)),
    ),
    Sample(
        "altered/grace_hopper_mirrored.jpg",
        "Commodore Grace M. Hopper, mirrored, turned, in warmer light",
        *altered(NAVY),
        partial(derived, HOPPER, (40, 30, 480, 540), mirrored=True, turned=5, warmth=1.1),
    ),
    Sample(
        "altered/hopper_and_collins.jpg",
        "Grace Hopper and Eileen Collins side by side, mirrored and in other light",
        "James S. Davis, U.S. Navy; NASA",
        PUBLIC,
        f"{NAVY[2]} and {NASA[2]}; altered by tools/make_samples.py",
        double_portrait,
    ),
    Sample(
        "eileen_collins_portrait.jpg",
        "Astronaut Eileen Collins, cropped to her portrait",
        *altered(NASA),
        partial(derived, COLLINS, (60, 0, 410, 330)),
    ),
    Sample(
        "eileen_collins_off_centre.jpg",
        "Astronaut Eileen Collins, off center",
        *altered(NASA),
        partial(derived, COLLINS, (150, 0, 512, 240)),
    ),
    Sample(
        "dahlia_off_centre.jpg",
        "Dahlia, off center",
        *altered(VULTILION),
        partial(derived, DAHLIA, (160, 70, 640, 345)),
    ),
    Sample(
        "summer_palace_in_the_evening.jpg",
        "A tower of the Summer Palace, Beijing, cropped, turned, in darker and warmer light",
        *altered(BUECHELE),
        partial(
            derived,
            TOWER,
            (70, 40, 500, 360),
            turned=-6,
            size=(516, 384),
            brightness=0.7,
            warmth=1.25,
        ),
    ),
)
DRAWN = (
    Sample("democritus.png", "An atomist quotation from Democritus", *OURS, drawn.quotation),
    Sample(
        "printed_page.jpg", "A page in two columns, rotated by 5 degrees", *OURS, drawn.printed_page
    ),
    Sample("handwriting.jpg", "Three pangrams on ruled paper", *OURS, drawn.handwriting),
    Sample("handwritten_note.jpg", "A note in another hand", *OURS, drawn.note),
)


def main() -> None:
    shutil.rmtree(SAMPLES, ignore_errors=True)
    for sample in (*PHOTOGRAPHS, *DERIVED, *DRAWN):
        path = SAMPLES / sample.file
        path.parent.mkdir(parents=True, exist_ok=True)
        sample.make().save(path, quality=85, optimize=True)
    credits_ = [sample.credit() for sample in (*PHOTOGRAPHS, *DERIVED, *DRAWN)]
    text = json.dumps(credits_, indent=2, ensure_ascii=False)
    (SAMPLES / "credits.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
