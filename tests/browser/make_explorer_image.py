"""Make the screenshot of the Explorer that its notebook shows to readers without a kernel.

Run `python -m tests.browser.make_explorer_image` in the environment of `make browser`.
"""

from __future__ import annotations

import shutil
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.browser.conftest import QUIET
from tests.browser.explorer_page import ExplorerPage
from tests.browser.lab import NOTEBOOKS, Lab
from tests.browser.tab import Tab
from visionhelpers import sample_credits

NOTEBOOK = "07_explorer.ipynb"
FILE = NOTEBOOKS / "images" / "explorer.jpg"
SAMPLE, TASK = "chelsea_the_cat.jpg", "Describe"
WIDTH = 1280
"""Width of the window in pixels."""


def screenshot(folder: Path) -> bytes:
    """Return a PNG file of the Explorer with the result of a task, from a Lab in a folder."""
    with Lab(folder) as lab, sync_playwright() as playwright:
        chromium = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        with Tab(browser, lab, NOTEBOOK, WIDTH) as tab:
            tab.run_all_cells()
            explorer, title = ExplorerPage(tab), sample_credits()[SAMPLE].title
            explorer.choose_sample(title)
            explorer.choose_task(TASK)
            explorer.expect_result(TASK, title)
            tab.show_all()
            return explorer.root.screenshot(animations="disabled")


def main() -> None:
    with TemporaryDirectory() as folder:
        image = Image.open(BytesIO(screenshot(Path(folder)))).convert("RGB")
    FILE.parent.mkdir(exist_ok=True)
    image.save(FILE, quality=88, optimize=True)


if __name__ == "__main__":
    main()
