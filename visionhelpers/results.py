"""Answers of the API, read for drawing: where each thing lies on the picture, and its text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import cos, radians, sin
from typing import Any, NamedTuple, TypeAlias

Answer: TypeAlias = Mapping[str, Any]
Corners: TypeAlias = tuple[tuple[float, float], ...]
"""x and y of four corners in pixels, clockwise from the thing's own top left."""

Rectangle: TypeAlias = tuple[int, int, int, int]
"""Left, top, width and height in pixels."""

_FACING = ("Up", "Right", "Down", "Left")
"""Where the top of a text faces, by how many corners its own top left comes after the box's."""


class Found(NamedTuple):
    """A thing found on a picture."""

    corners: Corners
    text: str


def caption(analysis: Answer) -> str:
    """Return the first caption or the name of the first landmark; nothing if none was found.

    Raises:
        ValueError: The answer is of an operation that looks for neither.
    """
    if "captions" in analysis.get("description", {}):
        return _first(analysis["description"]["captions"], "text")
    found = list(_of_model(analysis, "landmarks"))
    if not found:
        needs = "draw_caption needs the answer of describe, landmarks or analyze with Description"
        raise _wrong(needs, analysis)
    return _first([landmark for group in found for landmark in group], "name")


def faces(analysis: Answer) -> list[Found]:
    """Return each face with the name, else what is known of the age and gender.

    Raises:
        ValueError: The answer is of an operation that does not look for faces.
    """
    named = list(_of_model(analysis, "celebrities"))
    if not named and "faces" not in analysis:
        needs = "draw_faces needs the answer of celebrities or of analyze with the feature Faces"
        raise _wrong(needs, analysis)
    people = {_rectangle(person): str(person["name"]) for group in named for person in group}
    found = list(people.items())
    for face in analysis.get("faces", ()):
        rectangle = _rectangle(face)
        if not any(_same(rectangle, other) for other in people):
            known = (face.get(key) for key in ("age", "gender"))
            found.append((rectangle, ", ".join(str(each) for each in known if each is not None)))
    return [Found(_corners(*rectangle), text) for rectangle, text in found]


def names(answer: Answer) -> list[str] | None:
    """Return the people and places that domain models named, each once; None if none was asked."""
    details = [each["detail"] for each in answer.get("categories", ()) if "detail" in each]
    results = [*([answer["result"]] if "result" in answer else []), *details]
    found = [things for result in results for things in result.values()]
    if not found:
        return None
    return list(dict.fromkeys(thing["name"] for things in found for thing in things))


def words(ocr: Answer, width: int, height: int) -> list[list[Found]]:
    """Return the words of each line, turned back from `textAngle` onto a picture of this size.

    Raises:
        ValueError: The answer is not one of OCR.
    """
    if "regions" not in ocr:
        raise _wrong("draw_words needs the answer of ocr, with its 'regions'", ocr)
    facing = ocr.get("orientation", "Up")
    turns = _FACING.index(facing) if facing in _FACING else 0
    angle, x0, y0 = radians(ocr.get("textAngle") or 0), width / 2, height / 2

    def place(box: str) -> Corners:
        corners = _corners(*map(float, box.split(",")))
        offsets = [(x - x0, y - y0) for x, y in corners[turns:] + corners[:turns]]
        c, s = cos(angle), sin(angle)
        return tuple((x0 + x * c + y * s, y0 - x * s + y * c) for x, y in offsets)

    rows = [line["words"] for region in ocr["regions"] for line in region["lines"]]
    return [[Found(place(word["boundingBox"]), word["text"]) for word in row] for row in rows]


def lines(recognized: Answer) -> list[Found]:
    """Return the lines of recognized text, printed or handwritten.

    Raises:
        ValueError: The answer is of another operation, or not finished.
    """
    if "recognitionResult" not in recognized:
        needs = "draw_lines needs the finished answer of recognize_text, with 'recognitionResult'"
        raise _wrong(needs, recognized)
    found = recognized["recognitionResult"]["lines"]
    pairs = [(line["boundingBox"][::2], line["boundingBox"][1::2]) for line in found]
    return [
        Found(tuple(zip(x, y, strict=True)), line["text"])
        for (x, y), line in zip(pairs, found, strict=True)
    ]


def _wrong(needs: str, answer: Answer) -> ValueError:
    return ValueError(f"{needs}, and this one has {', '.join(map(repr, answer)) or 'nothing'}")


def _first(found: list[dict[str, Any]], key: str) -> str:
    return str(found[0][key]) if found else ""


def _of_model(analysis: Answer, model: str) -> Iterator[list[dict[str, Any]]]:
    """Yield what a domain model found, in the whole picture and in each category."""
    details = [category.get("detail", {}) for category in analysis.get("categories", ())]
    for part in (analysis.get("result", {}), *details):
        if model in part:
            yield part[model]


def _rectangle(face: dict[str, Any]) -> Rectangle:
    edges = face["faceRectangle"]
    return edges["left"], edges["top"], edges["width"], edges["height"]


def _same(one: Rectangle, other: Rectangle) -> bool:
    """Tell whether the middle of each rectangle lies in the other."""
    return all(
        abs((a + size / 2) - (b + length / 2)) < min(size, length) / 2
        for a, b, size, length in zip(one[:2], other[:2], one[2:], other[2:], strict=True)
    )


def _corners(left: float, top: float, width: float, height: float) -> Corners:
    right, bottom = left + width, top + height
    return (left, top), (right, top), (right, bottom), (left, bottom)
