"""The Explorer in a page: its controls by their labels, and the result below them."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.browser.tab import SECONDS, Tab

QUERY_TIMEOUT = 120 * SECONDS
"""Four times the time of a query on a loaded machine, with the models not loaded yet."""

PAGE_HEIGHT = 1800
"""Height in pixels of the Explorer with the JSON in a narrow window."""


class ExplorerPage:
    """The Explorer in an open notebook.

    Attributes:
        tab: The notebook after all its cells have run.
        root: The element of the Explorer.
    """

    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        outermost = tab.panel.locator(".jp-OutputArea-output > .widget-vbox")
        self.root = outermost.filter(has=tab.page.get_by_label("Sample image")).first
        expect(self.root).to_be_visible()

    def screenshot(self, file: Path) -> None:
        """Save a screenshot of all of it in a window that is high enough."""
        page = self.tab.page
        size = page.viewport_size
        assert size
        page.set_viewport_size({"width": size["width"], "height": PAGE_HEIGHT})
        self.root.screenshot(path=file)
        page.set_viewport_size(size)

    def control(self, name: str) -> Locator:
        """Return the control with a label."""
        return self.root.get_by_label(name, exact=True)

    def button(self, name: str) -> Locator:
        """Return the button with a name."""
        return self.root.get_by_role("button", name=name, exact=True)

    def choose_sample(self, title: str) -> None:
        self.control("Sample image").select_option(title)

    def choose_task(self, task: str) -> None:
        self.control("Task").select_option(task)

    def enter(self, address: str) -> None:
        """Type a URL or a path, and press Enter."""
        self.control("or URL or path").fill(address)
        self.control("or URL or path").press("Enter")

    def upload(self, file: Path) -> None:
        """Press the button and choose a file in the dialog."""
        with self.tab.page.expect_file_chooser() as chooser:
            self.button("Upload an image").click()
        chooser.value.set_files(file)

    def expect_result(self, task: str, title: str) -> None:
        """Wait for the result of a task on an image."""
        heading = re.compile(rf"^\s*{re.escape(task)}:\s+{re.escape(title)}")
        expect(self.status).to_have_text(heading, timeout=QUERY_TIMEOUT)
        expect(self.drawing).to_be_visible(timeout=QUERY_TIMEOUT)
        expect(self.root.get_by_role("alert")).to_have_count(0)

    def expect_error(self, message: re.Pattern[str]) -> None:
        """Wait for an error, which is a sentence without a traceback."""
        expect(self.root.get_by_role("alert")).to_contain_text(message, timeout=QUERY_TIMEOUT)
        expect(self.drawing).to_have_count(0)
        expect(self.root).not_to_contain_text("Traceback")

    def show_json(self) -> None:
        """Show the response; by keyboard, as a click can miss a checkbox that a result moves."""
        checkbox = self.control("Show the response as JSON")
        if not checkbox.is_checked():
            checkbox.press("Space")
        expect(checkbox).to_be_checked()
        response = self.root.get_by_role("region", name="Response as JSON")
        expect(response.or_(self.root.get_by_text("an image, not JSON"))).to_be_visible()

    @property
    def status(self) -> Locator:
        """The status of the query; an upload has its own beside the button."""
        return self.root.locator("div[role=status], div[role=alert]")

    @property
    def drawing(self) -> Locator:
        return self.root.get_by_role("img")

    def expect_alternative_text(self, title: str, word: str = "") -> None:
        """Wait for the drawing of an image; the browser may show the status before it."""
        text = re.compile(rf"^{re.escape(title)}.*{re.escape(word)}", re.DOTALL)
        expect(self.drawing).to_have_attribute("alt", text)

    @property
    def code(self) -> str:
        """The Python code of the request."""
        return self.code_field.input_value()

    @property
    def code_field(self) -> Locator:
        return self.root.get_by_role("textbox", name="The same request in Python")
