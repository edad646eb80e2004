"""Every operation of Microsoft's SDKs, each in its own environment: `make sdk`.

`make test` does not collect this file: its name does not begin with `test`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.sdk import clients
from visionservice import LocalService


class Captioner(BaseHTTPRequestHandler):
    """The Chat Completions API, with a model that repeats the names of the request."""

    def do_POST(self) -> None:
        request = self.rfile.read(int(self.headers["Content-Length"])).decode()
        names = re.search("It shows (.+?): use", request)
        text = f"{names[1]} in a uniform." if names else "A woman with a cat."
        choice = {"index": 0, "message": {"role": "assistant", "content": text}}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"choices": [choice | {"finish_reason": "stop"}]}).encode())

    def log_message(self, *_: object) -> None: ...


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize("client", clients.chosen(metafunc.config.getoption("clients")))


@pytest.fixture(scope="module")
def service(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalService]:
    """A service, with the captioner after the option --captioner."""
    options = {"gallery": tmp_path_factory.mktemp("gallery")}
    with ThreadingHTTPServer(("127.0.0.1", 0), Captioner) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        if request.config.getoption("captioner"):
            options["captioner"] = f"http://127.0.0.1:{server.server_port}/v1"
            options["captioner_model"] = "loopback"
        with LocalService(**options) as service:
            yield service
        server.shutdown()


@pytest.mark.timeout(900)  # with the installation
def test_every_operation_of_a_client_works_or_is_absent(client: str, service: LocalService) -> None:
    command = clients.install(client)
    confidence = 0.0 if service.settings.captioner else 0.5  # 0 means unknown
    status, printed = clients.run(command, service.url, service.key, confidence)
    assert status == 0, printed
    assert clients.absent(printed) == sorted(2 * clients.CLIENTS[client])
