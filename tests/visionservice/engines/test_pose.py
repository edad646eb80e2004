from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from visionhelpers.images import load_image
from visionservice.engines.base import Pose
from visionservice.engines.geometry import Box
from visionservice.engines.pose import estimate
from visionservice.engines.registry import default


@pytest.fixture(scope="module")
def photographs(shared: Path) -> Path:
    folder = shared / "eval/photographs/images"
    if not folder.is_dir():
        pytest.skip("no ../shared/eval/photographs here")
    return folder


@pytest.mark.parametrize(
    ("name", "posture"),
    [
        ("woman_in_the_street.jpg", "sitting"),
        ("baby_and_teddy.jpg", "sitting"),
        ("hiker.jpg", "standing"),
        ("couple_in_black.jpg", ""),  # without legs
    ],
)
def test_people_sit_stand_or_do_something_else(photographs: Path, name: str, posture: str) -> None:
    image = np.asarray(load_image(photographs / name))
    people = [o for o in default().objects.detect(image) if o.name == "person"][:2]
    postures = {estimate(image, o.box).posture for o in people}
    assert posture in postures if posture else "standing" not in postures


def test_nobody_has_no_pose_even_beyond_the_edges() -> None:
    gray = np.full((200, 300, 3), 128, np.uint8)
    assert estimate(gray, Box(100, 20, 80, 160)) == Pose("", raised_arms=False)
    assert estimate(gray, Box(250, 150, 90, 90)) == Pose("", raised_arms=False)
    assert estimate(gray, Box(0, 0, 1, 1)) == Pose("", raised_arms=False)
