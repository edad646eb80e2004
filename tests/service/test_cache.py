from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.api import page
from visionhelpers import VisionClient, sample_path
from visionservice import LocalService
from visionservice.cache import AnalysisCache

BOTH = sample_path("altered/hopper_and_collins.jpg")
ONE = sample_path("grace_hopper.jpg")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the engine functions that were called."""
    from visionservice.engines.faces.detector import MtcnnFaceDetector
    from visionservice.engines.text.reader import RapidOcrReader

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


def client(service: LocalService) -> VisionClient:
    return VisionClient(service.url, service.key)


def test_the_same_image_is_analyzed_once(tmp_path: Path, calls: list[str]) -> None:
    with LocalService(gallery=tmp_path) as own:
        first = client(own).analyze(BOTH, features="Faces")
        again = client(own).analyze(BOTH.read_bytes(), features=["Faces", "Color"])
        assert again["faces"] == first["faces"]
        assert calls == ["detect"]
        assert client(own).analyze(ONE, features="Faces")["faces"] != first["faces"]
        assert calls == ["detect", "detect"]


def test_the_same_image_twice_at_a_time_is_analyzed_once(tmp_path: Path, calls: list[str]) -> None:
    with LocalService(gallery=tmp_path) as own, ThreadPoolExecutor(2) as threads:
        responses = threads.map(lambda _: client(own).analyze(BOTH, features="Faces"), range(2))
        assert [len(response["faces"]) for response in responses] == [2, 2]
    assert calls == ["detect"]


def test_text_is_cached(tmp_path: Path, calls: list[str]) -> None:
    with LocalService(gallery=tmp_path) as own:
        note = sample_path("handwritten_note.jpg")
        assert (
            client(own).recognize_text(note)["recognitionResult"]
            == (client(own).recognize_text(note)["recognitionResult"])
        )
        assert calls == ["read"]


@pytest.mark.parametrize(("cache_size", "times"), [(0, 3), (1, 3), (2, 2)])
def test_the_results_of_the_last_images_are_cached(
    tmp_path: Path, calls: list[str], cache_size: int, times: int
) -> None:
    with LocalService(gallery=tmp_path, cache_size=cache_size) as own:
        for image in (BOTH, ONE, BOTH):
            client(own).analyze(image, features="Faces")
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
    pdf = BytesIO()
    page("a line").save(pdf, "PDF", resolution=200)
    with LocalService(gallery=tmp_path, cache_size=1) as own:
        headers = {"Ocp-Apim-Subscription-Key": own.key, "Content-Type": "application/octet-stream"}
        client(own).analyze(BOTH, features="Faces")
        for data, path, status in (
            (pdf.getvalue(), "v3.2/read/analyze", 202),
            (BOTH.read_bytes()[:9000], "v1.0/tag", 400),
        ):
            response = requests.post(f"{own.url}/vision/{path}", data, headers=headers, timeout=30)
            assert response.status_code == status
        client(own).analyze(BOTH, features="Faces")
    assert calls.count("detect") == 1


def test_a_new_name_applies_to_a_cached_image(tmp_path: Path) -> None:
    with LocalService(gallery=tmp_path) as own:
        vision = client(own)
        before = vision.celebrities(BOTH)["result"]["celebrities"]
        vision.add_face("Eileen Collins", sample_path("eileen_collins_portrait.jpg"))
        after = vision.celebrities(BOTH)["result"]["celebrities"]
    assert {person["name"] for person in after} - {person["name"] for person in before} == {
        "Eileen Collins"
    }
