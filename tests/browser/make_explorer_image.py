"""Make the screenshot of the Explorer that its notebook shows to readers without a kernel.

Run `python -m tests.browser.make_explorer_image` in the environment of `make browser`.
"""

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from benchmarks.own_service import own_state
from tests.browser.explorer_page import ExplorerPage
from tests.browser.lab import NOTEBOOKS, Lab
from tests.browser.tab import Tab, chromium

NOTEBOOK = "07_explorer.ipynb"
FILE = NOTEBOOKS / "images" / "explorer.jpg"
SAMPLE, TASK = "chelsea_the_cat.jpg", "Describe"


def main() -> None:
    with (
        own_state(),
        TemporaryDirectory() as folder,
        Lab(Path(folder)) as lab,
        chromium() as browser,
        Tab(browser, lab, NOTEBOOK) as tab,
    ):
        explorer = ExplorerPage(tab)
        explorer.choose(SAMPLE, TASK)
        tab.show_all()
        screenshot = explorer.root.screenshot(animations="disabled")
    FILE.parent.mkdir(exist_ok=True)
    Image.open(BytesIO(screenshot)).convert("RGB").save(FILE, quality=88, optimize=True)


if __name__ == "__main__":
    main()
