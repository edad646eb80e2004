"""The load run fails for a service that confuses the images of its clients, or that fails."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.stress.load import OPERATIONS, Run
from tests.support.scripted_server import scripted_server
from visionservice import LocalService

OTHER = {"metadata": {"width": 1, "height": 1}, "text": "1"}


def run_clients(url: str, key: str, is_over: Callable[[Run], object]) -> Run:
    run = Run(url, key)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: run.client(number, lambda: is_over(run)), range(4)))
    return run


def test_a_good_service_passes(service: LocalService) -> None:
    def is_over(run: Run) -> object:
        return run.responses["200"] >= 3 or run.failures

    assert not run_clients(service.url, service.key, is_over).failures


@pytest.mark.parametrize(("status", "message"), [(200, "the result of another"), (500, ": 500 ")])
def test_a_service_that_confuses_images_or_fails_does_not_pass(status: int, message: str) -> None:
    def has_failed(run: Run) -> bool:
        """Return True if a quarter of the operations, and a hostile request, have failed."""
        failures = list(run.failures)
        many = sum(message in failure for failure in failures) >= len(OPERATIONS) / 4
        return many and any(f"got {status}" in failure for failure in failures)

    with scripted_server() as server:
        server.steps = [(status, {"Content-Type": "application/json"}, OTHER)]
        assert has_failed(run_clients(server.url, "key", has_failed))
