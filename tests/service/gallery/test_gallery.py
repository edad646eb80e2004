from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from visionhelpers.images import load_image, sample_path
from visionservice.engines.base import FaceBox
from visionservice.engines.geometry import Box
from visionservice.engines.landmarks import describe
from visionservice.engines.registry import Engines, default
from visionservice.gallery import image_store
from visionservice.gallery.gallery import Gallery, GalleryError
from visionservice.imaging.decode import decode

COLLINS = "Eileen Collins"
PORTRAIT = sample_path("eileen_collins_portrait.jpg").read_bytes()
TOWER = sample_path("summer_palace.jpg").read_bytes()


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    return Gallery(tmp_path)


def embedder(
    image: np.ndarray, engines: Engines | None = None
) -> Callable[[FaceBox], NDArray[np.float64]]:
    """Return a function that embeds a face of an image."""
    return partial((engines or default()).embeddings.embed, image)


def people(gallery: Gallery, image: np.ndarray) -> dict[str, int]:
    """Return the names of the recognized people and the left edges of their faces."""
    found = gallery.identify_faces(default().faces.detect(image), embedder(image))
    assert all(0.5 <= person.confidence <= 1 for person in found)
    return {person.name: person.box.left for person in found}


def loaded(name: str) -> np.ndarray:
    return np.asarray(load_image(sample_path(name)))


def test_two_names_are_built_in(gallery: Gallery) -> None:
    assert list(people(gallery, loaded("altered/grace_hopper_mirrored.jpg"))) == ["Grace Hopper"]
    (place,) = gallery.identify_landmarks(describe(loaded("summer_palace_in_the_evening.jpg")))
    assert place.name == "Summer Palace"
    assert place.confidence > 0.9
    assert gallery.faces.names() == {"Grace Hopper": 1}
    assert gallery.landmarks.names() == {"Summer Palace": 1}


def test_a_gallery_without_built_in_names_is_empty(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path, built_in=False)
    assert people(gallery, loaded("grace_hopper.jpg")) == {}
    for each in (gallery, gallery.named("lesson")):
        assert (each.faces.names(), each.landmarks.names()) == ({}, {})


def test_a_built_in_person_can_be_removed(gallery: Gallery, tmp_path: Path) -> None:
    assert gallery.faces.remove("Grace Hopper")
    assert not gallery.faces.remove("Grace Hopper")
    for each in (gallery, Gallery(tmp_path)):
        assert people(each, loaded("grace_hopper.jpg")) == {}
        assert each.faces.names() == {}
    assert gallery.named("lesson").faces.names() == {"Grace Hopper": 1}


def test_an_added_face_is_recognized_in_another_image(gallery: Gallery) -> None:
    both = loaded("altered/hopper_and_collins.jpg")
    assert list(people(gallery, both)) == ["Grace Hopper"]
    assert gallery.faces.add(COLLINS, PORTRAIT) == 1
    named = people(gallery, both)
    assert named.keys() == {"Grace Hopper", COLLINS}
    assert named["Grace Hopper"] < named[COLLINS]


def test_an_added_landmark_is_recognized_until_it_is_removed(gallery: Gallery) -> None:
    cup = loaded("coffee_cup.jpg")
    assert gallery.identify_landmarks(describe(cup)) == ()
    assert gallery.landmarks.add("The Cup", sample_path("coffee_cup.jpg").read_bytes()) == 1
    assert [place.name for place in gallery.identify_landmarks(describe(cup))] == ["The Cup"]
    assert gallery.landmarks.remove("The Cup")
    assert gallery.identify_landmarks(describe(cup)) == ()


def test_removing_a_face_returns_whether_it_existed(gallery: Gallery) -> None:
    gallery.faces.add(COLLINS, PORTRAIT)
    assert gallery.faces.remove(COLLINS)
    assert not gallery.faces.remove(COLLINS)


def test_an_image_put_into_the_folder_is_found_at_the_next_request(
    gallery: Gallery, tmp_path: Path
) -> None:
    assert people(gallery, loaded("eileen_collins.jpg")) == {}
    folder = tmp_path / "celebrities" / COLLINS
    folder.mkdir(parents=True)
    (folder / "portrait.jpg").write_bytes(PORTRAIT)
    assert list(people(gallery, loaded("eileen_collins.jpg"))) == [COLLINS]


@pytest.mark.parametrize("name", ["", "../a", "x" * 101])
def test_an_invalid_name_is_an_error(gallery: Gallery, tmp_path: Path, name: str) -> None:
    with pytest.raises(GalleryError, match="name"):
        gallery.faces.add(name, PORTRAIT)
    with pytest.raises(GalleryError, match="name"):
        gallery.faces.remove(name)
    assert list(tmp_path.rglob("*.jpg")) == []


@pytest.mark.parametrize(
    ("name", "count"), [("coffee_cup.jpg", 0), ("altered/hopper_and_collins.jpg", 2)]
)
def test_an_image_of_a_person_must_show_one_face(gallery: Gallery, name: str, count: int) -> None:
    with pytest.raises(GalleryError, match=f"shows {count} faces, not one"):
        gallery.faces.add("Somebody", sample_path(name).read_bytes())


def test_an_image_of_a_landmark_must_have_some_detail(gallery: Gallery) -> None:
    buffer = BytesIO()
    Image.new("RGB", (200, 200), "white").save(buffer, "PNG")
    with pytest.raises(GalleryError, match="use one with more detail"):
        gallery.landmarks.add("Nowhere", buffer.getvalue())


def test_an_invalid_image_is_an_error_when_added_and_ignored_in_the_folder(
    gallery: Gallery, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(GalleryError, match="not a valid image"):
        gallery.faces.add(COLLINS, b"not an image")
    folder = tmp_path / "celebrities" / "Nobody"
    folder.mkdir(parents=True)
    (folder / "broken.jpg").write_bytes(PORTRAIT[:500])
    (folder / "notes.txt").write_text("not an image")
    assert list(people(gallery, loaded("grace_hopper.jpg"))) == ["Grace Hopper"]
    assert "broken.jpg" in caplog.text


def test_a_name_is_given_to_one_face_of_an_image(gallery: Gallery) -> None:
    hopper = load_image(sample_path("grace_hopper.jpg"))
    twins = Image.new("RGB", (hopper.width * 2, hopper.height))
    twins.paste(hopper, (0, 0))
    twins.paste(hopper, (hopper.width, 0))
    image = np.asarray(twins)
    assert len(default().faces.detect(image)) == 2
    assert len(gallery.identify_faces(default().faces.detect(image), embedder(image))) == 1


def test_threads_may_add_and_identify_at_once(gallery: Gallery) -> None:
    image = loaded("altered/hopper_and_collins.jpg")
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(people, gallery, image) for _ in range(3)]
        added = [pool.submit(gallery.faces.add, COLLINS, PORTRAIT) for _ in range(3)]
    assert [task.result() for task in added] == [1, 1, 1]
    assert all("Grace Hopper" in task.result() for task in asked)
    assert COLLINS in people(gallery, image)


class Counting:
    """An engine that counts its calls."""

    def __init__(self, engine: Any) -> None:
        self.engine, self.calls = engine, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.engine, name)

    def detect(self, *arguments: Any) -> Any:
        self.calls += 1
        return self.engine.detect(*arguments)

    def embed(self, *arguments: Any) -> Any:
        self.calls += 1
        return self.engine.embed(*arguments)


def test_an_added_image_is_searched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    faces, embeddings = Counting(default().faces), Counting(default().embeddings)
    engines = default()._replace(faces=faces, embeddings=embeddings)
    decoded = []

    def counted(*arguments: Any) -> Any:
        decoded.append(arguments)
        return decode(*arguments)

    monkeypatch.setattr(image_store, "decode", counted)
    gallery = Gallery(tmp_path, built_in=False, engines=engines)
    gallery.faces.add(COLLINS, PORTRAIT)
    image = loaded("eileen_collins.jpg")
    found = default().faces.detect(image)
    (person,) = gallery.identify_faces(found, embedder(image, engines))
    assert person.name == COLLINS
    assert (faces.calls, embeddings.calls, len(decoded)) == (1, 2, 1)
    again = Gallery(tmp_path, built_in=False, engines=engines)
    assert again.identify_faces(found, embedder(image, engines)) == (person,)
    assert (faces.calls, embeddings.calls, len(decoded)) == (1, 3, 1)


def test_faces_are_matched_with_all_people_at_once(tmp_path: Path) -> None:
    gallery = Gallery(tmp_path, built_in=False)
    corners = {name: np.eye(128)[index] / 2 for index, name in enumerate(("Ada", "Bob", "Cleo"))}
    gallery.faces.features = lambda: [  # type: ignore[method-assign]
        (name, {"vector": vector}) for name, vector in corners.items()
    ]
    faces = [FaceBox(Box(left, 0, 9, 9), 0.9) for left in (0, 10, 20, 30)]
    vectors = dict(
        zip(faces, (corners["Bob"], 0.9 * corners["Bob"], corners["Ada"], -corners["Cleo"]),
            strict=True)
    )  # fmt: skip
    found = gallery.identify_faces(faces, vectors.__getitem__)
    assert [(person.name, person.box.left) for person in found] == [("Ada", 20), ("Bob", 0)]
    assert gallery.identify_faces([], vectors.__getitem__) == ()


def test_a_gallery_that_is_only_asked_makes_no_folders(gallery: Gallery, tmp_path: Path) -> None:
    image = loaded("grace_hopper.jpg")
    named = gallery.named("lesson")
    assert list(people(named, image)) == ["Grace Hopper"]
    assert named.identify_landmarks(describe(image)) == ()
    assert list(tmp_path.iterdir()) == []
