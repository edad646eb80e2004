from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from visionhelpers.images import load_image, sample_path


@pytest.fixture(scope="session")
def pixels() -> Callable[[str], NDArray[np.uint8]]:
    """The pixels of a sample image by its name."""
    return lambda name: np.asarray(load_image(sample_path(name)))
