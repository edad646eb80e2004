from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from visionhelpers import ImageError
from visionhelpers.batch.sources import expand, snapshot


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    names = ("b.png", "a.JPG", "deep/er/c.jpeg", "d.tif", "notes.txt", "a.jpg.part", "page.pdf")
    for name in (*names, "scan.PDF", "README", ".hidden"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "folder.png").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def names(images: object, *, documents: bool = False) -> list[str]:
    found, _ = expand(images, documents=documents)  # type: ignore[arg-type]
    return [Path(str(image)).as_posix() for image in found]


def test_a_folder_is_the_images_in_it_and_below(folder: Path) -> None:
    expected = ["a.JPG", "b.png", "d.tif", "deep/er/c.jpeg"]
    assert names(folder) == [f"{folder}/{name}" for name in expected]
    assert names(".") == expected
    assert names("~") == names(folder)


def test_a_folder_has_documents_where_the_operation_reads_them(folder: Path) -> None:
    with_documents = names(folder, documents=True)
    assert [Path(name).name for name in with_documents if name.lower().endswith(".pdf")] == [
        "page.pdf",
        "scan.PDF",
    ]


def test_other_files_of_a_folder_are_counted(folder: Path) -> None:
    assert expand(folder, documents=False)[1] == {".pdf": 2, ".txt": 1, ".part": 1, "no ending": 1}
    assert expand(folder, documents=True)[1] == {".txt": 1, ".part": 1, "no ending": 1}
    assert not expand("*.txt", documents=False)[1]


def test_a_pattern_is_what_it_matches(folder: Path) -> None:
    assert names("*.png") == ["b.png", "folder.png"]
    assert names(f"{folder}/*.txt") == [f"{folder}/notes.txt"]
    assert names("**/*.jpeg") == ["deep/er/c.jpeg"]


def test_one_image_is_itself(folder: Path) -> None:
    assert names("b.png") == ["b.png"]
    assert names("page.pdf") == ["page.pdf"]
    (folder / "[1].png").touch()
    assert names("[1].png") == ["[1].png"], "not a pattern, because it exists"
    assert names("none.png") == ["none.png"], "an error of the operation"
    for image in ("http://host/*.png?[1]", b"bytes", bytearray(b"b"), memoryview(b"b"), BytesIO()):
        assert expand(image, documents=False)[0] == [image]
    pillow = Image.new("RGB", (9, 9))
    assert expand(pillow, documents=False)[0] == [pillow]


def test_an_iterable_is_returned_unread() -> None:
    images = iter(["a", "b"])
    assert expand(images, documents=False)[0] is images


def test_no_image_is_an_error(folder: Path) -> None:
    (folder / "empty").mkdir()
    for place in ("empty", "*.gif"):
        with pytest.raises(ImageError, match=r"There is no image at '.*'$"):
            expand(place, documents=False)
    (folder / "empty" / "a.heic").touch()
    with pytest.raises(ImageError, match=r"no image at 'empty', only files of other types: \.heic"):
        expand("empty", documents=False)
    with pytest.raises(TypeError, match=r"Invalid images 3: use a folder, a pattern or a list\."):
        expand(3, documents=False)  # type: ignore[arg-type]


def test_the_fingerprint_changes_with_the_file(folder: Path) -> None:
    path = folder / "b.png"
    before = snapshot(path)
    assert before[:2] == (str(path), str(path))
    assert snapshot(str(path)) == before
    os.utime(path, ns=(1, 1))
    later = snapshot(path)
    assert later[1] == before[1]
    assert later[2] != before[2]
    path.write_text("more")
    os.utime(path, ns=(1, 1))
    assert snapshot(path)[2] != later[2]


def test_bytes_are_named_by_their_content_and_urls_by_themselves(folder: Path) -> None:
    content, name, fingerprint = snapshot(b"one")
    assert (content, fingerprint) == (b"one", "")
    assert name.startswith("sha256:")
    assert snapshot(bytearray(b"one")) == snapshot(memoryview(b"one")) == (content, name, "")
    assert snapshot(BytesIO(b"one")) == (content, name, "")
    assert snapshot(b"two")[1] != name
    assert snapshot("http://host/a.png") == ("http://host/a.png",) * 2 + ("",)
    assert snapshot("no such file\0")[2] == ""
    with (folder / "b.png").open("rb") as file:
        assert snapshot(file)[0] == b"b.png"


def test_a_pillow_image_is_copied_and_named_by_its_pixels() -> None:
    image = Image.new("L", (9, 9), 7)
    copy, name, _ = snapshot(image)
    assert snapshot(image.convert("RGB"))[1] == name
    assert snapshot(Image.new("L", (3, 27), 7))[1] != name
    image.paste(8, (0, 0, 9, 9))
    assert snapshot(image)[1] != name
    assert isinstance(copy, Image.Image)
    assert copy.getpixel((0, 0)) == (7, 7, 7)


@pytest.mark.parametrize("image", [None, 3, object(), ["a.png"]])
def test_no_image_is_refused_by_name(image: object) -> None:
    with pytest.raises(TypeError, match="Invalid image "):
        snapshot(image)  # type: ignore[arg-type]
