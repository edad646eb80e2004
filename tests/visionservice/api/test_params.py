from __future__ import annotations

import pytest

from visionservice.api import V1_0, V3_0, V3_2, v1, v3
from visionservice.api.params import (
    LANGUAGES,
    UNREAD_SCRIPTS,
    check_model_version,
    parse_enum_list,
)
from visionservice.api.query import Query
from visionservice.errors import ApiError

LANGUAGES_OF_OCR = (
    "unk zh-Hans zh-Hant cs da nl en fi fr de el hu it ja ko nb pl pt ru es sv tr ar ro sr-Cyrl "
    "sr-Latn sk"
)
"""Those of Microsoft's description."""


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
    assert parse_enum_list(Query([("f", "TAGS,faces")]), "f", ("Tags", "Faces"), "Code") == {
        "Tags",
        "Faces",
    }
    with pytest.raises(ApiError, match=r"^Invalid f 'Mood': use Tags, Faces.$") as caught:
        parse_enum_list(Query([("f", "Mood")]), "f", ("Tags", "Faces"), "Code")
    assert caught.value.code == "Code"


@pytest.mark.parametrize("version", ["latest", "2021-05-01", "latest-preview", ""])
def test_a_valid_model_version_is_accepted(version: str) -> None:
    check_model_version(Query([("model-version", version)]))


def test_an_invalid_model_version_raises() -> None:
    with pytest.raises(ApiError, match=r"^Invalid model-version 'newest': use latest or a date"):
        check_model_version(Query([("model-version", "newest")]))
