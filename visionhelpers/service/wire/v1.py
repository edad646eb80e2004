"""API v1.0: what may be asked, and the JSON that answers it.

Each operation checks its parameters first and returns the work still to be done on the picture, so
that a request which makes no sense costs neither a download nor a decoding.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any

from PIL import Image

from ..errors import ApiError, GatewayError, not_supported_language
from ..header import Limits
from ..picture import UNREAD_LANGUAGES
from . import v1_image, v1_text
from .query import Query

if TYPE_CHECKING:
    from ..picture import Picture

Json = dict[str, Any]
Work = Callable[["Picture", str], Json | bytes]
"""What remains to be done with the picture; the second argument is the id of the request."""

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
LANGUAGES = ("en", "es", "ja", "pt", "zh")
# fmt: off
OCR_LANGUAGES = (
    "unk", "zh-Hans", "zh-Hant", "cs", "da", "nl", "en", "fi", "fr", "de", "el", "hu", "it",
    "ja", "ko", "nb", "pl", "pt", "ru", "es", "sv", "tr", "ar", "ro", "sr-Cyrl", "sr-Latn",
    "sk",
)
# fmt: on
CANNOT_READ_LANGUAGE = "azure-cognitiveservices-vision-computervision/0.1.0"
"""Microsoft's package for v1.0 takes `language` for an object, and breaks on the text it is."""

PHOTO = Limits()
OCR_PAGE = Limits(shortest=40, longest=3200)
TEXT_PAGE = Limits(shortest=40, longest=3200, formats=("Jpeg", "Png", "Bmp"))
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


def error(refusal: ApiError, request_id: str) -> Json:
    """Return the JSON of a refusal: flat, or wrapped when it is the gateway's."""
    if isinstance(refusal, GatewayError):
        return {"error": {"code": refusal.code, "message": refusal.message}}
    code = refusal.code if refusal.code in CODES else "BadArgument"
    return {"code": code, "requestId": request_id, "message": refusal.message}


def analyze(query: Query) -> Work:
    """Analyze Image: the features asked for, and the names of people and places."""
    _speak_english(query)
    details = _details(query)
    features = _known(query.names("visualFeatures"), FEATURES, "NotSupportedVisualFeature")
    if details or not features:
        features |= {"Categories"}

    def work(picture: Picture, request_id: str) -> Json:
        answer: Json = {}
        for name in FEATURES:
            if name == "Categories" and name in features:
                answer["categories"] = v1_image.categories(picture, details)
            elif name in features:
                answer |= v1_image.SECTIONS[name](picture)
        return answer | v1_image.signature(picture, request_id)

    return work


def describe(query: Query) -> Work:
    """Describe Image: tags and up to `maxCandidates` captions."""
    _speak_english(query)
    candidates = query.number("maxCandidates", 1, 100, default=1)
    return lambda picture, request_id: (
        v1_image.description(picture, candidates) | v1_image.signature(picture, request_id)
    )


def tag(query: Query) -> Work:
    """Tag Image: words with their confidence."""
    _speak_english(query)
    return lambda picture, request_id: (
        v1_image.tags(picture) | v1_image.signature(picture, request_id)
    )


def domain(query: Query, model: str) -> Work:
    """Recognize Domain Specific Content: people or places by name."""
    _speak_english(query)
    if model not in ("celebrities", "landmarks"):
        message = f"There is no model {model[:40]!r}; there are celebrities and landmarks."
        raise ApiError(400, "InvalidModel", message)
    names = v1_image.celebrities if model == "celebrities" else v1_image.landmarks
    return lambda picture, request_id: {
        "result": {model: names(picture)},
        **v1_image.signature(picture, request_id),
    }


def thumbnail(query: Query) -> Work:
    """Get Thumbnail: a JPEG of exactly the width and height asked for."""
    width = query.number("width", 1, 1024, code="InvalidThumbnailSize")
    height = query.number("height", 1, 1024, code="InvalidThumbnailSize")
    smart = query.flag("smartCropping", default=False)

    def work(picture: Picture, _: str) -> bytes:
        file = BytesIO()
        cut = picture.thumbnail(width, height, smart=smart)
        Image.fromarray(cut).save(file, "JPEG", quality=90)
        return file.getvalue()

    return work


def ocr(query: Query) -> Work:
    """OCR: printed text as regions, lines and words with upright boxes."""
    language = _language(query, OCR_LANGUAGES, "unk")
    if language in UNREAD_LANGUAGES:
        raise not_supported_language(f"This service has no model that reads {language}.")
    turned = query.flag("detectOrientation", default=True)

    def work(picture: Picture, _: str) -> Json:
        text = picture.ocr(detect_orientation=turned)
        answer = v1_text.ocr(text, picture.width, picture.height, language)
        if CANNOT_READ_LANGUAGE in query.agent:
            del answer["language"]
        return answer

    return work


def recognize_text(query: Query) -> Work:
    """Recognize Text: lines and words with polygons; one model reads print and handwriting."""
    query.flag("handwriting", "detectHandwriting", default=False)
    return lambda picture, _: v1_text.recognition(picture.text)


def operation(status: str, result: Json | None) -> Json:
    """Get Text Operation Result: the text is absent until it is finished."""
    return {"status": status} | ({} if result is None else {"recognitionResult": result})


def _speak_english(query: Query) -> None:
    language = _language(query, LANGUAGES, "en")
    if language != "en":
        raise not_supported_language(f"This service speaks English (en), not {language}.")


def _language(query: Query, languages: tuple[str, ...], default: str) -> str:
    asked = query.text("language", default)
    for language in languages:
        if asked.lower() == language.lower():
            return language
    known = ", ".join(languages)
    raise not_supported_language(f"There is no language {asked[:40]!r}; there are {known}.")


def _known(names: tuple[str, ...], known: tuple[str, ...], code: str) -> frozenset[str]:
    spelling = {name.lower(): name for name in known}
    for name in names:
        if name.lower() not in spelling:
            message = f"{name[:40]!r} is not one of {', '.join(known)}."
            raise ApiError(400, code, message)
    return frozenset(spelling[name.lower()] for name in names)


def _details(query: Query) -> frozenset[str]:
    names = query.names("details")
    if [name.lower() for name in names] == ["all"]:
        return frozenset(DETAILS)
    return _known(names, DETAILS, "InvalidDetails")
