"""The Explorer's controls: what is set by hand, each with a label that the eye and the ear get."""

from __future__ import annotations

from typing import Any

from ipywidgets import BoundedIntText, Checkbox, Dropdown, Layout, Text

from ..images import samples
from .tasks import LANGUAGES

LABELLED = {"description_width": "initial"}
"""Labels as wide as they are: ipywidgets cuts them otherwise."""

FITTING = {"width": "48em", "max_width": "calc(100% - 4px)"}
"""As wide as the longest title wants it, in a narrow window as wide as there is room."""

OWN = "A picture of your own"


def sample_picture() -> Dropdown:
    """Return the choice among the pictures that come along."""
    names = [name for name in samples() if "/" not in name]
    return Dropdown(
        description="Sample picture",
        options=[(OWN, ""), *((samples()[name].title, name) for name in names)],
        style=LABELLED,
        layout=Layout(**FITTING),
    )


def typed_picture() -> Text:
    """Return the field for a URL or a path."""
    return Text(
        description="or URL or path",
        placeholder="https://… or a file, then Enter",
        continuous_update=False,
        style=LABELLED,
        layout=Layout(**FITTING | {"width": "30em"}),
    )


def task_options() -> dict[str, Any]:
    """Return a control for each of the `Options`, by its name."""
    return {
        "captions": _number("Captions at most", 10),
        "width": _number("Width in pixels", 1024),
        "height": _number("Height in pixels", 1024),
        "smart": tick_box("Keep what matters in view"),
        "language": Dropdown(
            description="Language", options=list(LANGUAGES.items()), value="unk", style=LABELLED
        ),
        "orientation": tick_box("Find out which way up it is"),
        "handwriting": tick_box("Written by hand"),
    }


def tick_box(said: str) -> Checkbox:
    """Return an unticked box, as wide as what it says."""
    return Checkbox(value=False, description=said, indent=False, layout=Layout(width="auto"))


def _number(said: str, most: int) -> BoundedIntText:
    layout = Layout(width="13em")
    return BoundedIntText(description=said, min=1, max=most, style=LABELLED, layout=layout)
