"""The command line: `python -m visionhelpers`."""

from .batch.cli import run

run()
