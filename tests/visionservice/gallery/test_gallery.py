from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from visionhelpers.images import load_image, sample_path
from visionservice.engines.registry import default
from visionservice.gallery.gallery import Gallery, GalleryError

COLLINS = "Eileen Collins"
PORTRAIT = sample_path("eileen_collins_portrait.jpg").read_bytes()
TOWER = sample_path("summer_palace.jpg").read_bytes()


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    return Gallery(tmp_path)


def people(gallery: Gallery, image: np.ndarray) -> dict[str, int]:
    """Return who is named in a picture, and where from the left."""
    found = gallery.identify_faces(image, default().faces.detect(image))
    assert all(0.5 <= person.confidence <= 1 for person in found)
    return {person.name: person.box.left for person in found}


def picture(name: str) -> np.ndarray:
    return np.asarray(load_image(sample_path(name)))


def test_a_few_names_come_with_the_samples(gallery: Gallery) -> None:
    assert list(people(gallery, picture("altered/grace_hopper_mirrored.jpg"))) == ["Grace Hopper"]
    (place,) = gallery.identify_landmarks(picture("summer_palace_in_the_evening.jpg"))
    assert place.name == "Summer Palace"
    assert place.confidence > 0.9


def test_a_taught_face_is_known_in_another_picture(gallery: Gallery) -> None:
    both = picture("altered/hopper_and_collins.jpg")
    assert list(people(gallery, both)) == ["Grace Hopper"]
    assert gallery.add_face(COLLINS, PORTRAIT) == 1
    named = people(gallery, both)
    assert named.keys() == {"Grace Hopper", COLLINS}
    assert named["Grace Hopper"] < named[COLLINS]


def test_a_taught_place_is_known_and_a_forgotten_one_is_not(gallery: Gallery) -> None:
    cup = picture("coffee_cup.jpg")
    assert gallery.identify_landmarks(cup) == ()
    assert gallery.add_landmark("The Cup", sample_path("coffee_cup.jpg").read_bytes()) == 1
    assert [place.name for place in gallery.identify_landmarks(cup)] == ["The Cup"]
    assert gallery.forget_landmark("The Cup")
    assert gallery.identify_landmarks(cup) == ()


def test_forgetting_tells_whether_there_was_anything_to_forget(gallery: Gallery) -> None:
    gallery.add_face(COLLINS, PORTRAIT)
    assert gallery.forget_face(COLLINS)
    assert not gallery.forget_face(COLLINS)
    with pytest.raises(GalleryError, match="'Grace Hopper' comes with the service"):
        gallery.forget_face("Grace Hopper")


def test_a_picture_put_into_the_folder_is_known_at_once(gallery: Gallery, tmp_path: Path) -> None:
    assert people(gallery, picture("eileen_collins.jpg")) == {}
    folder = tmp_path / "celebrities" / COLLINS
    folder.mkdir(parents=True)
    (folder / "portrait.jpg").write_bytes(PORTRAIT)
    assert list(people(gallery, picture("eileen_collins.jpg"))) == [COLLINS]


@pytest.mark.parametrize("name", ["", "../a", "x" * 101])
def test_a_name_that_is_no_folder_is_refused(gallery: Gallery, tmp_path: Path, name: str) -> None:
    with pytest.raises(GalleryError, match="name"):
        gallery.add_face(name, PORTRAIT)
    with pytest.raises(GalleryError, match="name"):
        gallery.forget_face(name)
    assert list(tmp_path.rglob("*.jpg")) == []


@pytest.mark.parametrize(
    ("name", "count"), [("coffee_cup.jpg", 0), ("altered/hopper_and_collins.jpg", 2)]
)
def test_a_picture_to_learn_from_shows_one_face(gallery: Gallery, name: str, count: int) -> None:
    with pytest.raises(GalleryError, match=f"one face; this one shows {count}"):
        gallery.add_face("Somebody", sample_path(name).read_bytes())


def test_a_place_to_learn_has_some_detail(gallery: Gallery) -> None:
    buffer = BytesIO()
    Image.new("RGB", (200, 200), "white").save(buffer, "PNG")
    with pytest.raises(GalleryError, match="needs more detail"):
        gallery.add_landmark("Nowhere", buffer.getvalue())


def test_what_is_no_picture_is_refused_and_what_lies_there_is_passed_over(
    gallery: Gallery, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(GalleryError, match="no picture"):
        gallery.add_face(COLLINS, b"not a picture")
    folder = tmp_path / "celebrities" / "Nobody"
    folder.mkdir(parents=True)
    (folder / "broken.jpg").write_bytes(PORTRAIT[:500])
    (folder / "notes.txt").write_text("not a picture")
    assert list(people(gallery, picture("grace_hopper.jpg"))) == ["Grace Hopper"]
    assert "broken.jpg" in caplog.text


def test_a_name_is_given_to_one_face_of_a_picture(gallery: Gallery) -> None:
    hopper = load_image(sample_path("grace_hopper.jpg"))
    twins = Image.new("RGB", (hopper.width * 2, hopper.height))
    twins.paste(hopper, (0, 0))
    twins.paste(hopper, (hopper.width, 0))
    image = np.asarray(twins)
    assert len(default().faces.detect(image)) == 2
    assert len(gallery.identify_faces(image, default().faces.detect(image))) == 1


def test_threads_may_add_and_ask_at_once(gallery: Gallery) -> None:
    image = picture("altered/hopper_and_collins.jpg")
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(people, gallery, image) for _ in range(3)]
        added = [pool.submit(gallery.add_face, COLLINS, PORTRAIT) for _ in range(3)]
    assert [task.result() for task in added] == [1, 1, 1]
    assert all("Grace Hopper" in task.result() for task in asked)
    assert COLLINS in people(gallery, image)
