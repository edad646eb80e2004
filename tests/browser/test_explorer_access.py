"""The Explorer with the keyboard alone, in narrow and wide windows, and in the dark theme."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.axe import grave_violations
from tests.browser.explorer_page import ExplorerPage
from tests.browser.lab import Lab
from tests.browser.tab import Tab
from visionhelpers import sample_credits, sample_path
from visionhelpers.explorer.tasks import TASKS

NAME = "07_explorer.ipynb"
IMAGES = ("chelsea_the_cat.jpg", "coffee_cup.jpg")
TABS = 40
"""More than there are controls."""

UNSAVED = ".jp-mod-current.jp-mod-dirty"
CELL = "jupyterapp.shell.currentWidget.content.activeCellIndex"
NUMBER_OF_CELLS = "jupyterapp.shell.currentWidget.content.widgets.length"

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
        tab.run_all_cells()
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
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        tab.page.evaluate(command, theme)
        light = "false" if "Dark" in theme else "true"
        expect(tab.page.locator(f"body[data-jp-theme-light={light}]")).to_have_count(1)
        if "Dark" in theme:
            yield


def to_the_explorer(explorer: ExplorerPage) -> None:
    """Leave the element with the focus, and go up from cell to cell."""
    page = explorer.tab.page
    page.keyboard.press("Escape")
    cells = page.evaluate(NUMBER_OF_CELLS)
    for _ in range(cells):
        page.keyboard.press("ArrowUp")
        page.wait_for_timeout(30)
        if explorer.root.locator("xpath=ancestor::*[contains(@class, 'jp-mod-active')]").count():
            return
    raise AssertionError(f"{cells} times ArrowUp did not lead to the explorer")


def press_until(explorer: ExplorerPage, control: Locator, key: str = "Tab") -> None:
    """Press a key until a control has the focus."""
    for _ in range(TABS):
        if control.evaluate("e => e === document.activeElement"):
            return
        explorer.tab.page.keyboard.press(key)
    raise AssertionError(f"{TABS} times {key} did not lead to {control}")


def test_tab_reaches_the_controls_in_reading_order(
    explorer: ExplorerPage,
) -> None:
    explorer.choose_task("Thumbnail")
    to_the_explorer(explorer)
    press_until(explorer, explorer.control("Sample image"))
    for control in (
        explorer.button("Upload an image"),
        explorer.control("or URL or path"),
        explorer.control("Task"),
        explorer.control("Width in pixels"),
        explorer.control("Height in pixels"),
        explorer.control("Smart cropping"),
        explorer.button("Run again"),
        explorer.code_field,
        explorer.control("Show the response as JSON"),
    ):
        explorer.tab.page.keyboard.press("Tab")
        expect(control).to_be_focused()


@pytest.mark.parametrize(("task", "image"), list(zip(TASKS, cycle(IMAGES), strict=False)))
def test_every_task_is_done_with_the_keyboard_alone(
    explorer: ExplorerPage, task: str, image: str
) -> None:
    """A list takes the first letters of a choice."""
    keyboard, title = explorer.tab.page.keyboard, sample_credits()[image].title
    press_until(explorer, explorer.control("Sample image"), "Shift+Tab")
    keyboard.type(title[:4])
    press_until(explorer, explorer.control("Task"))
    keyboard.type(task[:4])
    explorer.expect_result(task, title)
    explorer.expect_alternative_text(title)


def test_letters_typed_in_the_explorer_are_not_jupyterlab_shortcuts(
    explorer: ExplorerPage,
) -> None:
    page = explorer.tab.page
    before = page.evaluate(NUMBER_OF_CELLS)
    for control in (
        explorer.control("Sample image"),
        explorer.button("Upload an image"),
        explorer.control("Task"),
        explorer.button("Run again"),
        explorer.control("Show the response as JSON"),
    ):
        control.focus()
        for key in ("x", "b", "a", "v"):
            page.keyboard.press(key)
    expect(explorer.root).to_be_visible()
    assert page.evaluate(NUMBER_OF_CELLS) == before


@pytest.mark.parametrize("name", ["Sample image", "Task"])
def test_the_notebook_can_be_saved_from_the_explorer(explorer: ExplorerPage, name: str) -> None:
    page = explorer.tab.page
    page.evaluate("jupyterapp.shell.currentWidget.context.model.dirty = true")
    expect(page.locator(UNSAVED)).to_have_count(1)
    explorer.control(name).press("Control+s")
    expect(page.locator(UNSAVED)).to_have_count(0)


def test_upload_path_option_json_and_code_with_the_keyboard(
    explorer: ExplorerPage, screenshots: Path
) -> None:
    page, keyboard = explorer.tab.page, explorer.tab.page.keyboard
    press_until(explorer, explorer.control("Task"), "Shift+Tab")
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
    keyboard.press("Space")
    expect(explorer.root).to_contain_text("This operation returns an image, not JSON.")
    keyboard.press("Space")
    press_until(explorer, explorer.code_field, "Shift+Tab")
    keyboard.press("Control+a")
    assert "width=120" in page.evaluate("document.getSelection().toString()")
    explorer.screenshot(screenshots / "explorer_by_keyboard.png")


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("width", [400, 1600])
@pytest.mark.parametrize("task", ["OCR", "Thumbnail"])
def test_nothing_is_cut_off_in_a_narrow_or_a_wide_window(
    explorer: ExplorerPage, screenshots: Path, width: int, task: str
) -> None:
    title = sample_credits()["democritus.png"].title
    explorer.tab.page.set_viewport_size({"width": width, "height": 1800})
    explorer.choose_sample(title)
    explorer.choose_task(task)
    explorer.expect_result(task, title)
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
    title = sample_credits()["handwriting.jpg"].title
    explorer.choose_sample(title)
    explorer.choose_task("Recognize text")
    explorer.expect_result("Recognize text", title)
    explorer.show_json()
    page.screenshot(path=screenshots / "explorer_dark.png")
    assert grave_violations(page) == []
    explorer.enter("/nowhere/none.jpg")
    explorer.expect_error(re.compile("none.jpg"))
    page.screenshot(path=screenshots / "explorer_dark_error.png")
    assert grave_violations(page) == []


def test_there_are_no_errors_and_no_requests_to_other_machines(tab: Tab) -> None:
    assert tab.problems == []
