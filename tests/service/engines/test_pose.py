from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from visionhelpers.images import load_image
from visionservice.engines.base import Pose
from visionservice.engines.geometry import Box
from visionservice.engines.pose import estimate, from_joints
from visionservice.engines.registry import default


@pytest.mark.parametrize(
    ("name", "posture"),
    [
        ("woman_in_the_street.jpg", "sitting"),
        ("baby_and_teddy.jpg", "sitting"),
        ("hiker.jpg", "standing"),
    ],
)
def test_people_sit_or_stand(shared: Path, name: str, posture: str) -> None:
    folder = shared / "eval/photographs/images"
    if not folder.is_dir():
        pytest.skip("no ../shared/eval/photographs here")
    image = np.asarray(load_image(folder / name))
    people = [o for o in default().objects.detect(image) if o.name == "person"][:2]
    assert posture in {estimate(image, o.box).posture for o in people}


@pytest.mark.parametrize("box", [(100, 20, 80, 160), (250, 150, 90, 90), (0, 0, 1, 1)])
def test_nobody_has_no_pose_even_beyond_the_edges(box: tuple[int, int, int, int]) -> None:
    gray = np.full((200, 300, 3), 128, np.uint8)
    assert estimate(gray, Box(*box)) == Pose("", raised_arms=False)


def joints(hip: float, knee: float, ankle: float, step: float = 0.05) -> np.ndarray:
    """The joints of a body with shoulders at 0.2 and wrists at 0.4, by the heights of the legs."""
    heights = [0.1] * 5 + [0.2] * 2 + [0.3] * 2 + [0.4] * 2 + [hip] * 2 + [knee] * 2 + [ankle] * 2
    across = [0.5] * 15 + [0.5, 0.5 + step]
    return np.column_stack([heights, across, np.full(17, 0.9)]).astype(np.float32)


@pytest.mark.parametrize(
    ("legs", "posture"),
    [
        pytest.param((0.5, 0.5, 0.75), "sitting", id="on a chair"),
        pytest.param((0.5, 0.3, 0.5), "sitting", id="on the ground"),
        pytest.param((0.5, 0.72, 0.95), "standing", id="upright"),
        pytest.param((0.5, 0.72, 0.95, 0.2), "", id="walking"),
        pytest.param((0.5, 0.72, 0.75), "", id="kneeling"),
    ],
)
def test_the_posture_follows_from_the_legs(legs: tuple[float, ...], posture: str) -> None:
    assert from_joints(joints(*legs)).posture == posture


def test_covered_legs_have_no_posture_and_raised_arms_need_both_wrists() -> None:
    body = joints(0.5, 0.72, 0.95)
    body[11:, 2] = 0.2
    assert from_joints(body) == Pose("", raised_arms=False)
    body[9, 0] = 0.05
    assert not from_joints(body).raised_arms
    body[10, 0] = 0.05
    assert from_joints(body).raised_arms
    body[10, 2] = 0.1
    assert not from_joints(body).raised_arms
