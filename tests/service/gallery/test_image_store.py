from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from pathlib import Path
from threading import Event
from unicodedata import normalize

import numpy as np
import pytest
from PIL import Image

from tests.support.images import blank_png
from visionservice.gallery import image_store
from visionservice.gallery.image_store import MAX_STORED_SIDE, Features, GalleryError, ImageStore
from visionservice.imaging.decode import RGBImage

NAME = "Eileen Collins"


def encoded(color: str, format_name: str = "JPEG", size: tuple[int, int] = (60, 60)) -> bytes:
    buffer = BytesIO()
    Image.new("RGB", size, color).save(buffer, format_name)
    return buffer.getvalue()


RED, BLUE = encoded("red"), encoded("blue")


class Extractor:
    """Returns whether an image is red or blue, nothing for a white one, and counts its calls."""

    calls = 0
    error: Exception | None = None

    def __call__(self, image: RGBImage, _name: str | None) -> Features:
        self.calls += 1
        if self.error:
            raise self.error
        red, green, blue = image.reshape(-1, 3).mean(axis=0)
        return {} if green > 100 else {"red": np.array(red > blue)}


@pytest.fixture
def extractor() -> Extractor:
    return Extractor()


@pytest.fixture
def store(tmp_path: Path, extractor: Extractor) -> ImageStore:
    return opened(tmp_path, extractor)


def opened(tmp_path: Path, extractor: Extractor, version: str = "colors") -> ImageStore:
    return ImageStore(tmp_path / "own", extractor, version, tmp_path / "given")


def colors(store: ImageStore) -> list[tuple[str, str]]:
    found = store.features()
    return sorted((name, "red" if features["red"] else "blue") for name, features in found)


def put(tmp_path: Path, place: str, data: bytes) -> Path:
    file = tmp_path / place
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


def stored(tmp_path: Path) -> list[Path]:
    """The files of the images of NAME."""
    return [file for file in (tmp_path / "own" / NAME).iterdir() if file.name[0] != "."]


def test_added_images_are_beside_the_built_in_ones(store: ImageStore, tmp_path: Path) -> None:
    assert (store.features(), store.names()) == ([], {})
    put(tmp_path, f"given/{NAME}/a.png", encoded("blue", "PNG"))
    assert store.add(NAME, RED) == 2
    assert colors(store) == [(NAME, "blue"), (NAME, "red")]
    assert store.names() == {NAME: 2}


def test_features_are_extracted_once_and_kept_for_the_same_extractor(
    store: ImageStore, extractor: Extractor, tmp_path: Path
) -> None:
    store.add(NAME, RED)
    put(tmp_path, "own/Somebody/a.jpg", BLUE)
    expected = [(NAME, "red"), ("Somebody", "blue")]
    assert colors(store) == colors(store) == expected
    assert colors(opened(tmp_path, extractor)) == expected
    assert extractor.calls == 2
    assert colors(opened(tmp_path, extractor, "other")) == expected
    assert extractor.calls == 4


def test_damaged_features_are_extracted_again(
    store: ImageStore, extractor: Extractor, tmp_path: Path
) -> None:
    store.add(NAME, RED)
    (features,) = (tmp_path / "own" / NAME).glob(".*.npz")
    for content in (b"", b"not an archive", features.read_bytes()[:100]):
        features.write_bytes(content)
        assert colors(opened(tmp_path, extractor)) == [(NAME, "red")]
    assert colors(opened(tmp_path, extractor)) == [(NAME, "red")]
    assert extractor.calls == 4


def test_a_slow_extraction_is_shared_and_blocks_neither_names_nor_changes(tmp_path: Path) -> None:
    started, go = Event(), Event()

    class SlowExtractor(Extractor):
        def __call__(self, image: RGBImage, name: str | None) -> Features:
            if image[0, 0, 0] > 100:  # red
                started.set()
                assert go.wait(30)
            return super().__call__(image, name)

    extractor = SlowExtractor()
    store = opened(tmp_path, extractor)
    put(tmp_path, "own/Slow/a.jpg", RED)
    with ThreadPoolExecutor(3) as threads:
        slow = [threads.submit(colors, store) for _ in range(2)]
        try:
            assert started.wait(10)
            assert threads.submit(store.add, NAME, BLUE).result(10) == 1
            assert threads.submit(store.names).result(10) == {NAME: 1, "Slow": 1}
            assert threads.submit(store.remove, NAME).result(10)
        finally:
            go.set()
        assert [task.result(10) for task in slow] == [[("Slow", "red")]] * 2
    assert extractor.calls == 2


def test_an_extractor_that_fails_is_called_again(
    store: ImageStore, extractor: Extractor, tmp_path: Path
) -> None:
    put(tmp_path, f"own/{NAME}/a.jpg", RED)
    extractor.error = RuntimeError("The model is missing")
    with pytest.raises(RuntimeError, match="missing"):
        store.features()
    extractor.error = None
    assert colors(store) == [(NAME, "red")]


def test_an_image_that_changes_is_extracted_again(store: ImageStore, tmp_path: Path) -> None:
    file = put(tmp_path, f"own/{NAME}/a.jpg", RED)
    assert colors(store) == [(NAME, "red")]
    file.write_bytes(BLUE)
    os.utime(file, ns=(1, 1))
    assert colors(store) == [(NAME, "blue")]
    file.unlink()
    assert store.features() == []


def test_the_same_image_twice_is_stored_once_until_it_is_removed(
    store: ImageStore, tmp_path: Path
) -> None:
    assert [store.add(NAME, data) for data in (RED, RED, BLUE)] == [1, 1, 2]
    files = stored(tmp_path)
    assert sorted(file.read_bytes() for file in files) == sorted([RED, BLUE])
    assert not list((tmp_path / "own").rglob("*.tmp"))
    assert store.remove(NAME)
    assert not store.remove(NAME)
    assert not list((tmp_path / "own").rglob("*.npz"))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_only_the_owner_can_read_the_images(store: ImageStore, tmp_path: Path) -> None:
    put(tmp_path, "given/Grace Hopper/a.jpg", BLUE)
    store.add(NAME, RED)
    store.remove("Grace Hopper")
    own = tmp_path / "own"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [own, *own.rglob("*")]}
    files = [name for name in modes if name not in ("own", NAME, ".lock")]
    assert len(files) == 3
    assert {modes[name] for name in files} == {0o600}
    assert {modes["own"], modes[NAME]} == {0o700}


def test_an_image_whose_writing_is_interrupted_is_not_in_the_store(
    store: ImageStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_bytes = Path.write_bytes

    def write_half(file: Path, data: bytes) -> None:
        write_bytes(file, data[: len(data) // 2] if data == RED else data)
        if data == RED:
            raise OSError("No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write_half)
    with pytest.raises(OSError, match="No space left"):
        store.add(NAME, RED)
    assert store.names() == {}
    assert store.add(NAME, BLUE) == 1


LARGE = encoded("red", size=(2 * MAX_STORED_SIDE, MAX_STORED_SIDE))


@pytest.mark.parametrize(
    ("data", "suffix", "size"),
    [
        pytest.param(encoded("red", "PNG"), ".png", (60, 60), id="a PNG as it is"),
        pytest.param(encoded("red", "BMP"), ".jpg", (60, 60), id="a BMP as a JPEG"),
        pytest.param(LARGE, ".jpg", (MAX_STORED_SIDE, MAX_STORED_SIDE // 2), id="scaled down"),
    ],
)
def test_an_image_is_stored_as_a_small_jpeg_or_png(
    store: ImageStore, tmp_path: Path, data: bytes, suffix: str, size: tuple[int, int]
) -> None:
    store.add(NAME, data)
    (file,) = stored(tmp_path)
    with Image.open(file) as image:
        assert (file.suffix, image.size) == (suffix, size)
        assert image.format == {".png": "PNG", ".jpg": "JPEG"}[suffix]
    assert (file.read_bytes() == data) == (suffix == ".png")
    assert colors(store) == [(NAME, "red")]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        pytest.param(b"", "not a valid image", id="nothing"),
        pytest.param(RED[:200], "not a valid image", id="half an image"),
        pytest.param(blank_png(5657, 5657), "at most 32000000 pixels.*5657x5657", id="too large"),
        pytest.param(
            encoded("white"),
            f"Invalid image of '{NAME}': use one with more detail",
            id="an image without features",
        ),
    ],
)
def test_an_unsuitable_image_is_not_added(store: ImageStore, data: bytes, problem: str) -> None:
    with pytest.raises(GalleryError, match=problem):
        store.add(NAME, data)
    assert store.names() == {}


def test_unsuitable_files_are_logged_once_and_hidden_ones_are_ignored(
    store: ImageStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(tmp_path, f"own/{NAME}/broken.jpg", RED[:200])
    put(tmp_path, f"own/{NAME}/white.jpg", encoded("white"))
    put(tmp_path, f"own/{NAME}/notes.txt", b"not an image")
    put(tmp_path, f"own/{NAME}/._a.jpg", RED)
    put(tmp_path, "own/.trash/a.jpg", RED)
    put(tmp_path, f"own/{NAME}/red.jpg", RED)
    assert colors(store) == colors(store) == [(NAME, "red")]
    broken, white = sorted(record.getMessage() for record in caplog.records)  # by two threads
    assert "broken.jpg: Input data is not a valid image." in broken
    assert "white.jpg: no face, or too little detail" in white


def test_a_name_is_the_same_in_every_unicode_form(store: ImageStore) -> None:
    name = "Ren\u00e9e 蕾妮"
    assert store.add(name, RED) == 1
    assert store.add(normalize("NFD", f" {name} "), BLUE) == 2
    assert store.names() == {name: 2}


def test_on_a_file_system_that_ignores_case_an_image_is_added_to_the_first_spelling(
    store: ImageStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    visible = image_store._visible
    monkeypatch.setattr(  # "ada" is a link to "Ada" that no listing shows
        image_store, "_visible", lambda folder: [f for f in visible(folder) if not f.is_symlink()]
    )
    assert store.add("Ada", RED) == 1
    (tmp_path / "own/ada").symlink_to("Ada")
    assert store.add("ada", BLUE) == 2
    assert store.names() == {"Ada": 2}


@pytest.mark.parametrize(
    "name",
    ["", " ", "..", ".hidden", "../a", "a\\b", "C:", "a\nb", "\0", "x" * 101, "蕾" * 100,
     "nul", "Aux.Smith", "COM1", "lpt9.", "PRN .txt", "CONIN$", "com²"],
)  # fmt: skip
def test_a_name_that_cannot_be_a_folder_on_every_system_is_an_error(
    store: ImageStore, tmp_path: Path, name: str
) -> None:
    for operation in (partial(store.add, name, RED), partial(store.remove, name)):
        with pytest.raises(GalleryError, match="Invalid name"):
            operation()
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("name", ["Connie", "Com", "Com12", "Prn Aux", "x" * 100, "蕾" * 80])
def test_a_name_that_begins_like_a_reserved_one_or_is_long_is_valid(
    store: ImageStore, name: str
) -> None:
    assert store.add(name, RED) == 1


def test_a_link_is_removed_without_the_folder_that_it_names(
    store: ImageStore, tmp_path: Path
) -> None:
    file = put(tmp_path, "album/a.jpg", RED)
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / NAME).symlink_to(file.parent)
    assert store.names() == {NAME: 1}
    assert store.remove(NAME)
    assert store.names() == {}
    assert file.exists()


def test_a_name_that_is_not_unicode_is_shown_with_a_replacement(
    store: ImageStore, tmp_path: Path
) -> None:
    try:
        put(tmp_path, os.fsdecode(b"own/M\xfcller/a.jpg"), RED)
    except OSError:
        pytest.skip("all names are Unicode here")
    assert store.names() == {"M?ller": 1}


def test_a_built_in_name_can_be_removed_for_good(
    store: ImageStore, extractor: Extractor, tmp_path: Path
) -> None:
    given = put(tmp_path, "given/Grace Hopper/a.jpg", BLUE)
    put(tmp_path, f"given/{NAME}/a.jpg", BLUE)
    store.add("Grace Hopper", RED)
    assert store.remove("Grace Hopper")
    assert not store.remove("Grace Hopper")
    assert given.is_file()
    for each in (store, opened(tmp_path, extractor)):
        assert colors(each) == [(NAME, "blue")]
        assert each.names() == {NAME: 1}
    assert store.add("Grace Hopper", RED) == 1
    assert colors(opened(tmp_path, extractor)) == [(NAME, "blue"), ("Grace Hopper", "red")]
    (tmp_path / "own/.removed Grace Hopper").unlink()
    assert store.names() == {NAME: 1, "Grace Hopper": 2}


def test_stores_of_one_folder_may_add_remove_and_read_at_once(tmp_path: Path) -> None:
    def work(store: ImageStore) -> set[tuple[str, str]]:
        seen: set[tuple[str, str]] = set()
        for turn in range(40):
            assert store.add(NAME, RED if turn % 2 else BLUE) in (1, 2)
            put(tmp_path, f"own/By Hand/{turn}.jpg", BLUE)
            seen.update(colors(store))
            store.remove(NAME)
        return seen

    stores = [opened(tmp_path, Extractor()) for _ in range(4)]
    with ThreadPoolExecutor(len(stores)) as threads:
        seen = set().union(*threads.map(work, stores))
    assert seen == {(NAME, "red"), (NAME, "blue"), ("By Hand", "blue")}
    assert [store.names() for store in stores] == [{"By Hand": 40}] * 4
