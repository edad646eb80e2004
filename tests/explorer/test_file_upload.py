from types import SimpleNamespace

import pytest

from tests.support.file_upload import Browser
from visionhelpers.explorer.file_upload import MAX_UPLOAD_BYTES, ChunkedUpload


@pytest.fixture
def receiver() -> SimpleNamespace:
    """A widget with its files, its errors and the browser's half of it."""
    files, errors = [], []
    widget = ChunkedUpload(
        lambda data, name: files.append((name, data)),
        lambda name, reason: errors.append((name, reason)),
    )
    return SimpleNamespace(files=files, errors=errors, widget=widget, browser=Browser(widget))


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1, 2_500_000])
def test_a_file_arrives_complete_and_once_in_chunks_that_a_server_accepts(
    receiver: SimpleNamespace, size: int
) -> None:
    content = bytes(range(250)) * (size // 250) + bytes(size % 250)
    receiver.browser.upload("a.jpg", content)
    assert (receiver.files, receiver.errors) == ([("a.jpg", content)], [])
    offsets = [request["offset"] for request in receiver.browser.requests]
    assert offsets == [*range(0, size, receiver.widget.chunk_size), None]
    assert receiver.widget.chunk_size <= 1 << 20, "a tenth of the largest message"


def test_a_file_above_the_limit_is_refused_before_any_of_it_is_sent(
    receiver: SimpleNamespace,
) -> None:
    name = receiver.browser.choose("a.tif", MAX_UPLOAD_BYTES + (1 << 19))
    assert receiver.browser.requests == [{"id": name, "offset": None}]
    ((refused, reason),) = receiver.errors
    assert refused == "a.tif"
    assert reason.startswith("The file has 20.5 MB, the limit is 20 MB: enter its path")
    assert receiver.files == []


def test_a_new_file_takes_the_place_of_a_pending_one(receiver: SimpleNamespace) -> None:
    receiver.browser.choose("old.jpg", 20)
    receiver.browser.send_chunk("old.jpg", 0, b"0123456789")
    receiver.browser.choose("new.jpg", 3)
    receiver.browser.send_chunk("old.jpg", 10, b"0123456789")
    receiver.browser.send_chunk("new.jpg", 0, b"new")
    assert receiver.files == [("new.jpg", b"new")]


def test_a_cancelled_file_does_not_arrive(receiver: SimpleNamespace) -> None:
    receiver.browser.choose("old.jpg", 3)
    receiver.widget.cancel()
    assert receiver.browser.requests[-1] == {"id": "old.jpg", "offset": None}
    receiver.browser.send_chunk("old.jpg", 0, b"old")
    assert (receiver.files, receiver.errors) == ([], [])


def test_a_chunk_that_arrives_twice_counts_once(receiver: SimpleNamespace) -> None:
    receiver.browser.choose("a.jpg", 4)
    for offset, data in ((0, b"ab"), (0, b"ab"), (2, b"cd")):
        receiver.browser.send_chunk("a.jpg", offset, data)
    assert receiver.files == [("a.jpg", b"abcd")]


def test_an_error_of_the_browser_is_reported(receiver: SimpleNamespace) -> None:
    receiver.browser.choose("gone.jpg", 4)
    receiver.browser.send_error("gone.jpg", "Not found.")
    assert receiver.errors == [("gone.jpg", "The browser cannot read the file: Not found.")]
    assert receiver.browser.requests[-1]["offset"] is None
