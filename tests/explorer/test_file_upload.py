from __future__ import annotations

from pathlib import Path

import pytest

import visionhelpers
from tests.uploading import Sender
from visionhelpers.explorer.file_upload import LIMIT, FilePicker


class Receiver:
    """Keeps what a picker hands on."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, bytes]] = []
        self.refused: list[tuple[str, str]] = []
        self.picker = FilePicker(
            lambda name, data: self.taken.append((name, data)),
            lambda name, why: self.refused.append((name, why)),
        )
        self.browser = Sender(self.picker)


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1, 12_000_000])
def test_a_file_arrives_whole_and_once(receiver: Receiver, size: int) -> None:
    content = bytes(range(250)) * (size // 250) + bytes(size % 250)
    receiver.browser.upload("a.jpg", content)
    assert receiver.taken == [("a.jpg", content)]
    assert receiver.refused == []


def test_no_part_is_larger_than_a_tenth_of_what_a_server_passes_on(receiver: Receiver) -> None:
    receiver.browser.upload("a.jpg", bytes(12_000_000))
    offsets = [said["offset"] for said in receiver.browser.asked[:-1]]
    assert offsets == list(range(0, 12_000_000, receiver.picker.part))
    assert receiver.picker.part <= 1 << 20


def test_a_file_above_the_limit_is_refused_before_any_of_it_is_sent(receiver: Receiver) -> None:
    name = receiver.browser.choose("a.tif", LIMIT + (1 << 19))
    assert receiver.browser.asked == [{"id": name, "offset": None}]
    ((refused, why),) = receiver.refused
    assert refused == "a.tif"
    assert why.startswith("It has 20.5 MB, and at most 20 MB can be uploaded; type its path")
    assert receiver.taken == []


def test_a_new_file_takes_the_place_of_one_under_way(receiver: Receiver) -> None:
    receiver.browser.choose("old.jpg", 20)
    receiver.browser.part("old.jpg", 0, b"0123456789")
    receiver.browser.choose("new.jpg", 3)
    receiver.browser.part("old.jpg", 10, b"0123456789")
    receiver.browser.part("new.jpg", 0, b"new")
    assert receiver.taken == [("new.jpg", b"new")]


def test_nobody_takes_a_file_that_was_dropped(receiver: Receiver) -> None:
    receiver.browser.choose("old.jpg", 3)
    receiver.picker.drop()
    assert receiver.browser.asked[-1] == {"id": "old.jpg", "offset": None}
    receiver.browser.part("old.jpg", 0, b"old")
    assert (receiver.taken, receiver.refused) == ([], [])


def test_a_part_that_comes_twice_counts_once(receiver: Receiver) -> None:
    receiver.browser.choose("a.jpg", 4)
    for _ in range(2):
        receiver.browser.part("a.jpg", 0, b"ab")
    receiver.browser.part("a.jpg", 2, b"cd")
    assert receiver.taken == [("a.jpg", b"abcd")]


def test_what_the_browser_cannot_read_is_said(receiver: Receiver) -> None:
    receiver.browser.choose("gone.jpg", 4)
    receiver.browser.unreadable("gone.jpg", "The file could not be found.")
    assert receiver.refused == [
        ("gone.jpg", "The browser cannot read it: The file could not be found.")
    ]
    assert receiver.browser.asked[-1]["offset"] is None


def test_its_script_comes_with_the_package_and_from_nowhere_else(receiver: Receiver) -> None:
    script = receiver.picker._esm
    assert script == (Path(visionhelpers.__file__).parent / "explorer/file_upload.js").read_text(
        "utf-8"
    )
    assert "://" not in script
