"""Violations that axe, the accessibility checker, finds in a page."""

from collections.abc import Sequence
from importlib.resources import files

from playwright.sync_api import Page

SCRIPT = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
OURS = (".jp-MarkdownOutput", ".jp-OutputArea-output:not(.jp-RenderedImage)")
"""Prose and outputs. JupyterLab gives no alt to the <img> of a figure: the cells before it print
what it shows. An image in our HTML must have its own text."""

FULL_HEIGHT = "body, body > .jp-ThemedContainer { height: 100vh !important; }"
"""JupyterLab's are 0 high, and axe takes everything in them for hidden and passes any contrast."""

AXE = """async selectors => {
    const context = { include: selectors.map(selector => [selector]) };
    const rules = { 'link-in-text-block': { enabled: false } };  // JupyterLab's theme
    const { violations } = await axe.run(context, { resultTypes: ['violations'], rules });
    return violations.filter(each => ['serious', 'critical'].includes(each.impact)).flatMap(each =>
        each.nodes.map(node => `${each.id} (${each.help}): ${node.html.slice(0, 200)}`));
}"""


def grave_violations(page: Page, selectors: Sequence[str] = OURS) -> list[str]:
    """Return a line for each serious or critical violation in these parts of a page."""
    page.add_style_tag(content=FULL_HEIGHT)
    page.evaluate(SCRIPT)
    found: list[str] = page.evaluate(
        AXE, [each for each in selectors if page.locator(each).count()]
    )
    return found
