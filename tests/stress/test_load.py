"""The load run itself: it must not pass a service that mixes responses up, fails or grows."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from tests.stress.load import QUESTIONS, Run
from visionservice import LocalService


class Wrong(BaseHTTPRequestHandler):
    """Answers everything in the same wrong way."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    status, content = 200, json.dumps({"metadata": {"width": 1, "height": 1}, "text": "1"}).encode()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.content)))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(handler: type[Wrong]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def ran(url: str, key: str, is_over: Callable[[Run], object]) -> Run:
    run = Run(url, key)
    threads = [Thread(target=run.client, args=(n, partial(is_over, run))) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return run


def has_failed(run: Run, message: str) -> bool:
    """Return True if a quarter of the questions, and a hostile request, have failed."""
    failures = list(run.failures)
    many = sum(message in failure for failure in failures) >= len(QUESTIONS) / 4
    return many and any("got 200" in failure or "got 500" in failure for failure in failures)


def test_a_good_service_passes(service: LocalService) -> None:
    run = ran(service.url, service.key, lambda run: run.responses["200"] >= 3 or run.failures)
    assert not run.failures


@pytest.mark.parametrize(("status", "found"), [(200, "another client's response"), (500, ": 500 ")])
def test_a_service_that_mixes_answers_up_or_fails_does_not(status: int, found: str) -> None:
    class Handler(Wrong):
        pass

    Handler.status = status
    with served(Handler) as url:
        run = ran(url, "key", lambda run: has_failed(run, found))
    assert has_failed(run, found)
