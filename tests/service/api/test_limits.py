from __future__ import annotations

import pytest

from visionservice.api import limits
from visionservice.imaging.probe import InputLimits

MEGABYTE = 1024 * 1024


@pytest.mark.parametrize(
    ("operation", "shortest", "longest", "max_bytes"),
    [
        (limits.IMAGE, 50, 16_000, 4 * MEGABYTE - 1),
        (limits.OCR_V1, 40, 3200, 4 * MEGABYTE - 1),
        (limits.OCR_V2, 50, 4200, 4 * MEGABYTE - 1),
        (limits.TEXT_V1, 40, 3200, 4 * MEGABYTE - 1),
        (limits.TEXT_V2, 50, 4200, 4 * MEGABYTE - 1),
        (limits.READ_V2, 50, 4200, 20 * MEGABYTE),
        (limits.READ_V3, 50, 10_000, 50 * MEGABYTE),
        (limits.IMAGE_V4, 50, 16_000, 20 * MEGABYTE),
    ],
)
def test_the_limits_are_those_of_the_api(
    operation: InputLimits, shortest: int, longest: int, max_bytes: int
) -> None:
    assert (operation.shortest, operation.longest, operation.bytes) == (
        shortest,
        longest,
        max_bytes,
    )
