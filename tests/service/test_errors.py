from __future__ import annotations

import pytest
import requests

from visionservice import LocalService, errors


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.access_denied("http://localhost"), 401, "401"),
        (errors.not_found("x"), 404, "404"),
        (errors.too_many_requests(2, "Too many"), 429, "429"),
        (errors.shutting_down(), 503, "503"),
        (errors.invalid_parameter("a", "b", "c"), 400, "BadArgument"),
        (errors.too_many_bytes(4 * 1024 * 1024 - 1), 400, "InvalidImageSize"),
        (errors.not_available("x"), 501, "FailedToProcess"),
        (errors.not_reachable("x"), 502, "FailedToProcess"),
        (errors.internal_error(), 500, "InternalServerError"),
    ],
)
def test_each_error_has_a_status_and_a_code(error: errors.ApiError, status: int, code: str) -> None:
    assert (error.status, error.code, str(error)) == (status, code, error.message)


def test_a_wrong_key_returns_the_realm_of_the_api(service: LocalService) -> None:
    for path, root in (
        ("/vision/v3.2/tag", "/vision/v3.2"),
        ("/computervision/imageanalysis:analyze", "/computervision"),
    ):
        url, kind = f"{service.url}{path}", {"Content-Type": "x/y"}
        response = requests.post(url, headers=kind, timeout=10)
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == (
            f'AzureApiManagementKey realm="{service.url}{root}",'
            'name="Ocp-Apim-Subscription-Key",type="header"'
        )
