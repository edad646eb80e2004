from __future__ import annotations

import pytest
from requests import Response
from requests.models import CaseInsensitiveDict

from visionhelpers.errors import ServiceError
from visionhelpers.replies import decoded, refusal


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (
            b'{"code": "InvalidImageUrl", "requestId": "1", "message": "m"}',
            ("InvalidImageUrl", "m", "1"),
        ),
        (b'{"error": {"code": "401", "message": "m"}}', ("401", "m", None)),
        (
            b'{"error": {"code": "InvalidRequest", "message": "m", "requestId": "1",'
            b' "innererror": {"code": "InvalidImageSize", "message": "inner"}}}',
            ("InvalidImageSize", "inner", "1"),
        ),
        (b'{"statusCode": 429, "message": "m"}', ("429", "m", None)),
        (b"<html>Bad gateway</html>", (None, "<html>Bad gateway</html>", None)),
        (b'"only words"', (None, "only words", None)),
        (b'{"error": "words"}', (None, "", None)),
        (b'{"error": null, "code": "c", "message": null}', ("c", "", None)),
        (b"", (None, "", None)),
        (b"\xff\xff", (None, "\N{REPLACEMENT CHARACTER}" * 2, None)),
    ],
)
def test_a_refusal_is_read_in_all_its_forms(body: bytes, read: tuple[str | None, ...]) -> None:
    assert refusal(body) == read


def test_a_refusal_without_end_is_cut() -> None:
    assert len(refusal(b"x" * 10_000)[1]) == 200


def test_only_a_json_object_is_an_answer() -> None:
    answer = Response()
    answer.status_code, answer._content = 200, b'{"tags": []}'
    assert decoded(answer) == {"tags": []}
    answer.headers = CaseInsensitiveDict({"Content-Type": "text/html"})
    for body in (b"[]", b"<html>", b""):
        answer._content = body
        with pytest.raises(ServiceError, match="text/html"):
            decoded(answer)
