"""The versions of the API: parameters and JSON, without inference."""

from .version import V1_0, V2_0, V2_1, V3_0, V3_1, V3_2, V4_0, VERSIONS, version_at

__all__ = ["V1_0", "V2_0", "V2_1", "V3_0", "V3_1", "V3_2", "V4_0", "VERSIONS", "version_at"]
