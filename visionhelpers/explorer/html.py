"""What the Explorer shows, as HTML: no colours of its own, so that dark themes are legible too."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from .state import Exploration

CLOSE = 'style="margin: 0; line-height: 1.5; overflow-wrap: anywhere"'
"""Lines of text as close together as in the notebook's own prose, in narrow windows too."""

LETTERS = (
    "font: var(--jp-code-font-size, 13px)/1.4 var(--jp-code-font-family, monospace); "
    "color: inherit; background: transparent"
)


def status(model: Exploration) -> str:
    """Say what is looked at and how far that is, what came first of it, or what went wrong."""
    if model.status == "idle":
        return ""
    doing = "Looking at" if model.status == "working" else f"{model.task}:"
    said = f"<b>{escape(doing)} {escape(model.title)}</b>"
    if model.status == "failed":
        return f"<p {CLOSE}>{said}<br>{escape(model.error)}</p>"
    if model.status == "working":
        state = f" The service says: {model.progress}." if model.progress else ""
        said += f"<br>{escape(model.task)}: working…{escape(state)}"
    return f"<p {CLOSE}>{'<br>'.join([said, *map(escape, model.facts[:1])])}</p>"


def facts(found: Sequence[str]) -> str:
    """Say the answer, a paragraph a line; the status has said the first."""
    return "".join(f"<p {CLOSE}>{escape(fact)}</p>" for fact in found[1:])


def figure(model: Exploration) -> str:
    """Show the drawing; who does not see it has its title and its facts."""
    said = escape(" ".join([f"{model.title}.", *model.facts]), quote=True)
    data = b64encode(model.drawing).decode("ascii")
    return f'<img alt="{said}" style="max-width: 100%" src="data:image/png;base64,{data}">'


def gap(drawing: bytes) -> str:
    """Leave the room that a drawing took: what stands below does not jump up and down again."""
    width, height = Image.open(BytesIO(drawing)).size
    return (
        f'<div style="width: {width}px; max-width: 100%; aspect-ratio: {width} / {height}"></div>'
    )


def answer(given: Any) -> str:
    """Show the service's JSON, in a box that scrolls, with the keyboard as well."""
    if given is None:
        return ""
    if isinstance(given, Image.Image):
        return f"<p {CLOSE}>This operation answers with a picture, not with JSON.</p>"
    text = escape(json.dumps(given, indent=2, ensure_ascii=False))
    look = f"overflow: auto; max-height: 30em; padding: 2px; border: 1px solid; {LETTERS}"
    return (
        f'<pre tabindex="0" role="region" aria-label="Answer as JSON" style="{look}">{text}</pre>'
    )


def code(lines: str) -> str:
    """Show code in a field that can be selected and copied from, and not written in."""
    if not lines:
        return ""
    look = (
        "width: 100%; box-sizing: border-box; field-sizing: content; overflow-wrap: anywhere; "
        f"{LETTERS}"
    )
    return (
        '<label style="display: block; line-height: 1.5">The same in code, to copy'
        f'<textarea readonly rows="4" style="{look}">{escape(lines)}</textarea></label>'
    )
