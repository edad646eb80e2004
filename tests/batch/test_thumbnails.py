from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.support.images import drawn
from visionhelpers import VisionError
from visionhelpers.batch.thumbnails import ThumbnailWriter

SIZE = 20, 10


def thumbnail(size: tuple[int, int] = SIZE) -> dict[str, Any]:
    file = BytesIO()
    Image.new("RGB", size).save(file, "JPEG")
    return {"width": size[0], "height": size[1], "format": "JPEG", "data": file.getvalue()}


def written(out: Path | str, image: str, *named: Path, several: bool = True) -> str:
    writer = ThumbnailWriter(str(out), [*map(str, named)], several, SIZE)
    file = Path(writer.write(image, thumbnail())["file"])
    assert Image.open(file).size == SIZE
    return file.relative_to(out).as_posix()


def test_it_has_the_name_of_its_image(tmp_path: Path) -> None:
    assert written(tmp_path, "photos/a.jpg") == "a.jpg"
    assert written(tmp_path, "photos/a.png") == "a.png.jpg"
    assert written(tmp_path, "http://host/images/b%20c.JPEG?size=9") == "b c.JPEG"
    assert written(tmp_path, "http://host/") == "image.jpg"
    assert written(tmp_path, "sha256:0123") == "sha256-0123.jpg"


def test_below_a_folder_it_keeps_the_path(tmp_path: Path) -> None:
    images = tmp_path / "images"
    (path,) = drawn(images / "2026" / "may", 1)
    assert written(tmp_path / "out", str(path), images) == "2026/may/000.png.jpg"


def test_a_name_with_a_slash_at_its_end_is_a_folder(tmp_path: Path) -> None:
    assert written(f"{tmp_path}/small/", "a.jpg", several=False) == "a.jpg"
    assert written(tmp_path / "small.jpg", "a.jpg", several=False) == "."


def test_it_is_made_once_and_again_when_the_image_or_the_size_changes(tmp_path: Path) -> None:
    (image,) = drawn(tmp_path / "images", 1)
    out = tmp_path / "out"

    def is_pending(size: tuple[int, int] = SIZE) -> bool:
        return bool(ThumbnailWriter(str(out), [], True, size).pending([image]))

    assert is_pending()
    written(out, str(image))
    assert not is_pending()
    assert is_pending((30, 10))
    later = (out / "000.png.jpg").stat().st_mtime + 5
    os.utime(image, (later, later))
    assert is_pending()
    (out / "000.png.jpg").write_bytes(b"cut off")
    assert is_pending()


def test_the_thumbnail_of_a_url_is_made_once(tmp_path: Path) -> None:
    written(tmp_path, "http://host/a.jpg")
    writer = ThumbnailWriter(str(tmp_path), [], True, SIZE)
    assert writer.pending(["http://host/a.jpg", "http://host/b.jpg"]) == ["http://host/b.jpg"]


def test_thumbnails_are_no_images_to_make_thumbnails_of(tmp_path: Path) -> None:
    out = tmp_path / "images" / "small"
    (own,) = drawn(out, 1)
    (image,) = drawn(tmp_path / "images", 1)
    writer = ThumbnailWriter(str(out), [str(tmp_path)], True, SIZE)
    assert writer.pending([own, image]) == [image]


@pytest.mark.parametrize("out", ["images", "images/../images", "link"])
def test_originals_are_never_overwritten(tmp_path: Path, out: str) -> None:
    images = drawn(tmp_path / "images", 2)
    (tmp_path / "link").symlink_to(tmp_path / "images")
    for named in ([str(tmp_path / "images")], [*map(str, images)]):
        with pytest.raises(VisionError, match="contains the images: name another folder"):
            ThumbnailWriter(str(tmp_path / out), named, True, SIZE).pending(images)


def test_the_thumbnails_of_a_folder_are_a_folder_even_of_one_image(tmp_path: Path) -> None:
    (image,) = drawn(tmp_path / "images", 1)
    assert written(tmp_path / "out", str(image), image.parent, several=False) == "000.png.jpg"


def test_two_images_do_not_become_one(tmp_path: Path) -> None:
    writer = ThumbnailWriter(str(tmp_path / "out"), [], True, SIZE)
    one, other = str(tmp_path / "a" / "x.jpg"), str(tmp_path / "b" / "x.jpg")
    assert writer.pending([one, one]) == [one, one]
    with pytest.raises(VisionError, match=r"a.x\.jpg and .*b.x\.jpg would both become"):
        writer.pending([other])


def test_one_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").mkdir()
    with pytest.raises(VisionError, match=r"Cannot write .*x\.jpg: Is a directory"):
        written(tmp_path, "x.jpg")
    assert list(tmp_path.iterdir()) == [tmp_path / "x.jpg"]
    (tmp_path / "file").touch()
    with pytest.raises(VisionError, match=r"Cannot write .*y\.jpg: (File exists|Not a directory)"):
        written(tmp_path / "file", "y.jpg")
