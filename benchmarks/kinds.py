"""What kind of picture it is: harmless or adult."""

from __future__ import annotations

from collections.abc import Iterator

from rows import Row, say
from truth import Truth

from visionhelpers import VisionClient


def measure(vision: VisionClient, truth: Truth) -> Iterator[Row]:
    """Give the highest adult score of the harmless pictures."""
    say("adult", "harmless pictures")
    pictures = [*truth.images, *truth.probes, *truth.gallery]
    harmless = [known for known in pictures if known.facts.get("harmless", True)]
    scores = [(vision.analyze(known.path, "Adult")["adult"], known.path.name) for known in harmless]
    if scores:
        highest, name = max((adult["adultScore"], name) for adult, name in scores)
        measure = f"highest score of {len(scores)} harmless pictures"
        flagged = any(adult["isAdultContent"] for adult, _ in scores)
        ours = f"{highest:.2f} {name}"
        yield Row("adult", measure, ours, goal="none called adult", holds=not flagged)
