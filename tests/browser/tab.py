"""Windows of the browser that report errors, and one that shows a notebook in JupyterLab."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from playwright.sync_api import Browser, ConsoleMessage, Locator, expect, sync_playwright

from tests.browser.lab import Lab

LOOPBACK = re.compile(r"(https?|wss?)://127\.0\.0\.1[:/]|(data|blob|about):")
SECONDS = 1000
OPENING, RUNNING = 120 * SECONDS, 300 * SECONDS
"""Four times the time on a loaded machine."""

MAX_HEIGHT = 12_000
"""In pixels: higher screenshots fail in Chromium."""

QUIET = (
    "--no-sandbox",  # root cannot have it
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
CELLS = "jupyterapp.shell.currentWidget.content.widgets.length"
FINISHED = """() => {
    const cells = jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model)
        .filter(model => model.type === 'code');
    const failed = model => model.sharedModel.outputs.some(o => o.output_type === 'error');
    const ended = model => model.executionCount !== null && model.executionState === 'idle';
    return cells.some(failed) || cells.every(ended);
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Run Debian's Chromium, which sends no requests to its maker."""
    path = shutil.which("chromium")
    assert path, "no chromium on the path: install Debian's package `chromium`"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        yield browser
        browser.close()


class Window:
    """A window that cannot reach other machines.

    Attributes:
        page: Playwright's page.
        problems: Errors of the console, and requests to other machines.
    """

    def __init__(self, browser: Browser, width: int = 1280, **options: Any) -> None:
        """Open a window; `width` in pixels."""
        self.problems: list[str] = []
        self._context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        self._context.route(lambda url: not LOOPBACK.match(url), lambda route: route.abort())
        self.page = self._context.new_page()
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.problems.append(f"uncaught: {error}"))
        self.page.on("request", self._on_request)
        self.page.on("websocket", self._on_request)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._context.close()

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(f"console: {message.text} ({message.location.get('url')})")

    def _on_request(self, request: Any) -> None:
        if not LOOPBACK.match(request.url):
            self.problems.append(f"request to another machine: {request.url}")


class Tab(Window):
    """A window with one notebook in JupyterLab."""

    def __init__(self, browser: Browser, lab: Lab, name: str) -> None:
        super().__init__(browser)
        self.lab, self.name = lab, name
        self.page.on("filechooser", lambda _: None)  # Playwright misses one that opens right away

    def __enter__(self) -> Self:
        """Open the notebook, wait for its kernel, and run all cells with the menu."""
        self.lab.clear_outputs(self.name)
        address = f"{self.lab.url}/lab/tree/notebooks/{self.name}?reset&token={self.lab.token}"
        self.page.goto(address, timeout=OPENING)
        expect(self.panel).to_be_visible(timeout=OPENING)
        expect(self.page.get_by_text("| Idle")).to_be_visible(timeout=OPENING)
        self.page.get_by_role("menubar").get_by_text("Run", exact=True).click()
        self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        self.page.wait_for_function(FINISHED, timeout=RUNNING)
        self.page.keyboard.press("Control+s")
        expect(self.page.locator(".jp-mod-current.jp-mod-dirty")).to_have_count(0)
        return self

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self.lab.close_sessions()

    @property
    def panel(self) -> Locator:
        """The notebook without JupyterLab's menus and side bars."""
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook")

    def show_all(self) -> None:
        """Make the window as high as the notebook: JupyterLab draws only the cells in view."""
        scrolled, cells = (
            self.panel.locator(".jp-WindowedPanel-outer"),
            self.panel.locator(".jp-Cell"),
        )
        for _ in range(5):  # JupyterLab estimates the height of cells that it has not drawn
            height = scrolled.evaluate("e => e.scrollHeight")
            self.page.set_viewport_size({"width": 1280, "height": min(height + 200, MAX_HEIGHT)})
            scrolled.evaluate("e => e.scrollTo(0, 0)")
            expect(cells).to_have_count(self.page.evaluate(CELLS))
            if scrolled.evaluate("e => e.scrollHeight <= e.clientHeight"):
                break
        expect(cells.last).to_be_in_viewport(ratio=1)
