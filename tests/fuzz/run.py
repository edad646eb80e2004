"""Send thousands of generated requests, and compare each response with Microsoft's description.

For each version and each kind of body (a URL, the bytes of an image), half of the requests are
valid and about real images: parts of the samples, and the samples by their URLs at the service. The
other half break something: a parameter, the body, the image, its type, the key. The seed is fixed.
The run prints how often each operation returned each status, and returns 1 if a response is 5xx or
differs from its description.
"""

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from functools import partial
from io import BytesIO
from pathlib import Path
from time import sleep
from typing import Any

import jsonschema
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import FailureGroup

from tests.fuzz.bodies import broken, crops, real
from tests.support.openapi import FILES, Schema, document, find_file
from visionhelpers.images import sample_credits
from visionservice import LocalService

VERSIONS = ("v1.0", "v3.2", "4.0")
CASES = 2000
"""The smallest number of requests of each version."""
SLOW = {"ocr", "recognizeText", "read/analyze", "describe", "tag"}
"""Operations that take a second for any image."""
FAST = {"Faces", "Adult", "Color", "Objects", "objects", "people", "smartCrops"}
"""Features that take a tenth of a second."""
NOT_IMPLEMENTED = {"Brands"}
FEATURES = {"visualFeatures", "features"}
THIS_VERSION = {"enum": ["2023-10-01"]}
VALID: dict[str, Schema] = {
    "language": {"enum": ["en"]},
    "model-version": {"enum": ["latest"]},
    "readingOrder": {"enum": ["basic", "natural"]},
    "pages": {"items": {"type": "string", "enum": ["1", "1-", "-3", "1-2"]}},
    "model": {"enum": ["celebrities", "landmarks"]},
    "maxCandidates": {"enum": ["1", "2", "3"]},
    "width": {"maximum": 200},
    "height": {"maximum": 200},
    "features": {"required": True},
}
"""The values of parameters in requests that have a result."""
TYPES = ("application/octet-stream",) * 6 + ("image/jpeg", "text/plain", "application/json", "")
SETTINGS = settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)
CHECKED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
)


def with_parameters(description: Schema, change: Callable[[Schema], Schema | None]) -> Schema:
    """Return a copy of a description with changed parameters, without those that become None."""
    copied = deepcopy(description)
    for operations in copied["paths"].values():
        for operation in operations.values():
            changed = map(change, operation["parameters"])
            operation["parameters"] = [parameter for parameter in changed if parameter]
    return copied


def of_this_version(parameter: Schema) -> Schema:
    return parameter | (THIS_VERSION if parameter["name"] == "api-version" else {})


def valid(parameter: Schema, *, fast: bool) -> Schema | None:
    """Return a parameter that permits only values for which the service has a result."""
    name = parameter["name"]
    if fast and name == "details":
        return None
    parameter |= VALID.get(name, {}) | ({"required": True} if fast and name in FEATURES else {})
    if parameter.get("type") == "array":
        parameter |= {"minItems": 1, "maxItems": 2, "uniqueItems": True}
        if names := set(parameter["items"].get("enum", ())):
            names -= NOT_IMPLEMENTED
            names &= FAST if fast and name in FEATURES else names
            parameter["items"] = {"type": "string", "enum": sorted(names)}
    return parameter


class Run:
    """The requests to one service, and its responses.

    Attributes:
        statuses: How often an operation of a version returned a status and a code.
        failures: What was wrong, and how often.
    """

    def __init__(self, service: Any, parts: dict[str, bytes]) -> None:
        """Use a service with a `url` and a `key`, and parts of the samples by file name."""
        self._service, self._parts, self._session = service, parts, requests.Session()
        self._key = {"Ocp-Apim-Subscription-Key": service.key}
        self.statuses: Counter[tuple[str, str, str]] = Counter()
        self.failures: Counter[str] = Counter()
        whole = [f"{service.url}/samples/{name}" for name in sample_credits()]
        small = [f"https://images.example/{name}" for name in parts]
        # The name of the format in the descriptions of tests/support/openapi.py
        schemathesis.openapi.format("image", st.sampled_from(small * 2 + whole))

    def version(self, described: Callable[[Any], Schema], version: str, cases: int) -> None:
        """Send at least so many requests of a version, half of them with each kind of body."""
        for body in ("url", "stream"):
            whole = with_parameters(described(body), of_this_version)
            slow, fast = (
                with_parameters(whole, partial(valid, fast=each)) for each in (False, True)
            )
            for path in SLOW:
                fast["paths"].pop(f"/{path}", None)
            for description, mode, share in (
                (fast, GenerationMode.POSITIVE, 0.46),
                (slow, GenerationMode.POSITIVE, 0.05),
                (whole, GenerationMode.NEGATIVE, 0.5),
            ):
                parsed = schemathesis.openapi.from_dict(description)
                operations = [found.ok() for found in parsed.get_all_operations()]
                posts = [each for each in operations if each.method == "post"]
                for operation in posts:
                    count = round(cases / 2 * share / len(posts)) + 1
                    self._generate(version, body, mode, operation, count)
                for operation in operations:
                    if operation.method == "get" and mode is GenerationMode.POSITIVE:
                        self._generate(version, "url", mode, operation, cases // 400 + 1)

    def _generate(self, version: str, body: str, mode: Any, operation: Any, count: int) -> None:
        images, kinds, keys = real(self._parts), TYPES[:1], [self._service.key]
        if mode is GenerationMode.NEGATIVE:
            images = st.one_of(*[broken(self._parts)] * 4, images)
            kinds, keys = TYPES, keys * 19 + ["wrong"]
        case_of = operation.as_strategy(generation_mode=mode)

        @settings(SETTINGS, max_examples=count)
        @given(case_of, images, st.sampled_from(kinds), st.sampled_from(keys))
        def send(case: Case, image: bytes, kind: str, key: str) -> None:
            if body == "stream":
                case.body, case.media_type = image, kind or None
            self._send(version, case, {"Ocp-Apim-Subscription-Key": key})

        send()

    def _send(self, version: str, case: Case, headers: dict[str, str]) -> None:
        base = f"{self._service.url}{case.operation.schema.raw_schema['basePath']}"
        options = {"base_url": base, "headers": headers}
        if isinstance(case.body, bytes) and case.operation.method == "post":
            kind = {"Content-Type": case.media_type} if case.media_type else {}
            sent = case.as_transport_kwargs(**options) | {"data": case.body}
            sent.pop("files", None)
            sent["headers"] = {**sent["headers"], **kind}
            plain = self._session.request(**sent, timeout=120)
            response = schemathesis.Response.from_requests(plain, verify=True)
        else:
            response = case.call(**options, session=self._session, timeout=120)
        name = f"{case.method.upper()} {case.operation.path}"
        self.statuses[version, name, status(response)] += 1
        try:
            check(version, case, response)
        except (FailureGroup, AssertionError, jsonschema.ValidationError) as error:
            for reason in getattr(error, "exceptions", [error]):
                self.failures[f"{version} {name} {response.status_code}: {reason}"[:600]] += 1
        if response.status_code == 202:
            self._poll(version, case, response.headers["operation-location"][0])

    def _poll(self, version: str, case: Case, url: str) -> None:
        """Wait for the result of an operation; each response must follow its schema."""
        description = case.operation.schema.raw_schema
        (path,) = (path for path in description["paths"] if "{operationId}" in path)
        schema = description["paths"][path]["get"]["responses"]["200"]["schema"]
        schema = {"definitions": description["definitions"], **schema}
        content = {"status": "running"}
        while content.get("status", "").lower() in ("notstarted", "running"):
            response = self._session.get(url, headers=self._key, timeout=120)
            content = response.json()
            for error in jsonschema.Draft4Validator(schema).iter_errors(content):
                self.failures[f"{version} GET {path}: {error.message}"[:600]] += 1
            sleep(0.02)
        self.statuses[version, f"GET {path}", f"{response.status_code} {content['status']}"] += 1

    def report(self) -> int:
        """Print the statuses of each operation and the failures; return 1 if there are any."""
        for version, name in dict.fromkeys(key[:2] for key in self.statuses):
            found = sorted((key[2], n) for key, n in self.statuses.items() if key[1] == name)
            print(f"{version} {name:34}{', '.join(f'{each}: {n}' for each, n in found)}")
        print(f"{self.statuses.total()} requests")
        for failure, times in self.failures.most_common():
            print(f"  FAILED {times} times: {failure}")
        return 1 if self.failures else 0


def status(response: Any) -> str:
    """Return the status of a response, and the code of an error."""
    if response.status_code < 400:
        return f"{response.status_code}"
    error = response.json()
    error = error.get("error", error)
    return f"{response.status_code} {error.get('innererror', error)['code']}"


def check(version: str, case: Case, response: Any) -> None:
    """Compare a response with its description, and with what the description does not contain.

    Raises:
        FailureGroup: It is 5xx, or its status, type or schema differs from the description.
        AssertionError: A thumbnail is no image of its size, or an error of 4.0 lacks its header.
    """
    load_all_checks()
    if response.status_code != 202:  # has no body, and no type
        case.validate_response(response, checks=CHECKS.get_by_names(CHECKED))
    if case.operation.path == "/generateThumbnail" and response.status_code == 200:
        assert response.headers["content-type"][0].startswith("image/"), "a thumbnail is an image"
        size = Image.open(BytesIO(response.content)).size
        assert size == (int(case.query["width"]), int(case.query["height"]))
    if version == "4.0" and response.status_code >= 400:
        assert response.headers["x-ms-error-code"] == [response.json()["error"]["code"]]


def fuzz(version: str, cases: int) -> int:
    """Start a service, and send it the requests of one version."""
    parts = crops()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, data in parts.items():
            (folder / file).write_bytes(data)
        with LocalService(gallery=folder / "gallery", images=folder) as service:
            run = Run(service, parts)
            with suppress(KeyboardInterrupt):  # and print what was sent
                run.version(partial(document, version), version, cases)
    return run.report()


def main(arguments: list[str]) -> int:
    """Run the versions that are named, such as v3.2=500, or all, each in another process."""
    try:
        find_file(FILES["v1.0"][0])
    except pytest.skip.Exception as missing:
        sys.exit(f"Microsoft's descriptions are needed: {missing}")
    named = [argument.partition("=") for argument in arguments or VERSIONS]
    versions = {version: int(cases or CASES) for version, _, cases in named}
    if len(versions) == 1:
        return fuzz(*versions.popitem())
    program = [sys.executable, "-W", "ignore", "-m", "tests.fuzz.run"]
    runs = [subprocess.Popen([*program, f"{name}={cases}"]) for name, cases in versions.items()]
    return max(run.wait() for run in runs)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
