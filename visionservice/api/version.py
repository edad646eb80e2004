"""Version profiles: what differs between the versions of the API, and the types of handlers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..analysis import ImageAnalysis, PageAnalysis
    from ..errors import ApiError
    from ..operations import Progress
    from .query import Query

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """The work of one operation on a document, page by page.

    Attributes:
        numbers: The pages to read, counted from 1, in order.
        page: Returns the JSON of one page.
        result: Returns the JSON of the operation from that of its pages.
    """

    numbers: Sequence[int]
    page: Callable[[PageAnalysis], Json]
    result: Callable[[list[Json]], Json]


ImageHandler = Callable[["ImageAnalysis", str], Json | bytes]
"""Returns the response for an image; the second argument is the request id."""
DocumentHandler = Callable[[int], ReadPlan]
"""Returns the plan for a document with this number of pages, or raises ApiError."""


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """An error as one version sends it: status, JSON body, extra headers, and the hint."""

    status: int
    content: Json
    headers: Mapping[str, str] = field(default_factory=dict)
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the API.

    Attributes:
        name: As in paths: "v3.2".
        error_body: Formats an error; the arguments are the error, the request's id and its path.
        root: The prefix of its paths, in lower case.
        progress: Formats the status of a long-running operation, without its result.
        features: The features of Analyze Image, in the order of the response.
        model: The `modelVersion` of responses; empty if the version has none.
        angle_in_radians: Whether OCR returns the angle of the text in radians.
        supports_exclude: Whether `descriptionExclude` is a parameter.
        validate: Raises ApiError for invalid parameters that all its operations have.
    """

    name: str
    error_body: Callable[[ApiError, str, str], ErrorBody]
    root: str
    progress: Callable[[Progress], Json] = lambda _: {}
    features: tuple[str, ...] = ()
    model: str = ""
    angle_in_radians: bool = False
    supports_exclude: bool = False
    validate: Callable[[Query], None] = lambda _: None
