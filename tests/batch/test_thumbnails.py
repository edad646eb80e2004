from __future__ import annotations

import os
from base64 import b64encode
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.drawn import drawn
from visionhelpers import VisionError
from visionhelpers.batch.thumbnails import Thumbnails

SIZE = 20, 10


def thumbnail(size: tuple[int, int] = SIZE) -> dict[str, Any]:
    file = BytesIO()
    Image.new("RGB", size).save(file, "JPEG")
    data = b64encode(file.getvalue()).decode()
    return {"width": size[0], "height": size[1], "format": "JPEG", "data": data}


def kept(out: Path, picture: str, *named: Path) -> str:
    thumbnails = Thumbnails(str(out), [*map(str, named)], True, SIZE)
    file = Path(thumbnails.keep(picture, thumbnail())["file"])
    assert Image.open(file).size == SIZE
    return file.relative_to(out).as_posix()


def test_it_has_the_name_of_its_picture(tmp_path: Path) -> None:
    assert kept(tmp_path, "photos/a.jpg") == "a.jpg"
    assert kept(tmp_path, "photos/a.png") == "a.png.jpg"
    assert kept(tmp_path, "http://host/pictures/b%20c.JPEG?size=9") == "b c.JPEG"
    assert kept(tmp_path, "http://host/") == "picture.jpg"
    assert kept(tmp_path, "sha256:0123") == "sha256-0123.jpg"


def test_below_a_folder_it_keeps_the_path(tmp_path: Path) -> None:
    pictures = tmp_path / "pictures"
    (path,) = drawn(pictures / "2026" / "may", 1)
    assert kept(tmp_path / "out", str(path), pictures) == "2026/may/000.png.jpg"


def test_it_is_made_once_and_again_when_the_picture_or_the_size_changes(tmp_path: Path) -> None:
    (picture,) = drawn(tmp_path / "pictures", 1)
    out = tmp_path / "out"

    def missing(size: tuple[int, int] = SIZE) -> bool:
        return bool(Thumbnails(str(out), [], True, size).missing([picture]))

    assert missing()
    kept(out, str(picture))
    assert not missing()
    assert missing((30, 10))
    later = (out / "000.png.jpg").stat().st_mtime + 5
    os.utime(picture, (later, later))
    assert missing()
    (out / "000.png.jpg").write_bytes(b"cut off")
    assert missing()


def test_thumbnails_are_no_pictures_to_make_thumbnails_of(tmp_path: Path) -> None:
    out = tmp_path / "pictures" / "small"
    (own,) = drawn(out, 1)
    (picture,) = drawn(tmp_path / "pictures", 1)
    thumbnails = Thumbnails(str(out), [str(tmp_path)], True, SIZE)
    assert thumbnails.missing([own, picture]) == [picture]


@pytest.mark.parametrize("out", ["pictures", "pictures/../pictures", "link"])
def test_originals_are_never_written_over(tmp_path: Path, out: str) -> None:
    pictures = drawn(tmp_path / "pictures", 2)
    (tmp_path / "link").symlink_to(tmp_path / "pictures")
    for named in ([str(tmp_path / "pictures")], [*map(str, pictures)]):
        with pytest.raises(VisionError, match="is where the pictures are: name another folder"):
            Thumbnails(str(tmp_path / out), named, True, SIZE).missing(pictures)


def test_the_thumbnails_of_a_folder_are_a_folder_even_of_one_picture(tmp_path: Path) -> None:
    (picture,) = drawn(tmp_path / "pictures", 1)
    out = tmp_path / "out"
    thumbnails = Thumbnails(str(out), [str(picture.parent)], False, SIZE)
    assert thumbnails.keep(str(picture), thumbnail())["file"] == str(out / "000.png.jpg")


def test_two_pictures_do_not_become_one(tmp_path: Path) -> None:
    thumbnails = Thumbnails(str(tmp_path / "out"), [], True, SIZE)
    one, other = str(tmp_path / "a" / "x.jpg"), str(tmp_path / "b" / "x.jpg")
    assert thumbnails.missing([one, one]) == [one, one]
    with pytest.raises(VisionError, match=r"a.x\.jpg and .*b.x\.jpg would both become"):
        thumbnails.missing([other])


def test_one_that_cannot_be_written_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").mkdir()
    with pytest.raises(VisionError, match=r"Cannot write .*x\.jpg: Is a directory"):
        kept(tmp_path, "x.jpg")
    assert list(tmp_path.iterdir()) == [tmp_path / "x.jpg"]
    (tmp_path / "file").touch()
    with pytest.raises(VisionError, match=r"Cannot write .*y\.jpg: (File exists|Not a directory)"):
        kept(tmp_path / "file", "y.jpg")
