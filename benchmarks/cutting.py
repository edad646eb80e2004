"""How well thumbnails keep faces and subjects, beside a center crop.

Where a thumbnail was cut is seen in its pixels: it is looked for in the image.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from PIL import Image, ImageOps

from benchmarks.measures import Box, area, find_cut, shared, windows
from benchmarks.rows import Row, say, share
from benchmarks.truth import Truth
from benchmarks.variants import in_corners
from visionhelpers import VisionClient

SHAPES = ((160, 480), (240, 480), (320, 480), (400, 400), (480, 320), (480, 240), (480, 160))
FACES = 0.98
"""A face this much of which is in view is whole in a thumbnail, whose window is found to the pixel
or two; the windows it is compared with are exact, and a face is whole there if all of it is."""


@dataclass(frozen=True, slots=True)
class Cut:
    """How much of a subject, and how many faces, our crop, the center and the best one keep."""

    ours: float
    center: float
    best: float
    faces: int
    faces_centre: int
    faces_best: int


def measure(vision: VisionClient, truth: Truth) -> Iterator[Row]:
    """Give the rows about thumbnails."""
    given: list[Cut] = []
    shifted: list[Cut] = []
    for known, subject in ((known, known.subject) for known in truth.images):
        if subject is None:
            continue
        say("thumbnails", known.path.name)
        faces = [tuple(face["ltrb"]) for face in known.faces]
        given += _cuts(vision, known.image, subject, faces)
        for image, shift in in_corners(known.image, subject):
            moved = [_moved(face, shift) for face in faces]
            shifted += _cuts(vision, image, _moved(subject, shift), moved)
    if any(cut.faces_best for cut in given):
        yield _whole([*given, *shifted])
    if given:
        yield _kept("as they are", given)
    if shifted:
        yield _kept("in the corners", shifted)
        yield _gain(shifted)


def _cuts(
    vision: VisionClient, image: Image.Image, subject: Box, faces: Sequence[Box]
) -> Iterator[Cut]:
    for shape in SHAPES:
        places = windows(image.size, shape)
        width, height = shape
        ours = find_cut(image, vision.thumbnail(image, width=width, height=height))
        center = find_cut(image, ImageOps.fit(image, shape, Image.Resampling.LANCZOS))
        possible = max(_number(faces, box, 1) for box in places)
        yield Cut(
            _share(subject, ours),
            _share(subject, center),
            max(_share(subject, box) for box in places),
            min(_number(faces, ours, FACES), possible),
            min(_number(faces, center, FACES), possible),
            possible,
        )


def _share(subject: Box, window: Box) -> float:
    return area(shared(subject, window)) / area(subject)


def _number(faces: Sequence[Box], window: Box, least: float) -> int:
    return sum(_share(face, window) >= least for face in faces)


def _moved(box: Box, shift: tuple[int, int]) -> Box:
    right, down = shift
    return box[0] + right, box[1] + down, box[2] + right, box[3] + down


def _whole(cuts: Sequence[Cut]) -> Row:
    """Count the faces kept whole, of those that one window of the shape can keep."""
    ours, center, best = (
        sum(getattr(cut, name) for cut in cuts) for name in ("faces", "faces_centre", "faces_best")
    )
    other = f"{share(center, best)} ImageOps.fit"
    return Row(
        "thumbnails", "faces whole, 1:3 to 3:1", share(ours, best), other, "all", ours == best
    )


def _kept(which: str, cuts: Sequence[Cut]) -> Row:
    """Compare with the best window of each shape."""
    best = sum(cut.best for cut in cuts)
    ours, center = (sum(getattr(cut, name) for cut in cuts) / best for name in ("ours", "center"))
    measure = f"of the subject the best crop keeps, {which}"
    other = f"{center:.1%} ImageOps.fit"
    return Row("thumbnails", measure, f"{ours:.1%}", other, "at least 95%", ours >= 0.95)


def _gain(cuts: Sequence[Cut]) -> Row:
    ratio = sum(cut.ours for cut in cuts) / sum(cut.center for cut in cuts)
    most = sum(cut.best for cut in cuts) / sum(cut.center for cut in cuts)
    measure = "subject kept against a center crop, in the corners"
    other = f"{most:.2f} times the best crop"
    return Row("thumbnails", measure, f"{ratio:.2f} times", other, "1.3 times", ratio >= 1.3)
