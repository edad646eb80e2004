"""Measure what the service sees: `make accuracy`, or `python -m benchmarks.accuracy FOLDER`.

Every engine is asked over HTTP about the images of a folder with a truth file (`truth.py`
describes it) and about variants made of them. Without a folder there are two tables: of the sample
images and ../shared/eval beside the project, and of the photographs in it, on which only captions
and tags were improved. The alternatives see the same bytes in the same run: Tesseract 5 where it is
installed, with the better of its page modes 1 and 6 on each image; Pillow's ImageOps.fit, a center
crop; the top ImageNet label alone. What is being worked on goes to stderr, the tables to stdout.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import visionhelpers
from benchmarks import cutting, describing, finding, kinds, naming, placing, reading, things
from benchmarks.own_service import own_service
from benchmarks.rows import Figures, Row, table
from benchmarks.truth import EVALUATION, load, ours, photographs

CHOSEN_ON = "Images on which the thresholds of the service were chosen"
IMPROVED_ON = "Photographs on which captions and tags were improved"
ENGINES = (reading, finding, naming, placing, things, describing, kinds, cutting)


def main(arguments: Sequence[str]) -> None:
    """Print the table for one folder, and the figures behind it."""
    folder = Path(arguments[0]) if arguments else None
    if folder and not (folder / "truth.json").is_file():
        sys.exit(
            f"There is no truth.json in {os.path.relpath(folder)}: name a folder with one, "
            "as benchmarks/truth.py describes it."
        )
    if not folder and not EVALUATION.is_dir():
        print("There is no ../shared/eval: the sample images alone are measured", file=sys.stderr)
    parts = {"": load(folder)} if folder else {CHOSEN_ON: ours(), IMPROVED_ON: photographs()}
    with own_service():
        vision = visionhelpers.connect()
        for title, truth in parts.items():
            if truth:
                measured = [part for engine in ENGINES for part in engine.measure(vision, truth)]
                print(title and f"\n{title}\n")
                print(table([part for part in measured if isinstance(part, Row)]))
                print(*(part for part in measured if isinstance(part, Figures)), sep="")


if __name__ == "__main__":
    main(sys.argv[1:])
