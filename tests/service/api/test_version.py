from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from visionservice.api.version import (
    V1_0,
    V2_1,
    V3_0,
    V3_1,
    V3_2,
    V4_0,
    VERSIONS,
    Version,
    version_at,
)
from visionservice.errors import ApiError, access_denied, bad_argument
from visionservice.operations import Progress

DENIED = access_denied("http://localhost")
DATES = {"createdDateTime": "2026-09-13T12:00:00Z", "lastUpdatedDateTime": "2026-09-14T12:00:00Z"}


def inner(outer: str, code: str = "BadArgument") -> dict[str, Any]:
    return {
        "error": {"code": outer, "message": "no", "innererror": {"code": code, "message": "no"}}
    }


def flat(code: str) -> dict[str, str]:
    return {"code": code, "requestId": "an id", "message": "no"}


@pytest.mark.parametrize(
    ("version", "operation", "error", "body"),
    [
        (V1_0, "tag", bad_argument("no"), flat("BadArgument")),
        (V1_0, "tag", ApiError(400, "InvalidThumbnailSize", "no"), flat("BadArgument")),
        (V1_0, "tag", ApiError(408, "Timeout", "no"), flat("Timeout")),
        (V3_1, "tag", ApiError(400, "InvalidModel", "no"), flat("InvalidModel")),
        (V3_2, "tag", bad_argument("no"), inner("InvalidRequest")),
        (V3_2, "tag", ApiError(500, "Code", "no"), inner("InternalServerError", "Code")),
        (V3_2, "read/analyze", ApiError(408, "Timeout", "no"), flat("BadArgument")),
        (V4_0, "tag", bad_argument("no"), inner("InvalidRequest")),
        (V4_0, "tag", ApiError(500, "Code", "no"), {"error": {"code": "Code", "message": "no"}}),
    ],
)
def test_an_error_has_the_form_and_the_codes_of_its_version(
    version: Version, operation: str, error: ApiError, body: object
) -> None:
    sent, content = version.error_body(error, "an id", f"{version.root}/{operation}")
    assert content == body
    assert sent.status == (400 if error.status == 408 and version is V4_0 else error.status)


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.name)
def test_errors_of_the_gateway_are_nested_in_every_version(version: Version) -> None:
    sent, content = version.error_body(DENIED, "an id", f"{version.root}/read/analyze")
    assert content == {"error": {"code": "401", "message": DENIED.message}}
    assert (sent.status, "WWW-Authenticate" in sent.headers) == (401, True)


@pytest.mark.parametrize(
    ("version", "status", "content"),
    [
        (V1_0, "NotStarted", {"status": "Running"}),
        (V1_0, "Running", {"status": "Running"}),
        (V1_0, "Succeeded", {"status": "Succeeded"}),
        (V2_1, "NotStarted", {"status": "NotStarted"}),
        (V3_0, "NotStarted", {"status": "notStarted"} | DATES),
        (V3_2, "Failed", {"status": "failed"} | DATES),
    ],
)
def test_an_operation_has_the_statuses_of_its_version(
    version: Version, status: Any, content: dict[str, str]
) -> None:
    noon = datetime(2026, 9, 13, 12, tzinfo=UTC)
    progress = Progress(None, noon, noon.replace(day=14), status=status)
    assert version.progress(progress) == content


def test_version_at_returns_the_version_of_a_path() -> None:
    assert [version_at(f"{version.root}/x") for version in VERSIONS] == list(VERSIONS)
    assert version_at("/computervision/imageanalysis:analyze") is V4_0
    assert version_at("/health") is V1_0
