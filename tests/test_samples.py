from __future__ import annotations

from pathlib import Path

from PIL import Image

from visionhelpers.images import SAMPLES, load_image, sample_credits, sample_path

LICENCES = {"Public domain", "CC0 1.0", "CC BY 2.0"}
MEGABYTE = 1 << 20


def pictures() -> set[str]:
    found = {
        path.relative_to(SAMPLES).as_posix()
        for path in SAMPLES.rglob("*")
        if path.is_file() and path.name != "credits.json"
    }
    assert found
    return found


def test_every_file_has_a_credit_and_every_credit_a_file() -> None:
    assert pictures() == set(sample_credits())


def test_every_credit_is_complete_and_free() -> None:
    for credit in sample_credits().values():
        assert all((credit.title, credit.author, credit.source)), credit
        assert credit.licence in LICENCES, credit


def test_pictures_changed_under_cc_by_say_so() -> None:
    originals = {"summer_palace.jpg", "dahlia.jpg"}
    licensed = {credit for credit in sample_credits().values() if credit.licence == "CC BY 2.0"}
    assert originals < {credit.file for credit in licensed}
    assert all("altered" in credit.source for credit in licensed if credit.file not in originals)


def test_together_they_are_about_a_megabyte() -> None:
    assert sum((SAMPLES / name).stat().st_size for name in pictures()) < 1.1 * MEGABYTE


def test_each_opens_and_is_a_size_the_api_takes() -> None:
    for name in pictures():
        image = load_image(sample_path(name))
        assert image.mode == "RGB"
        assert 50 < min(image.size) <= max(image.size) <= 1024, name


def test_each_has_the_format_that_its_name_says() -> None:
    formats = {".jpg": "JPEG", ".png": "PNG"}
    for name in pictures():
        with Image.open(SAMPLES / name) as image:
            assert image.format == formats[Path(name).suffix]


def test_the_galleries_hold_a_person_and_a_place() -> None:
    folders = {Path(name).parent.as_posix() for name in pictures() if name.startswith("gallery/")}
    assert folders == {"gallery/celebrities/Grace Hopper", "gallery/landmarks/Summer Palace"}
