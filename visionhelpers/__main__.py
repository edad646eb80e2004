"""The command, as `python -m visionhelpers`."""

from .cli import command

command()
