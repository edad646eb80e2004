from __future__ import annotations

from collections.abc import Callable

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
UNREAD = {code: script for script in UNREAD_SCRIPTS for code in LANGUAGES[script]}


@pytest.mark.parametrize(
    ("pairs", "read", "value"),
    [
        pytest.param([("a ", "FALSE")], lambda q: q.flag("A", default=True), False, id="case"),
        pytest.param([("a", "True")], lambda q: q.flag("a", default=False), True, id="a flag"),
        pytest.param([], lambda q: q.flag("a", default=True), True, id="default of a flag"),
        pytest.param([("A", " en ")], lambda q: q.text("a"), "en", id="blanks around a text"),
        pytest.param([("a", "")], lambda q: q.text("a", "none"), "none", id="an empty text"),
        pytest.param([("a", "1"), ("A", "2")], lambda q: q.text("a"), "1", id="the first counts"),
        pytest.param([("a", "b,,c ,")], lambda q: q.names("a"), ("b", "c"), id="a list"),
        pytest.param([("a", "")], lambda q: q.names("a"), (), id="an empty list"),
        pytest.param([("a", "1")], lambda q: q.number("a", 10), 1, id="the lowest number"),
        pytest.param([("a", "10")], lambda q: q.number("a", 10), 10, id="the highest number"),
        pytest.param([], lambda q: q.number("a", 10, "3"), 3, id="default of a number"),
        pytest.param([("a", "HIGH")], lambda q: q.choice("a", "Low", "High"), "High", id="spelled"),
        pytest.param([], lambda q: q.choice("a", "Low", default="low"), "Low", id="default choice"),
        pytest.param(
            [("a", "TAGS,faces")],
            lambda q: q.choices("a", ("Tags", "Faces", "Color"), "Code"),
            {"Tags", "Faces"},
            id="choices as the API spells them",
        ),
    ],
)
def test_a_parameter_is_read_leniently(
    pairs: list[tuple[str, str]], read: Callable[[Query], object], value: object
) -> None:
    assert read(Query(pairs)) == value


@pytest.mark.parametrize("value", ["0", "11", "-1", "1.5", "ten", "", "9" * 5000, "\u0665"])
def test_an_invalid_number_raises(value: str) -> None:
    with pytest.raises(ApiError, match="from 1 to 10") as caught:
        Query([("n", value)]).number("n", 10, code="Code")
    assert (caught.value.code, "is required" in caught.value.message) == ("Code", not value)


@pytest.mark.parametrize(
    ("read", "message", "code"),
    [
        (lambda q: q.flag("a", default=True), "use true or false", "BadArgument"),
        (lambda q: q.choice("a", "Low", "High", code="Code"), "use Low or High", "Code"),
        (lambda q: q.choices("a", ("Tags", "Faces"), "Code"), "use Tags, Faces", "Code"),
    ],
)
def test_an_invalid_value_raises_with_the_valid_ones(
    read: Callable[[Query], object], message: str, code: str
) -> None:
    with pytest.raises(ApiError, match=rf"^Invalid a 'Mid': {message}\.$") as caught:
        read(Query([("a", "Mid")]))
    assert caught.value.code == code


@pytest.mark.parametrize(("language", "script"), UNREAD.items())
def test_a_language_in_an_unread_script_raises_with_its_script(language: str, script: str) -> None:
    query = Query([("language", language.upper())])
    for operation, version in ((v1.ocr, V1_0), (v3.read, V3_0), (v3.read, V3_2)):
        with pytest.raises(ApiError) as caught:
            operation(query, version)
        assert caught.value.code == "NotSupportedLanguage"
        end = f"is not supported: the local service cannot read {script} script."
        assert caught.value.message == f"Language {language.upper()!r} {end}"


def test_each_language_of_the_api_is_accepted_or_in_an_unread_script() -> None:
    assert not UNREAD.keys() & {*LANGUAGES["OCR"], *LANGUAGES["Read v3.2"]}
    assert {*LANGUAGES_OF_OCR.split()} <= {*LANGUAGES["OCR"], *UNREAD}
    assert len({*LANGUAGES["Read v3.2"], *UNREAD}) >= 164  # "164 languages" of Read v3.2


def test_an_unknown_language_raises_with_a_hint() -> None:
    with pytest.raises(ApiError, match=r"^Invalid language 'xx': use for example en") as caught:
        v1.ocr(Query([("language", "xx")]), V1_0)
    assert caught.value.hint.startswith("The languages are unk, zh-Hans, ")


def test_a_valid_model_version_is_latest_or_a_date() -> None:
    for version in ("latest", "2021-05-01", "latest-preview", ""):
        Query([("model-version", version)]).check_model_version()
    with pytest.raises(ApiError, match=r"^Invalid model-version 'newest': use latest or a date"):
        Query([("model-version", "newest")]).check_model_version()
