"""Every feature of azure-ai-vision-imageanalysis 1.0.0, by the client that its argument names."""

from __future__ import annotations

import asyncio
import sys
from functools import partial

from azure.ai.vision.imageanalysis import ImageAnalysisClient
from azure.ai.vision.imageanalysis.aio import ImageAnalysisClient as AsyncImageAnalysisClient
from azure.ai.vision.imageanalysis.models import VisualFeatures
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from report import ENDPOINT, KEY, LEAST_CONFIDENCE, SAMPLES, STREAM, URL, address, attempt, raised

FACE = sys.argv[1]
CAT, WOMAN, NOTE = "chelsea_the_cat.jpg", "eileen_collins.jpg", "handwritten_note.jpg"
LINES = ["Dear Ada,", "it works at last!", "Tea on Monday at four?"]


def ask(way, picture, *features, key=KEY, **more):
    """Analyze a sample, or whatever bytes or address are given, with the client under test."""
    if way == URL:
        method, image = "analyze_from_url", address(picture)
    else:
        method = "analyze"
        image = picture if isinstance(picture, bytes) else (SAMPLES / picture).read_bytes()
    credential = AzureKeyCredential(key)
    if FACE == "sync":
        with ImageAnalysisClient(ENDPOINT, credential) as client:
            return getattr(client, method)(image, list(features), **more)

    async def answer():
        async with AsyncImageAnalysisClient(ENDPOINT, credential) as client:
            return await getattr(client, method)(image, list(features), **more)

    return asyncio.run(answer())


def covers(box, left, top, right, bottom):
    """Tell whether a box holds what is known to lie between these edges."""
    across = 0 <= box.x <= left < right <= box.x + box.width
    return across and 0 <= box.y <= top < bottom <= box.y + box.height


def caption(way):
    found = ask(way, CAT, VisualFeatures.CAPTION)
    assert "cat" in found.caption.text
    assert LEAST_CONFIDENCE <= found.caption.confidence <= 1
    assert (found.metadata.width, found.metadata.height) == (451, 300)
    assert found.model_version


def neutral(way):
    assert "woman" in ask(way, WOMAN, VisualFeatures.CAPTION).caption.text
    found = ask(way, WOMAN, VisualFeatures.CAPTION, gender_neutral_caption=True).caption
    assert "person" in found.text
    assert "woman" not in found.text


def dense_captions(way):
    whole, *parts = ask(way, CAT, VisualFeatures.DENSE_CAPTIONS).dense_captions.list
    assert (whole.bounding_box.width, whole.bounding_box.height) == (451, 300)
    assert any(
        "cat" in part.text and covers(part.bounding_box, 120, 40, 330, 250) for part in parts
    )


def tags(way):
    found = {tag.name: tag.confidence for tag in ask(way, CAT, VisualFeatures.TAGS).tags.list}
    assert 0.5 < found["cat"] <= 1


def objects(way):
    (cat,) = ask(way, CAT, VisualFeatures.OBJECTS).objects.list
    assert cat.tags[0].name == "cat"
    assert covers(cat.bounding_box, 120, 40, 330, 250)


def people(way):
    found = ask(way, WOMAN, VisualFeatures.PEOPLE).people.list
    surest = max(found, key=lambda person: person.confidence)
    assert surest.confidence > 0.5
    assert covers(surest.bounding_box, 185, 80, 265, 160), "her face"
    assert not ask(way, CAT, VisualFeatures.PEOPLE).people.list


def smart_crops(way):
    ratios = [0.8, 1.5]
    found = ask(way, CAT, VisualFeatures.SMART_CROPS, smart_crops_aspect_ratios=ratios)
    for crop, ratio in zip(found.smart_crops.list, ratios, strict=True):
        box = crop.bounding_box
        assert abs(crop.aspect_ratio - ratio) < 0.02
        assert abs(box.width / box.height - ratio) < 0.02
        assert covers(box, 180, 80, 280, 180), "the cat's nose"


def read(way):
    (block,) = ask(way, NOTE, VisualFeatures.READ).read.blocks
    assert [line.text for line in block.lines] == LINES
    assert [word.text for word in block.lines[0].words] == ["Dear", "Ada,"]
    for line in block.lines:
        assert len(line.bounding_polygon) == 4
        assert all(0 <= p.x <= 640 and 0 <= p.y <= 330 for p in line.bounding_polygon)
        assert all(0.5 < word.confidence <= 1 for word in line.words)


def together(way):
    found = ask(way, CAT, *VisualFeatures)
    assert "cat" in found.caption.text
    assert found.objects.list
    assert found.people.list == []
    assert found.read.blocks == []
    assert len(found.dense_captions.list) == 2
    assert len(found.smart_crops.list) == 1


def errors(way):
    bad = "nothing.jpg" if way == URL else b"no picture"
    code = "InvalidImageUrl" if way == URL else "InvalidImageFormat"
    refused(lambda: ask(way, bad, VisualFeatures.TAGS), code)
    refused(lambda: ask(way, CAT, VisualFeatures.TAGS, language="xx"), "NotSupportedLanguage")
    crops, ratios = VisualFeatures.SMART_CROPS, [3.0]
    refused(lambda: ask(way, CAT, crops, smart_crops_aspect_ratios=ratios), "BadArgument")


def refused(trial, code):
    """Try what must be refused by azure-core's own exception, which tells the code and why."""
    error = raised(HttpResponseError, trial)
    assert error.status_code == 400
    assert error.error.code == "InvalidRequest"
    assert error.error.innererror["code"] == code, error.error.innererror
    assert error.error.message
    assert error.error.message in str(error)


def wrong_key():
    trial = partial(ask, STREAM, CAT, VisualFeatures.TAGS, key="wrong")
    error = raised(ClientAuthenticationError, trial)
    assert error.status_code == 401
    assert "Access denied" in str(error)


TRIALS = {
    "caption": caption,
    "neutral": neutral,
    "denseCaptions": dense_captions,
    "tags": tags,
    "objects": objects,
    "people": people,
    "smartCrops": smart_crops,
    "read": read,
    "together": together,
    "errors": errors,
}

if __name__ == "__main__":
    for way in (URL, STREAM):
        for operation, trial in TRIALS.items():
            attempt(operation, way, partial(trial, way))
    attempt("wrongKey", "", wrong_key)
