"""What one version of the API takes and says otherwise than the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..errors import ApiError
    from ..operations import Progress
    from .query import Query

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """How a version words an error: the status, the body, and headers of its own."""

    status: int
    content: Json
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the API.

    Attributes:
        name: As paths spell it, "v3.2".
        refuse: Words an error; the arguments are the error, the id and the path of the request.
        progress: Words how far a long-running operation is.
        root: What its paths begin with, in lower case.
        features: What Analyze Image can be asked for, in the order of the answer.
        model: The `modelVersion` of answers; empty where there is none.
        radians: Whether OCR gives the angle of the text in radians.
        excludes: Whether captions can be asked for without names.
        admit: Refuses what no operation of it takes.
    """

    name: str
    refuse: Callable[[ApiError, str, str], ErrorBody]
    progress: Callable[[Progress], Json]
    root: str
    features: tuple[str, ...] = ()
    model: str = ""
    radians: bool = False
    excludes: bool = False
    admit: Callable[[Query], None] = lambda _: None
