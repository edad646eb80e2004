from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.support.images import drawn
from visionhelpers import VisionError
from visionhelpers.batch.thumbnails import ThumbnailWriter

SIZE = 20, 10


def writer(out: Path | str, *named: Path, several: bool = True) -> ThumbnailWriter:
    return ThumbnailWriter(str(out), [*map(str, named)], several, SIZE)


def written(out: Path | str, image: str, *named: Path, several: bool = True) -> str:
    """Write a thumbnail, and return its path below `out`."""
    data = BytesIO()
    Image.new("RGB", SIZE).save(data, "JPEG")
    thumbnail = {"width": 20, "height": 10, "format": "JPEG", "data": data.getvalue()}
    file = Path(writer(out, *named, several=several).write(image, thumbnail)["file"])
    assert Image.open(file).size == SIZE
    return file.relative_to(out).as_posix()


def test_it_has_the_name_of_its_image_and_below_a_folder_its_path(tmp_path: Path) -> None:
    assert written(tmp_path, "photos/a.jpg") == "a.jpg"
    assert written(tmp_path, "photos/a.png") == "a.png.jpg"
    assert written(tmp_path, "http://host/images/b%20c.JPEG?size=9") == "b c.JPEG"
    assert written(tmp_path, "http://host/") == "image.jpg"
    assert written(tmp_path, "sha256:0123") == "sha256-0123.jpg"
    images = tmp_path / "images"
    (path,) = drawn(images / "2026" / "may", 1)
    assert written(tmp_path / "out", str(path), images, several=False) == "2026/may/000.png.jpg"


def test_a_name_with_a_slash_at_its_end_is_a_folder(tmp_path: Path) -> None:
    assert written(f"{tmp_path}/small/", "a.jpg", several=False) == "a.jpg"
    assert written(tmp_path / "small.jpg", "a.jpg", several=False) == "."


def test_it_is_made_once_and_again_when_the_image_or_the_size_changes(tmp_path: Path) -> None:
    (image,) = map(str, drawn(tmp_path / "images", 1))
    out = tmp_path / "out"
    assert writer(out).pending([image]) == [image]
    written(out, image)
    assert writer(out).pending([image]) == []
    assert ThumbnailWriter(str(out), [], True, (30, 10)).pending([image]) == [image]
    later = (out / "000.png.jpg").stat().st_mtime + 5
    os.utime(image, (later, later))
    assert writer(out).pending([image]) == [image]
    (out / "000.png.jpg").write_bytes(b"cut off")
    urls = ["http://host/a.jpg", "http://host/b.jpg"]
    written(out, urls[0])
    assert writer(out).pending([image, *urls]) == [image, urls[1]]


def test_thumbnails_are_no_images_to_make_thumbnails_of(tmp_path: Path) -> None:
    (own,), (image,) = drawn(tmp_path / "images" / "small", 1), drawn(tmp_path / "images", 1)
    assert writer(own.parent, tmp_path).pending([own, image]) == [image]


@pytest.mark.parametrize("out", ["images", "images/../images", "link"])
def test_originals_are_never_overwritten(tmp_path: Path, out: str) -> None:
    images = drawn(tmp_path / "images", 2)
    (tmp_path / "link").symlink_to(tmp_path / "images")
    for named in ([tmp_path / "images"], images):
        with pytest.raises(VisionError, match="contains the images: name another folder"):
            writer(tmp_path / out, *named).pending(images)


def test_two_images_do_not_become_one(tmp_path: Path) -> None:
    one, other = str(tmp_path / "a" / "x.jpg"), str(tmp_path / "b" / "x.jpg")
    thumbnails = writer(tmp_path / "out")
    assert thumbnails.pending([one, one]) == [one, one]
    with pytest.raises(VisionError, match=r"a.x\.jpg and .*b.x\.jpg would both become"):
        thumbnails.pending([other])


def test_one_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").mkdir()
    with pytest.raises(VisionError, match=r"Cannot write .*x\.jpg: Is a directory"):
        written(tmp_path, "x.jpg")
    assert list(tmp_path.iterdir()) == [tmp_path / "x.jpg"]
    (tmp_path / "file").touch()
    with pytest.raises(VisionError, match=r"Cannot write .*y\.jpg: (File exists|Not a directory)"):
        written(tmp_path / "file", "y.jpg")
