"""Image Analysis 4.0: everything about one picture in one answer."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import TYPE_CHECKING, Any

from ..errors import ApiError, GatewayError
from ..imaging.probe import InputLimits
from . import analysis_json, v1, v3
from .query import Query
from .version import ErrorBody, ImageHandler, Version

if TYPE_CHECKING:
    from ..analysis import ImageAnalysis
    from ..engines.geometry import Box, Polygon

Json = dict[str, Any]

IMAGE = InputLimits(
    formats=("Jpeg", "Png", "Gif", "Bmp", "Webp", "Ico", "Tiff"),
    bytes=20 * 1024 * 1024,
    media="image/",
)
FEATURES = ("caption", "denseCaptions", "objects", "people", "read", "smartCrops", "tags")
API_VERSIONS = ("2023-10-01", "2024-02-01")
MOST_REGIONS = 10
NARROWEST, WIDEST = 0.75, 1.8
UNSUPPORTED = {408: 400, 415: 400}
"""Statuses that this version does not know, and what it says in their place."""


def error_body(error: ApiError, _: str, __: str) -> ErrorBody:
    """Word an error: wrapped, what is wrong with the picture or the query inside."""
    code = (
        error.code if isinstance(error, GatewayError) or error.status >= 500 else "InvalidRequest"
    )
    content: Json = {"code": code, "message": error.message}
    if code != error.code:
        content["innererror"] = {"code": error.code, "message": error.message}
    status = UNSUPPORTED.get(error.status, error.status)
    return ErrorBody(status, {"error": content}, {"x-ms-error-code": code})


def _validate(query: Query) -> None:
    v3.validate(query)
    asked = query.text("api-version")
    if asked not in API_VERSIONS:
        message = f"api-version is {' or '.join(API_VERSIONS)}, but it is {asked[:40]!r}."
        raise ApiError(400, "BadArgument", message)


V4_0 = Version(
    "4.0",
    error_body,
    "/computervision",
    features=FEATURES,
    model=API_VERSIONS[0],
    validate=_validate,
)


def analyze(query: Query, version: Version) -> ImageHandler:
    """Image Analysis, Analyze: the features asked for."""
    asked = v1.parse_enum_list(query.names("features"), FEATURES, "NotSupportedVisualFeature")
    if not asked:
        message = "Either 'features' or 'model-name' needs to be specified in the query parameter."
        raise ApiError(400, "BadArgument", message)
    if query.text("model-name"):
        raise ApiError(404, "InvalidModel", "This service has no custom models.")
    v1.require_english(query)
    ratios = tuple(map(_ratio, query.names("smartcrops-aspect-ratios")))
    neutral = query.flag("gender-neutral-caption", default=False)
    sections: dict[str, Callable[[ImageAnalysis], Json]] = {
        "caption": lambda picture: _caption(picture, neutral),
        "denseCaptions": lambda picture: _dense_captions(picture, neutral),
        "objects": _objects,
        "people": _people,
        "read": _read,
        "smartCrops": lambda picture: _smart_crops(picture, ratios),
        "tags": lambda picture: {"values": analysis_json.tags(picture)["tags"]},
    }

    def work(picture: ImageAnalysis, _: str) -> Json:
        answer: Json = {
            "modelVersion": version.model,
            "metadata": {"width": picture.width, "height": picture.height},
        }
        return answer | {f"{n}Result": sections[n](picture) for n in FEATURES if n in asked}

    return work


def _ratio(text: str) -> float:
    try:
        ratio = float(text)
    except ValueError:
        ratio = float("nan")
    if not isfinite(ratio) or not NARROWEST <= ratio <= WIDEST:
        message = (
            "'smartcrops-aspect-ratios' aspect ratio is not in allowed range "
            f"[{NARROWEST} to {WIDEST}]: {text[:40]!r}."
        )
        raise ApiError(400, "BadArgument", message)
    return ratio


def _caption(picture: ImageAnalysis, neutral: bool) -> Json:
    (caption,) = picture.captions(1, gender_neutral=neutral)
    return {"text": caption.text, "confidence": caption.confidence}


def _dense_captions(picture: ImageAnalysis, neutral: bool) -> Json:
    """Caption the whole picture, then what is in each box of a thing."""
    whole = {"x": 0, "y": 0, "w": picture.width, "h": picture.height}
    values = [_caption(picture, neutral) | {"boundingBox": whole}]
    for part, box in picture.parts(MOST_REGIONS - 1):
        values.append(_caption(part, neutral) | {"boundingBox": analysis_json.bounds(box)})
    return {"values": values}


def _objects(picture: ImageAnalysis) -> Json:
    return {
        "values": [
            {
                "boundingBox": analysis_json.bounds(thing.box),
                "tags": [{"name": thing.name, "confidence": thing.confidence}],
            }
            for thing in picture.confident_objects
        ]
    }


def _people(picture: ImageAnalysis) -> Json:
    """Return everybody, the unsure too: the API leaves it to its reader where to draw the line."""
    return {
        "values": [
            {"boundingBox": analysis_json.bounds(thing.box), "confidence": thing.confidence}
            for thing in picture.objects
            if thing.name == "person"
        ]
    }


def _smart_crops(picture: ImageAnalysis, ratios: tuple[float, ...]) -> Json:
    crops = [picture.smart_crop(ratio) for ratio in ratios] or [picture.smart_crop(None)]
    return {"values": [_crop(box) | {"aspectRatio": _shape(box)} for box in crops]}


def _crop(box: Box) -> Json:
    return {"boundingBox": analysis_json.bounds(box)}


def _shape(box: Box) -> float:
    return round(box.width / box.height, 2)


def _read(picture: ImageAnalysis) -> Json:
    """Return all lines as one block, none where there is no text."""
    lines = [
        {
            "text": line.text,
            "boundingPolygon": _polygon(line.polygon),
            "words": [
                {
                    "text": word.text,
                    "boundingPolygon": _polygon(word.polygon),
                    "confidence": round(word.confidence, 3),
                }
                for word in line.words
            ],
        }
        for line in picture.text.lines
    ]
    return {"blocks": [{"lines": lines}] if lines else []}


def _polygon(polygon: Polygon) -> list[Json]:
    return [{"x": round(x), "y": round(y)} for x, y in polygon]
