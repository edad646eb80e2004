"""Pages of the built site in Chromium: light, dark and narrow, with axe and without a network."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect

from tests.browser.axe import grave_violations

SITE = Path(__file__).parents[2] / "build" / "site"
NOTEBOOKS = ("02_domain_models", "05_handwriting", "07_explorer")
PAGES = ("docs/index", *(f"notebooks/{name}" for name in NOTEBOOKS), "docs/reference")
LOOKS = {"light": ("light", 1280), "dark": ("dark", 1280), "narrow": ("light", 400)}

pytestmark = pytest.mark.skipif(
    not (SITE / "docs" / "index.html").exists(), reason="no build/site: run make site"
)


class SilentHandler(SimpleHTTPRequestHandler):
    """A file server that prints nothing."""

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The URL of the site on a loopback port: the search needs HTTP."""
    handler = partial(SilentHandler, directory=str(SITE))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Window:
    """A page of the browser that reports errors of the console and requests to other hosts."""

    def __init__(self, browser: Browser, address: str, scheme: str, width: int) -> None:
        self.problems: list[str] = []
        self._address = address
        self._context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        self.page: Page = self._context.new_page()
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.problems.append(f"uncaught: {error}"))
        self.page.on("request", self._on_request)

    def open(self, name: str) -> None:
        self.page.goto(f"{self._address}/{name}.html")
        expect(self.page.locator("article h1").first).to_be_visible()

    def close(self) -> None:
        self._context.close()

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(f"console: {message.text} ({message.location.get('url')})")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((self._address, "data:", "blob:")):
            self.problems.append(f"request to another host: {request.url}")


@pytest.fixture(params=LOOKS)
def window(request: pytest.FixtureRequest, browser: Browser, address: str) -> Iterator[Window]:
    """A window in one of the looks."""
    window = Window(browser, address, *LOOKS[request.param])
    yield window
    window.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_loads_nothing_from_other_hosts(
    name: str, window: Window, screenshots: Path, request: pytest.FixtureRequest
) -> None:
    window.open(name)
    look = request.node.callspec.params["window"]
    window.page.screenshot(
        path=screenshots / f"site-{Path(name).name}-{look}.png", animations="disabled"
    )
    wide = window.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, f"{name} is {wide} pixels wider than the window"
    assert window.problems == []  # before axe, which itself requests imported styles, and misses
    assert grave_violations(window.page, ["body"]) == []


def test_the_root_of_the_site_leads_to_the_front_page(window: Window, address: str) -> None:
    window.page.goto(f"{address}/")
    expect(window.page).to_have_url(f"{address}/docs/index.html")


def test_the_search_finds_a_method_of_the_client(window: Window, address: str) -> None:
    window.page.goto(f"{address}/search.html?q=recognize_text")
    expect(window.page.locator("ul.search a[href*='docs/reference.html']").first).to_be_visible()
    assert window.problems == []
