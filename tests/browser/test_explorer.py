"""The Explorer of the seventh notebook: by keyboard, with uploads, in all widths and themes."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.axe import grave_violations
from tests.browser.explorer_page import ExplorerPage
from tests.browser.lab import NOTEBOOKS, Lab
from tests.browser.tab import CELLS, Tab
from visionhelpers import sample_credits, sample_path
from visionhelpers.explorer.tasks import TASKS

NAME = "07_explorer.ipynb"
EXPECTED = {
    "Describe": ("coffee_cup.jpg", "coffee"),
    "Tags": ("coffee_cup.jpg", "espresso"),
    "Categories": ("chelsea_the_cat.jpg", "animal_cat"),
    "Faces": ("grace_hopper.jpg", "1 face"),
    "Celebrities": ("grace_hopper.jpg", "Grace Hopper"),
    "Landmarks": ("summer_palace.jpg", "Summer Palace ("),
    "Thumbnail": ("rocket_at_dusk.jpg", "200 x 200"),
    "OCR": ("democritus.png", "ATOMS"),
    "Recognize text": ("handwriting.jpg", "black quartz"),
    "Color and image type": ("coffee_cup.jpg", "Orange"),
}
MAX_TABS = 40
"""More than there are controls."""

UNSAVED = ".jp-mod-current.jp-mod-dirty"
WATCH_HEIGHT = """root => {
    window.lowest = root.offsetHeight;
    const look = () => window.lowest = Math.min(window.lowest, root.offsetHeight);
    new ResizeObserver(look).observe(root);
    return root.offsetHeight;
}"""
CUT_OFF = """root => {
    const page = document.scrollingElement;
    const outer = root.closest('.jp-WindowedPanel-outer');
    const wide = [page, outer].filter(e => e.scrollWidth > e.clientWidth);
    const around = root.getBoundingClientRect();
    const shown = [...root.querySelectorAll('*')].filter(e => e.checkVisibility());
    const outside = shown.filter(e => !e.closest('pre, option')).filter(e => {
        const box = e.getBoundingClientRect();
        return box.right > Math.min(around.right, page.clientWidth) + 1
            || box.left < Math.max(around.left, 0) - 1;
    });
    const tight = shown.filter(e => e.matches('label, button, p, span, input, textarea'))
        .filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== 'inline');
    return [...wide, ...outside, ...tight].map(e => e.outerHTML.slice(0, 120));
}"""
"""Elements that make the page scroll sideways, that are outside the Explorer or the window, or that
are wider than their box. Only the JSON may scroll sideways."""


@pytest.fixture(scope="module")
def tab(browser: Browser, lab: Lab) -> Iterator[Tab]:
    with Tab(browser, lab, NAME) as tab:
        yield tab


@pytest.fixture
def explorer(tab: Tab) -> ExplorerPage:
    """The Explorer in the state after the test before."""
    return ExplorerPage(tab)


@pytest.fixture
def alone(tab: Tab) -> Iterator[None]:
    """The notebook without the file browser, which users close in a narrow window."""
    files = tab.page.get_by_role("tab", name="File Browser")
    files.click()
    expect(files).to_have_attribute("aria-selected", "false")
    yield
    files.click()


@pytest.fixture
def dark(tab: Tab) -> Iterator[None]:
    """JupyterLab's dark theme, and then the light one again."""
    command = "theme => jupyterapp.commands.execute('apputils:change-theme', { theme })"
    tab.page.evaluate(command, "JupyterLab Dark")
    expect(tab.page.locator("body[data-jp-theme-light=false]")).to_have_count(1)
    yield
    tab.page.evaluate(command, "JupyterLab Light")


def press_until(explorer: ExplorerPage, control: Locator, key: str = "Tab") -> None:
    """Press a key until a control has the focus."""
    for _ in range(MAX_TABS):
        if control.evaluate("e => e === document.activeElement"):
            return
        explorer.tab.page.keyboard.press(key)
    raise AssertionError(f"{MAX_TABS} times {key} did not lead to {control}")


def test_tab_reaches_the_controls_in_reading_order_from_the_cell_above(
    explorer: ExplorerPage,
) -> None:
    keyboard = explorer.tab.page.keyboard
    explorer.control("Task").select_option("Thumbnail")
    keyboard.press("Escape")
    active = explorer.root.locator("xpath=ancestor::*[contains(@class, 'jp-mod-active')]")
    for _ in range(explorer.tab.page.evaluate(CELLS)):
        keyboard.press("ArrowUp")
        explorer.tab.page.wait_for_timeout(30)
        if active.count():
            break
    press_until(explorer, explorer.control("Sample image"))
    for control in (
        explorer.button("Upload an image"),
        explorer.control("or URL or path"),
        explorer.control("Task"),
        explorer.control("Width in pixels"),
        explorer.control("Height in pixels"),
        explorer.control("Smart cropping"),
        explorer.button("Run again"),
        explorer.code,
        explorer.control("Show the response as JSON"),
    ):
        keyboard.press("Tab")
        expect(control).to_be_focused()


@pytest.mark.parametrize("task", TASKS)
def test_every_task_is_done_with_the_keyboard_alone(explorer: ExplorerPage, task: str) -> None:
    """A list takes the first letters of a choice."""
    keyboard, (file, word) = explorer.tab.page.keyboard, EXPECTED[task]
    title = sample_credits()[file].title
    press_until(explorer, explorer.control("Sample image"), "Shift+Tab")
    keyboard.type(title[:5])
    press_until(explorer, explorer.control("Task"))
    keyboard.type(task[:4])
    explorer.expect_result(task, title, word)
    expect(explorer.root).to_contain_text(word)


def test_letters_typed_in_the_explorer_are_not_jupyterlab_shortcuts(explorer: ExplorerPage) -> None:
    page = explorer.tab.page
    before = page.evaluate(CELLS)
    for control in explorer.root.locator("select, button, [type=checkbox]").all():
        if control.is_visible():
            control.focus()
            page.keyboard.type("xbav")  # cut, insert below, insert above, paste
    expect(explorer.root).to_be_visible()
    assert page.evaluate(CELLS) == before


@pytest.mark.parametrize("name", ["Sample image", "Task"])
def test_the_notebook_can_be_saved_from_the_explorer(explorer: ExplorerPage, name: str) -> None:
    page = explorer.tab.page
    page.evaluate("jupyterapp.shell.currentWidget.context.model.dirty = true")
    expect(page.locator(UNSAVED)).to_have_count(1)
    explorer.control(name).press("Control+s")
    expect(page.locator(UNSAVED)).to_have_count(0)


def test_upload_path_option_json_and_code_with_the_keyboard(explorer: ExplorerPage) -> None:
    page, keyboard = explorer.tab.page, explorer.tab.page.keyboard
    explorer.control("Task").focus()
    keyboard.type("Thumbnail")
    press_until(explorer, explorer.button("Upload an image"), "Shift+Tab")
    with page.expect_file_chooser() as chooser:
        keyboard.press("Enter")
    chooser.value.set_files(sample_path("dahlia.jpg"))
    explorer.expect_result("Thumbnail", "dahlia.jpg")
    press_until(explorer, explorer.control("or URL or path"))
    keyboard.type(str(sample_path("chelsea_the_cat.jpg")))
    keyboard.press("Enter")
    explorer.expect_result("Thumbnail", "chelsea_the_cat.jpg")
    press_until(explorer, explorer.control("Width in pixels"))
    keyboard.press("Control+a")
    keyboard.type("120")
    keyboard.press("Tab")
    expect(explorer.root).to_contain_text("120 x 200")
    press_until(explorer, explorer.control("Show the response as JSON"))
    response = explorer.root.get_by_text("This operation returns an image, not JSON.")
    keyboard.press("Space")
    expect(response).to_be_visible()
    keyboard.press("Space")
    expect(response).to_be_hidden()
    press_until(explorer, explorer.code, "Shift+Tab")
    keyboard.press("Control+a")
    assert "width=120" in page.evaluate("document.getSelection().toString()")


def test_enter_tries_a_path_again(explorer: ExplorerPage, tmp_path: Path) -> None:
    file = tmp_path / "late.jpg"
    explorer.control("Task").select_option("Faces")
    explorer.enter(str(file))
    explorer.expect_error("No such file")
    shutil.copy(sample_path("dahlia.jpg"), file)
    explorer.control("or URL or path").press("Enter")
    explorer.expect_result("Faces", "late.jpg")


def test_an_upload_larger_than_a_message_arrives(explorer: ExplorerPage, tmp_path: Path) -> None:
    """JupyterLab drops a message of more than 10 MB."""
    file = tmp_path / "large cat.jpg"
    file.write_bytes(sample_path("chelsea_the_cat.jpg").read_bytes() + bytes(12_000_000))
    explorer.control("Task").select_option("Describe")
    explorer.upload(file)
    expect(explorer.root).to_contain_text("Uploading large cat.jpg, 11.5 MB")
    explorer.expect_result("Describe", "large cat.jpg", "cat")
    expect(explorer.root).not_to_contain_text("Uploading")


def test_a_file_too_large_to_upload_is_an_error_in_one_sentence(
    explorer: ExplorerPage, tmp_path: Path
) -> None:
    file = tmp_path / "huge.tif"
    file.write_bytes(bytes(25 << 20))
    explorer.upload(file)
    explorer.expect_error(r"huge\.tif.*25\.0 MB.*limit is 20 MB")


def test_the_screenshot_in_the_notebook_has_the_same_caption(
    explorer: ExplorerPage, screenshots: Path
) -> None:
    notebook = json.loads((NOTEBOOKS / NAME).read_text(encoding="utf-8"))
    text = "".join(line for cell in notebook["cells"] for line in cell["source"])
    (caption,) = re.findall(r"!\[[^]]*“([^]]+?)”[^]]*\]\(images/explorer.jpg\)", text)
    explorer.choose("chelsea_the_cat.jpg", "Describe")
    explorer.expect_result("Describe", "Chelsea the cat", caption.lower())
    explorer.screenshot(screenshots / "explorer.jpg", type="jpeg", quality=88)
    assert (NOTEBOOKS / "images" / "explorer.jpg").stat().st_size < 120_000


def test_the_content_below_does_not_move_during_a_query(explorer: ExplorerPage) -> None:
    explorer.choose("dahlia.jpg", "Faces")
    height = explorer.root.evaluate(WATCH_HEIGHT)
    explorer.button("Run again").click()
    expect(explorer.drawing).to_have_count(0)
    explorer.expect_result("Faces", "Dahlia")
    lowest = explorer.tab.page.evaluate("window.lowest")
    assert lowest > height - 40, f"{height} pixels high, and {lowest} during the query"


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("width", [400, 1600])
@pytest.mark.parametrize("task", ["OCR", "Thumbnail"])
def test_nothing_is_cut_off_in_a_narrow_or_a_wide_window(
    explorer: ExplorerPage, screenshots: Path, width: int, task: str
) -> None:
    explorer.tab.page.set_viewport_size({"width": width, "height": 1800})
    explorer.choose("democritus.png", task)
    explorer.show_json()
    explorer.screenshot(screenshots / f"explorer_{width}_{task.lower()}.png")
    assert explorer.root.evaluate(CUT_OFF) == []
    assert grave_violations(explorer.tab.page) == []


@pytest.mark.usefixtures("dark")
def test_axe_finds_no_grave_violations_in_the_dark_theme(
    explorer: ExplorerPage, screenshots: Path
) -> None:
    page = explorer.tab.page
    page.set_viewport_size({"width": 1280, "height": 1400})
    explorer.choose("handwriting.jpg", "Recognize text")
    explorer.show_json()
    page.screenshot(path=screenshots / "explorer_dark.png")
    assert grave_violations(page) == []
    explorer.enter("/nowhere/none.jpg")
    explorer.expect_error("none.jpg")
    page.screenshot(path=screenshots / "explorer_dark_error.png")
    assert grave_violations(page) == []


def test_there_are_no_errors_and_no_requests_to_other_machines(tab: Tab) -> None:
    assert tab.problems == []


def test_after_a_restart_of_the_kernel_an_upload_asks_to_run_the_cell(
    explorer: ExplorerPage, tab: Tab
) -> None:
    tab.page.evaluate("() => void jupyterapp.commands.execute('kernelmenu:restart')")
    tab.page.get_by_role("button", name="Confirm Kernel Restart").click()
    expect(tab.page.get_by_text("| Idle")).to_be_visible()
    explorer.upload(sample_path("dahlia.jpg"))
    expect(explorer.root).to_contain_text("run the cell again")
