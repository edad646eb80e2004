from __future__ import annotations

import os
from pathlib import Path

import pytest

from visionhelpers.batch.sources import identity, listed
from visionhelpers.errors import ImageError, VisionError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("b.png", "a.JPG", "deep/er/c.jpeg", "notes.txt", "a.jpg.part"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "folder.png").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def names(pictures: object) -> list[str]:
    return [Path(str(picture)).as_posix() for picture in listed(pictures)]  # type: ignore[arg-type]


def test_a_folder_is_the_pictures_in_it_and_below(folder: Path) -> None:
    assert names(folder) == [f"{folder}/{name}" for name in ("a.JPG", "b.png", "deep/er/c.jpeg")]
    assert names(".") == ["a.JPG", "b.png", "deep/er/c.jpeg"]
    assert names("~") == names(folder)


def test_a_pattern_is_what_it_matches(folder: Path) -> None:
    assert names("*.png") == ["b.png", "folder.png"]
    assert names(f"{folder}/*.txt") == [f"{folder}/notes.txt"]
    assert names("**/*.jpeg") == ["deep/er/c.jpeg"]


def test_one_path_address_or_file_is_itself(folder: Path) -> None:
    assert names("b.png") == ["b.png"]
    assert list(listed("http://host/*.png?[1]")) == ["http://host/*.png?[1]"]
    assert list(listed(b"bytes")) == [b"bytes"]
    (folder / "[1].png").touch()
    assert names("[1].png") == ["[1].png"], "not a pattern, since it is there"
    assert names("none.png") == ["none.png"], "the operation will say that it is missing"


def test_a_list_is_itself_and_not_read_before_its_time() -> None:
    pictures = iter(["a", "b"])
    assert listed(pictures) is pictures


def test_where_there_are_none_it_is_said(folder: Path) -> None:
    (folder / "empty").mkdir()
    for place in ("empty", "*.gif"):
        with pytest.raises(VisionError, match="There are no pictures at"):
            listed(place)
    with pytest.raises(VisionError, match="a folder, a pattern or a list, not 3"):
        listed(3)  # type: ignore[arg-type]


def test_a_changed_file_is_told_from_what_it_was(folder: Path) -> None:
    path = folder / "b.png"
    before = identity(path)
    assert identity(str(path)) == before
    os.utime(path, ns=(1, 1))
    assert identity(path)[0] == before[0]
    assert identity(path)[1] != before[1]
    later = identity(path)[1]
    path.write_text("more")
    os.utime(path, ns=(1, 1))
    assert identity(path)[1] != later


def test_bytes_go_by_what_they_are_and_addresses_by_themselves() -> None:
    assert identity(b"one") == identity(bytes([*b"one"]))
    assert identity(b"one") != identity(b"two")
    assert identity("http://host/a.png") == ("http://host/a.png", "")
    assert identity("no such file\0") == ("no such file\0", "")


@pytest.mark.parametrize("picture", [None, 3, object(), ["a.png"]])
def test_what_cannot_travel_is_refused_by_name(picture: object) -> None:
    with pytest.raises(ImageError, match="a path, an address or bytes, not"):
        identity(picture)  # type: ignore[arg-type]
