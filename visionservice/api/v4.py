"""Image Analysis 4.0: all results of one image in one response."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import TYPE_CHECKING

from ..errors import ApiError, FileSizeError, GatewayError, bad_argument
from . import analysis_json
from .limits import IMAGE_V4
from .params import check_model_version, parse_enum_list, require_english
from .query import Query
from .version import ErrorBody, ImageHandler, Json, Version

if TYPE_CHECKING:
    from ..analysis import ImageAnalysis
    from ..engines.geometry import Polygon

V4_FEATURES = ("caption", "denseCaptions", "objects", "people", "read", "smartCrops", "tags")
API_VERSIONS = ("2023-10-01", "2024-02-01")
MAX_DENSE_CAPTIONS = 10
MIN_ASPECT_RATIO, MAX_ASPECT_RATIO = 0.75, 1.8
STATUSES = {408: 400, 415: 400}
"""Statuses that 4.0 does not use, and their replacements."""
INVALID_QUERY = "Analyze query is invalid"
INVALID_RATIO = (
    "'smartcrops-aspect-ratios' aspect ratio is not in allowed range "
    f"[{MIN_ASPECT_RATIO} to {MAX_ASPECT_RATIO}]"
)
INVALID_FILE_SIZE = (
    f"The image size is not allowed to be zero or larger than {IMAGE_V4.bytes} bytes"
)
INACCESSIBLE_URL = "The provided image url is not accessible."
MESSAGES = {
    "InvalidImageFormat": ("Image format is not valid.", "Input data is not a valid image."),
    "InvalidImageUrl": (INACCESSIBLE_URL, INACCESSIBLE_URL),
    "NotSupportedVisualFeature": (INVALID_QUERY, "Specified feature type is not valid"),
    "NotSupportedLanguage": (INVALID_QUERY, "The input language is not supported."),
}
"""Microsoft's messages by code: the outer and the inner one."""


def error_body(error: ApiError, _: str, __: str) -> ErrorBody:
    """Return an error as 4.0 sends it: nested, with Microsoft's message where one is known."""
    if isinstance(error, GatewayError) or error.status >= 500:
        content: Json = {"code": error.code, "message": error.message}
        return ErrorBody(error.status, {"error": content}, {"x-ms-error-code": error.code})
    outer, inner = MESSAGES.get(error.code, (error.message, error.message))
    if isinstance(error, FileSizeError):
        outer = inner = INVALID_FILE_SIZE
    elif error.message == INVALID_RATIO:
        outer = INVALID_QUERY
    hint = error.hint if inner == error.message else f"{error.message} {error.hint}".strip()
    code = "InvalidRequest"
    content = {"code": code, "message": outer, "innererror": {"code": error.code, "message": inner}}
    status = STATUSES.get(error.status, error.status)
    return ErrorBody(status, {"error": content}, {"x-ms-error-code": code}, hint)


def _validate(query: Query) -> None:
    check_model_version(query)
    asked = query.text("api-version")
    if asked not in API_VERSIONS:
        raise bad_argument(f"Invalid api-version {asked[:40]!r}: use {' or '.join(API_VERSIONS)}.")


V4_0 = Version(
    "4.0",
    error_body,
    "/computervision",
    features=V4_FEATURES,
    model=API_VERSIONS[0],
    validate=_validate,
)


def analyze(query: Query, version: Version) -> ImageHandler:
    """Image Analysis, Analyze: the requested features."""
    features = parse_enum_list(query, "features", V4_FEATURES, "NotSupportedVisualFeature")
    if not features:
        raise bad_argument(
            "Either 'features' or 'model-name' needs to be specified in the query parameter."
        )
    if query.text("model-name"):
        raise ApiError(404, "InvalidModel", "The local service has no custom models.")
    require_english(query)
    ratios = [_aspect_ratio(text) for text in query.names("smartcrops-aspect-ratios")]
    neutral = query.flag("gender-neutral-caption", default=False)
    sections: dict[str, Callable[[ImageAnalysis], Json]] = {
        "caption": lambda analysis: _caption(analysis, neutral),
        "denseCaptions": lambda analysis: _dense_captions(analysis, neutral),
        "objects": _objects,
        "people": _people,
        "read": _read,
        "smartCrops": lambda analysis: _smart_crops(analysis, ratios),
        "tags": lambda analysis: {"values": analysis_json.tags(analysis)["tags"]},
    }

    def respond(analysis: ImageAnalysis, _: str) -> Json:
        metadata = {"width": analysis.width, "height": analysis.height}
        results = {f"{n}Result": sections[n](analysis) for n in V4_FEATURES if n in features}
        return {"modelVersion": version.model, "metadata": metadata, **results}

    return respond


def _aspect_ratio(text: str) -> float:
    try:
        ratio = float(text)
    except ValueError:
        ratio = float("nan")
    if not isfinite(ratio) or not MIN_ASPECT_RATIO <= ratio <= MAX_ASPECT_RATIO:
        hint = f"Invalid smartcrops-aspect-ratios {text[:40]!r}: use a number in this range."
        raise bad_argument(INVALID_RATIO, hint)
    return ratio


def _caption(analysis: ImageAnalysis, neutral: bool) -> Json:
    """Return the best caption; 4.0 recognizes no people, so that it contains no name."""
    for caption in analysis.captions(1, names=False, gender_neutral=neutral):
        return {"text": caption.text, "confidence": caption.confidence}
    return {"text": "", "confidence": 0.0}


def _dense_captions(analysis: ImageAnalysis, neutral: bool) -> Json:
    """Return captions of the whole image, then of the boxes of objects."""
    whole = {"x": 0, "y": 0, "w": analysis.width, "h": analysis.height}
    values = [_caption(analysis, neutral) | {"boundingBox": whole}]
    for part, box in analysis.parts(MAX_DENSE_CAPTIONS - 1):
        values.append(_caption(part, neutral) | {"boundingBox": analysis_json.xywh(box)})
    return {"values": values}


def _objects(analysis: ImageAnalysis) -> Json:
    return {
        "values": [
            {
                "boundingBox": analysis_json.xywh(found.box),
                "tags": [{"name": found.name, "confidence": found.confidence}],
            }
            for found in analysis.confident_objects
        ]
    }


def _people(analysis: ImageAnalysis) -> Json:
    """Return all people; the API leaves the choice of a threshold to the client."""
    return {
        "values": [
            {"boundingBox": analysis_json.xywh(found.box), "confidence": found.confidence}
            for found in analysis.objects
            if found.name == "person"
        ]
    }


def _smart_crops(analysis: ImageAnalysis, ratios: list[float]) -> Json:
    """Return a crop for each aspect ratio; one that fits the image without them."""
    crops = [analysis.smart_crop(ratio) for ratio in ratios] or [analysis.smart_crop(None)]
    return {
        "values": [
            {
                "boundingBox": analysis_json.xywh(box),
                "aspectRatio": round(box.width / box.height, 2),
            }
            for box in crops
        ]
    }


def _read(analysis: ImageAnalysis) -> Json:
    """Return all lines as one block; no block without text."""
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
        for line in analysis.text.lines
    ]
    return {"blocks": [{"lines": lines}] if lines else []}


def _polygon(polygon: Polygon) -> list[Json]:
    return [{"x": round(x), "y": round(y)} for x, y in polygon]
