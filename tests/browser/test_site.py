"""Pages of the built site in Chromium: light, dark and narrow, with axe and without a network."""

from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.axe import grave_violations
from tests.browser.tab import Window

SITE = Path(__file__).parents[2] / "build" / "site"
NOTEBOOKS = ("02_domain_models", "05_handwriting", "07_explorer")
PAGES = ("docs/index", *(f"notebooks/{name}" for name in NOTEBOOKS), "docs/reference")
LOOKS = {"light": ("light", 1280), "dark": ("dark", 1280), "narrow": ("light", 400)}

pytestmark = pytest.mark.skipif(
    not (SITE / "docs" / "index.html").exists(), reason="no build/site: run make site"
)


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The URL of the site on a loopback port: the search needs HTTP."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(SITE))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(params=LOOKS)
def window(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Window]:
    scheme, width = LOOKS[request.param]
    with Window(browser, width, color_scheme=scheme) as window:
        yield window


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_loads_nothing_from_other_machines(
    name: str, window: Window, address: str, screenshots: Path, request: pytest.FixtureRequest
) -> None:
    page, look = window.page, request.node.callspec.params["window"]
    page.goto(f"{address}/{name}.html")
    expect(page.locator("article h1").first).to_be_visible()
    file = screenshots / f"site-{Path(name).name}-{look}.png"
    page.screenshot(path=file, animations="disabled")
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    assert wide <= 0, f"{name} is {wide} pixels wider than the window"
    assert window.problems == []  # before axe, which requests imported styles, and misses
    assert grave_violations(page, ["body"]) == []


def test_the_root_leads_to_the_front_page_and_the_search_finds_a_method(
    window: Window, address: str
) -> None:
    window.page.goto(f"{address}/")
    expect(window.page).to_have_url(f"{address}/docs/index.html")
    window.page.goto(f"{address}/search.html?q=recognize_text")
    expect(window.page.locator("ul.search a[href*='docs/reference.html']").first).to_be_visible()
    assert window.problems == []
