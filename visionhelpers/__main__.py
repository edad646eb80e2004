"""The command, as `python -m visionhelpers`."""

from .batch.cli import command

command()
