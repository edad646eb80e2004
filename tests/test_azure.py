"""Azure from here: the client and every notebook against a gateway that gives what Azure gives.

The gateway stands before the real service, as a proxy for a host of Azure's. It has v3.2 and
nothing beside the API, cannot fetch a picture from this machine, names no celebrities, and keeps
ages and genders to itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import nbformat
import pytest
import requests
from nbclient import NotebookClient

from visionhelpers import ConfigurationError, ServiceError, VisionClient, connect, sample_path
from visionhelpers.service import LocalService

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
NAMES = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
HOST = "mine.cognitiveservices.azure.com"
KEY_HEADER = "Ocp-Apim-Subscription-Key"
SENT_ON = ("Content-Type", "Operation-Location", "Retry-After", "apim-request-id")
OTHERWISE = {
    "01_analyze_image": {"Gender: not told": 1},
    "02_domain_models": {
        "No names: InvalidRequest (403)": 3,
        "Only a local service has a gallery": 2,
    },
    "07_explorer": {"Celebrities: InvalidRequest (403)": 1},
    "08_local_and_cloud": {
        "Side by side: local and cloud": 1,
        "Faces - they differ": 1,
        "Tags - the same": 1,
        "After: ['Eileen Collins', 'Grace Hopper']": 1,
    },
}
"""What notebooks say that are not given what the local service gives, and how often."""


class Gateway(ThreadingHTTPServer):
    """Azure's host, as a proxy that passes what it has on to a service."""

    daemon_threads = True

    def __init__(self, service: LocalService) -> None:
        super().__init__(("127.0.0.1", 0), Passage)
        self.service = service
        self.asked: list[str] = []
        self.http = requests.Session()
        self.http.trust_env = False


class Passage(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Gateway

    def _act(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.asked.append(f"{self.command} {self.path}")
        status, headers, content = self._refused() or self._passed_on(body)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = _act  # noqa: N815

    def _refused(self) -> tuple[int, dict[str, str], bytes] | None:
        parts = urlsplit(self.path)
        path = parts.path.lower()
        if parts.hostname != HOST or not path.startswith("/vision/v3.2/"):
            return _refusal(404, "404", "Resource not found")
        if path.endswith("celebrities/analyze") or "celebrities" in parts.query.lower():
            return _refusal(403, "InvalidRequest", "Celebrities are for approved customers.")
        if self.headers.get("Content-Type") == "application/json":
            return _refusal(400, "InvalidImageUrl", "The provided image url is not accessible.")
        return None

    def _passed_on(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        service = self.server.service
        parts = urlsplit(self.path)
        headers = {
            name: self.headers[name] for name in ("Content-Type", KEY_HEADER) if self.headers[name]
        }
        url = f"{service.url}{parts.path}?{parts.query}"
        response = self.server.http.request(self.command, url, data=body, headers=headers)
        given = {name: response.headers[name] for name in SENT_ON if name in response.headers}
        if "Operation-Location" in given:
            here, there = service.url, f"http://{HOST}"
            given["Operation-Location"] = given["Operation-Location"].replace(here, there)
        content = response.content
        if "json" in given.get("Content-Type", "") and "faces" in response.json():
            content = json.dumps(_without_guesses(response.json())).encode()
        return response.status_code, given, content

    def log_message(self, *_: object) -> None: ...


def _refusal(status: int, code: str, message: str) -> tuple[int, dict[str, str], bytes]:
    content = {"error": {"code": code, "message": message}}
    return status, {"Content-Type": "application/json"}, json.dumps(content).encode()


def _without_guesses(result: dict[str, Any]) -> dict[str, Any]:
    faces = [{"faceRectangle": face["faceRectangle"]} for face in result["faces"]]
    return result | {"faces": faces}


@pytest.fixture(scope="module")
def local_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The state folder of a local service beside Azure, with a gallery of its own."""
    folder = tmp_path_factory.mktemp("state")
    with LocalService(gallery=folder / "gallery") as local:
        state = {"url": local.url, "key": local.key}
        (folder / "service.json").write_text(json.dumps(state), encoding="utf-8")
        yield folder


@pytest.fixture
def gateway(
    service: LocalService, local_state: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Gateway]:
    """Azure, as the environment names it."""
    monkeypatch.setenv("VISION_STATE_DIR", str(local_state))
    gateway = Gateway(service)
    Thread(target=gateway.serve_forever, args=(0.05,), daemon=True).start()
    for name in ("VISION_API_VERSION", "NO_PROXY", "no_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{gateway.server_port}")
    monkeypatch.setenv("VISION_ENDPOINT", f"http://{HOST}")
    monkeypatch.setenv("VISION_KEY", service.key)
    yield gateway
    gateway.shutdown()
    gateway.server_close()


@pytest.fixture
def azure(gateway: Gateway) -> VisionClient:
    assert gateway.asked == []
    return connect()


def said(notebook: nbformat.NotebookNode) -> list[str]:
    """Return every line that the cells have printed."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return "".join(output.get("text", "") for output in outputs).splitlines()


@pytest.mark.parametrize("name", NAMES)
def test_every_notebook_comes_to_its_end(name: str, gateway: Gateway) -> None:
    notebook = nbformat.read(NOTEBOOKS / f"{name}.ipynb", 4)
    committed = said(notebook)
    client = NotebookClient(notebook, timeout=120, kernel_name="python3")
    client.execute(cwd=str(NOTEBOOKS))  # raises what a cell raises
    setup, *lines = said(notebook)
    assert setup == "Using the service in VISION_ENDPOINT."
    assert any(f"http://{HOST}/vision/v3.2/" in path for path in gateway.asked)
    if name not in OTHERWISE:
        assert lines == committed[1:]
    for line, times in OTHERWISE.get(name, {}).items():
        assert str(lines).count(line) == times


def test_there_are_notebooks_to_run() -> None:
    assert len(NAMES) == 10


def test_a_sample_is_a_path_whose_bytes_are_sent(azure: VisionClient, gateway: Gateway) -> None:
    address = azure.sample_url("chelsea_the_cat.jpg")
    assert address == str(sample_path("chelsea_the_cat.jpg"))
    assert "cat" in {tag["name"] for tag in azure.tag(address)["tags"]}
    assert len(gateway.asked) == 1


def test_all_is_well_with_the_right_key_and_a_wrong_one_is_told(
    azure: VisionClient, gateway: Gateway
) -> None:
    assert azure.check() == f"OK: {HOST} responds with API v3.2."
    assert "The key is wrong" in VisionClient(f"http://{HOST}", "wrong").check()
    assert len(gateway.asked) == 2


def test_text_is_read_in_the_shape_of_v1(azure: VisionClient, gateway: Gateway) -> None:
    result = azure.recognize_text(sample_path("handwritten_note.jpg"))
    assert result["status"] == "Succeeded"
    assert result["recognitionResult"]["lines"][0]["text"] == "Dear Ada,"
    assert 2 <= len(gateway.asked) <= 6, "polls count, so there is at most one a second"


def test_what_azure_does_not_give_is_refused_by_name(azure: VisionClient) -> None:
    with pytest.raises(ServiceError, match=r"403.*approved"):
        azure.celebrities(sample_path("grace_hopper.jpg"))
    for teach in (azure.add_face, azure.add_landmark):
        with pytest.raises(ConfigurationError, match="Only a local service has a gallery"):
            teach("Ada Lovelace", sample_path("grace_hopper.jpg"))
