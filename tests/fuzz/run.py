"""Thousands of requests that schemathesis makes up, and every answer held against its description.

For each version and each way to send a picture (its address, its bytes), half of the requests are
valid and on real pictures: pieces of the samples, and the samples themselves by their addresses at
the service. The other half break something: a parameter, the body, the picture, its type, the key.
The seed is fixed; the run ends with a table of what was answered, and with 1 when an answer was
5xx or outside its description.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from functools import partial
from io import BytesIO
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Literal, Protocol

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
WAYS: tuple[Literal["url", "stream"], ...] = ("url", "stream")
CASES = 2000
"""Of each version, at least."""
DEAR = {"ocr", "recognizeText", "read/analyze", "describe", "tag"}
"""Operations that take a second, whatever the picture."""
CHEAP = {"Faces", "Adult", "Color", "Objects", "objects", "people", "smartCrops"}
"""Features that take a tenth of it."""
LIKELY: dict[str, Schema] = {
    "language": {"enum": ["en"]},
    "api-version": {"enum": ["2023-10-01"]},
    "model-version": {"enum": ["latest"]},
    "readingOrder": {"enum": ["basic", "natural"]},
    "pages": {"items": {"type": "string", "enum": ["1", "1-", "-3", "1-2"]}},
    "model": {"enum": ["celebrities", "landmarks"]},
    "maxCandidates": {"enum": ["1", "2", "3"]},
    "width": {"maximum": 200},
    "height": {"maximum": 200},
    "features": {"required": True},
}
"""What parameters hold in the requests that are meant to be answered."""
UNSEEN = {"Brands"}
"""What the service says it has no model for."""
FEATURES = {"visualFeatures", "features"}
TYPES = ("application/octet-stream",) * 6 + ("image/jpeg", "text/plain", "application/json", "")


def likely(described: Schema, *, cheap: bool) -> Schema:
    """Return a description whose requests ask for what this service can answer, a little a time."""
    described = deepcopy(described)
    for path, operations in list(described["paths"].items()):
        if cheap and path[1:] in DEAR:
            del described["paths"][path]
            continue
        for operation in operations.values():
            operation["parameters"] = [
                _likely(parameter, cheap)
                for parameter in operation["parameters"]
                if not (cheap and parameter["name"] == "details")
            ]
    return described


def of_this_version(described: Schema) -> Schema:
    """Return a description whose requests name their version: any text would be described."""
    described = deepcopy(described)
    for operations in described["paths"].values():
        for operation in operations.values():
            for parameter in operation["parameters"]:
                if parameter["name"] == "api-version":
                    parameter |= LIKELY["api-version"]
    return described


def _likely(parameter: Schema, cheap: bool) -> Schema:
    name = parameter["name"]
    parameter |= LIKELY.get(name, {})
    if parameter.get("type") == "array":
        parameter |= {"minItems": 1, "maxItems": 2, "uniqueItems": True}
        items = parameter["items"]
        if "enum" in items:
            kept = CHEAP & set(items["enum"]) if cheap and name in FEATURES else items["enum"]
            parameter["items"] = {"type": "string", "enum": sorted(set(kept) - UNSEEN)}
    if cheap and name in FEATURES:
        parameter["required"] = True
    return parameter


class Service(Protocol):
    """What is asked: where it is, and its key."""

    key: str

    @property
    def url(self) -> str:
        """Its root."""
        ...


class Run:
    """The requests to one service, and what became of them.

    Attributes:
        answers: How often an operation of a version gave a status and a code.
        pictures: How many requests of a version held or named a real picture.
        failures: What was wrong, and how often.
    """

    def __init__(self, service: Service, pieces: dict[str, bytes]) -> None:
        self._service, self._pieces = service, pieces
        self._session = requests.Session()
        self.answers: Counter[tuple[str, str, str]] = Counter()
        self.pictures: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        own = [f"{service.url}/samples/{name}" for name in sample_credits()]
        small = [f"https://pictures.example/{name}" for name in pieces]
        self._addresses = {*own, *small}
        schemathesis.openapi.format("picture", st.sampled_from(small * 2 + own))

    def version(self, described: Callable[[str], Schema], version: str, cases: int) -> None:
        """Send so many requests of a version, the same number either way."""
        for way in WAYS:
            whole = of_this_version(described(way))
            for mode, description, share in (
                (GenerationMode.POSITIVE, likely(whole, cheap=True), 0.46),
                (GenerationMode.POSITIVE, likely(whole, cheap=False), 0.05),
                (GenerationMode.NEGATIVE, whole, 0.5),
            ):
                parsed = schemathesis.openapi.from_dict(description)
                operations = [found.ok() for found in parsed.get_all_operations()]
                posts = [operation for operation in operations if operation.method == "post"]
                for operation in posts:
                    wanted = round(cases / len(WAYS) * share / len(posts)) + 1
                    self._operation(version, way, mode, operation, wanted)
                for operation in operations:
                    if operation.method == "get" and mode is GenerationMode.POSITIVE:
                        self._operation(version, "url", mode, operation, cases // 400 + 1)

    def _operation(self, version: str, way: str, mode: Any, operation: Any, wanted: int) -> None:
        valid = mode is GenerationMode.POSITIVE
        pictures = (
            real(self._pieces)
            if valid
            else st.one_of(*[broken(self._pieces)] * 4, real(self._pieces))
        )
        kinds = st.sampled_from(TYPES[:1] if valid else TYPES)
        keys = st.sampled_from([self._service.key] * (1 if valid else 19) + ["wrong"][valid:])

        @settings(
            max_examples=wanted,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        @given(operation.as_strategy(generation_mode=mode), pictures, kinds, keys)
        def send(case: Case, picture: bytes, kind: str, key: str) -> None:
            if way == "stream":
                case.body, case.media_type = picture, kind or None
            self._send(version, case, key)

        send()

    def _send(self, version: str, case: Case, key: str) -> None:
        self.pictures[version] += self._is_real(case)
        headers = {"Ocp-Apim-Subscription-Key": key}
        base = f"{self._service.url}{case.operation.schema.raw_schema['basePath']}"
        answer = self._call(case, base, headers)
        name = f"{case.method.upper()} {case.operation.path}"
        self.answers[version, name, said(answer)] += 1
        try:
            check(version, case, answer)
        except (FailureGroup, AssertionError, jsonschema.ValidationError) as error:
            reasons = getattr(error, "exceptions", [error])
            for reason in reasons:
                self.failures[f"{version} {name} {answer.status_code}: {reason}"[:600]] += 1
        if answer.status_code == 202:
            self._follow(version, case, answer.headers["operation-location"][0])

    def _call(self, case: Case, base: str, headers: dict[str, str]) -> Any:
        if isinstance(case.body, bytes) and case.operation.method == "post":
            kind = {"Content-Type": case.media_type} if case.media_type else {}
            sent = case.as_transport_kwargs(base_url=base, headers=headers | kind)
            sent |= {"data": case.body}
            sent.pop("files", None)
            sent["headers"] = {**sent["headers"], **kind}
            plain = self._session.request(**sent, timeout=120)
            return schemathesis.Response.from_requests(plain, verify=True)
        return case.call(base_url=base, session=self._session, headers=headers, timeout=120)

    def _is_real(self, case: Case) -> bool:
        if isinstance(case.body, dict):
            url = case.body.get("url")
            return isinstance(url, str) and url in self._addresses
        return isinstance(case.body, bytes) and len(case.body) > 1000

    def _follow(self, version: str, case: Case, address: str) -> None:
        """Ask for the result until it is there; every answer on the way must follow its schema."""
        described = case.operation.schema.raw_schema
        (path,) = (path for path in described["paths"] if "{operationId}" in path)
        schema = described["paths"][path]["get"]["responses"]["200"]["schema"]
        schema = {"definitions": described["definitions"], **schema}
        key = {"Ocp-Apim-Subscription-Key": self._service.key}
        while True:
            answer = self._session.get(address, headers=key, timeout=120)
            try:
                jsonschema.Draft4Validator(schema).validate(answer.json())
            except jsonschema.ValidationError as error:
                self.failures[f"{version} GET {path}: {error.message}"[:600]] += 1
            if answer.json().get("status", "").lower() not in ("notstarted", "running"):
                break
            sleep(0.05)
        self.answers[version, f"GET {path}", f"{answer.status_code} {answer.json()['status']}"] += 1


def said(answer: Any) -> str:
    """Return the status of an answer, and the code of an error."""
    if answer.status_code < 400:
        return f"{answer.status_code}"
    told = answer.json()
    told = told.get("error", told)
    inner = told.get("innererror", told)
    return f"{answer.status_code} {inner['code']}"


def check(version: str, case: Case, answer: Any) -> None:
    """Hold an answer against its description, and what the description does not say.

    Raises:
        FailureGroup: It is 5xx, or has another status, type or shape than described.
        AssertionError: A thumbnail is no JPEG of its size, or an error of 4.0 lacks its header.
    """
    load_all_checks()
    names = (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_schema_conformance",
    )
    if answer.status_code != 202:  # has no body, nor a type
        case.validate_response(answer, checks=CHECKS.get_by_names(names))
    if case.operation.path == "/generateThumbnail" and answer.status_code == 200:
        assert answer.headers["content-type"][0].startswith("image/"), "a thumbnail is a picture"
        size = Image.open(BytesIO(answer.content)).size
        assert size == (int(case.query["width"]), int(case.query["height"]))
    if version == "4.0" and answer.status_code >= 400:
        assert answer.headers["x-ms-error-code"] == [answer.json()["error"]["code"]]


def table(run: Run) -> Iterator[str]:
    """Give the lines that say how often each operation answered what."""
    for version in dict.fromkeys(version for version, _, _ in run.answers):
        counts = {k[1:]: n for k, n in run.answers.items() if k[0] == version}
        total = sum(counts.values())
        yield f"{version}: {total} requests, {run.pictures[version]} with a real picture"
        for operation in dict.fromkeys(operation for operation, _ in counts):
            mine = sorted((told, n) for (name, told), n in counts.items() if name == operation)
            yield f"  {operation:34}{', '.join(f'{told}: {n}' for told, n in mine)}"


def fuzz(version: str, cases: int) -> int:
    """Run one version; print the table and the failures, and return 1 when there are any."""
    pieces, begun = crops(), monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for name, data in pieces.items():
            (Path(folder) / name).write_bytes(data)
        gallery = Path(folder) / "gallery"
        with LocalService(gallery=gallery, images=Path(folder)) as service:
            run = Run(service, pieces)
            with suppress(KeyboardInterrupt):  # and then tells how far it came
                run.version(partial(document, version), version, cases)
    print(*table(run), f"  {monotonic() - begun:.0f} seconds", sep="\n")
    for failure, times in run.failures.most_common():
        print(f"  FAILED {times} times: {failure}")
    return 1 if run.failures else 0


def main() -> int:
    """Run every version, or the one named, and the processes of all at once."""
    try:
        find_file(FILES["v1.0"][0])
    except pytest.skip.Exception as missing:
        sys.exit(f"Microsoft's descriptions are needed: {missing}")
    known = {**dict.fromkeys(VERSIONS, CASES), **dict(parse(text) for text in sys.argv[1:])}
    if len(sys.argv) == 2:
        return fuzz(*parse(sys.argv[1]))
    program = [sys.executable, "-W", "ignore", "-m", "tests.fuzz.run"]
    runs = [subprocess.Popen([*program, f"{name}={cases}"]) for name, cases in known.items()]
    return max([run.wait() for run in runs])


def parse(text: str) -> tuple[str, int]:
    """Understand "v3.2=500"."""
    version, _, cases = text.partition("=")
    return version, int(cases or CASES)


if __name__ == "__main__":
    sys.exit(main())
