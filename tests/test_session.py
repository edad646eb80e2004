from __future__ import annotations

import os
import time
from email.utils import formatdate

from visionhelpers.endpoint import parse_endpoint
from visionhelpers.session import Headers, Patience, Session


def test_retry_after_is_capped_and_understood_as_a_date() -> None:
    patience = Patience()
    assert patience.parse_retry_after("7") == 7
    assert patience.parse_retry_after("86400") == Patience.LONGEST
    assert 25 < patience.parse_retry_after(formatdate(time.time() + 30, usegmt=True)) <= 30
    assert patience.parse_retry_after("soon") == 0


def test_headers_are_sent_whole_and_printed_without_the_key() -> None:
    headers = Headers({"Ocp-Apim-Subscription-Key": "secret"})
    assert headers["Ocp-Apim-Subscription-Key"] == "secret"
    assert repr(headers) == str(headers) == "{'Ocp-Apim-Subscription-Key': '…'}"


def test_a_client_tells_a_service_on_this_machine_and_no_other_which_process_it_is() -> None:
    def sent(endpoint: str) -> dict[str, str]:
        session = Session(parse_endpoint(endpoint, None), "key", timeout=1, retries=0)
        return dict(session._http.headers)

    assert sent("http://127.0.0.1:9")["X-Client-Id"] == str(os.getpid())
    assert "X-Client-Id" not in sent("https://mine.cognitiveservices.azure.com")
