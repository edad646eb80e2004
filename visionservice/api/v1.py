"""API v1.0: operations, parameters and JSON; later versions share most of its operations.

An operation first checks its parameters and then returns a handler for the image, so that an
invalid request causes no download and no decoding.
"""

import json
from functools import partial
from io import BytesIO
from math import radians
from pathlib import Path

from PIL import Image

from ..analysis import ImageAnalysis
from ..errors import ApiError
from . import analysis_json, text_json
from .query import Query
from .version import ImageHandler, Json, ReadPlan, Version

DETAILS = ("Celebrities", "Landmarks")
AGENT_WITHOUT_LANGUAGE = "azure-cognitiveservices-vision-computervision/0.1.0"
"""Microsoft's Python package for v1.0, which cannot parse the `language` of an OCR result."""
MODELS: Json = json.loads(Path(__file__).with_name("models.json").read_text(encoding="utf-8"))
"""The response of List Domain Specific Models."""


def analyze(query: Query, version: Version) -> ImageHandler:
    """Analyze Image: the requested features, and the names of people and places."""
    query.require_english()
    details = frozenset(DETAILS)
    if query.text("details").lower() != "all":
        details = query.choices("details", DETAILS, "InvalidDetails")
    features = query.choices("visualFeatures", version.features, "NotSupportedVisualFeature")
    if "Brands" in features:
        message = "The local service does not support brand detection."
        raise ApiError(400, "NotSupportedFeature", message)
    if details or not features:
        features |= {"Categories"}
    sections: dict[str, analysis_json.Section] = analysis_json.SECTIONS | {
        "Categories": partial(analysis_json.categories, details=details),
        "Description": partial(analysis_json.description, names=_with_names(query, version)),
    }
    selected = {f[0].lower() + f[1:]: sections[f] for f in version.features if f in features}
    return analysis_json.handler(version, **selected)


def describe(query: Query, version: Version) -> ImageHandler:
    """Describe Image: tags and up to `maxCandidates` captions."""
    query.require_english()
    limit, names = query.number("maxCandidates", 100, "1"), _with_names(query, version)
    description = partial(analysis_json.description, limit=limit, names=names)
    return analysis_json.handler(version, description=description)


def tag(query: Query, version: Version) -> ImageHandler:
    """Tag Image: tags with their confidence."""
    query.require_english()
    return analysis_json.handler(version, tags=analysis_json.tags)


def domain_model(query: Query, version: Version) -> ImageHandler:
    """Recognize Domain Specific Content: the names of people or places."""
    query.require_english()
    model = query.choice("model", "celebrities", "landmarks", code="InvalidModel")
    names = analysis_json.celebrities if model == "celebrities" else analysis_json.landmarks
    return analysis_json.handler(version, result=lambda analysis: {model: names(analysis)})


def thumbnail(query: Query, _: Version) -> ImageHandler:
    """Get Thumbnail: a JPEG of exactly the requested size."""
    width = query.number("width", 1024, code="InvalidThumbnailSize")
    height = query.number("height", 1024, code="InvalidThumbnailSize")
    smart = query.flag("smartCropping", default=False)

    def respond(analysis: ImageAnalysis, __: str) -> bytes:
        file = BytesIO()
        pixels = analysis.thumbnail(width, height, smart=smart)
        Image.fromarray(pixels).save(file, "JPEG", quality=90)
        return file.getvalue()

    return respond


def ocr(query: Query, version: Version) -> ImageHandler:
    """OCR: printed text as regions, lines and words with upright boxes."""
    language = query.read_language("OCR", "unk")
    detect_orientation = query.flag("detectOrientation", default=True)

    def respond(analysis: ImageAnalysis, _: str) -> Json:
        text = analysis.ocr(detect_orientation=detect_orientation)
        result = text_json.ocr(text, analysis.size, language)
        if version.number >= 2.1:
            result["textAngle"] = round(radians(text.angle), 6)
        if version.model:
            result["modelVersion"] = version.model
        if AGENT_WITHOUT_LANGUAGE in query.agent:
            del result["language"]
        return result

    return respond


def recognize_text(query: Query, _: Version) -> ReadPlan:
    """Recognize Text: lines and words; one model reads print and handwriting."""
    for name in ("handwriting", "detectHandwriting"):
        query.flag(name, default=False)
    return ReadPlan(
        lambda page: {"lines": text_json.lines(page, page.image.ocr().lines)},
        lambda pages: {"recognitionResult": pages[0]},
    )


def _with_names(query: Query, version: Version) -> bool:
    """Return True unless `descriptionExclude`, a parameter since v2.1, excludes celebrities."""
    if version.number < 2.1:
        return True
    return "Celebrities" not in query.choices("descriptionExclude", DETAILS, "InvalidDetails")
