"""The Explorer in a page: its controls by their labels, and the result below them."""

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.tab import SECONDS, Tab
from visionhelpers import sample_credits

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
        self.drawing = self.root.get_by_role("img")
        self.code = self.root.get_by_role("textbox", name="The same request in Python")

    def control(self, name: str) -> Locator:
        """Return the control with a label."""
        return self.root.get_by_label(name, exact=True)

    def button(self, name: str) -> Locator:
        """Return the button with a name."""
        return self.root.get_by_role("button", name=name, exact=True)

    def choose(self, sample: str, task: str) -> None:
        """Choose a sample by its file and a task, and wait for the result."""
        title = sample_credits()[sample].title
        self.control("Sample image").select_option(title)
        self.control("Task").select_option(task)
        self.expect_result(task, title)

    def enter(self, address: str) -> None:
        """Type a URL or a path, and press Enter."""
        self.control("or URL or path").fill(address)
        self.control("or URL or path").press("Enter")

    def upload(self, file: Path) -> None:
        """Press the button and choose a file in the dialog."""
        with self.tab.page.expect_file_chooser() as chooser:
            self.button("Upload an image").click()
        chooser.value.set_files(file)

    def expect_result(self, task: str, title: str, word: str = "") -> None:
        """Wait for the result of a task on an image, with a word in its alternative text."""
        heading = re.compile(rf"^\s*{re.escape(task)}:\s+{re.escape(title)}")
        status = self.root.locator("div[role=status], div[role=alert]")  # not that of an upload
        expect(status).to_have_text(heading, timeout=QUERY_TIMEOUT)
        expect(self.drawing).to_be_visible(timeout=QUERY_TIMEOUT)
        text = re.compile(rf"^{re.escape(title)}.*{re.escape(word)}", re.DOTALL)
        expect(self.drawing).to_have_attribute("alt", text)
        expect(self.root.get_by_role("alert")).to_have_count(0)

    def expect_error(self, message: str) -> None:
        """Wait for an error, which is a sentence without a traceback."""
        pattern = re.compile(message, re.DOTALL)
        expect(self.root.get_by_role("alert")).to_contain_text(pattern, timeout=QUERY_TIMEOUT)
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

    def screenshot(self, file: Path, **options: Any) -> None:
        """Save a screenshot of all of it in a window that is high enough."""
        page, size = self.tab.page, self.tab.page.viewport_size
        assert size
        page.set_viewport_size({"width": size["width"], "height": PAGE_HEIGHT})
        self.root.screenshot(path=file, animations="disabled", **options)
        page.set_viewport_size(size)
