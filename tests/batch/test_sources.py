from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from visionhelpers import ImageError
from visionhelpers.batch.sources import expand, snapshot

FILES = (
    "b.png", "a.JPG", "deep/er/c.jpeg", "d.tif", "[1].png", "notes.txt", "a.jpg.part", "page.pdf",
    "scan.PDF", "README", ".hidden",
)  # fmt: skip
IMAGES = ["[1].png", "a.JPG", "b.png", "d.tif", "deep/er/c.jpeg"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, which is the home folder too."""
    for path in map(tmp_path.joinpath, FILES):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(path.name)
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def names(images: object) -> list[str]:
    found, _ = expand(images, documents=False)
    return [Path(str(image)).as_posix() for image in found]


def test_a_folder_is_the_images_in_it_and_below(folder: Path) -> None:
    assert names(".") == IMAGES
    assert names(folder) == names("~") == [f"{folder.as_posix()}/{name}" for name in IMAGES]


def test_a_pattern_is_what_it_matches_unless_a_file_has_that_name(folder: Path) -> None:
    assert names("*.png") == ["[1].png", "b.png", "folder.png"]
    assert names(f"{folder}/*.txt") == [f"{folder.as_posix()}/notes.txt"]
    assert names("**/*.jpeg") == ["deep/er/c.jpeg"]
    assert names("[1].png") == ["[1].png"]


def test_one_image_is_itself_and_an_iterable_is_returned_unread() -> None:
    assert names("page.pdf") == ["page.pdf"]
    assert names("none.png") == ["none.png"], "an error of the operation"
    for image in ("http://host/*.png?[1]", b"b", bytearray(b"b"), memoryview(b"b"), BytesIO()):
        assert expand(image, documents=False)[0] == [image]
    pillow, images = Image.new("L", (9, 9)), iter(["a", "b"])
    assert expand(pillow, documents=False)[0] == [pillow]
    assert expand(images, documents=False)[0] is images


def test_a_folder_has_documents_where_the_operation_reads_them(folder: Path) -> None:
    found, others = expand(folder, documents=True)
    assert {Path(image).name for image in found} > {"page.pdf", "scan.PDF", "a.JPG"}
    assert others == {".txt": 1, ".part": 1, "without ending": 1}
    assert expand(folder, documents=False)[1] == {**others, ".pdf": 2}
    assert not expand("*.txt", documents=False)[1]


def test_no_image_is_an_error(folder: Path) -> None:
    for place in ("empty", "*.gif"):
        with pytest.raises(ImageError, match=r"There is no image at '.*'$"):
            expand(place, documents=False)
    (folder / "empty" / "a.heic").touch()
    with pytest.raises(ImageError, match=r"no image at 'empty', only files of other types: \.heic"):
        expand("empty", documents=False)
    with pytest.raises(TypeError, match=r"Invalid images 3: use a folder, a pattern or a list\."):
        expand(3, documents=False)  # type: ignore[arg-type]


def test_the_fingerprint_changes_with_the_time_and_the_size_of_the_file(folder: Path) -> None:
    path = folder / "b.png"
    before = snapshot(path)
    assert before == snapshot(str(path)) == (str(path), str(path), before[2])
    os.utime(path, ns=(1, 1))
    later = snapshot(path)
    path.write_text("more")
    os.utime(path, ns=(1, 1))
    assert len({before[2], later[2], snapshot(path)[2]}) == 3


def test_bytes_are_named_by_their_content_and_urls_by_themselves(folder: Path) -> None:
    name = snapshot(b"one")[1]
    assert name.startswith("sha256:")
    for one in (b"one", bytearray(b"one"), memoryview(b"one"), BytesIO(b"one")):
        assert snapshot(one) == (b"one", name, "")
    assert snapshot(b"two")[1] != name
    for path in ("http://host/a.png", "no such file\0"):
        assert snapshot(path) == (path, path, "")
    with (folder / "b.png").open("rb") as file:
        assert snapshot(file)[0] == b"b.png"
    (entry,) = os.scandir(folder / "deep" / "er")
    assert snapshot(entry)[:2] == (entry.path, entry.path)


def test_a_pillow_image_is_copied_and_named_by_its_pixels() -> None:
    image = Image.new("P", (9, 9), 1)
    image.putpalette([0, 0, 0, 7, 7, 7])
    copy, name, _ = snapshot(image)
    assert snapshot(image.convert("RGB"))[1] == name
    assert snapshot(Image.new("L", (3, 27), 7))[1] != name
    image.putpalette([0, 0, 0, 8, 8, 8])
    assert snapshot(image)[1] != name
    assert isinstance(copy, Image.Image)
    assert copy.getpixel((0, 0)) == (7, 7, 7)


@pytest.mark.parametrize("image", [None, 3, object(), ["a.png"]])
def test_what_is_not_an_image_is_returned_for_the_operation_to_refuse(image: object) -> None:
    assert snapshot(image) == (image, f"{image!r:.80}", "")  # type: ignore[arg-type]
