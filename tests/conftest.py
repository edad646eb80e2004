from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import psutil
import pytest

from tests.support.clock import FakeClock
from visionhelpers.transport import CLOCK
from visionservice import LocalService
from visionservice.middleware import RateLimiter

SHARED = Path(__file__).parents[2] / "shared"

# What a shell starts in the background ignores Ctrl-C, and so do its children.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """End each test after two minutes; not in pyproject.toml, as nbval users lack the plugin."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and not item.get_closest_marker(
            "timeout"
        ):
            item.add_marker(pytest.mark.timeout(120))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference material that may lie beside the project."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared beside the project")
    return SHARED


@pytest.fixture(scope="session")
def evaluation(shared: Path) -> Path:
    """Real photographs with known facts."""
    return shared / "eval"


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    """One real service on a loopback port, so that models load once and see a picture once."""
    with LocalService(gallery=tmp_path_factory.mktemp("gallery"), cache_size=1000) as service:
        yield service


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """The clock of all clients during a test: their waits take no time."""
    clock = FakeClock()
    monkeypatch.setattr(CLOCK, "monotonic", clock.monotonic)
    monkeypatch.setattr(CLOCK, "sleep", clock.sleep)
    return clock


@pytest.fixture
def rate_clock(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """The clock of the rate of new services, and of clients."""
    limiter = partial(RateLimiter, clock=clock.monotonic)
    monkeypatch.setattr("visionservice.middleware.RateLimiter", limiter)
    return clock


@pytest.fixture
def unread_results(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let services stop before clients have read the results of operations."""
    monkeypatch.setattr("visionservice.operations.READ_TIME", timedelta())


@pytest.fixture
def state_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where connect() finds and starts services of the test's own, which end with it."""
    folder = tmp_path / "state"
    monkeypatch.setenv("VISION_STATE_DIR", str(folder))
    yield folder
    started = [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(folder / "service.json") in (process.info["cmdline"] or [])
    ]
    for process in started:
        process.kill()
    psutil.wait_procs(started, timeout=10)
