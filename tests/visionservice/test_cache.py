from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import requests

from tests.asking import page
from visionhelpers import VisionClient, sample_path
from visionservice import LocalService
from visionservice.cache import CachedResults

BOTH = sample_path("altered/hopper_and_collins.jpg")
ONE = sample_path("grace_hopper.jpg")


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the engines have looked for, filled as they do."""
    from visionservice.engines.faces.detector import MtcnnFaceDetector
    from visionservice.engines.text import reader

    seen: list[str] = []

    def watch(engine: Any, method: str) -> None:
        look = getattr(engine, method)

        def watched(*args: Any, **options: Any) -> Any:
            seen.append(method)
            return look(*args, **options)

        monkeypatch.setattr(engine, method, watched)

    watch(MtcnnFaceDetector, "detect")
    watch(reader, "read")
    return seen


def client(service: LocalService) -> VisionClient:
    return VisionClient(service.url, service.key)


def test_a_picture_asked_about_again_is_not_looked_at_again(
    tmp_path: Path, looks: list[str]
) -> None:
    with LocalService(gallery=tmp_path) as own:
        first = client(own).analyze(BOTH, features="Faces")
        again = client(own).analyze(BOTH.read_bytes(), features=["Faces", "Color"])
        assert again["faces"] == first["faces"]
        assert looks == ["detect"]
        assert client(own).analyze(ONE, features="Faces")["faces"] != first["faces"]
        assert looks == ["detect", "detect"]


def test_two_who_ask_at_the_same_time_have_it_looked_at_once(
    tmp_path: Path, looks: list[str]
) -> None:
    with LocalService(gallery=tmp_path) as own, ThreadPoolExecutor(2) as threads:
        answers = threads.map(lambda _: client(own).analyze(BOTH, features="Faces"), range(2))
        assert [len(answer["faces"]) for answer in answers] == [2, 2]
    assert looks == ["detect"]


def test_what_was_read_is_remembered_too(tmp_path: Path, looks: list[str]) -> None:
    with LocalService(gallery=tmp_path) as own:
        note = sample_path("handwritten_note.jpg")
        assert (
            client(own).recognize_text(note)["recognitionResult"]
            == (client(own).recognize_text(note)["recognitionResult"])
        )
        assert looks == ["read"]


@pytest.mark.parametrize(("cache_size", "times"), [(0, 3), (1, 3), (2, 2)])
def test_the_latest_pictures_are_remembered(
    tmp_path: Path, looks: list[str], cache_size: int, times: int
) -> None:
    with LocalService(gallery=tmp_path, cache_size=cache_size) as own:
        for picture in (BOTH, ONE, BOTH):
            client(own).analyze(picture, features="Faces")
    assert len(looks) == times


def test_documents_and_broken_files_take_no_pictures_place(
    tmp_path: Path, looks: list[str]
) -> None:
    pdf = BytesIO()
    page("a line").save(pdf, "PDF", resolution=200)
    with LocalService(gallery=tmp_path, cache_size=1) as own:
        headers = {"Ocp-Apim-Subscription-Key": own.key, "Content-Type": "application/octet-stream"}
        client(own).analyze(BOTH, features="Faces")
        for data, path, status in (
            (pdf.getvalue(), "v3.2/read/analyze", 202),
            (BOTH.read_bytes()[:9000], "v1.0/tag", 400),
        ):
            answer = requests.post(f"{own.url}/vision/{path}", data, headers=headers, timeout=30)
            assert answer.status_code == status
        client(own).analyze(BOTH, features="Faces")
    assert looks.count("detect") == 1


def test_what_is_known_waits_for_nothing_that_is_looked_for() -> None:
    known, begun, go = CachedResults(), Event(), Event()
    known.get("colours", lambda: "red")

    def look() -> str:
        begun.set()
        assert go.wait(10)
        return "a line"

    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(known.get, "text", look)
        assert begun.wait(10)
        assert known.get("colours", lambda: "blue") == "red"
        assert known.get("faces", lambda: 2) == 2
        go.set()
        assert reading.result() == "a line"


def test_what_was_not_found_for_a_failure_is_looked_for_again() -> None:
    known = CachedResults()
    with pytest.raises(ZeroDivisionError):
        known.get("faces", lambda: 1 // 0)
    assert known.get("faces", lambda: 1) == 1


def test_a_name_learned_meanwhile_is_known(tmp_path: Path) -> None:
    with LocalService(gallery=tmp_path) as own:
        vision = client(own)
        before = vision.celebrities(BOTH)["result"]["celebrities"]
        vision.add_face("Eileen Collins", sample_path("eileen_collins_portrait.jpg"))
        after = vision.celebrities(BOTH)["result"]["celebrities"]
    assert {person["name"] for person in after} - {person["name"] for person in before} == {
        "Eileen Collins"
    }
