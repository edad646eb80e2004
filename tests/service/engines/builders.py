"""Builders of evidence: of the results that a test names, or of those of the real engines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from visionhelpers.images import load_image, sample_path
from visionservice.analysis import ImageAnalysis
from visionservice.engines import base
from visionservice.engines.base import Face, ImageType, Object, Scene
from visionservice.engines.captions.phrases import CaptionPlan
from visionservice.engines.evidence.evidence import Evidence
from visionservice.engines.geometry import Box
from visionservice.gallery.gallery import Gallery
from visionservice.imaging.decode import LazyImage

Scores = Mapping[str, float]

SMALL, LARGE = Box(150, 150, 60, 60), Box(50, 50, 200, 200)  # of an image of 400 x 400 pixels
BODY = Object("person", 0.95, Box(100, 50, 100, 300))
BOARD = Object("skateboard", 0.9, Box(80, 330, 140, 40))
CLIP_ART, DRAWING = ImageType(3, 0), ImageType(2, 1)
CORNERS = ((10.0, 10.0), (110.0, 10.0), (110.0, 30.0), (10.0, 30.0))
FEATURES = base.LowLevelFeatures(sky=0, grass=0, green=0, dark=False, plain=False, texture=0.0)
NOTHING = Evidence(
    size=(400, 400),
    objects=(),
    scene=Scene((), (), (), (), outdoor=0.0, indoor=0.0, low_level=FEATURES),
    faces=(),
    text=base.OcrResult((), (), orientation="NotDetected", angle=0.0, language="unk"),
    colors=base.Colors("Blue", "White", ("White",), "0000FF", 0.6, black_and_white=False),
    image_type=ImageType(clip_art=0, line_drawing=0),
    names=(),
    pose=lambda _: base.Pose(),
)


def image_of(*objects: Object, words: Scores | None = None, **results: Any) -> Evidence:
    """Return an image with objects and other results; `words` is short for a scene of words."""
    return NOTHING.with_results(**{"objects": objects, "scene": scene(words)} | results)


def scene(
    words: Scores | None = None,
    places: Scores | None = None,
    boxes: Sequence[Scores] = (),
    outdoor: float = 0.0,
    water: float = 0.0,
    **features: float,
) -> Scene:
    """Return a scene: the first of the words is the label, and `boxes` has those of the objects."""
    features = replace(FEATURES, **features)
    found, boxes = scores(words), tuple(map(scores, boxes))
    return Scene(found[:1], found, (), scores(places), outdoor, 0.0, features, water, boxes)


def see(pixels: base.RGBImage) -> Evidence:
    """Return the real engines' results for the pixels of an image; nobody is recognized."""
    analysis = ImageAnalysis(LazyImage(lambda: pixels), "Jpeg", Gallery(Path("no-gallery")))
    return analysis.evidence.with_results(names=())


@cache
def look(image: str | Path) -> Evidence:
    """Return the real engines' results for an image: a path, or the name of a sample."""
    path = sample_path(image) if isinstance(image, str) else image
    return see(np.asarray(load_image(path)))


def scores(words: Scores | None) -> tuple[base.LabelScore, ...]:
    return tuple(base.LabelScore(*item) for item in (words or {}).items())


def face(left: int, top: int = 50, side: int = 90, age: int = 40, gender: Any = "Male") -> Face:
    return Face(Box(left, top, side, side), 0.9, age=age, gender=gender)


def person(left: int, confidence: float = 0.9) -> Object:
    return Object("person", confidence, Box(left, 50, 60, 200))


def text(words: str, coverage: float = 0.0) -> base.OcrResult:
    """Return one line of text that covers this share of the image."""
    parts = tuple(base.Word(word, CORNERS, 1.0) for word in words.split())
    line = base.Line(words, CORNERS, parts, 0.99)
    return base.OcrResult((line,), (), "Up", 0.0, "en", coverage=coverage)


def sentence(plan: CaptionPlan | None) -> str:
    """Return the subject and all details of a plan; nothing without a plan."""
    return " ".join([plan.subject.text, *(d.text for d in plan.details)]) if plan else ""
