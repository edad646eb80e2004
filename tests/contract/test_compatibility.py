"""The conformance of every version, asked once of a running service and judged twice.

Every row of docs/compatibility.md is tried, and every response is held against Microsoft's own
description of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache, partial
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
    draw_images,
    paths,
    refusals,
)
from tests.support.openapi import FILES, definitions, described, error_form, form, result_form
from tools import make_compatibility
from tools.make_compatibility import EVERY, VERSIONS, Row
from visionservice import LocalService, errors
from visionservice.api import version as api

ROWS = make_compatibility.rows()
OPERATIONS = [row for row in ROWS if row.part == "operation"]
CAT, PEOPLE, PALACE, CUP = (
    "chelsea_the_cat.jpg", "altered/hopper_and_collins.jpg", "summer_palace.jpg", "coffee_cup.jpg",
)  # fmt: skip
SEVEN = "visualFeatures=ImageType,Faces,Adult,Categories,Color,Tags,Description"
FOUR = "features=caption,denseCaptions,objects,people,read,smartCrops,tags"
PAGES = [("handwriting.jpg", ""), (CUP, ""), ("three pages", ""), ("a TIFF", "")]
ASKED = {
    "analyze": [
        (PEOPLE, f"{SEVEN}&details=all"),
        (PALACE, f"{SEVEN}&details=all"),
        ("dahlia.jpg", f"{SEVEN}&details=all"),
        (CAT, f"{SEVEN},Objects"),
        *((CUP, f"visualFeatures={feature}") for feature in api.V2_FEATURES[:-1]),
    ],
    "describe": [(CAT, ""), (CAT, "maxCandidates=3")],
    "tag": [(CAT, "")],
    "models": [("", "")],
    "models/{model}/analyze": [
        ("grace_hopper.jpg", "model=celebrities"),
        (PALACE, "model=landmarks"),
    ],
    "ocr": [("democritus.png", ""), (CUP, "")],
    "detect": [(CAT, "")],
    "areaOfInterest": [("dahlia.jpg", "")],
    "textOperations/{operationId}": PAGES[:2],
    "read/operations/{operationId}": PAGES,
    "read/analyzeResults/{operationId}": PAGES,
    "imageanalysis:analyze": [
        (PEOPLE, FOUR),
        ("democritus.png", FOUR),
        ("dahlia.jpg", FOUR),
        *((CUP, f"features={feature}") for feature in api.V4_FEATURES),
    ],
}
"""The images and queries whose results, together, have every field of an operation."""
TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}
EVERYWHERE = {"requestId", "metadata", "modelVersion"}
"""The fields of a result that no feature asks for."""

each_version = pytest.mark.parametrize("version", VERSIONS)
each_result = pytest.mark.parametrize(
    ("operation", "version"),
    [(row.operation, v) for row in OPERATIONS if row.operation in ASKED for v in row.versions],
)


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    """A service that knows, beside the samples, the images that the table names."""
    folder = tmp_path_factory.mktemp("images")
    draw_images(folder)
    options = {"images": folder, "gallery": tmp_path_factory.mktemp("gallery")}
    with pytest.MonkeyPatch.context() as patch, LocalService(**options) as service:
        yield Asker(service)
        patch.setattr("visionservice.operations.READ_TIME", timedelta())  # many are not read


@pytest.fixture(scope="module")
def refused(asker: Asker) -> Iterator[Callable[[str], dict[str, requests.Response]]]:
    """The responses to each error case of the page, by the version."""
    with LocalService(rate="1/hour") as strict:
        assert Asker(strict).post("tag", "v1.0", json={}).status_code == 400  # the one of this hour
        yield cache(partial(refusals, asker, Asker(strict)))


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


def claims(operation: str, part: str, version: str) -> list[Row]:
    """Return the rows of an operation in a version."""
    among = [row for row in ROWS if (row.operation, row.part) == (operation, part)]
    return [row for row in among if version in row.versions]


def results(asker: Asker, operation: str, version: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the queries of an operation with their results."""
    asked = [(p, q) for p, q in ASKED[operation] if "Objects" not in q or version != "v1.0"]
    return [(q, asker.ask(operation, version, image, q).json()) for image, q in asked]


def given(rows: list[Row]) -> dict[str, str]:
    """Return the fields that rows claim to be in a result, with their types."""
    return {
        name: row.type for row in rows if row.mark in ("real", "approximated") for name in row.names
    }


def check_fields(rows: list[Row], bodies: list[dict[str, Any]]) -> None:
    """Assert that the bodies together have what is claimed, of its type, and nothing else."""
    expected = given(rows)
    found = [item for body in bodies for item in paths(body)]
    assert {name for name, _ in found} == set(expected)
    for name, value in found:
        assert isinstance(value, TYPES[expected[name]]), (name, value)
        assert isinstance(value, bool) == (expected[name] == "boolean"), (name, value)


def test_the_page_is_fresh() -> None:
    assert make_compatibility.PAGE.read_text(encoding="utf-8") == make_compatibility.page(), (
        "run make compatibility"
    )


@each_version
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
            response = asker.post(row.operation, version, json={"url": asker.url(PLAIN)})
            assert response.status_code in ((200, 202) if here else (404,)), row.operation


@each_result
def test_every_field_is_as_the_page_says(asker: Asker, operation: str, version: str) -> None:
    rows = claims(operation, "field", version)
    top = {name for name in given(rows) if not {".", "["} & set(name)}
    responses = results(asker, operation, version)
    for query, body in responses:
        _, chosen, features = query.partition("&")[0].partition("eatures=")
        end = "Result" if version == "4.0" else ""
        asked = {f"{name[0].lower()}{name[1:]}{end}" for name in features.split(",") if name}
        assert set(body) == ((top & EVERYWHERE) | asked if chosen else top), query
    check_fields(rows, [body for _, body in responses])


@each_result
def test_every_result_has_the_form_that_microsoft_describes(
    asker: Asker, operation: str, version: str
) -> None:
    for _, body in results(asker, operation, version):
        result_form(version, operation).validate(body)


@cases("query", "path", "field")
def test_every_parameter_does_what_the_page_says(asker: Asker, row: Row, version: str) -> None:
    if row.tries and version == row.versions[-1]:
        image, _, queries = row.tries.partition(": ")
        one, sign, other = queries.split(" ")
        first, second = (
            content(asker.ask(row.operation, version, image, query)) for query in (one, other)
        )
        assert (first == second) == (sign == "≡")
    for query, status, name in row.refused:
        response = asker.ask(row.operation, version, PLAIN, query)
        assert (response.status_code, code(response)) == (status, name), query


def test_every_parameter_is_tried() -> None:
    for row in ROWS:
        if row.part in ("query", "path") and row.operation != EVERY:
            assert row.tries or row.refused, row


@each_version
def test_every_way_to_send_a_picture(asker: Asker, version: str) -> None:
    """Every way ends at the refusal of so small an image, which takes no model."""
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
            response = asker.post(row.operation, version, **body, headers=headers)
            read = code(response) == "InvalidImageSize"
            assert read == (way in ways), (row.operation, way, response.text)


@cases("request header", "query", "response header", "response", tried=False)
def test_every_header_and_kind_of_answer(asker: Asker, row: Row, version: str) -> None:
    if row.part == "response":
        response = asker.post(row.operation, version, json={"url": asker.url(PLAIN)})
        assert response.headers["Content-Type"] == row.name
        assert Image.open(BytesIO(response.content)).size == (80, 60)
    elif row.name == "Operation-Location":
        response = asker.post(row.operation, version, json={"url": asker.url(PLAIN)})
        assert response.headers[row.name].startswith(f"{asker.service.url}/vision/{version}/")
    elif row.part == "response header":
        response = asker.tag(version, json={})
        assert response.headers[row.name]
    else:
        key = {row.name: asker.service.key}
        where, query = asker.address("models" if version != "4.0" else "nothing", version, "")
        sent = {"params": query | key} if row.part == "query" else {"headers": key}
        response = requests.get(where, **sent, timeout=10)
        assert response.status_code == (404 if version == "4.0" else 200)


# Errors


@each_version
def test_every_error_has_the_code_and_the_fields_that_the_page_says(
    refused: Callable[[str], dict[str, requests.Response]], version: str
) -> None:
    responses = refused(version)
    for row in claims(EVERY, "error case", version):
        response, ((_, status, name),) = responses[row.name], row.refused
        assert (response.status_code, code(response)) == (status, name), row.name
    assert int(responses["more requests than `--rate`"].headers["Retry-After"]) > 3000
    failed = [response for response in responses.values() if not response.ok]
    check_fields(claims(EVERY, "error field", version), [response.json() for response in failed])
    assert all(("x-ms-error-code" in response.headers) == (version == "4.0") for response in failed)


@each_version
def test_every_error_has_the_form_that_microsoft_describes(
    asker: Asker, refused: Callable[[str], dict[str, requests.Response]], version: str
) -> None:
    responses = [("tag", response) for response in refused(version).values() if not response.ok]
    for row in ROWS:
        if row.part in ("query", "path") and version in row.versions:
            for query, *_ in row.refused:
                responses.append((row.operation, asker.ask(row.operation, version, PLAIN, query)))
    assert len(responses) > 20
    for operation, response in responses:
        error_form(version, operation, response.status_code, code(response)).validate(
            response.json()
        )


def test_errors_of_read_are_flat_in_v3_2(asker: Asker) -> None:
    response = asker.ask("read/analyze", "v3.2", PLAIN, "pages=two")
    check_fields(claims("read/analyze", "error field", "v3.2"), [response.json()])


@pytest.mark.parametrize("operation", ["tag", "read/analyze"])
@pytest.mark.parametrize("version", api.VERSIONS, ids=lambda version: version.name)
def test_errors_that_no_request_provokes_have_the_form_too(
    version: api.Version, operation: str
) -> None:
    unsupported = errors.ApiError(415, "UnsupportedMediaType", ".")
    for error in (errors.internal_error(), errors.ApiError(408, "Timeout", "."), unsupported):
        sent, body = version.error_body(error, "an-id", f"{version.root}/{operation}")
        error_form(version.name, operation, sent.status, "").validate(body)


# The page and the descriptions


@each_version
def test_the_page_has_every_name_of_the_descriptions_and_no_other(version: str) -> None:
    found = described(version)
    here = [row for row in ROWS if row.described and version in row.versions]
    assert set(found) == {row.operation for row in here if row.part == "operation"}
    for operation, names in found.items():
        own = [row for row in here if row.operation == operation]
        said = {n for row in own if row.part in ("query", "path") for n in row.names}
        assert said == names.parameters, (version, operation)
        fields = {n: row.type for row in own if row.part == "field" for n in row.names}
        assert fields.keys() == names.fields.keys(), (version, operation)
        for name, kind in names.fields.items():
            narrower = (kind, fields[name]) == ("number", "integer")
            assert narrower or kind in ("", fields[name]), (version, operation, name)
        of_errors = [row for row in own if row.part == "error field"] or [
            row for row in here if (row.operation, row.part) == (EVERY, "error field")
        ]
        assert {n for row in of_errors for n in row.names} == names.errors.keys(), operation


@pytest.mark.parametrize("version", FILES)
def test_a_result_without_its_fields_or_with_another_would_fail(version: str) -> None:
    closed = [name for name, found in definitions(version).items() if found.get("required")]
    assert len(closed) > 15
    for name in closed:
        assert not form(version, name).is_valid({}), name
        complaints = form(version, name).iter_errors({"invented": 1})
        assert any("invented" in complaint.message for complaint in complaints), name
