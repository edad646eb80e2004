from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psutil

from visionhelpers.batch.register import Register


def test_a_picture_is_taken_on_once() -> None:
    register = Register()
    assert register.claim(b"a", "1")
    assert not register.claim(b"a", "1")
    assert not register.claim(b"a", "2")
    assert not register.overtaken


def test_an_answer_holds_for_its_stamp_alone() -> None:
    register = Register()
    assert not register.note(b"a", 0, "1")
    assert not register.claim(b"a", "1")
    assert not register.overtaken
    assert register.claim(b"a", "2")
    assert register.overtaken


def test_an_answer_outlasts_its_file() -> None:
    register = Register()
    register.note(b"a", 0, "1")
    assert not register.claim(b"a", "")
    assert not register.overtaken


def test_a_failure_is_taken_on_again() -> None:
    register = Register()
    register.note(b"a", 0, None)
    assert register.claim(b"a", "")
    assert register.overtaken


def test_the_last_line_about_a_picture_is_known() -> None:
    register = Register()
    before = [register.note(key, number, "1") for number, key in enumerate((b"a", b"b", b"a"))]
    assert before == [False, False, True]
    assert [register.is_last(number) for number in range(4)] == [False, True, True, False]


def test_of_several_threads_one_gets_a_picture() -> None:
    register = Register()
    keys = [number.to_bytes(2, "big") for number in range(200)] * 8
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda key: register.claim(key, ""), keys))
    assert sum(claimed) == 200


def test_memory_stays_flat() -> None:
    register, process = Register(), psutil.Process()
    before = process.memory_info().rss
    for number in range(100_000):
        register.claim(number.to_bytes(16, "big"), "1234-1700000000000000000")
    assert process.memory_info().rss - before < 8 << 20, "a set would take 15 MB, and grow on"
