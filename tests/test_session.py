from __future__ import annotations

import time
from email.utils import formatdate

from visionhelpers.session import Headers, Patience


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
