from __future__ import annotations

import pytest

from visionservice.api import v1, v3
from visionservice.api.query import LANGUAGES, UNREAD_SCRIPTS, Query
from visionservice.api.version import V1_0, V3_0, V3_2
from visionservice.errors import ApiError

LANGUAGES_OF_OCR = (
    "unk zh-Hans zh-Hant cs da nl en fi fr de el hu it ja ko nb pl pt ru es sv tr ar ro sr-Cyrl "
    "sr-Latn sk"
)
"""Those of Microsoft's description."""


def test_case_and_blanks_are_ignored() -> None:
    query = Query([("detectOrientation ", "FALSE"), ("LANGUAGE", " en "), ("details", "")])
    assert query.flag("DetectOrientation", default=True) is False
    assert query.text("language") == "en"
    assert query.names("details") == ()
    assert query.text("details", "none") == "none"


def test_the_first_of_repeated_parameters_counts() -> None:
    assert Query([("a", "1"), ("A", "2")]).text("a") == "1"


def test_lists_are_split_at_commas() -> None:
    assert Query([("f", " Tags,,Faces ,")]).names("f") == ("Tags", "Faces")


def test_a_flag_has_a_default() -> None:
    assert Query([("a", "True")]).flag("a", default=False) is True
    assert Query([]).flag("a", default=True) is True


@pytest.mark.parametrize("value", ["0", "11", "-1", "1.5", "ten", "", "9" * 5000, "\u0665"])
def test_an_invalid_number_raises(value: str) -> None:
    with pytest.raises(ApiError, match="from 1 to 10") as caught:
        Query([("n", value)]).number("n", 10, code="InvalidThumbnailSize")
    assert caught.value.code == "InvalidThumbnailSize"


def test_the_bounds_are_valid_and_an_absent_number_has_its_default() -> None:
    assert Query([("n", "1")]).number("n", 10) == 1
    assert Query([("n", "10")]).number("n", 10) == 10
    assert Query([]).number("n", 10, "3") == 3


def test_an_invalid_flag_raises() -> None:
    with pytest.raises(ApiError, match=r"^Invalid a 'maybe': use true or false.$"):
        Query([("a", "maybe")]).flag("a", default=True)


def test_a_choice_is_returned_as_it_is_spelled() -> None:
    assert Query([("a", "HIGH")]).choice("a", "Low", "High") == "High"
    assert Query([]).choice("a", "Low", "High", default="low") == "Low"
    with pytest.raises(ApiError, match=r"^Invalid a 'Mid': use Low or High.$") as caught:
        Query([("a", "Mid")]).choice("a", "Low", "High", code="Code")
    assert caught.value.code == "Code"


@pytest.mark.parametrize(
    ("language", "script"),
    [(code, script) for script in UNREAD_SCRIPTS for code in LANGUAGES[script]],
)
def test_a_language_in_an_unread_script_raises_with_its_script(language: str, script: str) -> None:
    query = Query([("language", language.upper())])
    for operation, version in ((v1.ocr, V1_0), (v3.read, V3_0), (v3.read, V3_2)):
        with pytest.raises(ApiError) as caught:
            operation(query, version)
        assert caught.value.code == "NotSupportedLanguage"
        end = f"is not supported: the local service cannot read {script} script."
        assert caught.value.message == f"Language {language.upper()!r} {end}"


def test_each_language_of_the_api_is_accepted_or_in_an_unread_script() -> None:
    unread = {code for script in UNREAD_SCRIPTS for code in LANGUAGES[script]}
    assert not unread & {*LANGUAGES["OCR"], *LANGUAGES["Read v3.2"]}
    assert {*LANGUAGES_OF_OCR.split()} <= {*LANGUAGES["OCR"]} | unread
    assert len({*LANGUAGES["Read v3.2"]} | unread) >= 164  # "164 languages" of Read v3.2


def test_an_unknown_language_raises_with_a_hint() -> None:
    with pytest.raises(ApiError, match=r"^Invalid language 'xx': use for example en") as caught:
        v1.ocr(Query([("language", "xx")]), V1_0)
    assert caught.value.hint.startswith("The languages are unk, zh-Hans, ")


def test_values_of_a_list_are_returned_as_the_api_spells_them() -> None:
    query = Query([("f", "TAGS,faces")])
    assert query.choices("f", ("Tags", "Faces"), "Code") == {"Tags", "Faces"}
    with pytest.raises(ApiError, match=r"^Invalid f 'Mood': use Tags, Faces.$") as caught:
        Query([("f", "Mood")]).choices("f", ("Tags", "Faces"), "Code")
    assert caught.value.code == "Code"


@pytest.mark.parametrize("version", ["latest", "2021-05-01", "latest-preview", ""])
def test_a_valid_model_version_is_accepted(version: str) -> None:
    Query([("model-version", version)]).check_model_version()


def test_an_invalid_model_version_raises() -> None:
    with pytest.raises(ApiError, match=r"^Invalid model-version 'newest': use latest or a date"):
        Query([("model-version", "newest")]).check_model_version()
