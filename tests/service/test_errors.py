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
        (errors.bad_argument("x"), 400, "BadArgument"),
        (errors.invalid_image_url("x"), 400, "InvalidImageUrl"),
        (errors.invalid_image_format("x"), 400, "InvalidImageFormat"),
        (errors.invalid_image_size("x"), 400, "InvalidImageSize"),
        (errors.too_many_bytes(4 * 1024 * 1024 - 1), 400, "InvalidImageSize"),
        (errors.not_supported_language("x"), 400, "NotSupportedLanguage"),
        (errors.not_available("x"), 501, "FailedToProcess"),
        (errors.not_reachable("x"), 502, "FailedToProcess"),
        (errors.internal_error(), 500, "InternalServerError"),
    ],
)
def test_each_error_has_a_status_and_a_code(error: errors.ApiError, status: int, code: str) -> None:
    assert (error.status, error.code, str(error)) == (status, code, error.message)


def test_the_hint_is_separate_from_the_message() -> None:
    error = errors.invalid_image_url("Microsoft's text", "ours")
    assert (error.message, error.hint) == ("Microsoft's text", "ours")
    assert errors.too_many_bytes(4 * 1024 * 1024 - 1).message.endswith("smaller than 4 MB.")


def test_a_wrong_key_returns_the_realm_of_the_api(service: LocalService) -> None:
    for path, root in (
        ("/vision/v3.2/tag", "/vision/v3.2"),
        ("/computervision/imageanalysis:analyze", "/computervision"),
    ):
        response = requests.post(
            f"{service.url}{path}", headers={"Content-Type": "x/y"}, timeout=10
        )
        assert response.status_code == 401
        scheme = f'AzureApiManagementKey realm="{service.url}{root}"'
        rest = ',name="Ocp-Apim-Subscription-Key",type="header"'
        assert response.headers["WWW-Authenticate"] == scheme + rest
