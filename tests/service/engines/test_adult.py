from __future__ import annotations

import numpy as np
import pytest

from visionhelpers.images import load_image, sample_credits, sample_path
from visionservice.engines.adult import MIN_ADULT_SCORE
from visionservice.engines.registry import default

PHOTOGRAPHS = [name for name in sample_credits() if name.endswith(".jpg") and "/" not in name]


def score(name: str) -> float:
    return default().adult.score(np.asarray(load_image(sample_path(name))))


def test_there_are_photographs_to_score() -> None:
    assert len(PHOTOGRAPHS) > 10


@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_harmless_images_score_far_below_the_threshold(name: str) -> None:
    assert 0 <= score(name) < MIN_ADULT_SCORE / 4


def test_the_score_depends_on_the_pixels() -> None:
    assert len({score(name) for name in PHOTOGRAPHS[:4]}) == 4
