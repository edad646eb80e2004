from __future__ import annotations

from functools import partial
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from visionhelpers.images import load_image, sample_path
from visionservice.engines.base import FaceBox
from visionservice.engines.geometry import Box
from visionservice.engines.landmarks import describe
from visionservice.engines.registry import default
from visionservice.gallery.gallery import Gallery, GalleryError

PORTRAIT = sample_path("eileen_collins_portrait.jpg").read_bytes()


@pytest.fixture
def gallery(tmp_path: Path) -> Gallery:
    return Gallery(tmp_path)


def people(gallery: Gallery, name: str) -> list[str]:
    """Return the people that are recognized in a sample image, from left to right."""
    image, engines = loaded(name), default()
    embed = partial(engines.embeddings.embed, image)
    found = gallery.identify_faces(engines.faces.detect(image), embed)
    assert all(0.5 <= person.confidence <= 1 for person in found)
    return [person.name for person in sorted(found, key=lambda person: person.box.left)]


def loaded(name: str) -> np.ndarray:
    return np.asarray(load_image(sample_path(name)))


def test_two_names_are_built_in(gallery: Gallery) -> None:
    assert people(gallery, "altered/grace_hopper_mirrored.jpg") == ["Grace Hopper"]
    (place,) = gallery.identify_landmarks(describe(loaded("summer_palace_in_the_evening.jpg")))
    assert place.name == "Summer Palace"
    assert place.confidence > 0.9
    assert gallery.faces.names() == {"Grace Hopper": 1}
    assert gallery.landmarks.names() == {"Summer Palace": 1}


def test_an_added_face_is_recognized_in_another_image(gallery: Gallery) -> None:
    both = "altered/hopper_and_collins.jpg"
    assert people(gallery, both) == ["Grace Hopper"]
    assert gallery.faces.add("Eileen Collins", PORTRAIT) == 1
    assert people(gallery, both) == ["Grace Hopper", "Eileen Collins"]


def test_images_put_into_the_folder_are_found_at_the_next_request(
    gallery: Gallery, tmp_path: Path
) -> None:
    assert people(gallery, "eileen_collins.jpg") == []
    folder = tmp_path / "celebrities" / "Eileen Collins"
    folder.mkdir(parents=True)
    (folder / "cup.jpg").write_bytes(sample_path("coffee_cup.jpg").read_bytes())
    (folder / "portrait.jpg").write_bytes(PORTRAIT)
    assert people(gallery, "eileen_collins.jpg") == ["Eileen Collins"]


@pytest.mark.parametrize(
    ("name", "count"), [("coffee_cup.jpg", 0), ("altered/hopper_and_collins.jpg", 2)]
)
def test_an_image_of_a_person_must_show_one_face(gallery: Gallery, name: str, count: int) -> None:
    with pytest.raises(GalleryError, match=f"shows {count} faces, not one"):
        gallery.faces.add("Somebody", sample_path(name).read_bytes())


def test_faces_are_found_by_the_engines_of_the_service(tmp_path: Path) -> None:
    blind = SimpleNamespace(name="blind", detect=lambda _: ())
    gallery = Gallery(tmp_path, engines=default()._replace(faces=blind))
    with pytest.raises(GalleryError, match="shows 0 faces"):
        gallery.named("lesson").faces.add("Eileen Collins", PORTRAIT)


def test_an_image_of_a_landmark_must_have_some_detail(gallery: Gallery) -> None:
    buffer = BytesIO()
    Image.new("RGB", (200, 200), "white").save(buffer, "PNG")
    with pytest.raises(GalleryError, match="use one with more detail"):
        gallery.landmarks.add("Nowhere", buffer.getvalue())


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
    named = gallery.named("lesson")
    assert people(named, "grace_hopper.jpg") == ["Grace Hopper"]
    assert named.identify_landmarks(describe(loaded("grace_hopper.jpg"))) == ()
    assert list(tmp_path.iterdir()) == []
