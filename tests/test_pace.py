from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Timer, main_thread

import pytest

from visionhelpers import VisionError
from visionhelpers.pace import Pace


def begun(pace: Pace, requests: int, threads: int = 4) -> list[float]:
    """Return when so many requests were begun, by several threads, in seconds from the first."""

    def begin(_: int) -> float:
        with pace.turn():
            return time.monotonic()

    with ThreadPoolExecutor(threads) as pool:
        moments = sorted(pool.map(begin, range(requests)))
    return [moment - moments[0] for moment in moments]


def test_no_period_has_more_requests_than_the_rate() -> None:
    moments = begun(Pace("5/second"), 12)
    assert all(later - moment > 0.95 for moment, later in zip(moments, moments[5:], strict=False))
    assert moments[-1] < 4


def test_a_period_begins_when_a_request_is_over() -> None:
    """On its way, it may reach the service later than it was sent."""
    pace = Pace("1/second")
    with pace.turn():
        time.sleep(0.5)
        over = time.monotonic()
    assert begun(pace, 1) == [0.0]
    assert time.monotonic() - over >= 1


def test_a_request_that_fails_gives_its_turn_back() -> None:
    pace = Pace("1/second")
    for _ in range(2):
        with pytest.raises(ValueError, match="failed"), pace.turn():
            raise ValueError("failed")


def test_an_interrupted_wait_gives_its_turn_back() -> None:
    pace = Pace("1/2 seconds")
    begun(pace, 1)
    Timer(0.3, signal.pthread_kill, (main_thread().ident, signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt), pace.turn():
        raise AssertionError("sent too early")
    assert begun(pace, 1) == [0.0]


def test_without_a_rate_nobody_waits() -> None:
    assert begun(Pace(), 1000)[-1] < 5


def test_a_hold_holds_everybody() -> None:
    pace = Pace()
    pace.hold(0.5)
    began = time.monotonic()
    begun(pace, 8)
    assert 0.5 <= time.monotonic() - began < 3


@pytest.mark.parametrize("rate", ["", "20", "0/minute", "20/day", "-1/second", "1.5/second"])
def test_what_is_no_rate_is_refused_by_name(rate: str) -> None:
    with pytest.raises(VisionError, match="20/minute or 20/3 seconds, unlike"):
        Pace(rate)
