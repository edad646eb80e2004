"""The fuzzing itself: it must not pass a service that answers nothing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace

import pytest

from tests.fuzz.bodies import crops
from tests.fuzz.run import Run
from tests.support.openapi import document


class Nothing(BaseHTTPRequestHandler):
    """Answers everything with an empty object."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def nothing() -> Iterator[SimpleNamespace]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Nothing) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield SimpleNamespace(url=f"http://127.0.0.1:{server.server_port}", key="key")
        server.shutdown()


@pytest.mark.parametrize("version", ["v1.0", "v3.2", "4.0"])
def test_a_service_that_answers_nothing_fails_everywhere(
    nothing: SimpleNamespace, version: str
) -> None:
    run = Run(nothing, crops())
    run.version(partial(document, version), version, 2)
    asked = {operation for _, operation, _ in run.answers}
    assert len(asked) == len(document(version, "url")["paths"])
    failed = {failure.removeprefix(f"{version} ").partition(" 200:")[0] for failure in run.failures}
    assert failed == asked
