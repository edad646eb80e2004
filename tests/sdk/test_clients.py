"""The runner of Microsoft's clients: it must not call a failure a success."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.support.poll import poll_until

FOLDER = Path(__file__).parent
sys.path.insert(0, str(FOLDER))

import clients  # noqa: E402  tests/sdk is no package: its scripts run in the clients' environments
import run  # noqa: E402

EARLIEST, NEWEST = clients.CLIENTS[0], clients.CLIENTS[-1]


def line(operation: str, way: str, failure: str = "", *, absent: bool = False) -> str:
    return json.dumps({"operation": operation, "way": way, "failure": failure, "absent": absent})


@pytest.fixture
def empty_service() -> Iterator[str]:
    """The address of a service that answers everything with {}."""

    async def answer(request: Request) -> JSONResponse:
        await request.body()
        return JSONResponse({})

    app = Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="critical", lifespan="off"))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    poll_until(lambda: server.started or not thread.is_alive())
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def test_every_client_has_its_own_name_and_a_script() -> None:
    assert len({client.name for client in clients.CLIENTS}) == len(clients.CLIENTS) == 16
    assert all((FOLDER / client.script).is_file() for client in clients.CLIENTS)


def test_ci_runs_one_client_of_each_generation_and_one_of_node() -> None:
    chosen = clients.chosen(["ci"])
    assert {client.api[:2] for client in chosen} == {"v1", "v2", "v3", "4."}
    assert any(client.script.endswith(".cjs") for client in chosen)


def test_all_clients_run_unless_some_are_named() -> None:
    assert tuple(clients.chosen([])) == clients.CLIENTS
    assert clients.chosen(["npm-8.2.0"])[0].api == "v3.2"
    with pytest.raises(ValueError, match="No client is called 'npm-9'"):
        clients.chosen(["npm-9"])


def test_what_a_script_does_not_speak_of_has_failed() -> None:
    results = run.judge(NEWEST, [line("tags", "url")], "Traceback\nImportError: no azure")
    assert set(results) == set(clients.NEWEST)
    assert set(results.values()) == {"not tried: ImportError: no azure"}


def test_one_way_that_fails_fails_the_operation() -> None:
    said = [line("tags", "url"), line("tags", "stream", "no cat")]
    assert run.judge(NEWEST, said)["tags"] == "stream no cat"
    assert run.judge(NEWEST, [line("tags", "url"), line("tags", "stream")])["tags"] == "ok"


def test_an_operation_is_absent_where_the_table_says_so_and_nowhere_else() -> None:
    def absent(operation: str) -> str:
        said = [line(operation, way, absent=True) for way in ("url", "stream")]
        return run.judge(EARLIEST, said)[operation]

    assert absent("detect") == run.ABSENT
    assert absent("ocr") == "not as the table of clients says"
    said = [line("detect", way) for way in ("url", "stream")]
    assert run.judge(EARLIEST, said)["detect"] == "not as the table of clients says"


def test_the_matrix_shows_each_failure_and_why() -> None:
    results = {EARLIEST: run.judge(EARLIEST, []) | {"ocr": "ok", "tag": "url no cat"}}
    text = run.matrix(results)
    assert "FAILED" in text.splitlines()[1]
    assert "python-0.1.0 tag: url no cat" in text
    assert len(run.failures(results)) == len(clients.CLASSIC) - 1


def test_a_service_that_answers_nothing_passes_nothing(empty_service: str) -> None:
    variables = {"VISION_ENDPOINT": empty_service, "VISION_KEY": "key"}
    done = subprocess.run(
        [sys.executable, FOLDER / EARLIEST.script],  # the tests' own environment has this client
        env=os.environ | variables | {"VISION_SAMPLES": str(run.SAMPLES)},
        capture_output=True,
        text=True,
        check=True,
    )
    results = run.judge(EARLIEST, done.stdout.splitlines(), done.stderr)
    passed = {operation for operation, outcome in results.items() if outcome == "ok"}
    assert not passed
    assert not [outcome for outcome in results.values() if outcome.startswith("not tried")]
