"""A folder of images and what is true of them: FOLDER/truth.json.

A JSON object of two parts; every fact may be left out, and then it is not measured.

`images` gives the facts of each image, by its name in FOLDER/images (or in FOLDER):

- `lines`: the lines of its text, in reading order; `handwritten`: true, or the name says it.
- `words`: [] where there is nothing to read.
- `faces`: a list of `ltrb` (left, top, right, bottom in pixels of the upright image), `gender`
  ("Male", "Female") and `age`; or 0.
- `celebrities`: who of the gallery is in it. `landmark`: the place's name; the gallery is taught
  the first image of each place. A building (`category_prefix` has "building_") without one goes
  by the image's name.
- `tags_any_of`: groups of words; one of each group is a tag. `caption_any_of`: one of the words is
  in the first caption; `caption_all_of`: groups of words, of each group one is in it. `category`,
  `category_prefix`: the surest category is one, or begins so.
- `tags_right`: every word that a person would accept for it; a tag beyond them is wrong, and so
  is a caption with a name that the service knows beyond them. `caption_none_of`: further words
  that would be false in a caption.
- `imageType`: clipArtType and lineDrawingType.
- `subject`: `ltrb` of what a thumbnail should keep; without it, of all the faces together.
- `harmless`: false where the adult score may be high.

`people` is about names: `gallery/NAME/*` in FOLDER/people holds an image or more of each;
`probes` gives by file name in FOLDER/people/probes who is in it; `strangers` are images, from
FOLDER/people, of nobody in the gallery.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.measures import Box
from visionhelpers.images import SAMPLES, load_image

BESIDE = Path(__file__).parent
EVALUATION = BESIDE.parents[1] / "shared" / "eval"
"""Its truth file has neither subjects nor right tags: `evaluation.json` does, told by eye."""


@dataclass(frozen=True)
class Known:
    """An image and the facts of it."""

    path: Path
    facts: dict[str, Any]

    @cached_property
    def image(self) -> Image.Image:
        """The image, upright."""
        return load_image(self.path)

    @property
    def faces(self) -> list[dict[str, Any]]:
        """The faces in it, none where it says nothing of them."""
        return self.facts.get("faces") or []

    @property
    def handwritten(self) -> bool:
        """Whether its text is written by hand."""
        return bool(self.facts.get("handwritten", self.path.name.startswith("handwrit")))

    @property
    def subject(self) -> Box | None:
        """What a thumbnail should keep."""
        boxes = [face["ltrb"] for face in self.faces]
        around = [*map(min, zip(*boxes, strict=True))][:2] + [*map(max, zip(*boxes, strict=True))][
            2:
        ]
        box = self.facts.get("subject", around)
        return tuple(box) if box else None

    @property
    def names(self) -> set[str]:
        """Who of the gallery is in it."""
        return set(self.facts.get("celebrities", ()))

    @property
    def landmark(self) -> str | None:
        """The place's name in the gallery, if it shows one."""
        building = "building_" in self.facts.get("category_prefix", ())
        name = self.path.stem.replace("_", " ").capitalize() if building else None
        return self.facts.get("landmark", name)


@dataclass(frozen=True)
class Truth:
    """Images with their facts, and people by name."""

    images: list[Known]
    probes: list[Known] = field(default_factory=list)
    gallery: list[Known] = field(default_factory=list)
    strangers: list[Known] = field(default_factory=list)

    @property
    def places(self) -> dict[str, Known]:
        """The first image of each place that is not in the gallery from the start."""
        known = {known.landmark: known for known in reversed(self.images) if known.landmark}
        built_in = SAMPLES / "gallery" / "landmarks"
        return {name: first for name, first in known.items() if not (built_in / name).is_dir()}

    def having(self, fact: str) -> Iterator[Known]:
        """Give the images of which a fact is known."""
        return (known for known in self.images if fact in known.facts)


def load(folder: Path) -> Truth:
    """Read a folder with a truth file."""
    return _read(folder, folder / "truth.json")


def ours() -> Truth:
    """Read the sample images and, where it is, the evaluation set with facts of ours."""
    samples = _read(SAMPLES, BESIDE / "samples.json")
    if not EVALUATION.is_dir():
        return samples
    truth = load(EVALUATION)
    told = {known.path: known for known in _read(EVALUATION, BESIDE / "evaluation.json").images}
    for known in truth.images:
        if known.path in told:
            known.facts.update(told[known.path].facts | known.facts)
    truth.images.extend(samples.images)
    return truth


def photographs() -> Truth | None:
    """Read the photographs on which captions and tags were improved, if they are there."""
    folder = EVALUATION / "photographs"
    return load(folder) if folder.is_dir() else None


def _read(folder: Path, file: Path) -> Truth:
    facts = json.loads(file.read_text(encoding="utf-8"))
    images = folder / "images" if (folder / "images").is_dir() else folder
    people, persons = folder / "people", facts.get("people", {})
    return Truth(
        [Known(images / name, known) for name, known in facts.get("images", {}).items()],
        [
            Known(people / "probes" / name, {"celebrities": names})
            for name, names in persons.get("probes", {}).items()
        ],
        [
            Known(path, {"celebrities": [path.parent.name]})
            for path in sorted(people.glob("gallery/*/*"))
        ],
        [Known((people / name).resolve(), {}) for name in persons.get("strangers", ())],
    )
