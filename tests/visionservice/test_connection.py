from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from time import monotonic, sleep

import pytest

from visionservice import LocalService

REQUEST = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = b"POST /vision/v1.0/tag HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\n"


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[socket.socket]:
    """A connection to a service that waits 1.5 seconds for the head of a request."""
    monkeypatch.setattr("visionservice.connection.HEAD_SECONDS", 1.5)
    with LocalService(gallery=tmp_path) as service:
        port = int(service.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            yield connection


def answer(connection: socket.socket) -> bytes:
    """Read a whole answer: its head, and the JSON of one object."""
    data = b""
    while not data.endswith(b"}"):
        piece = connection.recv(4096)
        assert piece, data
        data += piece
    return data


def trickle(connection: socket.socket, data: bytes) -> bytes:
    """Send bytes one by one, 0.1 s apart, until they are answered or hung up on."""
    connection.settimeout(0.1)
    for byte in data:
        try:
            connection.sendall(bytes([byte]))
            return connection.recv(4096)
        except TimeoutError:
            continue
        except ConnectionError:
            return b""  # hung up on before this byte was sent
    raise AssertionError("neither an answer nor an end")


@pytest.mark.parametrize("begun", [b"", b"GET /hea"])
def test_who_sends_no_whole_head_is_hung_up_on(connection: socket.socket, begun: bytes) -> None:
    since = monotonic()
    connection.sendall(begun)
    assert connection.recv(99) == b""
    assert 1.3 < monotonic() - since < 8


def test_a_head_that_trickles_is_not_waited_for_either(connection: socket.socket) -> None:
    connection.sendall(REQUEST)
    assert b"200 OK" in answer(connection)
    assert trickle(connection, REQUEST) == b""


def test_what_is_no_http_is_refused_by_the_local_service_too(connection: socket.socket) -> None:
    connection.sendall(b"GARBAGE\r\n\r\n")
    head = connection.recv(4096)
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"(local)" in head


def test_a_slow_body_and_requests_one_after_another_are_no_slow_head(
    connection: socket.socket,
) -> None:
    connection.sendall(POST)
    sleep(2.5)
    connection.sendall(b"body")
    assert b" 401 " in answer(connection)
    for _ in range(8):
        sleep(0.3)
        connection.sendall(REQUEST)
        assert b"200 OK" in answer(connection)
