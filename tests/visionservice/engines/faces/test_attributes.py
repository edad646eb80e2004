from __future__ import annotations

import numpy as np
import pytest
from PIL import ImageEnhance

from visionhelpers.images import load_image, sample_path
from visionservice.engines.registry import default


@pytest.mark.parametrize("light", [0.7, 1.0, 1.3])
def test_a_doubtful_gender_is_examined_mirrored_too(light: float) -> None:
    portrait = ImageEnhance.Brightness(load_image(sample_path("eileen_collins.jpg"))).enhance(light)
    (face,) = default().faces.detect(np.asarray(portrait))
    assert face.gender == "Female"
    assert 0.5 <= face.gender_confidence <= 1
