"""Every row of docs/compatibility.md, tried on a running service."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import requests
from PIL import Image

from tests.support.api import (
    PLAIN,
    RESULTS,
    TINY,
    Asker,
    code,
    content,
    draw_pictures,
    paths,
    refusals,
)
from tests.support.openapi import described
from tools import make_compatibility
from tools.make_compatibility import EVERY, VERSIONS, Row
from visionservice import LocalService

ROWS = make_compatibility.rows()
OPERATIONS = [row for row in ROWS if row.part == "operation"]
SEVEN = "visualFeatures=ImageType,Faces,Adult,Categories,Color,Tags,Description"
FOUR = "features=caption,denseCaptions,objects,people,read,smartCrops,tags"
ASKED = {
    "analyze": [
        ("altered/hopper_and_collins.jpg", f"{SEVEN}&details=all"),
        ("summer_palace.jpg", f"{SEVEN}&details=all"),
        ("chelsea_the_cat.jpg", "visualFeatures=Objects"),
    ],
    "describe": [("chelsea_the_cat.jpg", "")],
    "tag": [("chelsea_the_cat.jpg", "")],
    "models": [("", "")],
    "models/{model}/analyze": [
        ("grace_hopper.jpg", "model=celebrities"),
        ("summer_palace.jpg", "model=landmarks"),
    ],
    "ocr": [("democritus.png", "")],
    "detect": [("chelsea_the_cat.jpg", "")],
    "areaOfInterest": [("dahlia.jpg", "")],
    "textOperations/{operationId}": [("handwriting.jpg", "")],
    "read/operations/{operationId}": [("handwriting.jpg", "")],
    "read/analyzeResults/{operationId}": [("handwriting.jpg", "")],
    "imageanalysis:analyze": [("altered/hopper_and_collins.jpg", FOUR), ("democritus.png", FOUR)],
}
"""The pictures whose answers, together, have every field of an operation."""

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    """A service that knows, beside the samples, the pictures that the table names."""
    folder = tmp_path_factory.mktemp("pictures")
    draw_pictures(folder)
    options = {"images": folder, "gallery": tmp_path_factory.mktemp("gallery")}
    with pytest.MonkeyPatch.context() as patch, LocalService(**options) as service:
        yield Asker(service)
        patch.setattr("visionservice.operations.READ_TIME", timedelta())  # many are not read


def cases(*parts: str, tried: bool = True) -> pytest.MarkDecorator:
    """Give every row of these parts that names what to try, or that does not, by version."""
    found = [
        (row, version)
        for row in ROWS
        if row.part in parts and bool(row.tries or row.refused) == tried
        for version in row.versions
    ]
    names = [f"{version} {row.operation} {row.name}" for row, version in found]
    return pytest.mark.parametrize(("row", "version"), found, ids=names)


def check_fields(claims: list[Row], bodies: list[object]) -> None:
    """Assert that the bodies have what is claimed, of its type, and nothing else."""
    found: dict[str, list[object]] = {}
    for body in bodies:
        for path, value in paths(body):
            found.setdefault(path, []).append(value)
    given = {
        name: TYPES[row.type]
        for row in claims
        for name in row.names
        if row.mark in ("real", "approximated")
    }
    assert set(found) == set(given)
    for name, values in found.items():
        for value in values:
            assert isinstance(value, given[name]), (name, value)
            assert isinstance(value, bool) == (bool in given[name]), (name, value)


def test_the_page_is_fresh() -> None:
    assert make_compatibility.PAGE.read_text(encoding="utf-8") == make_compatibility.page(), (
        "run make compatibility"
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_every_operation_is_where_the_page_says_and_nowhere_else(
    asker: Asker, version: str
) -> None:
    for row in OPERATIONS:
        here = version in row.versions and row.mark == "real"
        if row.operation in RESULTS:
            continue
        if row.name == "GET" and here:
            assert asker.ask(row.operation, version, "").ok
        else:
            answer = asker.post(row.operation, version, json={"url": asker.url(PLAIN)})
            assert answer.status_code in ((200, 202) if here else (404,)), row.operation


@pytest.mark.parametrize(
    ("operation", "version"),
    [(row.operation, v) for row in OPERATIONS if row.operation in ASKED for v in row.versions],
)
def test_every_field_is_as_the_page_says(asker: Asker, operation: str, version: str) -> None:
    claims = [
        row
        for row in ROWS
        if (row.operation, row.part) == (operation, "field") and version in row.versions
    ]
    asked = [(p, q) for p, q in ASKED[operation] if "Objects" not in q or version != "v1.0"]
    bodies = [asker.ask(operation, version, picture, query).json() for picture, query in asked]
    check_fields(claims, bodies)


@cases("query", "path", "field")
def test_every_parameter_does_what_the_page_says(asker: Asker, row: Row, version: str) -> None:
    if row.tries and version == row.versions[-1]:
        picture, _, queries = row.tries.partition(": ")
        one, sign, other = queries.split(" ")
        first, second = (
            content(asker.ask(row.operation, version, picture, query)) for query in (one, other)
        )
        assert (first == second) == (sign == "≡")
    for query, status, name in row.refused:
        answer = asker.ask(row.operation, version, PLAIN, query)
        assert (answer.status_code, code(answer)) == (status, name), query


def test_every_parameter_is_tried() -> None:
    for row in ROWS:
        if row.part in ("query", "path") and row.operation != EVERY:
            assert row.tries or row.refused, row


@pytest.mark.parametrize("version", VERSIONS)
def test_every_way_to_send_a_picture(asker: Asker, version: str) -> None:
    """Every way ends at the refusal of so small a picture, which takes no model."""
    ways = {row.name for row in ROWS if row.part == "body" and version in row.versions}
    data = BytesIO()
    Image.new("RGB", (30, 30), "grey").save(data, "PNG")
    bodies: dict[str, dict[str, Any]] = {
        "application/json": {"json": {"url": asker.url(TINY)}},
        "multipart/form-data": {"files": {"file": data.getvalue()}},
        "application/octet-stream": {"data": data.getvalue()},
        "image/*": {"data": data.getvalue()},
    }
    kinds = {"application/octet-stream": "application/octet-stream", "image/*": "image/png"}
    for row in OPERATIONS:
        if version not in row.versions or row.name == "GET" or row.mark == "refused":
            continue
        for way, body in bodies.items():
            headers = {"Content-Type": kinds[way]} if way in kinds else {}
            answer = asker.post(row.operation, version, **body, headers=headers)
            read = code(answer) == "InvalidImageSize"
            assert read == (way in ways), (row.operation, way, answer.text)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_page_has_every_name_of_the_descriptions_and_no_other(version: str) -> None:
    found = described(version)
    had = {row.operation for row in OPERATIONS if row.described and version in row.versions}
    assert set(found) == had, version
    for operation, names in found.items():
        here = [row for row in ROWS if row.described and version in row.versions]
        own = [row for row in here if row.operation == operation]
        said = {n for row in own if row.part in ("query", "path") for n in row.names}
        assert said == names.parameters, (version, operation)
        fields = {n: row.type for row in own if row.part == "field" for n in row.names}
        assert fields.keys() == names.fields.keys(), (version, operation)
        for name, kind in names.fields.items():
            narrower = (kind, fields[name]) == ("number", "integer")
            assert narrower or kind in ("", fields[name]), (version, operation, name)
        errors = [row for row in own if row.part == "error field"] or [
            row for row in here if (row.operation, row.part) == (EVERY, "error field")
        ]
        assert {n for row in errors for n in row.names} == names.errors.keys(), operation


@pytest.mark.parametrize("version", VERSIONS)
def test_every_refusal_has_the_code_and_the_form_that_the_page_says(
    asker: Asker, version: str
) -> None:
    with LocalService(rate="1/hour") as strict:
        answers = refusals(asker, version, Asker(strict))
    for row in ROWS:
        if row.part == "error case" and version in row.versions:
            answer, ((_, status, name),) = answers[row.name], row.refused
            assert (answer.status_code, code(answer)) == (status, name), row.name
    assert int(answers["more requests than `--rate`"].headers["Retry-After"]) > 3000
    refused = [answer for answer in answers.values() if not answer.ok]
    check_fields(errors(EVERY, version), [answer.json() for answer in refused])
    assert all(("x-ms-error-code" in answer.headers) == (version == "4.0") for answer in refused)


def errors(operation: str, version: str) -> list[Row]:
    """Return what the page says of the errors of an operation."""
    return [
        row
        for row in ROWS
        if (row.operation, row.part) == (operation, "error field") and version in row.versions
    ]


def test_errors_of_read_are_flat_in_v3_2(asker: Asker) -> None:
    answer = asker.ask("read/analyze", "v3.2", PLAIN, "pages=two")
    check_fields(errors("read/analyze", "v3.2"), [answer.json()])


@cases("request header", "query", "response header", "response", tried=False)
def test_every_header_and_kind_of_answer(asker: Asker, row: Row, version: str) -> None:
    body = {"json": {"url": asker.url(PLAIN)}}
    if row.operation != EVERY and row.part != "query":
        answer = asker.post(row.operation, version, **body)
        if row.part == "response":
            assert answer.headers["Content-Type"] == row.name
            assert Image.open(BytesIO(answer.content)).size == (80, 60)
        else:
            assert answer.headers[row.name].startswith(f"{asker.service.url}/vision/{version}/")
    elif row.part == "response header":
        given = row.name in asker.tag(version, json={}).headers
        assert given
    elif row.operation == EVERY:
        asked = {row.name: asker.service.key}
        where, query = asker.address("models" if version != "4.0" else "nothing", version, "")
        query |= asked if row.part == "query" else {}
        headers = asked if row.part != "query" else {}
        answer = requests.get(where, params=query, headers=headers, timeout=10)
        assert answer.status_code == (404 if version == "4.0" else 200)
