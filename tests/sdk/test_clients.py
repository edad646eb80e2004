from __future__ import annotations

import sys

import pytest

from tests.sdk import clients
from tests.support.scripted_server import scripted_server


def test_all_clients_run_unless_some_are_named() -> None:
    assert clients.chosen("") == list(clients.CLIENTS)
    assert clients.chosen("ci") == clients.ONE_OF_EACH
    assert clients.chosen("npm-8.2.0,npm-5.0.0") == ["npm-5.0.0", "npm-8.2.0"]
    with pytest.raises(pytest.UsageError, match=r"Invalid CLIENTS \['npm-9'\]: use ci, python-0"):
        clients.chosen("ci npm-9")


def test_a_service_that_returns_nothing_passes_nothing() -> None:
    command = [sys.executable, clients.SCRIPTS / "classic.py"]  # the tests have this client, too
    with scripted_server() as server:
        server.steps = [(200, {}, {})]
        status, printed = clients.run(command, server.url, "key")
    assert status == 1
    assert "Ran 30 tests" in printed
    assert "... ok" not in printed
    assert clients.absent(printed) == sorted(2 * clients.CLIENTS["python-0.1.0"])
