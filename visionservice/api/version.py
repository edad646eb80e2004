"""Versions of the API: features, statuses of operations and error bodies; types of handlers."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..analysis import ImageAnalysis, PageAnalysis
from ..errors import ApiError, FileSizeError, GatewayError
from ..operations import Progress
from .limits import IMAGE_V4

Json = dict[str, Any]
ImageHandler = Callable[[ImageAnalysis, str], Json | bytes]  # gets the image and the request id

V1_FEATURES = ("ImageType", "Faces", "Adult", "Categories", "Color", "Tags", "Description")
V2_FEATURES = (*V1_FEATURES, "Objects", "Brands")
V4_FEATURES = ("caption", "denseCaptions", "objects", "people", "read", "smartCrops", "tags")
NOT_IN_V1 = {"UnsupportedMediaType", "NotSupportedFeature", "InvalidThumbnailSize", "InvalidModel"}
NOT_IN_READ = {"Timeout"}  # of v3.2; the codes in both sets are sent as "BadArgument"
INVALID_RATIO = "'smartcrops-aspect-ratios' aspect ratio is not in allowed range [0.75 to 1.8]"
INVALID_SIZE = f"The image size is not allowed to be zero or larger than {IMAGE_V4.bytes} bytes"
V4_MESSAGES = json.loads(Path(__file__).with_name("messages.json").read_text(encoding="utf-8"))
"""Microsoft's messages by code or message: the outer and the inner one."""


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """The work of one operation on a document, page by page, counted from 1."""

    page: Callable[[PageAnalysis], Json]
    result: Callable[[list[Json]], Json]  # the JSON of the operation from that of its pages
    select: Callable[[int], Sequence[int]] = lambda _: (1,)  # gets the number of pages


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the API; its features are in the order of the response."""

    name: str  # in messages, and in paths except for 4.0
    number: float
    features: tuple[str, ...]
    model: str = ""  # the `modelVersion` of responses, if the version has one

    @property
    def root(self) -> str:
        """The prefix of its paths, in lower case."""
        return "/computervision" if self.number == 4 else f"/vision/{self.name}"

    def progress(self, operation: Progress) -> Json:
        """Return the JSON of a long-running operation, without its result."""
        status = operation.status
        if self.number < 2 and status == "NotStarted":
            return {"status": "Running"}
        if self.number < 3:
            return {"status": status}
        return {
            "status": status[0].lower() + status[1:],
            "createdDateTime": f"{operation.created:%Y-%m-%dT%H:%M:%SZ}",
            "lastUpdatedDateTime": f"{operation.updated:%Y-%m-%dT%H:%M:%SZ}",
        }

    def error_body(self, error: ApiError, request_id: str, path: str) -> tuple[ApiError, Json]:
        """Return an error as this version sends it, and its JSON: nested in v3.2, not in Read."""
        if self.number == 4:
            return _error_body_4(error)
        code, message = error.code, error.message
        if isinstance(error, GatewayError):
            return error, _nested(code, message)
        is_read = path.startswith("/vision/v3.2/read/")
        if code in (NOT_IN_READ if is_read else NOT_IN_V1 if self.number < 2 else ()):
            code = "BadArgument"
        if is_read or self.number < 3.2:
            return error, {"code": code, "requestId": request_id, "message": message}
        outer = "InvalidRequest" if error.status < 500 else "InternalServerError"
        return error, _nested(outer, message, innererror={"code": code, "message": message})


def _error_body_4(error: ApiError) -> tuple[ApiError, Json]:
    """Return an error as 4.0 sends it, with Microsoft's messages where they are known."""
    code, message, status, headers = error.code, error.message, error.status, error.headers
    if isinstance(error, GatewayError) or status >= 500:
        headers = headers | {"x-ms-error-code": code}
        return ApiError(status, code, message, error.hint, **headers), _nested(code, message)
    outer, inner = V4_MESSAGES.get(code) or V4_MESSAGES.get(message) or (message, message)
    if isinstance(error, FileSizeError):
        outer = inner = INVALID_SIZE
    hint = error.hint if inner == message else f"{message} {error.hint}".strip()
    body = _nested("InvalidRequest", outer, innererror={"code": code, "message": inner})
    status = 400 if status in (408, 415) else status  # which 4.0 does not use
    headers = headers | {"x-ms-error-code": "InvalidRequest"}
    return ApiError(status, code, message, hint, **headers), body


def _nested(code: str, message: str, **inner: Json) -> Json:
    return {"error": {"code": code, "message": message, **inner}}


V1_0 = Version("v1.0", 1.0, V1_FEATURES)
V2_0 = Version("v2.0", 2.0, V2_FEATURES)
V2_1 = Version("v2.1", 2.1, V2_FEATURES)
V3_0 = Version("v3.0", 3.0, V2_FEATURES)
V3_1 = Version("v3.1", 3.1, V2_FEATURES)
V3_2 = Version("v3.2", 3.2, V2_FEATURES, "2021-05-01")
V4_0 = Version("4.0", 4.0, V4_FEATURES, "2023-10-01")
VERSIONS = (V1_0, V2_0, V2_1, V3_0, V3_1, V3_2, V4_0)


def version_at(path: str) -> Version:
    """Return the version of a path in lower case; v1.0 for a path of no version."""
    return next((version for version in VERSIONS if path.startswith(f"{version.root}/")), V1_0)
