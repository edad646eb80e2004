"""Answers in words: what the service found, in short lines, the most important first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from . import results as answers

if TYPE_CHECKING:
    from PIL import Image

    from .results import Answer

CLIP_ART = ("no", "perhaps", "yes", "yes, good clip art")
_CONFIDENCE = re.compile(r" \((\d\.\d\d)\)$")
"""As `_sure` writes it."""
_LIST = re.compile("(Tags|Dominant colours|Names): ")
"""As `_listed` writes it."""


def captions(answer: Answer) -> list[str]:
    """Say what describe answers: the captions, then the tags."""
    found = [_sure(each, "confidence", "text") for each in answer["description"]["captions"]]
    return [*(found or ["No caption found."]), *_listed("Tags", answer["description"]["tags"])]


def analysis(answer: Answer) -> list[str]:
    """Say what analyze answers, whatever it was asked for."""
    told = {
        "description": captions,
        "tags": tags,
        "categories": categories,
        "faces": faces,
        "adult": _adult,
        "color": _colour,
        "imageType": _kind,
    }
    found = [line for name, tell in told.items() if name in answer for line in tell(answer)]
    return [*found, *_listed("Names", answers.names(answer) or ())] or ["Nothing found."]


def tags(answer: Answer) -> list[str]:
    """Say what tag answers."""
    return _counted("tag", "tags", [_sure(each, "confidence") for each in answer["tags"]])


def categories(answer: Answer) -> list[str]:
    """Say what analyze answers about categories."""
    found = [_sure(each, "score") for each in answer.get("categories", ())]
    return _counted("category", "categories", found)


def faces(answer: Answer) -> list[str]:
    """Say what analyze answers about faces."""
    found = [face.text or "a face" for face in answers.faces(answer)]  # Azure tells no more
    return _counted("face", "faces", found)


def celebrities(answer: Answer) -> list[str]:
    """Say what celebrities answers."""
    found = answer["result"]["celebrities"]
    return _counted("celebrity", "celebrities", [_sure(each, "confidence") for each in found])


def landmarks(answer: Answer) -> list[str]:
    """Say what landmarks answers."""
    found = answer["result"]["landmarks"]
    return _counted("landmark", "landmarks", [_sure(each, "confidence") for each in found])


def thumbnail(image: Image.Image) -> list[str]:
    """Say the size of a thumbnail."""
    return [f"A thumbnail of {image.width} x {image.height} pixels, sent as a picture."]


def printed(answer: Answer) -> list[str]:
    """Say what ocr answers, line by line."""
    lines = [line for region in answer["regions"] for line in region["lines"]]
    texts = [" ".join(word["text"] for word in line["words"]) for line in lines]
    how = f"Language {answer['language']}, orientation {answer['orientation']}"
    turn = round(answer.get("textAngle") or 0, 1)
    angle = f", to be turned by {turn} degrees" if turn else ""
    return [*_counted("line", "lines", texts), f"{how}{angle}."]


def handwriting(answer: Answer) -> list[str]:
    """Say what recognize_text answers, line by line."""
    return _counted("line", "lines", [line.text for line in answers.lines(answer)])


def colours(answer: Answer) -> list[str]:
    """Say what analyze answers about colours and the type of picture."""
    return [*_colour(answer), *_kind(answer)]


def _colour(answer: Answer) -> list[str]:
    colour = answer["color"]
    grey = colour.get("isBwImg", colour.get("isBWImg"))
    return [
        f"Foreground: {colour['dominantColorForeground']}",
        f"Background: {colour['dominantColorBackground']}",
        *_listed("Dominant colours", colour["dominantColors"]),
        f"Accent colour: #{colour['accentColor']}",
        f"Black and white: {_yes(grey)}",
    ]


def _kind(answer: Answer) -> list[str]:
    kind = answer["imageType"]
    return [
        f"Clip art: {CLIP_ART[kind['clipArtType']]}",
        f"Line drawing: {_yes(kind['lineDrawingType'])}",
    ]


def parted(fact: str) -> tuple[str, float | None]:
    """Part a line into what is said and the confidence behind it, None where none is told."""
    sure = _CONFIDENCE.search(fact)
    return (fact[: sure.start()], float(sure[1])) if sure else (fact, None)


def itemised(fact: str) -> tuple[str, list[str]]:
    """Part a line into its heading and what it lists; a line that lists nothing is one thing."""
    heading = _LIST.match(fact)
    return (heading[0], fact[heading.end() :].split(", ")) if heading else ("", [fact])


def _adult(answer: Answer) -> list[str]:
    found = answer["adult"]
    said = [f"Adult content: {_yes(found['isAdultContent'])} ({found['adultScore']:.2f})"]
    if "racyScore" in found:
        said.append(f"Racy content: {_yes(found['isRacyContent'])} ({found['racyScore']:.2f})")
    return said


def _sure(found: Answer, how: str, name: str = "name") -> str:
    return f"{found[name]} ({found[how]:.2f})"


def _yes(answer: object) -> str:
    return "yes" if answer else "no"


def _listed(name: str, found: Iterable[str]) -> list[str]:
    text = ", ".join(found)
    return [f"{name}: {text}"] if text else []


def _counted(one: str, many: str, found: list[str]) -> list[str]:
    if not found:
        return [f"No {one} found."]
    return [f"{len(found)} {one if len(found) == 1 else many} found:", *found]
