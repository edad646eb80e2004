from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from visionservice.gallery.image_store import LONG_SIDE, GalleryError, ImageStore, load_image
from visionservice.imaging.probe import MAX_PIXELS

NAME = "Eileen Collins"


def encoded(colour: str, format_name: str = "JPEG", size: tuple[int, int] = (60, 60)) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", size, colour).save(buffer, format_name)
    return buffer.getvalue()


RED, BLUE = encoded("red"), encoded("blue")


class Looker:
    """Tells whether a picture is red or blue, and how many pictures it was asked about."""

    looks = 0

    def __call__(self, image: NDArray[np.uint8]) -> str | None:
        self.looks += 1
        red, green, blue = image.reshape(-1, 3).mean(axis=0)
        return None if green > 100 else "red" if red > blue else "blue"


@pytest.fixture
def looker() -> Looker:
    return Looker()


@pytest.fixture
def shelf(tmp_path: Path, looker: Looker) -> ImageStore[str]:
    return ImageStore(tmp_path / "own", tmp_path / "given", looker)


def put(tmp_path: Path, place: str, data: bytes) -> Path:
    file = tmp_path / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


def test_a_shelf_without_folders_is_empty(shelf: ImageStore[str]) -> None:
    assert shelf.entries() == []


def test_own_and_given_pictures_stand_beside_each_other(
    shelf: ImageStore[str], tmp_path: Path
) -> None:
    put(tmp_path, f"given/{NAME}/a.png", encoded("blue", "PNG"))
    assert shelf.add(NAME, RED) == 2
    assert sorted(shelf.entries()) == [(NAME, "blue"), (NAME, "red")]


def test_each_picture_is_looked_at_once(shelf: ImageStore[str], looker: Looker) -> None:
    shelf.add(NAME, RED)
    shelf.entries()
    assert shelf.add("Somebody", BLUE) == 1
    shelf.entries()
    assert sorted(shelf.entries()) == [(NAME, "red"), ("Somebody", "blue")]
    assert looker.looks == 2


def test_a_picture_that_changes_is_looked_at_anew(shelf: ImageStore[str], tmp_path: Path) -> None:
    file = put(tmp_path, f"own/{NAME}/a.jpg", RED)
    assert shelf.entries() == [(NAME, "red")]
    file.write_bytes(BLUE)
    os.utime(file, ns=(1, 1))
    assert shelf.entries() == [(NAME, "blue")]
    file.unlink()
    assert shelf.entries() == []


def test_the_same_picture_twice_is_one_file_and_no_draft_remains(
    shelf: ImageStore[str], tmp_path: Path
) -> None:
    assert [shelf.add(NAME, data) for data in (RED, RED, BLUE)] == [1, 1, 2]
    files = list((tmp_path / "own" / NAME).iterdir())
    assert sorted(file.read_bytes() for file in files) == sorted([RED, BLUE])


def test_png_is_kept_as_given_and_bmp_as_jpeg(shelf: ImageStore[str], tmp_path: Path) -> None:
    png = encoded("red", "PNG")
    shelf.add("Png", png)
    shelf.add("Bmp", encoded("red", "BMP"))
    (kept,) = (tmp_path / "own" / "Png").iterdir()
    assert (kept.suffix, kept.read_bytes()) == (".png", png)
    (kept,) = (tmp_path / "own" / "Bmp").iterdir()
    with Image.open(kept) as image:
        assert (kept.suffix, image.format) == (".jpg", "JPEG")
    assert sorted(shelf.entries()) == [("Bmp", "red"), ("Png", "red")]


def test_a_large_picture_is_kept_scaled_down(shelf: ImageStore[str], tmp_path: Path) -> None:
    shelf.add(NAME, encoded("red", size=(2 * LONG_SIDE, LONG_SIDE)))
    (kept,) = (tmp_path / "own" / NAME).iterdir()
    with Image.open(kept) as image:
        assert image.size == (LONG_SIDE, LONG_SIDE // 2)


def test_a_picture_is_opened_upright() -> None:
    image = Image.new("RGB", (40, 20))
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = BytesIO()
    image.save(buffer, "JPEG", exif=exif)
    assert load_image(BytesIO(buffer.getvalue())).size == (20, 40)


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded() -> None:
    side = int(MAX_PIXELS**0.5) + 1
    buffer = BytesIO()
    Image.new("1", (side, side)).save(buffer, "PNG")
    with pytest.raises(GalleryError, match=f"at most {MAX_PIXELS} pixels, not {side}x{side}"):
        load_image(BytesIO(buffer.getvalue()))


@pytest.mark.parametrize("data", [b"", b"not a picture", RED[:200]])
def test_what_is_no_whole_picture_is_refused(shelf: ImageStore[str], data: bytes) -> None:
    with pytest.raises(GalleryError, match="no picture that can be read"):
        shelf.add(NAME, data)
    assert shelf.entries() == []


def test_what_is_of_no_use_is_passed_over_and_said_once(
    shelf: ImageStore[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(tmp_path, f"own/{NAME}/broken.jpg", RED[:200])
    put(tmp_path, f"own/{NAME}/white.jpg", encoded("white"))
    put(tmp_path, f"own/{NAME}/notes.txt", b"not a picture")
    put(tmp_path, f"own/{NAME}/red.jpg", RED)
    assert shelf.entries() == shelf.entries() == [(NAME, "red")]
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert "broken.jpg: This is no picture" in said[0]
    assert "white.jpg: there is nothing in it" in said[1]


def test_hidden_files_and_folders_are_no_names(shelf: ImageStore[str], tmp_path: Path) -> None:
    put(tmp_path, "own/.trash/a.jpg", RED)
    put(tmp_path, f"own/{NAME}/._a.jpg", RED)
    assert shelf.entries() == []


def test_a_name_is_one_however_it_is_encoded(shelf: ImageStore[str]) -> None:
    name = "Ren\u00e9e 蕾妮"
    assert shelf.add(name, RED) == 1
    assert shelf.add(normalize("NFD", f" {name} "), BLUE) == 2
    assert {known for known, _ in shelf.entries()} == {name}


BAD_NAMES = ["", " ", ".", "..", ".hidden", "a/b", "../a", "a\\b", "C:", "a\nb", "\0", "x" * 101]


@pytest.mark.parametrize("name", [*BAD_NAMES, "蕾" * 100])
def test_a_name_that_is_no_folder_is_refused(
    shelf: ImageStore[str], tmp_path: Path, name: str
) -> None:
    with pytest.raises(GalleryError, match="A name"):
        shelf.add(name, RED)
    with pytest.raises(GalleryError, match="A name"):
        shelf.forget(name)
    assert list(tmp_path.rglob("*")) == []


def test_only_what_was_added_is_forgotten(shelf: ImageStore[str], tmp_path: Path) -> None:
    put(tmp_path, "given/Grace Hopper/a.jpg", BLUE)
    shelf.add(NAME, RED)
    assert shelf.forget(NAME)
    assert not shelf.forget(NAME)
    with pytest.raises(GalleryError, match="'Grace Hopper' comes with the service and cannot be"):
        shelf.forget("Grace Hopper")
    assert shelf.entries() == [("Grace Hopper", "blue")]


def test_several_may_add_forget_and_look_at_the_same_names_at_once(tmp_path: Path) -> None:
    def work(shelf: ImageStore[str]) -> set[tuple[str, str]]:
        seen: set[tuple[str, str]] = set()
        for turn in range(60):
            assert shelf.add(NAME, RED if turn % 2 else BLUE) in (1, 2)
            seen.update(shelf.entries())
            shelf.forget(NAME)
        return seen

    shelves = [ImageStore(tmp_path / "own", tmp_path / "given", Looker()) for _ in range(4)]
    with ThreadPoolExecutor(len(shelves)) as threads:
        seen = set().union(*threads.map(work, shelves))
    assert seen == {(NAME, "red"), (NAME, "blue")}
    assert [shelf.entries() for shelf in shelves] == [[]] * 4
