"""The client and the notebooks with Azure: a gateway that refuses what Azure refuses.

The gateway is a proxy for a host of Azure, in front of the real service. It supports only API v3.2,
cannot fetch an image from this machine, names no celebrities, and returns no ages and genders.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import nbformat
import pytest
import requests
from nbclient import NotebookClient

from visionhelpers import connect, sample_path
from visionservice import LocalService

pytestmark = pytest.mark.timeout(300)  # a whole notebook

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
WITH_AZURE = ["index", "07_explorer", "08_compare", "09_many_images", "10_move_to_azure"]
"""Notebooks that use the service in VISION_ENDPOINT."""
LESSONS = sorted({path.stem for path in NOTEBOOKS.glob("*.ipynb")} - {*WITH_AZURE})
"""Notebooks that use the local service only."""
BOTH_WAYS = """
import requests
headers = {"Ocp-Apim-Subscription-Key": vision.key}
response = requests.get(vision.base_url + "models", headers=headers)
vision.domain_models()
print(response.status_code, vision.last_response.status)
"""
"""A request without the client, as in the lessons, and one with it."""
HOST = "mine.cognitiveservices.azure.com"
KEY_HEADER = "Ocp-Apim-Subscription-Key"
FORWARDED = ("Content-Type", "Operation-Location", "Retry-After", "apim-request-id")


class Gateway(ThreadingHTTPServer):
    """The host of Azure, as a proxy that forwards to a service what Azure supports."""

    daemon_threads = True

    def __init__(self, service: LocalService) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.service = service
        self.received: list[str] = []
        self.http = requests.Session()
        self.http.trust_env = False


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Gateway

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.received.append(f"{self.command} {self.path}")
        status, headers, content = self._refuse() or self._forward(body)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_DELETE = _handle  # noqa: N815

    def _refuse(self) -> tuple[int, dict[str, str], bytes] | None:
        parts = urlsplit(self.path)
        path = parts.path.lower()
        if parts.hostname != HOST or not path.startswith("/vision/v3.2/"):
            return _error(404, "404", "Resource not found")
        if path.endswith("celebrities/analyze") or "celebrities" in parts.query.lower():
            return _error(403, "InvalidRequest", "Celebrities are for approved customers.")
        if self.headers.get("Content-Type") == "application/json":
            return _error(400, "InvalidImageUrl", "The provided image url is not accessible.")
        return None

    def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        service = self.server.service
        url = self.path.replace(f"http://{HOST}", service.url)
        headers = {
            name: self.headers[name] for name in ("Content-Type", KEY_HEADER) if self.headers[name]
        }
        response = self.server.http.request(self.command, url, data=body, headers=headers)
        passed = {
            name: response.headers[name].replace(service.url, f"http://{HOST}")
            for name in FORWARDED
            if name in response.headers
        }
        content = response.content
        if "json" in passed.get("Content-Type", "") and "faces" in (result := response.json()):
            for face in result["faces"]:
                del face["age"], face["gender"]
            content = json.dumps(result).encode()
        return response.status_code, passed, content

    def log_message(self, *_: object) -> None: ...


def _error(status: int, code: str, message: str) -> tuple[int, dict[str, str], bytes]:
    content = {"error": {"code": code, "message": message}}
    return status, {"Content-Type": "application/json"}, json.dumps(content).encode()


@pytest.fixture(scope="module")
def local_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The state folder of a local service, with an empty gallery."""
    folder = tmp_path_factory.mktemp("state")
    with LocalService(gallery=folder / "gallery") as local:
        state = {"url": local.url, "key": local.key}
        (folder / "service.json").write_text(json.dumps(state), encoding="utf-8")
        yield folder


@pytest.fixture
def gateway(
    service: LocalService, local_state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Gateway]:
    """A gateway that VISION_ENDPOINT names."""
    monkeypatch.setenv("VISION_STATE_DIR", str(local_state))
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # an ended kernel leaves its temporary folders
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


def notebook(name: str) -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOKS / f"{name}.ipynb", 4)


def run(notebook: nbformat.NotebookNode) -> list[str]:
    """Run every cell, and return the lines that the cells have printed."""
    options = {"kernel_name": "python3", "shutdown_kernel": "immediate"}
    client = NotebookClient(notebook, timeout=120, **options)
    client.execute(cwd=str(NOTEBOOKS))  # raises what a cell raises
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return "".join(output.get("text", "") for output in outputs).splitlines()


@pytest.mark.parametrize("name", WITH_AZURE)
def test_a_notebook_runs_to_its_end_with_azure(name: str, gateway: Gateway) -> None:
    printed = run(notebook(name))
    assert "Using the service in VISION_ENDPOINT." in printed
    used = [path for path in gateway.received if f"http://{HOST}/vision/v3.2/" in path]
    assert used == gateway.received != []
    diagnosed = f"OK: {HOST} responds with API v3.2." in printed
    assert diagnosed == (name == "10_move_to_azure")


def test_the_lessons_send_nothing_to_azure(gateway: Gateway) -> None:
    assert len(LESSONS) >= 7
    lessons = nbformat.v4.new_notebook()  # one kernel for the set-up cells of all
    for name in LESSONS:
        code = [cell for cell in notebook(name).cells if cell.cell_type == "code"]
        sources = "\n".join(cell.source for cell in code)
        assert set(re.findall(r"connect\((\w+=)|VisionClient", sources)) <= {"local=", "gallery="}
        lessons.cells += [code[0], nbformat.v4.new_code_cell(BOTH_WAYS)]
    printed = run(lessons)
    assert printed == ["Connected to the local service.", "200 200"] * len(LESSONS)
    assert gateway.received == []


def test_a_sample_is_a_path_whose_bytes_are_sent(gateway: Gateway) -> None:
    azure = connect()
    assert gateway.received == []
    path = azure.sample_url("chelsea_the_cat.jpg")
    assert path == str(sample_path("chelsea_the_cat.jpg"))
    assert "cat" in {tag["name"] for tag in azure.tag(path)["tags"]}
    assert len(gateway.received) == 1
