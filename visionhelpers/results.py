"""Read the JSON of the API: types, readers, summaries, and conversions.

A reader returns one thing, such as the faces, from the result of any operation and version that
contains it, and raises ValueError for the result of another operation. Coordinates are pixels of
the upright image: origin top left, x right, y down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import cos, degrees, radians, sin
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, TypedDict, cast

from .errors import ServiceError

if TYPE_CHECKING:
    from PIL import Image

    from .images import Upload


class Caption(TypedDict):
    """A sentence about the image."""

    text: str
    confidence: float


class Description(TypedDict):
    """Captions, the most confident first, and tags."""

    captions: list[Caption]
    tags: list[str]


class Tag(TypedDict):
    """A word for the content."""

    name: str
    confidence: float


class Face(TypedDict, total=False):
    """A face or a landmark; `faceRectangle` has left, top, width and height in pixels."""

    name: str
    confidence: float
    age: int
    gender: str
    faceRectangle: dict[str, int]


class Analysis(TypedDict, total=False):
    """The result of analyze, describe and tag: the members that were requested."""

    categories: list[dict[str, Any]]
    description: Description
    tags: list[Tag]
    faces: list[Face]
    color: dict[str, Any]
    imageType: dict[str, int]
    adult: dict[str, Any]
    objects: list[dict[str, Any]]
    brands: list[dict[str, Any]]
    requestId: str
    metadata: dict[str, Any]


class DomainResult(TypedDict, total=False):
    """The result of celebrities and landmarks."""

    result: dict[str, list[Face]]


class OcrLine(TypedDict):
    """A line of words; each `boundingBox` is "left,top,width,height"."""

    boundingBox: str
    words: list[dict[str, str]]


class OcrRegion(TypedDict):
    """A block of lines."""

    boundingBox: str
    lines: list[OcrLine]


class OcrResult(TypedDict, total=False):
    """The result of ocr; `textAngle` in degrees, clockwise."""

    language: str
    textAngle: float
    orientation: str
    regions: list[OcrRegion]


class TextLine(TypedDict, total=False):
    """A line, or a word without words; `boundingBox` is x and y of four corners.

    The corners are clockwise from the text's top left. Lines of documents have a page, from 1.
    """

    boundingBox: list[float]
    text: str
    words: list[TextLine]
    page: int


class RecognitionResult(TypedDict, total=False):
    """Lines, and for documents the number, width, height and unit of each page."""

    lines: list[TextLine]
    pages: list[dict[str, Any]]


class RecognizeTextResult(TypedDict, total=False):
    """The result of recognize_text."""

    status: str
    recognitionResult: RecognitionResult


Result: TypeAlias = Mapping[str, Any]
"""The result of any operation."""

Corners: TypeAlias = tuple[tuple[float, float], ...]
"""x and y of four corners in pixels, clockwise from the top left of the object or text."""

_ORIENTATIONS = ("Up", "Right", "Down", "Left")
"""Values of `orientation`, by the number of corners from a box's top left to its text's."""

_BOXES = ("boundingBox", "boundingPolygon", "faceRectangle", "rectangle", "areaOfInterest")
_CLIP_ART = ("no", "perhaps", "yes", "yes, good clip art")


class Detection(NamedTuple):
    """A text or label with its corners in the image."""

    corners: Corners
    text: str


class Item(NamedTuple):
    """A text, with the confidence from 0 to 1 where the API returns one."""

    text: str
    confidence: float | None = None

    def __str__(self) -> str:
        return self.text if self.confidence is None else f"{self.text} ({self.confidence:.2f})"


class SummaryLine(NamedTuple):
    """A line of a summary: its items, after a heading such as "Tags: "."""

    items: tuple[Item, ...]
    heading: str = ""

    def __str__(self) -> str:
        return self.heading + ", ".join(map(str, self.items))


def caption(result: Result) -> str:
    """Return the first caption, or the first landmark; "" if none was found."""
    if "description" in result:
        return next((str(each["text"]) for each in result["description"].get("captions", ())), "")
    landmarks = _domain(result, "landmarks")
    if landmarks is None and "categories" not in result:
        raise _mismatch("describe, landmarks or analyze with Description", result)
    return next((str(each["name"]) for each in landmarks or ()), "")


def faces(result: Result) -> list[Detection]:
    """Return the faces with their names, or with age and gender where a face has no name."""
    celebrities = _domain(result, "celebrities")
    if celebrities is None and not {"faces", "categories"} & set(result):
        raise _mismatch("celebrities, or analyze with Faces or Celebrities", result)
    named = {_sides(person): str(person["name"]) for person in celebrities or ()}
    found = list(named.items())
    for face in result.get("faces", ()):
        rectangle = _sides(face)
        if not any(_overlaps(rectangle, other) for other in named):
            known = (face.get(key) for key in ("age", "gender"))
            found.append((rectangle, ", ".join(str(each) for each in known if each is not None)))
    return [Detection(_corners(*rectangle), label) for rectangle, label in found]


def objects(result: Result) -> list[Detection]:
    """Return the objects of API v3.2 with their names."""
    if "objects" not in result:
        raise _mismatch("analyze with Objects", result)
    return [
        Detection(_corners(*(each["rectangle"][side] for side in "xywh")), str(each["object"]))
        for each in result["objects"]
    ]


def words(result: Result, width: int, height: int) -> list[list[Detection]]:
    """Return the words of each printed line, on an image of this size in pixels.

    The boxes of the API are in the image after a clockwise turn by `textAngle` degrees about its
    center; this function turns them back.
    """
    if "regions" not in result:
        raise _mismatch("ocr", result)
    orientation = result.get("orientation", "Up")
    turns = _ORIENTATIONS.index(orientation) if orientation in _ORIENTATIONS else 0
    angle, x0, y0 = radians(result.get("textAngle") or 0), width / 2, height / 2

    def locate(box: str) -> Corners:
        corners = _corners(*map(float, box.split(",")))
        offsets = [(x - x0, y - y0) for x, y in corners[turns:] + corners[:turns]]
        c, s = cos(angle), sin(angle)
        return tuple((x0 + x * c + y * s, y0 - x * s + y * c) for x, y in offsets)

    return [
        [Detection(locate(word["boundingBox"]), word["text"]) for word in line["words"]]
        for line in _ocr_lines(result)
    ]


def lines(result: Result, width: int | None = None, page: int = 1) -> list[Detection]:
    """Return the lines of printed or handwritten text of one page, counted from 1.

    `width` in pixels of the image of the page scales boxes in inches to pixels.
    """
    if "recognitionResult" not in result:
        raise _mismatch("recognize_text", result)
    recognized = result["recognitionResult"]
    pages = {each["page"]: each for each in recognized.get("pages", ())}
    if page not in (pages or [1]):
        known = ", ".join(map(str, pages or [1]))
        raise ValueError(f"Invalid page {page}: use one of {known}.")
    scale = 1.0
    if width and pages and pages[page]["unit"] != "pixel":
        scale = width / pages[page]["width"]
    return [
        Detection(tuple(zip(box[::2], box[1::2], strict=True)), line["text"])
        for line in recognized["lines"]
        if line.get("page", 1) == page
        for box in [[number * scale for number in line["boundingBox"]]]
    ]


def text(result: Result) -> str:
    """Return the text that ocr or recognize_text found, one line each."""
    return "\n".join(_text_lines(result))


def tags(result: Result) -> list[Item] | None:
    """Return the tags; None if the operation returns none."""
    if "tags" in result:
        return [_item(tag) for tag in result["tags"]]
    found = result.get("description", {}).get("tags")
    return None if found is None else list(map(Item, found))


def names(result: Result) -> list[str] | None:
    """Return the celebrities and landmarks, each once; None if neither was requested."""
    found = [_domain(result, kind) for kind in ("celebrities", "landmarks")]
    known = [each["name"] for group in found for each in group or ()]
    return None if found == [None, None] else list(dict.fromkeys(known))


def summarize(result: Result | Image.Image) -> list[SummaryLine]:
    """Return a summary of the result of any operation, the most important line first."""
    if not isinstance(result, Mapping):
        size = f"{result.width} x {result.height} pixels"
        return [_line(f"A thumbnail of {size}, returned as an image.")]
    found = [line for key, read in _SUMMARIES.items() if key in result for line in read(result)]
    if "result" not in result:
        found += _listing("Names", names(result) or ())
    return found or [_line("Nothing found.")]


def read_to_recognize_text(operation: dict[str, Any]) -> dict[str, Any]:
    """Convert the result of Read in v3.2 to the shape of Recognize Text in v1.0.

    Lines of a document keep their page, and pages their unit.
    """

    def convert(part: dict[str, Any], page: dict[str, Any]) -> dict[str, Any]:
        digits = 4 if page.get("unit") == "inch" else None
        box = [round(number, digits) for number in part["boundingBox"]]
        return {"boundingBox": box, "text": part["text"]}

    try:
        pages, lines = operation["analyzeResult"]["readResults"], []
        document = len(pages) > 1 or any(page.get("unit") == "inch" for page in pages)
        for page in pages:
            for line in page["lines"]:
                words = [convert(word, page) for word in line["words"]]
                number = {"page": page["page"]} if document else {}
                lines.append(convert(line, page) | {"words": words} | number)
        keys = ("page", "width", "height", "unit")
        sizes = [{key: page[key] for key in keys} for page in pages if document]
    except (KeyError, TypeError, AttributeError) as error:
        raise ServiceError(200, None, f"The result of Read is incomplete: {error!r}") from error
    recognized = {"lines": lines} | ({"pages": sizes} if document else {})
    return {"status": "Succeeded", "recognitionResult": recognized}


def angle_to_degrees(result: dict[str, Any]) -> dict[str, Any]:
    """Convert `textAngle` of OCR, radians in v3.2, to degrees as in v1.0."""
    if "textAngle" in result:
        result["textAngle"] = round(degrees(result["textAngle"]), 4)
    return result


def rescale(result: dict[str, Any], upload: Upload) -> dict[str, Any]:
    """Return a result in the coordinates and the size of the original of an upload.

    It converts the boxes of all API versions.
    """
    if not upload.size:
        return result
    size = dict(zip(("width", "height"), upload.size, strict=True))

    def convert(node: Any, name: str = "") -> Any:
        if name == "metadata":
            return node | size
        if name in _BOXES:
            return _scaled(node, upload.scale)
        if isinstance(node, dict):
            return {key: convert(value, key) for key, value in node.items()}
        return [convert(item) for item in node] if isinstance(node, list) else node

    return cast(dict[str, Any], convert(result))


def _scaled(box: Any, scale: float) -> Any:
    if isinstance(box, str):
        return ",".join(str(round(float(part) * scale)) for part in box.split(","))
    if isinstance(box, list):
        return [_scaled(part, scale) for part in box]
    if isinstance(box, dict):
        return {side: _scaled(number, scale) for side, number in box.items()}
    return round(box * scale) if isinstance(box, int) else box * scale


def _description(result: Result) -> list[SummaryLine]:
    description = result["description"]
    found = [_line(each["text"], each["confidence"]) for each in description.get("captions", ())]
    return (found or [_line("No caption found.")]) + _listing("Tags", description.get("tags", ()))


def _color(result: Result) -> list[SummaryLine]:
    color = result["color"]
    return [
        _line(f"Foreground: {color['dominantColorForeground']}"),
        _line(f"Background: {color['dominantColorBackground']}"),
        *_listing("Dominant colors", color["dominantColors"]),
        _line(f"Accent color: #{color['accentColor']}"),
        _line(f"Black and white: {_yes_no(color.get('isBwImg', color.get('isBWImg')))}"),
    ]


def _image_type(result: Result) -> list[SummaryLine]:
    kind = result["imageType"]
    return [
        _line(f"Clip art: {_CLIP_ART[kind['clipArtType']]}"),
        _line(f"Line drawing: {_yes_no(kind['lineDrawingType'])}"),
    ]


def _adult(result: Result) -> list[SummaryLine]:
    found = result["adult"]
    return [
        _line(f"{kind} content: {_yes_no(found[f'is{kind}Content'])}", found[score])
        for kind, score in (("Adult", "adultScore"), ("Racy", "racyScore"), ("Gory", "goreScore"))
        if score in found
    ]


def _domain_result(result: Result) -> list[SummaryLine]:
    kinds = {"celebrities": "celebrity", "landmarks": "landmark"}
    found = result["result"]
    return [line for key in found for line in _count(kinds[key], key, map(_item, found[key]))]


def _ocr(result: Result) -> list[SummaryLine]:
    angle = round(result.get("textAngle") or 0, 1)
    turn = f", turned by {angle} degrees" if angle else ""
    about = f"Language {result['language']}, orientation {result['orientation']}{turn}."
    return [*_text(result), _line(about)]


def _text(result: Result) -> list[SummaryLine]:
    return _count("line", "lines", map(Item, _text_lines(result)))


_SUMMARIES: dict[str, Callable[[Result], list[SummaryLine]]] = {
    "description": _description,
    "tags": lambda result: _count("tag", "tags", map(_item, result["tags"])),
    "categories": lambda result: _count("category", "categories", map(_item, result["categories"])),
    "faces": lambda result: _count(
        "face", "faces", [Item(f.text or "a face") for f in faces(result)]
    ),
    "objects": lambda result: _count("object", "objects", map(_item, result["objects"])),
    "brands": lambda result: _count("brand", "brands", map(_item, result["brands"])),
    "adult": _adult,
    "color": _color,
    "imageType": _image_type,
    "result": _domain_result,
    "regions": _ocr,
    "recognitionResult": _text,
}
"""The summary of each member of a result, in the order of the summary."""


def _item(found: Result) -> Item:
    name = found["object"] if "object" in found else found["name"]
    return Item(str(name), found.get("confidence", found.get("score")))


def _line(content: str, confidence: float | None = None) -> SummaryLine:
    return SummaryLine((Item(content, confidence),))


def _listing(heading: str, found: Iterable[str]) -> list[SummaryLine]:
    items = tuple(map(Item, found))
    return [SummaryLine(items, f"{heading}: ")] if items else []


def _count(one: str, many: str, found: Iterable[Item]) -> list[SummaryLine]:
    items = [SummaryLine((item,)) for item in found]
    if not items:
        return [_line(f"No {one} found.")]
    return [_line(f"{len(items)} {one if len(items) == 1 else many} found:"), *items]


def _yes_no(value: object) -> str:
    return "yes" if value else "no"


def _mismatch(operations: str, result: Result) -> ValueError:
    found = ", ".join(map(repr, result)) or "nothing"
    return ValueError(f"Invalid result with {found}: use the result of {operations}.")


def _domain(result: Result, kind: str) -> list[Result] | None:
    """Return what a domain-specific model found; None if the result does not contain the model."""
    details = [category.get("detail") or {} for category in result.get("categories", ())]
    found = [part[kind] for part in (result.get("result", {}), *details) if kind in part]
    return [each for group in found for each in group] if found else None


def _sides(face: Result) -> tuple[float, ...]:
    edges = face["faceRectangle"]
    return tuple(edges[side] for side in ("left", "top", "width", "height"))


def _overlaps(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Return True if the center of each rectangle is inside the other."""
    return all(
        abs((a + size / 2) - (b + length / 2)) < min(size, length) / 2
        for a, b, size, length in zip(one[:2], other[:2], one[2:], other[2:], strict=True)
    )


def _corners(left: float, top: float, width: float, height: float) -> Corners:
    right, bottom = left + width, top + height
    return (left, top), (right, top), (right, bottom), (left, bottom)


def _ocr_lines(result: Result) -> list[Result]:
    return [line for region in result["regions"] for line in region["lines"]]


def _text_lines(result: Result) -> list[str]:
    if "regions" in result:
        return [" ".join(word["text"] for word in line["words"]) for line in _ocr_lines(result)]
    if "recognitionResult" not in result:
        raise _mismatch("ocr or recognize_text", result)
    return [line["text"] for line in result["recognitionResult"]["lines"]]
