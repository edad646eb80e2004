"""Every feature of azure-ai-vision-imageanalysis 1.0.0, by the client that its argument names."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from unittest import TestCase, main

from azure.ai.vision.imageanalysis import ImageAnalysisClient
from azure.ai.vision.imageanalysis.aio import ImageAnalysisClient as AsyncImageAnalysisClient
from azure.ai.vision.imageanalysis.models import VisualFeatures
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from shared import CAT, CONFIDENCE, ENDPOINT, KEY, LINES, NOTE, SAMPLES, address, covers, raised

SYNC = sys.argv.pop().endswith("-sync")
WOMAN = "eileen_collins.jpg"


def edges(box):
    return box.x, box.y, box.width, box.height


def check_error(function, code):
    """Expect azure-core's exception, with a code and a message."""
    error = raised(HttpResponseError, function)
    assert error.status_code == 400
    assert error.error.code == "InvalidRequest"
    assert error.error.innererror["code"] == code, error.error.innererror
    assert error.error.message
    assert error.error.message in str(error)


class Url(TestCase):
    """Features with the URL of an image."""

    method, code_of_error = "analyze_from_url", "InvalidImageUrl"

    def image(self, name):
        return address(name)

    def analyze(self, name, *features, key=KEY, **options):
        """Send a sample with the client under test."""
        arguments, credential = (self.image(name), list(features)), AzureKeyCredential(key)
        if SYNC:
            with ImageAnalysisClient(ENDPOINT, credential) as client:
                return getattr(client, self.method)(*arguments, **options)

        async def result():
            async with AsyncImageAnalysisClient(ENDPOINT, credential) as client:
                return await getattr(client, self.method)(*arguments, **options)

        return asyncio.run(result())

    def test_all_features(self):
        found = self.analyze(CAT, *VisualFeatures)
        assert "cat" in found.caption.text
        assert CONFIDENCE <= found.caption.confidence <= 1
        whole, part = found.dense_captions.list
        assert edges(whole.bounding_box) == (0, 0, 451, 300)
        assert "cat" in part.text
        assert covers(edges(part.bounding_box), 120, 40, 330, 250)
        assert 0.5 < {tag.name: tag.confidence for tag in found.tags.list}["cat"] <= 1
        (cat,) = found.objects.list
        assert cat.tags[0].name == "cat"
        assert covers(edges(cat.bounding_box), 120, 40, 330, 250)
        assert found.people.list == found.read.blocks == []
        assert len(found.smart_crops.list) == 1
        assert (found.metadata.width, found.metadata.height) == (451, 300)
        assert found.model_version

    def test_neutral(self):
        caption = partial(self.analyze, WOMAN, VisualFeatures.CAPTION)
        assert "woman" in caption().caption.text
        found = caption(gender_neutral_caption=True).caption
        assert "person" in found.text
        assert "woman" not in found.text

    def test_people(self):
        found = self.analyze(WOMAN, VisualFeatures.PEOPLE).people.list
        surest = max(found, key=lambda person: person.confidence)
        assert surest.confidence > 0.5
        assert covers(edges(surest.bounding_box), 185, 80, 265, 160), "her face"

    def test_smart_crops(self):
        ratios = [0.8, 1.5]
        crops = {"smart_crops_aspect_ratios": ratios}
        found = self.analyze(CAT, VisualFeatures.SMART_CROPS, **crops).smart_crops.list
        for crop, ratio in zip(found, ratios, strict=True):
            box = crop.bounding_box
            assert abs(crop.aspect_ratio - ratio) < 0.02
            assert abs(box.width / box.height - ratio) < 0.02
            assert covers(edges(box), 180, 80, 280, 180), "the cat's nose"

    def test_read(self):
        (block,) = self.analyze(NOTE, VisualFeatures.READ).read.blocks
        assert [line.text for line in block.lines] == LINES
        assert [word.text for word in block.lines[0].words] == ["Dear", "Ada,"]
        for line in block.lines:
            assert len(line.bounding_polygon) == 4
            assert all(0 <= p.x <= 640 and 0 <= p.y <= 330 for p in line.bounding_polygon)
            assert all(0.5 < word.confidence <= 1 for word in line.words)

    def test_errors(self):
        tags, crops = VisualFeatures.TAGS, VisualFeatures.SMART_CROPS
        check_error(partial(self.analyze, "nothing.jpg", tags), self.code_of_error)
        check_error(partial(self.analyze, CAT, tags, language="xx"), "NotSupportedLanguage")
        bad_ratio = {"smart_crops_aspect_ratios": [3.0]}
        check_error(partial(self.analyze, CAT, crops, **bad_ratio), "BadArgument")

    def test_wrong_key(self):
        trial = partial(self.analyze, CAT, VisualFeatures.TAGS, key="wrong")
        error = raised(ClientAuthenticationError, trial)
        assert error.status_code == 401
        assert "Access denied" in str(error)


class Stream(Url):
    """The same features with the bytes of an image."""

    method, code_of_error = "analyze", "InvalidImageFormat"

    def image(self, name):
        file = SAMPLES / name
        return file.read_bytes() if file.exists() else b"no image"


if __name__ == "__main__":
    main(verbosity=2)
