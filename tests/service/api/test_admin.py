from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from visionhelpers.images import sample_path
from visionservice import LocalService
from visionservice.engines import registry

CUP = sample_path("coffee_cup.jpg").read_bytes()


def send(service: LocalService, method: str, path: str, **more: Any) -> requests.Response:
    headers = {"Ocp-Apim-Subscription-Key": service.key} | more.pop("headers", {})
    if "data" in more:
        headers["Content-Type"] = "application/octet-stream"
    return requests.request(method, f"{service.url}/{path}", headers=headers, timeout=60, **more)


def names(service: LocalService, kind: str, sample: str) -> list[str]:
    image = {"url": f"{service.url}/samples/{sample}"}
    response = send(service, "POST", f"vision/v1.0/models/{kind}/analyze", json=image).json()
    return [found["name"] for found in response["result"][kind]]


def test_samples_are_served_without_a_key_and_nothing_else(service: LocalService) -> None:
    response = requests.get(f"{service.url}/samples/coffee_cup.jpg", timeout=10)
    assert (response.headers["content-type"], response.content) == ("image/jpeg", CUP)
    for name in ("missing.jpg", "credits.json", "..%2Fimages.py", "%2Fetc%2Fpasswd"):
        missing = requests.get(f"{service.url}/samples/{name}", timeout=10)
        assert (missing.status_code, missing.json()["error"]["code"]) == (404, "404")
        assert missing.headers["X-Error-Hint"].startswith("There is no sample '")


def test_the_health_names_the_engines(service: LocalService) -> None:
    response = requests.get(f"{service.url}/health", timeout=10).json()
    assert response["status"] in ("listening", "ready")
    assert response["engines"] == registry.default().names


def test_a_face_is_added_and_removed(service: LocalService) -> None:
    before = names(service, "celebrities", "eileen_collins.jpg")
    portrait = sample_path("eileen_collins_portrait.jpg").read_bytes()
    path = "gallery/celebrities/Colonel Collins"
    added = send(service, "POST", path, data=portrait)
    assert (added.status_code, added.json()) == (201, {"name": "Colonel Collins", "images": 1})
    try:
        assert names(service, "celebrities", "eileen_collins.jpg") == ["Colonel Collins"]
    finally:
        removed = send(service, "DELETE", path)
    assert (removed.status_code, removed.content) == (204, b"")
    assert names(service, "celebrities", "eileen_collins.jpg") == before
    assert send(service, "DELETE", path).status_code == 404


def test_a_landmark_is_added_listed_and_removed(tmp_path: Path) -> None:
    nothing = {"celebrities": [], "landmarks": []}
    with LocalService(gallery=tmp_path, built_in_gallery=False) as service:
        assert send(service, "GET", "gallery").json() == nothing
        cup = {"url": f"{service.url}/samples/coffee_cup.jpg"}
        assert send(service, "POST", "gallery/Landmarks/The Cup", json=cup).status_code == 201
        assert names(service, "landmarks", "coffee_cup.jpg") == ["The Cup"]
        listed = nothing | {"landmarks": [{"name": "The Cup", "images": 1}]}
        assert send(service, "GET", "gallery").json() == listed
        other = send(service, "GET", "gallery", headers={"X-Gallery": "other"})
        assert other.json() == nothing
        assert send(service, "DELETE", "gallery/landmarks/The Cup").status_code == 204
        assert names(service, "landmarks", "coffee_cup.jpg") == []
        assert names(service, "celebrities", "grace_hopper.jpg") == []


def test_the_gallery_contains_the_built_in_people(tmp_path: Path) -> None:
    with LocalService(gallery=tmp_path) as service:
        found = send(service, "GET", "gallery").json()
    assert [person["name"] for person in found["celebrities"]] == ["Grace Hopper"]


@pytest.mark.parametrize(
    ("path", "gallery", "status", "code"),
    [
        pytest.param("celebrities/A Cup", "", 400, "BadArgument", id="an image without a face"),
        pytest.param("celebrities/%2E%2E", "", 400, "BadArgument", id="a name of dots"),
        pytest.param("animals/Cat", "", 404, "404", id="an unknown kind"),
        pytest.param("landmarks/A", "%2E%2E", 400, "BadArgument", id="a gallery outside"),
    ],
)
def test_an_invalid_addition_is_rejected(
    service: LocalService, path: str, gallery: str, status: int, code: str
) -> None:
    headers = {"X-Gallery": gallery} if gallery else {}
    response = send(service, "POST", f"gallery/{path}", data=CUP, headers=headers)
    body = response.json()
    assert (response.status_code, body.get("error", body)["code"]) == (status, code)
