"""The fuzzing fails for a service that returns nothing."""

from functools import partial
from types import SimpleNamespace

import pytest

from tests.fuzz.bodies import crops
from tests.fuzz.run import Run
from tests.support.openapi import document
from tests.support.scripted_server import scripted_server


@pytest.mark.parametrize("version", ["v1.0", "v3.2", "4.0"])
def test_a_service_that_returns_an_empty_object_fails_for_every_operation(version: str) -> None:
    with scripted_server() as server:
        server.steps = [(200, {"Content-Type": "application/json"}, {})]
        run = Run(SimpleNamespace(url=server.url, key="key"), crops())
        run.version(partial(document, version), version, 2)
    operations = {operation for _, operation, _ in run.statuses}
    assert len(operations) == len(document(version, "url")["paths"])
    failed = {failure.removeprefix(f"{version} ").partition(" 200:")[0] for failure in run.failures}
    assert failed == operations
