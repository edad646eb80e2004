"""The versions of the API: parameters and JSON, without inference."""

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
    """Return the version of a path in lower case; v1.0 for a path of no version."""
    matching = (version for version in VERSIONS if path.startswith(f"{version.root}/"))
    return next(matching, V1_0)
