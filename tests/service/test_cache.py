from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.support.http_client import READ, post, post_sample, read_sample, with_pages
from visionhelpers.images import sample_path
from visionservice import LocalService
from visionservice.cache import AnalysisCache
from visionservice.engines.faces.detector import MtcnnFaceDetector
from visionservice.engines.text.reader import RapidOcrReader

BOTH, ONE = "altered/hopper_and_collins.jpg", "grace_hopper.jpg"
FACES = "v1.0/analyze?visualFeatures=Faces"


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the engine functions that were called."""
    called: list[str] = []

    def watch(engine: Any, method: str) -> None:
        function = getattr(engine, method)

        def watched(*args: Any, **options: Any) -> Any:
            called.append(method)
            return function(*args, **options)

        monkeypatch.setattr(engine, method, watched)

    watch(MtcnnFaceDetector, "detect")
    watch(RapidOcrReader, "read")
    return called


def faces(service: LocalService, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = post_sample(service, FACES, name).json()["faces"]
    return found


def test_the_same_image_is_analyzed_once_even_twice_at_a_time(
    tmp_path: Path, calls: list[str]
) -> None:
    with LocalService(gallery=tmp_path) as own, ThreadPoolExecutor(2) as threads:
        one, other = threads.map(partial(faces, own), [BOTH, BOTH])
        assert one == other == faces(own, BOTH)
        assert calls == ["detect"]
        assert faces(own, ONE) != one
        assert calls == ["detect", "detect"]
        notes = [read_sample(own, READ, "handwritten_note.jpg") for _ in range(2)]
        assert notes[0]["analyzeResult"] == notes[1]["analyzeResult"]
        assert calls == ["detect", "detect", "read"]


@pytest.mark.parametrize(("cache_size", "times"), [(0, 3), (1, 3), (2, 2)])
def test_the_results_of_the_last_images_are_cached(
    tmp_path: Path, calls: list[str], cache_size: int, times: int
) -> None:
    with LocalService(gallery=tmp_path, cache_size=cache_size) as own:
        for image in (BOTH, ONE, BOTH):
            faces(own, image)
    assert len(calls) == times


def test_an_image_that_is_used_again_counts_as_the_latest() -> None:
    cache = AnalysisCache(2)
    first, second, third = (cache.key(data) for data in (b"1", b"2", b"3"))
    for key in (first, second, first, third):
        with cache.results(key):
            pass
    assert [key in cache for key in (first, second, third)] == [True, False, True]


@pytest.mark.usefixtures("unread_results")
def test_documents_and_damaged_files_are_not_cached(tmp_path: Path, calls: list[str]) -> None:
    with LocalService(gallery=tmp_path, cache_size=1) as own:
        faces(own, BOTH)
        assert post(own, READ, with_pages(1)).status_code == 202
        assert post(own, "v1.0/tag", sample_path(BOTH).read_bytes()[:9000]).status_code == 400
        faces(own, BOTH)
    assert calls.count("detect") == 1
