"""A tab of the browser that shows a notebook in JupyterLab, and keeps what went wrong in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Self

from playwright.sync_api import Browser, ConsoleMessage, Locator, Request, WebSocket, expect

from tests.browser.lab import Lab

LOOPBACK = re.compile(r"(https?|wss?)://127\.0\.0\.1[:/]|(data|blob|about):")
SECONDS = 1000
OPENING = 120 * SECONDS
RUNNING = 300 * SECONDS
"""Four times what a loaded machine needs."""

HIGHEST = 12_000
"""In pixels: higher pictures fail in Chromium."""

CELLS = "jupyterapp.shell.currentWidget.content.widgets.length"
FINISHED = """() => {
    const cells = jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model)
        .filter(model => model.type === 'code');
    const failed = model => model.sharedModel.outputs.some(o => o.output_type === 'error');
    const ended = model => model.executionCount !== null && model.executionState === 'idle';
    return cells.some(failed) || cells.every(ended);
}"""


class Tab:
    """One notebook in a window of its own, from which no other machine can be reached.

    Attributes:
        page: Playwright's page.
        problems: What the console called an error, and requests to other machines.
    """

    def __init__(self, browser: Browser, lab: Lab, name: str, width: int = 1280) -> None:
        """Take the name of a notebook of `lab`, and the width of the window in pixels."""
        self.lab, self.name = lab, name
        self.problems: list[str] = []
        self._context = browser.new_context(viewport={"width": width, "height": 900})
        self._context.route(lambda url: not LOOPBACK.match(url), lambda route: route.abort())
        self.page = self._context.new_page()
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.problems.append(f"uncaught: {error}"))
        self.page.on("request", self._on_request)
        self.page.on("websocket", self._on_request)
        self.page.on("filechooser", lambda _: None)  # it misses what opens as it begins to listen

    def __enter__(self) -> Self:
        """Open the notebook and wait until its kernel is there."""
        self.lab.restore(self.name)
        address = f"{self.lab.url}/lab/tree/notebooks/{self.name}?reset&token={self.lab.token}"
        self.page.goto(address, timeout=OPENING)
        expect(self.panel).to_be_visible(timeout=OPENING)
        expect(self.page.get_by_text("| Idle")).to_be_visible(timeout=OPENING)
        return self

    def __exit__(self, *_: object) -> None:
        """Close the window and end the kernel, which frees its memory for the next notebook."""
        self._context.close()
        self.lab.close_sessions()

    @property
    def panel(self) -> Locator:
        """The notebook itself, without JupyterLab's menus and side bars."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook")

    def run_all_cells(self) -> None:
        """Choose Run All Cells in the menu, and wait until all have ended or one has failed."""
        self.page.get_by_role("menubar").get_by_text("Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        self.page.wait_for_function(FINISHED, timeout=RUNNING)
        self.page.keyboard.press("Control+s")
        expect(self.page.locator(".jp-mod-current.jp-mod-dirty")).to_have_count(0)

    def show_all(self) -> None:
        """Make the window as high as the notebook: JupyterLab draws only the cells in view."""
        scrolled = self.panel.locator(".jp-WindowedPanel-outer")
        width = (self.page.viewport_size or {"width": 1280})["width"]
        for _ in range(5):  # cells out of view are taken for lower than they turn out
            high = scrolled.evaluate("e => e.scrollHeight")
            self.page.set_viewport_size({"width": width, "height": min(high + 200, HIGHEST)})
            scrolled.evaluate("e => e.scrollTo(0, 0)")
            expect(self.panel.locator(".jp-Cell")).to_have_count(self.page.evaluate(CELLS))
            if scrolled.evaluate("e => e.scrollHeight <= e.clientHeight"):
                break

    def screenshot(self, file: Path) -> None:
        """Keep a picture of the notebook, down to its last cell in view."""
        area = self.panel.bounding_box()
        last = self.panel.locator(".jp-Cell").last.bounding_box()
        assert area
        assert last
        high = last["y"] + last["height"] - area["y"]
        assert high <= area["height"], f"{self.name} is {high} pixels high, more than is in view"
        area["height"] = high
        self.page.screenshot(path=file, clip=area, animations="disabled")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(f"console: {message.text} ({message.location.get('url')})")

    def _on_request(self, request: Request | WebSocket) -> None:
        if not LOOPBACK.match(request.url):
            self.problems.append(f"request to another machine: {request.url}")
