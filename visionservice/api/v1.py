"""API v1.0: what may be asked, and the JSON that answers it; later versions build on it.

Each operation checks its parameters first and returns the work still to be done on the picture, so
that a request which makes no sense costs neither a download nor a decoding. Operations that later
versions have as well are told which one is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from math import radians
from typing import TYPE_CHECKING, Any

from PIL import Image

from ..analysis import UNREAD_LANGUAGES
from ..errors import ApiError, GatewayError, not_supported_language
from ..imaging.probe import InputLimits
from . import analysis_json, text_json
from .query import Query
from .version import DocumentHandler, ErrorBody, ImageHandler, ReadPlan, Version

if TYPE_CHECKING:
    from ..analysis import ImageAnalysis
    from ..operations import Progress

Json = dict[str, Any]

CODES = frozenset(
    (
        "InvalidImageUrl",
        "InvalidImageFormat",
        "InvalidImageSize",
        "NotSupportedVisualFeature",
        "NotSupportedImage",
        "InvalidDetails",
        "NotSupportedLanguage",
        "BadArgument",
        "FailedToProcess",
        "Timeout",
        "InternalServerError",
        "Unspecified",
        "StorageException",
    )
)
FEATURES = ("ImageType", "Faces", "Adult", "Categories", "Color", "Tags", "Description")
DETAILS = ("Celebrities", "Landmarks")
# fmt: off
OCR_LANGUAGES = (
    "unk", "zh-Hans", "zh-Hant", "cs", "da", "nl", "en", "fi", "fr", "de", "el", "hu", "it",
    "ja", "ko", "nb", "pl", "pt", "ru", "es", "sv", "tr", "ar", "ro", "sr-Cyrl", "sr-Latn",
    "sk",
)
# fmt: on
CANNOT_READ_LANGUAGE = "azure-cognitiveservices-vision-computervision/0.1.0"
"""Microsoft's package for v1.0 takes `language` for an object, and breaks on the text it is."""

PHOTO = InputLimits()
OCR_PAGE = InputLimits(shortest=40, longest=3200)
TEXT_PAGE = InputLimits(shortest=40, longest=3200, formats=("Jpeg", "Png", "Bmp"))
MODELS: Json = {
    "models": [
        {"name": "celebrities", "categories": ["people_", "人_", "pessoas_", "gente_"]},
        {
            "name": "landmarks",
            "categories": [
                "outdoor_",
                "户外_",
                "屋外_",
                "aoarlivre_",
                "alairelibre_",
                "building_",
                "建筑_",
                "建物_",
                "edifício_",
            ],
        },
    ]
}


def flat_error(codes: frozenset[str]) -> Callable[[ApiError, str, str], ErrorBody]:
    """Return what words an error as v1.0 to v3.1 do, with these codes; the gateway's is wrapped."""

    def refuse(error: ApiError, request_id: str, _: str) -> ErrorBody:
        if isinstance(error, GatewayError):
            content: Json = {"error": {"code": error.code, "message": error.message}}
        else:
            code = error.code if error.code in codes else "BadArgument"
            content = {"code": code, "requestId": request_id, "message": error.message}
        return ErrorBody(error.status, content)

    return refuse


def progress(done: Progress) -> Json:
    """Get Text Operation Result: the text is absent until it is finished."""
    status = "Running" if done.status == "NotStarted" else done.status
    return {"status": status}


V1_0 = Version("v1.0", flat_error(CODES), "/vision/v1.0", progress, FEATURES)


def analyze(query: Query, version: Version) -> ImageHandler:
    """Analyze Image: the features asked for, and the names of people and places."""
    require_english(query)
    details = _details(query)
    features = parse_enum_list(
        query.names("visualFeatures"), version.features, "NotSupportedVisualFeature"
    )
    if "Brands" in features:
        raise ApiError(400, "NotSupportedFeature", "This service has no model that sees brands.")
    if details or not features:
        features |= {"Categories"}
    names = _names_in_captions(query, version)

    def work(picture: ImageAnalysis, request_id: str) -> Json:
        answer: Json = {}
        for name in version.features:
            if name == "Categories" and name in features:
                answer["categories"] = analysis_json.categories(picture, details)
            elif name == "Description" and name in features:
                answer |= analysis_json.description(picture, names=names)
            elif name in features:
                answer |= analysis_json.SECTIONS[name](picture)
        return answer | analysis_json.response_footer(picture, request_id, version)

    return work


def describe(query: Query, version: Version) -> ImageHandler:
    """Describe Image: tags and up to `maxCandidates` captions."""
    require_english(query)
    candidates = query.number("maxCandidates", 1, 100, default=1)
    names = _names_in_captions(query, version)
    return lambda picture, request_id: (
        analysis_json.description(picture, candidates, names=names)
        | analysis_json.response_footer(picture, request_id, version)
    )


def tag(query: Query, version: Version) -> ImageHandler:
    """Tag Image: words with their confidence."""
    require_english(query)
    return lambda picture, request_id: (
        analysis_json.tags(picture) | analysis_json.response_footer(picture, request_id, version)
    )


def domain_model(query: Query, version: Version) -> ImageHandler:
    """Recognize Domain Specific Content: people or places by name."""
    require_english(query)
    model = query.text("model").lower()
    if model not in ("celebrities", "landmarks"):
        message = f"There is no model {model[:40]!r}; there are celebrities and landmarks."
        raise ApiError(400, "InvalidModel", message)
    names = analysis_json.celebrities if model == "celebrities" else analysis_json.landmarks
    return lambda picture, request_id: {
        "result": {model: names(picture)},
        **analysis_json.response_footer(picture, request_id, version),
    }


def thumbnail(query: Query, _: Version) -> ImageHandler:
    """Get Thumbnail: a JPEG of exactly the width and height asked for."""
    width = query.number("width", 1, 1024, code="InvalidThumbnailSize")
    height = query.number("height", 1, 1024, code="InvalidThumbnailSize")
    smart = query.flag("smartCropping", default=False)

    def work(picture: ImageAnalysis, __: str) -> bytes:
        file = BytesIO()
        cut = picture.thumbnail(width, height, smart=smart)
        Image.fromarray(cut).save(file, "JPEG", quality=90)
        return file.getvalue()

    return work


def ocr(query: Query, version: Version) -> ImageHandler:
    """OCR: printed text as regions, lines and words with upright boxes."""
    language = read_language(query, OCR_LANGUAGES, "unk")
    turned = query.flag("detectOrientation", default=True)

    def work(picture: ImageAnalysis, _: str) -> Json:
        text = picture.ocr(detect_orientation=turned)
        answer = text_json.ocr(text, picture.width, picture.height, language)
        if version.angle_in_radians:
            answer["textAngle"] = round(radians(text.angle), 6)
        if version.model:
            answer["modelVersion"] = version.model
        if CANNOT_READ_LANGUAGE in query.agent:
            del answer["language"]
        return answer

    return work


def recognize_text(query: Query, _: Version) -> DocumentHandler:
    """Recognize Text: lines and words with polygons; one model reads print and handwriting."""
    query.flag("handwriting", "detectHandwriting", default=False)
    return lambda _: ReadPlan(
        (1,),
        lambda page: text_json.recognition(page.text),
        lambda pages: {"recognitionResult": pages[0]},
    )


def require_english(query: Query) -> None:
    """Refuse every language but English."""
    language = query.text("language", "en")
    if language.lower() != "en":
        raise not_supported_language(
            f"This service supports only English (en), not {language[:40]!r}."
        )


def read_language(query: Query, languages: tuple[str, ...], default: str) -> str:
    """Return the language of the text as the API spells it; refuse what no model here reads."""
    asked = query.text("language", default)
    for language in languages:
        if asked.lower() == language.lower():
            if language in UNREAD_LANGUAGES:
                raise not_supported_language(f"This service has no model that reads {language}.")
            return language
    known = ", ".join(languages)
    raise not_supported_language(f"There is no language {asked[:40]!r}; there are {known}.")


def parse_enum_list(names: tuple[str, ...], allowed: tuple[str, ...], code: str) -> frozenset[str]:
    """Return the names as the API spells them; refuse what is not among them."""
    spelling = {name.lower(): name for name in allowed}
    for name in names:
        if name.lower() not in spelling:
            message = f"{name[:40]!r} is not one of {', '.join(allowed)}."
            raise ApiError(400, code, message)
    return frozenset(spelling[name.lower()] for name in names)


def _details(query: Query) -> frozenset[str]:
    names = query.names("details")
    if [name.lower() for name in names] == ["all"]:
        return frozenset(DETAILS)
    return parse_enum_list(names, DETAILS, "InvalidDetails")


def _names_in_captions(query: Query, version: Version) -> bool:
    if not version.supports_exclude:
        return True
    excluded = parse_enum_list(query.names("descriptionExclude"), DETAILS, "InvalidDetails")
    return "Celebrities" not in excluded
