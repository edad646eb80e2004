"""The API's versions, one module a generation: JSON in and out, no inference."""

from __future__ import annotations

from . import v1, v2, v3, v4
from .v1 import V1_0
from .v2 import V2_0, V2_1
from .v3 import V3_0, V3_1, V3_2
from .v4 import V4_0
from .version import Version

__all__ = [
    "V1_0",
    "V2_0",
    "V2_1",
    "V3_0",
    "V3_1",
    "V3_2",
    "V4_0",
    "VERSIONS",
    "v1",
    "v2",
    "v3",
    "v4",
    "version_at",
]

VERSIONS = (V1_0, V2_0, V2_1, V3_0, V3_1, V3_2, V4_0)


def version_at(path: str) -> Version:
    """Return the version that a path in lower case is of; v1.0 where it is of none."""
    here = (version for version in VERSIONS if path.startswith(f"{version.root}/"))
    return next(here, V1_0)
