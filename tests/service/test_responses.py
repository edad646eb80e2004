from __future__ import annotations

import logging

import pytest
from starlette.requests import Request

from visionservice.errors import bad_argument
from visionservice.responses import JsonResponse, error_response, to_ascii_line


@pytest.fixture
def request_() -> Request:
    path = "/vision/v1.0/analyze"
    request = Request({"type": "http", "method": "POST", "path": path, "headers": []})
    request.state.id = "the-id"
    return request


@pytest.mark.parametrize(
    ("hint", "sent"),
    [
        pytest.param("Use one of\r\nêtre\x00.", r"Use one of \xeatre\x00.", id="one line of ASCII"),
        pytest.param("é" * 1000, r"\xe9" * 125, id="500 characters"),
        pytest.param("", None, id="no header"),
    ],
)
def test_the_hint_is_in_a_header_and_in_the_log_but_not_in_the_body(
    request_: Request, caplog: pytest.LogCaptureFixture, hint: str, sent: str | None
) -> None:
    caplog.set_level(logging.INFO, "visionservice")
    response = error_response(request_, bad_argument("The query is invalid.", hint))
    assert response.headers.get("X-Error-Hint") == sent
    assert not hint or hint[:10].encode() not in response.body
    assert caplog.messages == ([f"Request the-id: {sent}"] if sent else [])


def test_a_response_has_the_media_type_and_the_request_id(request_: Request) -> None:
    response = JsonResponse(request_, {"a": 1})
    assert response.body == b'{"a":1}'
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.headers["apim-request-id"] == "the-id"


@pytest.mark.parametrize(
    ("text", "line"), [("a\n b\t'c'", "a b 'c'"), ("\u2028é", r"\xe9"), ("\x1b[0m", r"\x1b[0m")]
)
def test_a_text_becomes_one_line_of_ascii(text: str, line: str) -> None:
    assert to_ascii_line(text) == line
