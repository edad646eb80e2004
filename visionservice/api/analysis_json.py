"""JSON of image analysis as v1.0 to v3.2 send it, section by section."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

from .version import ImageHandler, Json, Version

if TYPE_CHECKING:
    from ..analysis import ImageAnalysis
    from ..engines.base import LabelScore, Object
    from ..engines.geometry import Box
    from ..gallery.gallery import Celebrity

Section = Callable[["ImageAnalysis"], object]


def handler(version: Version, **sections: Section) -> ImageHandler:
    """Return the handler of an operation: its sections, request id, metadata, model version."""

    def respond(analysis: ImageAnalysis, request_id: str) -> Json:
        result = {name: section(analysis) for name, section in sections.items()}
        width, height = analysis.size
        metadata = {"width": width, "height": height, "format": analysis.format}
        model = {"modelVersion": version.model} if version.model else {}
        return {**result, "requestId": request_id, "metadata": metadata, **model}

    return respond


def categories(analysis: ImageAnalysis, details: frozenset[str]) -> list[Json]:
    """Return the categories, with the requested names of people and places in their details."""
    found: list[Json] = [{"name": c.name, "score": c.confidence} for c in analysis.categories]
    if "Celebrities" in details:
        _attach(found, ("people_",), "celebrities", celebrities(analysis))
    if "Landmarks" in details:
        _attach(found, ("building_", "outdoor_"), "landmarks", landmarks(analysis))
    return found


def _attach(categories: list[Json], prefixes: tuple[str, ...], key: str, names: list[Json]) -> None:
    """Attach names to the most general category with a prefix; add one if there is none."""
    matching = [category for category in categories if category["name"].startswith(prefixes)]
    if names and not matching:
        matching = [{"name": prefixes[0], "score": names[0]["confidence"]}]
        categories += matching
    if matching:
        general = min(matching, key=lambda category: category["name"] not in prefixes)
        general.setdefault("detail", {})[key] = names


def named(found: LabelScore | Object | Celebrity) -> Json:
    """Return a name with its confidence."""
    return {"name": found.name, "confidence": found.confidence}


def celebrities(analysis: ImageAnalysis) -> list[Json]:
    """Return the recognized people, each with a face rectangle in pixels."""
    return [named(p) | {"faceRectangle": asdict(p.box)} for p in analysis.celebrities]


def landmarks(analysis: ImageAnalysis) -> list[Json]:
    """Return the recognized places."""
    return [named(place) for place in analysis.landmarks]


def tags(analysis: ImageAnalysis) -> list[Json]:
    """Return the tags, the most confident first."""
    return [named(tag) for tag in analysis.tags]


def description(analysis: ImageAnalysis, limit: int = 1, *, names: bool = True) -> Json:
    """Return tags and at most `limit` captions, which contain names of people if `names`."""
    found = analysis.captions(limit, names=names)
    captions = [{"text": caption.text, "confidence": caption.confidence} for caption in found]
    return {"tags": [tag.name for tag in analysis.tags], "captions": captions}


def objects(analysis: ImageAnalysis) -> list[Json]:
    """Return the objects, each with its more general terms as nested parents."""
    return [_object(found) for found in analysis.objects]


def _object(found: Object) -> Json:
    result: Json = {}
    for word in reversed([found.name, *found.words]):
        parent = {"parent": result} if result else {}
        result = {"object": word, "confidence": found.confidence} | parent
    return {"rectangle": xywh(found.box)} | result


def xywh(box: Box) -> Json:
    """Return a box as v2.0 and later versions send it."""
    return {"x": box.left, "y": box.top, "w": box.width, "h": box.height}


SECTIONS: dict[str, Section] = {
    "ImageType": lambda analysis: {
        "clipArtType": analysis.image_type.clip_art,
        "lineDrawingType": analysis.image_type.line_drawing,
    },
    "Faces": lambda analysis: [
        {"age": face.age, "gender": face.gender, "faceRectangle": asdict(face.box)}
        for face in analysis.faces
    ],
    "Adult": lambda analysis: {
        "isAdultContent": analysis.is_adult,  # there is no model for racy or gory content
        "adultScore": analysis.adult_score,
    },
    "Color": lambda analysis: {
        "dominantColorForeground": analysis.colors.foreground,
        "dominantColorBackground": analysis.colors.background,
        "dominantColors": list(analysis.colors.dominant),
        "accentColor": analysis.colors.accent,
        "isBwImg": analysis.colors.black_and_white,  # the live service sent both spellings
        "isBWImg": analysis.colors.black_and_white,
    },
    "Tags": tags,
    "Objects": objects,
}
"""The features of Analyze Image that have no options."""
