"""HTML of the Explorer, without colors, so that it is legible in dark themes."""

import json
from base64 import b64encode
from collections.abc import Sequence
from html import escape
from typing import Any

from PIL import Image

from ..results import SummaryLine
from .state import ExplorerState

CODE_FONT = "font: var(--jp-code-font-size, 13px)/1.4 var(--jp-code-font-family, monospace)"
CODE_STYLE = f"{CODE_FONT}; color: inherit; background: transparent"


def status(state: ExplorerState) -> str:
    """Return task and title, with the progress, the first line of the result, or the error."""
    if state.status == "idle":
        return ""
    heading, text = f"{state.task}: {state.title}", state.error
    if state.status == "working":
        progress = f" Status: {state.progress}." if state.progress else ""
        heading, text = f"Analyzing {state.title}", f"{state.task}: working…{progress}"
    elif state.summary:
        text = str(state.summary[0])
    return _paragraph(f"<b>{escape(heading)}</b><br>{escape(text)}")


def summary(lines: Sequence[SummaryLine]) -> str:
    """Return a paragraph for each line but the first, which the status contains."""
    return "".join(_paragraph(escape(str(line))) for line in lines[1:])


def figure(state: ExplorerState) -> str:
    """Return the drawing, with the title and the summary as its alternative text."""
    text = escape(" ".join([f"{state.title}.", *map(str, state.summary)]))
    data = b64encode(state.drawing).decode("ascii")
    image = f'<img alt="{text}" style="max-width: 100%" src="data:image/png;base64,{data}">'
    return image if data else ""


def response(result: Any) -> str:
    """Return the JSON of a result in a box that scrolls, with the keyboard too."""
    if result is None:
        return ""
    if isinstance(result, Image.Image):
        return _paragraph("This operation returns an image, not JSON.")
    style = f"overflow: auto; max-height: 30em; padding: 2px; border: 1px solid; {CODE_STYLE}"
    label = 'tabindex="0" role="region" aria-label="Response as JSON"'
    text = escape(json.dumps(result, indent=2, ensure_ascii=False))
    return f'<pre {label} style="{style}">{text}</pre>'


def code(lines: str) -> str:
    """Return code in a read-only field to copy from."""
    box = "width: 100%; box-sizing: border-box; field-sizing: content; overflow-wrap: anywhere"
    field = f'<textarea readonly rows="5" style="{box}; {CODE_STYLE}">{escape(lines)}</textarea>'
    label = '<label style="display: block; line-height: 1.5">The same request in Python, to copy'
    return f"{label}{field}</label>" if lines else ""


def _paragraph(content: str) -> str:
    style = "margin: 0; line-height: 1.5; overflow-wrap: anywhere"
    return f'<p style="{style}">{content}</p>'
