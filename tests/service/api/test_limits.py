from __future__ import annotations

import pytest

from visionservice.api import limits
from visionservice.imaging.probe import InputLimits

FOUR, TWENTY, FIFTY = 4 * 1024 * 1024 - 1, 20 * 1024 * 1024, 50 * 1024 * 1024


@pytest.mark.parametrize(
    ("operation", "shortest", "longest", "size"),
    [
        (limits.IMAGE, 50, 16_000, FOUR),
        (limits.OCR_V1, 40, 3200, FOUR),
        (limits.OCR_V2, 50, 4200, FOUR),
        (limits.TEXT_V1, 40, 3200, FOUR),
        (limits.TEXT_V2, 50, 4200, FOUR),
        (limits.READ_V2, 50, 4200, TWENTY),
        (limits.READ_V3, 50, 10_000, FIFTY),
        (limits.IMAGE_V4, 50, 16_000, TWENTY),
    ],
)
def test_the_limits_are_those_of_the_api(
    operation: InputLimits, shortest: int, longest: int, size: int
) -> None:
    assert (operation.shortest, operation.longest, operation.bytes) == (shortest, longest, size)
