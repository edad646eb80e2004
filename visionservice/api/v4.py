"""Image Analysis 4.0: all results of one image in one response."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from ..errors import ApiError, bad_argument
from .analysis_json import named, tags, xywh
from .query import Query
from .version import INVALID_RATIO, V4_FEATURES, ImageHandler, Json, Version

if TYPE_CHECKING:
    from ..analysis import ImageAnalysis
    from ..engines.base import Line, Word
    from ..engines.geometry import Box

API_VERSIONS = ("2023-10-01", "2024-02-01")
MAX_DENSE_CAPTIONS = 10
MIN_ASPECT_RATIO, MAX_ASPECT_RATIO = 0.75, 1.8


def analyze(query: Query, version: Version) -> ImageHandler:
    """Image Analysis, Analyze: the requested features."""
    query.choice("api-version", *API_VERSIONS)
    features = query.choices("features", V4_FEATURES, "NotSupportedVisualFeature")
    if not features:
        message = "Either 'features' or 'model-name' needs to be specified in the query parameter."
        raise bad_argument(message)
    if query.text("model-name"):
        raise ApiError(404, "InvalidModel", "The local service has no custom models.")
    query.require_english()
    ratios: list[float | None] = [_aspect_ratio(t) for t in query.names("smartcrops-aspect-ratios")]
    neutral = query.flag("gender-neutral-caption", default=False)
    sections: dict[str, Callable[[ImageAnalysis], Json | list[Json]]] = {
        "caption": partial(_caption, neutral=neutral),
        "denseCaptions": partial(_dense_captions, neutral=neutral),
        "objects": lambda analysis: [
            _boxed(o.box, tags=[named(o)]) for o in analysis.confident_objects
        ],
        "people": lambda analysis: [  # all: the API leaves the choice of a threshold to the client
            _boxed(o.box, confidence=o.confidence) for o in analysis.objects if o.name == "person"
        ],
        "read": _read,
        "smartCrops": lambda analysis: [  # without a ratio, one that fits the image
            _boxed(box, aspectRatio=round(box.width / box.height, 2))
            for box in map(analysis.smart_crop, ratios or [None])
        ],
        "tags": tags,
    }

    def respond(analysis: ImageAnalysis, _: str) -> Json:
        metadata = {"width": analysis.size[0], "height": analysis.size[1]}
        results: Json = {}
        for name in sorted(features, key=V4_FEATURES.index):
            result = sections[name](analysis)
            results[f"{name}Result"] = {"values": result} if isinstance(result, list) else result
        return {"modelVersion": version.model, "metadata": metadata, **results}

    return respond


def _aspect_ratio(text: str) -> float:
    try:
        ratio = float(text)
    except ValueError:
        ratio = 0.0
    if not MIN_ASPECT_RATIO <= ratio <= MAX_ASPECT_RATIO:
        hint = f"Invalid smartcrops-aspect-ratios {text[:40]!r}: use a number in this range."
        raise bad_argument(INVALID_RATIO, hint)
    return ratio


def _boxed(box: Box, **more: object) -> Json:
    return {"boundingBox": xywh(box), **more}


def _caption(analysis: ImageAnalysis, neutral: bool) -> Json:
    """Return the best caption; 4.0 recognizes no people, so that it contains no name."""
    (caption,) = analysis.captions(1, names=False, gender_neutral=neutral)
    return {"text": caption.text, "confidence": caption.confidence}


def _dense_captions(analysis: ImageAnalysis, neutral: bool) -> list[Json]:
    """Return captions of the whole image, then of the boxes of objects."""
    whole = {"x": 0, "y": 0, "w": analysis.size[0], "h": analysis.size[1]}
    parts = analysis.parts(MAX_DENSE_CAPTIONS - 1)
    others = [_boxed(box, **_caption(part, neutral)) for part, box in parts]
    return [_caption(analysis, neutral) | {"boundingBox": whole}, *others]


def _read(analysis: ImageAnalysis) -> Json:
    """Return all lines as one block; no block without text."""
    lines = [
        _text(line, words=[_text(w, confidence=round(w.confidence, 3)) for w in line.words])
        for line in analysis.ocr().lines
    ]
    return {"blocks": [{"lines": lines}] if lines else []}


def _text(found: Line | Word, **more: object) -> Json:
    polygon = [{"x": round(x), "y": round(y)} for x, y in found.polygon]
    return {"text": found.text, "boundingPolygon": polygon, **more}
