"""API v1.0's JSON of what is seen in a picture, section by section."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..analysis import ImageAnalysis
    from ..engines.base import Object
    from ..engines.geometry import Box
    from ..gallery.gallery import Celebrity
    from .version import Version

Json = dict[str, Any]


def response_footer(picture: ImageAnalysis, request_id: str, version: Version) -> Json:
    """Return what closes an answer: the id of the request, the picture's size in pixels."""
    size = {"width": picture.width, "height": picture.height, "format": picture.format}
    model = {"modelVersion": version.model} if version.model else {}
    return {"requestId": request_id, "metadata": size} | model


def categories(picture: ImageAnalysis, details: frozenset[str]) -> list[Json]:
    """Return the categories, with the names of people and places under them when asked for."""
    found: list[Json] = [
        {"name": category.name, "score": category.score} for category in picture.categories
    ]
    if "Celebrities" in details:
        _attach_details(found, ("people_",), "celebrities", celebrities(picture))
    if "Landmarks" in details:
        _attach_details(found, ("building_", "outdoor_"), "landmarks", landmarks(picture))
    return found


def _attach_details(
    categories: list[Json], kinds: tuple[str, ...], key: str, names: list[Json]
) -> None:
    """Put names under the most general category of their kind; a recognised name implies one."""
    fitting = [category for category in categories if category["name"].startswith(kinds)]
    if not fitting and not names:
        return
    if not fitting:
        fitting = [{"name": kinds[0], "score": names[0]["confidence"]}]
        categories.append(fitting[0])
    general = next((category for category in fitting if category["name"] in kinds), fitting[0])
    general.setdefault("detail", {})[key] = names


def celebrities(picture: ImageAnalysis) -> list[Json]:
    """Return the people recognised, each with a face rectangle in pixels."""
    return [_celebrity(person) for person in picture.celebrities]


def _celebrity(person: Celebrity) -> Json:
    rectangle = _rectangle(person.box)
    return {"name": person.name, "confidence": person.confidence, "faceRectangle": rectangle}


def landmarks(picture: ImageAnalysis) -> list[Json]:
    """Return the places recognised."""
    return [{"name": place.name, "confidence": place.confidence} for place in picture.landmarks]


def _rectangle(box: Box) -> Json:
    return {"left": box.left, "top": box.top, "width": box.width, "height": box.height}


def tags(picture: ImageAnalysis) -> Json:
    """Return the words for what is in the picture."""
    return {"tags": [{"name": tag.name, "confidence": tag.confidence} for tag in picture.tags]}


def description(picture: ImageAnalysis, candidates: int = 1, *, names: bool = True) -> Json:
    """Return tags and captions, most certain first; without `names`, people stay unnamed."""
    captions = [
        {"text": caption.text, "confidence": caption.confidence}
        for caption in picture.captions(candidates, names=names)
    ]
    return {"description": {"tags": [tag.name for tag in picture.tags], "captions": captions}}


def _faces(picture: ImageAnalysis) -> Json:
    faces = [
        {"age": face.age, "gender": face.gender, "faceRectangle": _rectangle(face.box)}
        for face in picture.faces
    ]
    return {"faces": faces}


def _adult(picture: ImageAnalysis) -> Json:
    """Return the one number the model gives; racy stays out, as no model decides it."""
    return {"adult": {"isAdultContent": picture.is_adult, "adultScore": picture.adult_score}}


def _color(picture: ImageAnalysis) -> Json:
    """Return the colours; black and white in both spellings, as the live service gave it."""
    colours = picture.colors
    color = {
        "dominantColorForeground": colours.foreground,
        "dominantColorBackground": colours.background,
        "dominantColors": list(colours.dominant),
        "accentColor": colours.accent,
        "isBwImg": colours.black_and_white,
        "isBWImg": colours.black_and_white,
    }
    return {"color": color}


def _image_type(picture: ImageAnalysis) -> Json:
    kind = picture.image_type
    return {"imageType": {"clipArtType": kind.clip_art, "lineDrawingType": kind.line_drawing}}


def objects(picture: ImageAnalysis) -> Json:
    """Return the things with a box, each with the more general words for it as its parents."""
    return {"objects": [_object(thing) for thing in picture.objects]}


def _object(thing: Object) -> Json:
    parent: Json = {}
    for word in reversed(thing.words):
        parent = {"parent": {"object": word, "confidence": thing.confidence} | parent}
    return {
        "rectangle": bounds(thing.box),
        "object": thing.name,
        "confidence": thing.confidence,
    } | parent


def bounds(box: Box) -> Json:
    """Return a box as v2.0 and later versions write it."""
    return {"x": box.left, "y": box.top, "w": box.width, "h": box.height}


SECTIONS: dict[str, Callable[[ImageAnalysis], Json]] = {
    "ImageType": _image_type,
    "Faces": _faces,
    "Adult": _adult,
    "Color": _color,
    "Tags": tags,
    "Objects": objects,
}
"""What each feature of Analyze Image puts into the answer; categories and captions take more."""
