from __future__ import annotations

import time

from visionhelpers.waits import Wait


def pauses(wait: Wait, count: int) -> list[float]:
    """Pause so often, and return how long each pause was."""
    took = []
    for _ in range(count):
        began = time.monotonic()
        assert wait.pause(0)
        took.append(time.monotonic() - began)
    return took


def test_short_pauses_grow() -> None:
    took = pauses(Wait(9, quick=True, retries=4), 12)
    assert took[0] < 0.5
    assert sum(took[-3:]) > 2 * sum(took[:3])


def test_polls_that_cost_are_a_second_apart_and_then_more() -> None:
    first, second = pauses(Wait(9, quick=False, retries=4), 2)
    assert first >= 0.99
    assert second >= 1.49


def test_after_a_failure_pauses_are_those_of_polls_that_cost() -> None:
    wait = Wait(9, quick=True, retries=4)
    assert wait.pause(0)
    assert wait.fail()
    assert pauses(wait, 1)[0] >= 0.99


def test_it_ends_with_its_time() -> None:
    wait, began = Wait(0.3, quick=True, retries=4), time.monotonic()
    while wait.pause(0):
        wait.succeed()
    assert 0.3 <= time.monotonic() - began < 5
    assert wait.left <= 0


def test_a_pause_is_as_long_as_was_asked_for_and_no_longer_than_what_is_left() -> None:
    began = time.monotonic()
    wait = Wait(0.5, quick=True, retries=4)
    assert wait.pause(0.3)
    assert time.monotonic() - began >= 0.3
    assert wait.pause(60)
    assert time.monotonic() - began < 20


def test_a_pause_asked_for_by_a_failure_comes_on_top() -> None:
    wait = Wait(0.5, quick=True, retries=4)
    assert wait.pause(0)
    assert wait.fail(1)
    assert wait.pause(1)
    wait.succeed()
    assert wait.pause(0), "of its own time there is something left"


def test_failures_on_end_lengthen_it_only_so_often() -> None:
    wait = Wait(0.1, quick=True, retries=2)
    assert [wait.fail(0.01) for _ in range(3)] == [True, True, False]
    wait.succeed()
    assert wait.fail(0.01)
