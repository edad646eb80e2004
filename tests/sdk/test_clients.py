from __future__ import annotations

import sys

import pytest

from tests.sdk import clients
from tests.support.scripted_server import scripted_server
from visionservice import LocalService

FIRST = "python-0.1.0"
COMMAND = [sys.executable, clients.SCRIPTS / "classic.py"]  # the tests have the first client, too


def test_all_clients_run_unless_some_are_named() -> None:
    assert clients.chosen("") == list(clients.CLIENTS)
    assert clients.chosen("ci") == clients.ONE_OF_EACH
    assert clients.chosen("npm-8.2.0,npm-5.0.0") == ["npm-5.0.0", "npm-8.2.0"]
    with pytest.raises(pytest.UsageError, match=r"Invalid CLIENTS \['npm-9'\]: use ci, python-0"):
        clients.chosen("ci npm-9")


def test_every_operation_of_the_first_client_works_or_is_absent(service: LocalService) -> None:
    status, printed = clients.run(COMMAND, service.url, service.key)
    assert status == 0, printed
    assert clients.absent(printed) == sorted(2 * clients.CLIENTS[FIRST])


def test_a_service_that_returns_nothing_passes_nothing() -> None:
    with scripted_server() as server:
        server.steps = [(200, {}, {})]
        status, printed = clients.run(COMMAND, server.url, "key")
    assert status == 1
    assert "Ran 30 tests" in printed
    assert "... ok" not in printed
    assert clients.absent(printed) == sorted(2 * clients.CLIENTS[FIRST])
