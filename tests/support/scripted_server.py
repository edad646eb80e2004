"""A loopback server that sends scripted responses and records the requests."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any, NamedTuple

from visionhelpers import VisionClient
from visionhelpers.transport import CLOCK

KEY = "0123456789abcdef-the-secret"
CERTIFICATE = Path(__file__).with_name("localhost.pem")
"""A self-signed certificate of 127.0.0.1 with its key, until 2126."""

Step = tuple[int, dict[str, str], Any]
"""Status, headers and body of a response; a body that is not bytes is sent as JSON."""
CUT: Step = (-1, {}, "")
"""Close the connection without a response."""
CUT_SHORT: Step = (-2, {}, "")
"""Close the connection in the middle of the body."""
HANG: Step = (-3, {}, "")
"""Send nothing until the server ends."""
DRIP: Step = (-4, {}, "")
"""Send a body of 1,000 bytes, one every 50 ms."""
DRIP_HEADERS: Step = (-5, {}, "")
"""Send headers of 1,000 bytes, one every 50 ms."""
TAGS: Step = (200, {}, {"tags": []})
SUCCEEDED: Step = (200, {}, {"status": "Succeeded"})
RUNNING: Step = (200, {}, {"status": "Running"})
BAD_URL: Step = (400, {}, {"code": "InvalidImageUrl", "message": "The URL is not accessible."})


class Request(NamedTuple):
    """A request; `port` is the client's, `at` is its time on the clock of the clients."""

    method: str
    path: str
    headers: Any
    body: bytes
    port: int
    at: float


class ScriptedServer(ThreadingHTTPServer):
    """A server that sends its steps in turn, and the last one again and again.

    Attributes:
        steps: The responses to come.
        requests: The requests so far.
        delay: Seconds before each response, on the clock of the clients.
        go: Event that responses wait for.
        keep_alive: Whether connections stay open after a response.
        closed: The number of connections that the server has closed.
        closing: Ends the steps that wait.
    """

    daemon_threads = True

    def __init__(self, *, port: int = 0, tls: bool = False) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
        self.steps: list[Step] = [TAGS]
        self.requests: list[Request] = []
        self.delay, self.keep_alive = 0.0, True
        self.closing, self.go, self.closed = Event(), Event(), 0
        self.go.set()
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server_port}"

    @property
    def times(self) -> list[float]:
        """Seconds from the first request to each."""
        return [request.at - self.requests[0].at for request in self.requests]

    def client(self, *steps: Step, **options: Any) -> VisionClient:
        """Return a client that gets these steps."""
        self.steps = list(steps or self.steps)
        key = None if "credential" in options else KEY
        return VisionClient(self.url, options.pop("key", key), **options)

    def operation(self) -> Step:
        """Return the response to a request that starts an operation."""
        return 202, {"Operation-Location": f"{self.url}/vision/v1.0/textOperations/1"}, ""

    def shutdown_request(self, request: Any) -> None:
        """Close a connection, and count it."""
        super().shutdown_request(request)
        self.closed += 1

    def handle_error(self, *_: object) -> None:
        """Print nothing where a client hangs up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: ScriptedServer

    def _respond(self) -> None:
        server = self.server
        at = CLOCK.monotonic()
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        port = self.client_address[1]
        server.requests.append(Request(self.command, self.path, self.headers, body, port, at))
        step = server.steps.pop(0) if len(server.steps) > 1 else server.steps[0]
        if server.delay:
            CLOCK.sleep(server.delay)
        server.go.wait(60)
        if step in (CUT, CUT_SHORT, HANG, DRIP, DRIP_HEADERS):
            self.close_connection = True
            self._fail(step)
        else:
            self._send(*step)
            self.close_connection |= not server.keep_alive

    do_GET = do_POST = do_DELETE = _respond  # noqa: N815

    def _send(self, status: int, headers: dict[str, str], content: Any, missing: int = 0) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data) + missing))
        self.end_headers()
        self.wfile.write(data)

    def _fail(self, step: Step) -> None:
        if step == HANG:
            self.server.closing.wait()
        elif step == CUT_SHORT:
            self._send(200, {}, {}, missing=100)
        elif step == DRIP:
            self._send(200, {}, b"{", missing=999)
            self._drip()
        elif step == DRIP_HEADERS:
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Padding: ")
            self._drip()

    def _drip(self) -> None:
        with suppress(OSError):
            for _ in range(999):
                if self.server.closing.wait(0.05):
                    break
                self.wfile.write(b" ")

    def log_message(self, *_: object) -> None: ...


@contextmanager
def scripted_server(*, port: int = 0, tls: bool = False) -> Iterator[ScriptedServer]:
    """Run a server in a thread."""
    server = ScriptedServer(port=port, tls=tls)
    thread = Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.go.set()
        server.shutdown()
        thread.join(5)
        server.server_close()
