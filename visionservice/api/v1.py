"""API v1.0: operations, parameters and JSON; later versions share most of its operations.

An operation first checks its parameters and then returns a handler for the image, so that an
invalid request causes no download and no decoding.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from math import radians
from typing import TYPE_CHECKING

from PIL import Image

from ..errors import ApiError, GatewayError
from . import analysis_json, text_json
from .params import parse_enum_list, read_language, require_english
from .query import Query
from .version import DocumentHandler, ErrorBody, ImageHandler, Json, ReadPlan, Version

if TYPE_CHECKING:
    from ..analysis import ImageAnalysis
    from ..operations import Progress

V1_CODES = frozenset(
    (
        "InvalidImageUrl", "InvalidImageFormat", "InvalidImageSize", "NotSupportedVisualFeature",
        "NotSupportedImage", "InvalidDetails", "NotSupportedLanguage", "BadArgument",
        "FailedToProcess", "Timeout", "InternalServerError", "Unspecified", "StorageException",
    )
)  # fmt: skip
V1_FEATURES = ("ImageType", "Faces", "Adult", "Categories", "Color", "Tags", "Description")
DETAILS = ("Celebrities", "Landmarks")
OCR_LANGUAGES = (
    "unk", "zh-Hans", "zh-Hant", "cs", "da", "nl", "en", "fi", "fr", "de", "hu", "it", "ja", "nb",
    "pl", "pt", "es", "sv", "tr", "ro", "sr-Latn", "sk",
)  # fmt: skip
"""The languages of OCR, without those in scripts that no model here reads."""
AGENT_WITHOUT_LANGUAGE = "azure-cognitiveservices-vision-computervision/0.1.0"
"""Microsoft's Python package for v1.0, which cannot parse the `language` of an OCR result."""
MODELS: Json = {
    "models": [
        {"name": "celebrities", "categories": ["people_", "人_", "pessoas_", "gente_"]},
        {
            "name": "landmarks",
            "categories": [
                "outdoor_", "户外_", "屋外_", "aoarlivre_", "alairelibre_", "building_", "建筑_",
                "建物_", "edifício_",
            ],
        },
    ]
}  # fmt: skip
"""The response of List Domain Specific Models."""


def flat_error(codes: frozenset[str]) -> Callable[[ApiError, str, str], ErrorBody]:
    """Return the `error_body` of v1.0 to v3.1, for a version that has these codes."""

    def error_body(error: ApiError, request_id: str, _: str) -> ErrorBody:
        if isinstance(error, GatewayError):
            content: Json = {"error": {"code": error.code, "message": error.message}}
        else:
            code = error.code if error.code in codes else "BadArgument"
            content = {"code": code, "requestId": request_id, "message": error.message}
        return ErrorBody(error.status, content)

    return error_body


def progress(operation: Progress) -> Json:
    """Return the status of Get Text Operation Result."""
    return {"status": "Running" if operation.status == "NotStarted" else operation.status}


V1_0 = Version("v1.0", flat_error(V1_CODES), "/vision/v1.0", progress, V1_FEATURES)


def analyze(query: Query, version: Version) -> ImageHandler:
    """Analyze Image: the requested features, and the names of people and places."""
    require_english(query)
    details = frozenset(DETAILS)
    if query.text("details").lower() != "all":
        details = parse_enum_list(query, "details", DETAILS, "InvalidDetails")
    allowed = version.features
    features = parse_enum_list(query, "visualFeatures", allowed, "NotSupportedVisualFeature")
    if "Brands" in features:
        message = "The local service does not support brand detection."
        raise ApiError(400, "NotSupportedFeature", message)
    if details or not features:
        features |= {"Categories"}
    names = _names_in_captions(query, version)
    sections: dict[str, Callable[[ImageAnalysis], Json]] = {
        **analysis_json.SECTIONS,
        "Categories": lambda analysis: analysis_json.categories(analysis, details),
        "Description": lambda analysis: analysis_json.description(analysis, names=names),
    }

    def respond(analysis: ImageAnalysis, request_id: str) -> Json:
        result: Json = {}
        for name in version.features:
            if name in features:
                result |= sections[name](analysis)
        return result | analysis_json.footer(analysis, request_id, version)

    return respond


def describe(query: Query, version: Version) -> ImageHandler:
    """Describe Image: tags and up to `maxCandidates` captions."""
    require_english(query)
    limit = query.number("maxCandidates", 1, 100, default=1)
    names = _names_in_captions(query, version)
    return lambda analysis, request_id: (
        analysis_json.description(analysis, limit, names=names)
        | analysis_json.footer(analysis, request_id, version)
    )


def tag(query: Query, version: Version) -> ImageHandler:
    """Tag Image: tags with their confidence."""
    require_english(query)
    return lambda analysis, request_id: (
        analysis_json.tags(analysis) | analysis_json.footer(analysis, request_id, version)
    )


def domain_model(query: Query, version: Version) -> ImageHandler:
    """Recognize Domain Specific Content: the names of people or places."""
    require_english(query)
    model = query.text("model").lower()
    if model not in ("celebrities", "landmarks"):
        message = f"Invalid model {model[:40]!r}: use celebrities or landmarks."
        raise ApiError(400, "InvalidModel", message)
    names = analysis_json.celebrities if model == "celebrities" else analysis_json.landmarks
    return lambda analysis, request_id: {
        "result": {model: names(analysis)},
        **analysis_json.footer(analysis, request_id, version),
    }


def thumbnail(query: Query, _: Version) -> ImageHandler:
    """Get Thumbnail: a JPEG of exactly the requested size."""
    width = query.number("width", 1, 1024, code="InvalidThumbnailSize")
    height = query.number("height", 1, 1024, code="InvalidThumbnailSize")
    smart = query.flag("smartCropping", default=False)

    def respond(analysis: ImageAnalysis, __: str) -> bytes:
        file = BytesIO()
        pixels = analysis.thumbnail(width, height, smart=smart)
        Image.fromarray(pixels).save(file, "JPEG", quality=90)
        return file.getvalue()

    return respond


def ocr(query: Query, version: Version) -> ImageHandler:
    """OCR: printed text as regions, lines and words with upright boxes."""
    language = read_language(query, OCR_LANGUAGES, "unk")
    detect_orientation = query.flag("detectOrientation", default=True)

    def respond(analysis: ImageAnalysis, _: str) -> Json:
        text = analysis.ocr(detect_orientation=detect_orientation)
        result = text_json.ocr(text, analysis.width, analysis.height, language)
        if version.angle_in_radians:
            result["textAngle"] = round(radians(text.angle), 6)
        if version.model:
            result["modelVersion"] = version.model
        if AGENT_WITHOUT_LANGUAGE in query.agent:
            del result["language"]
        return result

    return respond


def recognize_text(query: Query, _: Version) -> DocumentHandler:
    """Recognize Text: lines and words; one model reads print and handwriting."""
    query.flag("handwriting", "detectHandwriting", default=False)
    return lambda _: ReadPlan(
        (1,),
        lambda page: {"lines": text_json.lines(page, page.text.lines)},
        lambda pages: {"recognitionResult": pages[0]},
    )


def _names_in_captions(query: Query, version: Version) -> bool:
    """Return True unless `descriptionExclude` excludes celebrities."""
    if not version.supports_exclude:
        return True
    excluded = parse_enum_list(query, "descriptionExclude", DETAILS, "InvalidDetails")
    return "Celebrities" not in excluded
