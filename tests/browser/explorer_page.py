"""The explorer as its reader sees it: controls by their names, and what stands beneath them."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.browser.tab import SECONDS, Tab

ANSWERING = 120 * SECONDS
"""Four times what a loaded machine needs, its models not loaded yet."""


HIGH = 1800
"""In pixels: the explorer with the JSON unfolded in a narrow window."""


class ExplorerPage:
    """The explorer in an open notebook.

    Attributes:
        tab: The notebook, all of whose cells have run.
        root: The explorer's own part of the page.
    """

    def __init__(self, tab: Tab) -> None:
        self.tab = tab
        outermost = tab.panel.locator(".jp-OutputArea-output > .widget-vbox")
        self.root = outermost.filter(has=tab.page.get_by_label("Sample picture")).first
        expect(self.root).to_be_visible()

    def screenshot(self, file: Path) -> None:
        """Keep a picture of all of it: what is scrolled out of a lower window would be missing."""
        page = self.tab.page
        size = page.viewport_size
        assert size
        page.set_viewport_size({"width": size["width"], "height": HIGH})
        self.root.screenshot(path=file)
        page.set_viewport_size(size)

    def control(self, name: str) -> Locator:
        """Return the control with a label."""
        return self.root.get_by_label(name, exact=True)

    def button(self, name: str) -> Locator:
        """Return the button with a name."""
        return self.root.get_by_role("button", name=name, exact=True)

    def choose_sample(self, title: str) -> None:
        self.control("Sample picture").select_option(title)

    def choose_task(self, task: str) -> None:
        self.control("Task").select_option(task)

    def enter(self, address: str) -> None:
        """Type a URL or a path, and press Enter."""
        self.control("or URL or path").fill(address)
        self.control("or URL or path").press("Enter")

    def upload(self, file: Path) -> None:
        """Press the button and choose a file in the system's dialogue."""
        with self.tab.page.expect_file_chooser() as chooser:
            self.button("Upload a picture").click()
        chooser.value.set_files(file)

    def expect_answer(self, task: str, title: str) -> None:
        """Wait until the status says that a task is done on a picture."""
        said = re.compile(rf"^\s*{re.escape(task)}:\s+{re.escape(title)}")
        expect(self.status).to_have_text(said, timeout=ANSWERING)
        expect(self.picture).to_be_visible(timeout=ANSWERING)
        expect(self.root.get_by_role("alert")).to_have_count(0)

    def expect_error(self, said: re.Pattern[str]) -> None:
        """Wait for an error, which is a sentence in the explorer and no traceback."""
        expect(self.root.get_by_role("alert")).to_contain_text(said, timeout=ANSWERING)
        expect(self.picture).to_have_count(0)
        expect(self.root).not_to_contain_text("Traceback")

    @property
    def status(self) -> Locator:
        """What is said of the answer; an upload under way has its own beside its button."""
        return self.root.locator("div[role=status], div[role=alert]")

    @property
    def picture(self) -> Locator:
        return self.root.get_by_role("img")

    @property
    def words(self) -> str:
        """What a screen reader says of the picture."""
        return self.picture.get_attribute("alt") or ""

    @property
    def code(self) -> str:
        """The lines of Python that ask the same."""
        return self.code_field.input_value()

    @property
    def code_field(self) -> Locator:
        return self.root.get_by_role("textbox", name="The same in code")
