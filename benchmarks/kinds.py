"""What kind of image it is: its colors, black and white, drawn, harmless."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from io import BytesIO
from itertools import combinations
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from benchmarks.rows import Figures, Row, say, share
from benchmarks.truth import Known, Truth
from benchmarks.variants import mirrored, upright
from visionhelpers import VisionClient

PAINTS = {
    "Black": (12, 12, 12),
    "Blue": (35, 70, 190),
    "Brown": (120, 70, 35),
    "Grey": (135, 135, 135),
    "Green": (50, 145, 60),
    "Orange": (240, 135, 25),
    "Pink": (245, 150, 185),
    "Purple": (120, 45, 160),
    "Red": (205, 30, 30),
    "Teal": (10, 135, 135),
    "White": (245, 245, 245),
    "Yellow": (245, 220, 40),
}
INKS: dict[str, tuple[str, str, str | None]] = {
    "grey": ("black", "white", None),
    "yellowed": ("#15120e", "#f7eed2", None),
    "sepia": ("#1a0f05", "#f5e6c8", "#8a6a45"),
    "selenium": ("#120c14", "#f4f0f2", "#7d7080"),
    "cyanotype": ("#0a1a3a", "#e8f4ff", "#3a6ea0"),
}
"""What a print's black, white and middle are made of."""

KINDS = {(0, 0): "photograph or text", (1, 0): "ambiguous", (2, 1): "line drawing"}
HIGHEST = 5


def measure(vision: VisionClient, truth: Truth) -> Iterator[Row | Figures]:
    """Give the rows about colors, black and white and adult scores, and who is taken for what."""
    yield from painted(vision)
    yield from printed(vision, truth)
    yield from confused(vision, truth)
    yield from harmless(vision, truth)


def jpeg(image: Image.Image, quality: int) -> bytes:
    """Return an image as a JPEG file."""
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def canvas(ground: str, figure: str, noise: int) -> Image.Image:
    """Draw a disc of one color on a ground of another, with noise of so many levels."""
    image = Image.new("RGB", (320, 240), PAINTS[ground])
    ImageDraw.Draw(image).ellipse((80, 40, 240, 200), PAINTS[figure])
    levels = np.random.default_rng(1).normal(np.asarray(image), noise)
    return Image.fromarray(levels.round().clip(0, 255).astype(np.uint8))


def painted(vision: VisionClient) -> Iterator[Row]:
    """Count the discs on grounds whose colors are named, drawn clean and with noise."""
    say("colours", "drawn discs")
    for kind, noise, quality in (("clean", 0, 95), ("with noise, JPEG quality 50", 12, 50)):
        right, pairs = 0, list(combinations(PAINTS, 2))
        for ground, figure in pairs:
            drawn = jpeg(canvas(ground, figure, noise), quality)
            color = vision.analyze(drawn, features="Color")["color"]
            named = color["dominantColorBackground"], color["dominantColorForeground"]
            right += named == (ground, figure) and set(color["dominantColors"]) == {ground, figure}
        yield Row("colours", f"ground and figure named, drawn {kind}", share(right, len(pairs)))


def printed(vision: VisionClient, truth: Truth) -> Iterator[Row]:
    """Count the prints in one ink that are black and white, and the images that are, as given."""
    say("colours", "prints")
    found = Counter(
        ink
        for known in truth.images
        for ink, (dark, light, middle) in INKS.items()
        for quality in (80, 30)
        if black_and_white(
            vision,
            jpeg(ImageOps.colorize(known.image.convert("L"), dark, light, mid=middle), quality),
        )
    )
    prints = 2 * len(truth.images)
    for ink in INKS:
        measure = f"black and white: prints, {ink}, JPEG quality 80 and 30"
        yield Row("colours", measure, share(found[ink], prints))
    coloured = [known for known in truth.images if not grey(known)]
    false = [known.path.name for known in coloured if black_and_white(vision, known.path)]
    measure = "black and white: images with color" + (f", {', '.join(false)}" if false else "")
    yield Row("colours", measure, share(len(false), len(coloured)))


def black_and_white(vision: VisionClient, picture: Path | bytes) -> bool:
    """Ask whether an image is black and white."""
    return bool(vision.analyze(picture, features="Color")["color"]["isBWImg"])


def grey(known: Known) -> bool:
    """Return True if an image has no color by its facts, or hardly any color in its pixels."""
    spread = np.ptp(np.asarray(known.image.convert("RGB"), np.int16), axis=2)
    return bool(known.facts.get("black_and_white", np.percentile(spread, 99) < 12))


def confused(vision: VisionClient, truth: Truth) -> Iterator[Figures]:
    """Count what images of each kind, and their variants, are taken for."""
    taken: Counter[tuple[str, str]] = Counter()
    for known in truth.having("imageType"):
        say("image type", known.path.name)
        for variant in (*upright(known.image), mirrored(known.image)):
            seen = vision.analyze(variant.data, features="ImageType")["imageType"]
            found = named(seen["clipArtType"], seen["lineDrawingType"])
            taken[named(*known.facts["imageType"]), found] += 1
    if taken:
        heads = sorted({kind for pair in taken for kind in pair})
        lines = [[is_, *(str(taken[is_, kind]) for kind in heads)] for is_ in heads]
        title = "What images and their variants are taken for (down: what they are)"
        yield Figures(title, ["", *heads], lines)


def named(clip_art: int, line_drawing: int) -> str:
    """Name an image type."""
    return KINDS.get((clip_art, line_drawing), "clip art")


def harmless(vision: VisionClient, truth: Truth) -> Iterator[Row | Figures]:
    """Give the highest adult scores of the harmless images."""
    say("adult", "harmless images")
    pictures = [*truth.images, *truth.probes, *truth.gallery]
    known = [picture for picture in pictures if picture.facts.get("harmless", True)]
    adult = [(vision.analyze(one.path, features="Adult")["adult"], one.path.name) for one in known]
    scores = sorted(((score["adultScore"], name) for score, name in adult), reverse=True)
    if scores:
        measure = f"highest score of {len(scores)} harmless images"
        flagged = any(score["isAdultContent"] for score, _ in adult)
        ours = f"{scores[0][0]:.2f} {scores[0][1]}"
        yield Row("adult", measure, ours, goal="none called adult", holds=not flagged)
        lines = [(name, f"{score:.3f}") for score, name in scores[:HIGHEST]]
        yield Figures("The highest adult scores of harmless images", ("image", "score"), lines)
