"""What axe, the accessibility checker, says of a page."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

SCRIPT = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
OURS = (".jp-MarkdownOutput", ".jp-OutputArea-output:not(.jp-RenderedImage)")
"""Prose and outputs: the rest of the page is JupyterLab's own. So is the <img> of a figure, to
which JupyterLab gives no alt: the cells before it print what it shows. A picture in HTML of ours
is held to have its own words."""

HIGH = "body, body > .jp-ThemedContainer { height: 100vh !important; }"
"""JupyterLab's own are 0 high and cut nothing off, yet axe takes all in them for hidden and passes
any contrast."""

THEIRS = ("link-in-text-block",)
"""JupyterLab's theme decides that links in prose have a colour and no line."""

GRAVE = ("serious", "critical")


def grave_violations(page: Page, selectors: Sequence[str] = OURS) -> list[str]:
    """Return, a line each, what axe calls serious or critical in these parts of a page."""
    rendered = [selector for selector in selectors if page.locator(selector).count()]
    page.add_style_tag(content=HIGH)
    page.evaluate(SCRIPT)
    found: dict[str, Any] = page.evaluate(
        "([context, options]) => axe.run(context, options)",
        [
            {"include": [[selector] for selector in rendered]},
            {
                "resultTypes": ["violations"],
                "rules": {rule: {"enabled": False} for rule in THEIRS},
            },
        ],
    )
    return [
        f"{violation['id']} ({violation['help']}): {node['html'][:200]}"
        for violation in found["violations"]
        if violation["impact"] in GRAVE
        for node in violation["nodes"]
    ]
