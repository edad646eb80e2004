"""The Explorer of the seventh notebook, operated with the mouse."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.explorer_page import ExplorerPage
from tests.browser.lab import NOTEBOOKS, Lab
from tests.browser.make_explorer_image import FILE, NOTEBOOK, SAMPLE, TASK
from tests.browser.tab import Tab
from visionhelpers import sample_credits, sample_path
from visionhelpers.explorer.tasks import TASKS

EXPECTED = {
    "Describe": ("coffee_cup.jpg", "coffee"),
    "Tags": ("coffee_cup.jpg", "espresso"),
    "Categories": ("chelsea_the_cat.jpg", "animal_cat"),
    "Faces": ("eileen_collins.jpg", "1 face"),
    "Celebrities": ("grace_hopper.jpg", "Grace Hopper"),
    "Landmarks": ("summer_palace.jpg", "Summer Palace"),
    "Thumbnail": ("rocket_at_dusk.jpg", "200 x 200"),
    "OCR": ("democritus.png", "ATOMS"),
    "Recognize text": ("handwriting.jpg", "black quartz"),
    "Color and image type": ("coffee_cup.jpg", "Orange"),
}
FIRST = next(iter(TASKS))
WATCH_HEIGHT = """root => {
    window.lowest = root.offsetHeight;
    const look = () => window.lowest = Math.min(window.lowest, root.offsetHeight);
    new ResizeObserver(look).observe(root);
    return root.offsetHeight;
}"""


@pytest.fixture(scope="module")
def tab(browser: Browser, lab: Lab) -> Iterator[Tab]:
    with Tab(browser, lab, "07_explorer.ipynb") as tab:
        tab.run_all_cells()
        yield tab


@pytest.fixture
def explorer(tab: Tab) -> ExplorerPage:
    """The Explorer in the state after the test before."""
    return ExplorerPage(tab)


def test_every_task_is_tested() -> None:
    assert list(EXPECTED) == list(TASKS)


@pytest.mark.parametrize("task", EXPECTED)
def test_the_result_of_a_task_is_drawn_and_described(
    explorer: ExplorerPage, screenshots: Path, task: str
) -> None:
    name, word = EXPECTED[task]
    title = sample_credits()[name].title
    explorer.choose_sample(title)
    explorer.choose_task(task)
    explorer.expect_result(task, title)
    expect(explorer.root).to_contain_text(word)
    explorer.expect_alternative_text(title, word)
    file = f"explorer_{task.lower().replace(' ', '_')}.png"
    explorer.screenshot(screenshots / file)


def test_the_screenshot_in_the_notebook_has_the_same_caption(explorer: ExplorerPage) -> None:
    (shown,) = [
        source
        for cell in json.loads((NOTEBOOKS / NOTEBOOK).read_text(encoding="utf-8"))["cells"]
        if f"(images/{FILE.name})" in (source := "".join(cell["source"]))
    ]
    (caption,) = re.findall(r"!\[[^]]*“(.+?)”", shown)
    title = sample_credits()[SAMPLE].title
    explorer.choose_sample(title)
    explorer.choose_task(TASK)
    explorer.expect_result(TASK, title)
    explorer.expect_alternative_text(title, caption.lower())
    assert FILE.stat().st_size < 120_000


def test_the_json_is_shown_and_hidden(explorer: ExplorerPage) -> None:
    explorer.choose_task("Faces")
    explorer.choose_sample(sample_credits()["eileen_collins.jpg"].title)
    explorer.expect_result("Faces", sample_credits()["eileen_collins.jpg"].title)
    response = explorer.root.get_by_text("faceRectangle")
    expect(response).to_be_hidden()
    explorer.show_json()
    expect(response).to_be_visible()
    explorer.control("Show the response as JSON").uncheck()
    expect(response).to_be_hidden()


def test_the_code_gives_the_same_result(explorer: ExplorerPage, lab: Lab) -> None:
    explorer.choose_task("Faces")
    explorer.choose_sample(sample_credits()["grace_hopper.jpg"].title)
    explorer.expect_result("Faces", sample_credits()["grace_hopper.jpg"].title)
    assert len(explorer.code.splitlines()) == 4
    command = [sys.executable, "-c", f"{explorer.code}\nprint(len(result['faces']))"]
    done = subprocess.run(command, env=lab.environment(), capture_output=True, text=True)
    assert done.stdout.endswith("\n1\n"), done.stderr


def test_options_belong_to_their_task_and_change_the_result(explorer: ExplorerPage) -> None:
    explorer.choose_task("Thumbnail")
    explorer.control("Width in pixels").fill("120")
    explorer.control("Width in pixels").press("Enter")
    expect(explorer.root).to_contain_text("120 x 200")
    explorer.choose_task("Faces")
    expect(explorer.control("Width in pixels")).to_be_hidden()


def test_an_uploaded_image_is_shown_with_its_name(explorer: ExplorerPage, tmp_path: Path) -> None:
    file = Path(shutil.copy(sample_path("chelsea_the_cat.jpg"), tmp_path / "my cat.jpg"))
    explorer.choose_task(FIRST)
    explorer.upload(file)
    explorer.expect_result(FIRST, "my cat.jpg")
    expect(explorer.root).to_contain_text("cat")


def test_an_image_on_disk_is_read_by_its_path(explorer: ExplorerPage) -> None:
    explorer.choose_task(FIRST)
    explorer.enter(str(sample_path("dahlia.jpg")))
    explorer.expect_result(FIRST, "dahlia.jpg")


def test_a_text_file_called_jpg_is_an_error_in_one_sentence(
    explorer: ExplorerPage, tmp_path: Path, screenshots: Path
) -> None:
    file = tmp_path / "letter.jpg"
    file.write_text("Dear reader, this is not an image.")
    explorer.upload(file)
    explorer.expect_error(re.compile(r"letter\.jpg.*not an image", re.S))
    explorer.screenshot(screenshots / "explorer_bad_file.png")


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("host", "http://127.0.0.1:9/none.jpg"),
        ("scheme", "htp://example.org/a.jpg"),
        ("path", "/nowhere/none.jpg"),
    ],
)
def test_a_wrong_url_or_path_is_an_error_in_one_sentence(
    explorer: ExplorerPage, kind: str, address: str, screenshots: Path
) -> None:
    explorer.enter(address)
    explorer.expect_error(re.compile(rf"Cannot (read|download) '?{re.escape(address)}"))
    explorer.screenshot(screenshots / f"explorer_wrong_{kind}.png")


def test_enter_tries_a_path_again(explorer: ExplorerPage, tmp_path: Path) -> None:
    file = tmp_path / "late.jpg"
    explorer.choose_task("Faces")
    explorer.enter(str(file))
    explorer.expect_error(re.compile("No such file"))
    shutil.copy(sample_path("dahlia.jpg"), file)
    explorer.control("or URL or path").press("Enter")
    explorer.expect_result("Faces", "late.jpg")


def test_the_content_below_does_not_move_during_a_query(explorer: ExplorerPage) -> None:
    explorer.choose_sample(sample_credits()["dahlia.jpg"].title)
    explorer.choose_task("Faces")
    explorer.expect_result("Faces", sample_credits()["dahlia.jpg"].title)
    high = explorer.root.evaluate(WATCH_HEIGHT)
    explorer.button("Run again").click()
    expect(explorer.drawing).to_have_count(0)
    explorer.expect_result("Faces", sample_credits()["dahlia.jpg"].title)
    lowest = explorer.tab.page.evaluate("window.lowest")
    assert lowest > high - 40, f"{high} pixels high, and {lowest} during the query"


def test_an_upload_larger_than_a_message_arrives(
    explorer: ExplorerPage, tmp_path: Path, screenshots: Path
) -> None:
    """JupyterLab drops a message of more than 10 MB."""
    file = tmp_path / "large cat.jpg"
    file.write_bytes(sample_path("chelsea_the_cat.jpg").read_bytes() + bytes(12_000_000))
    explorer.choose_task(FIRST)
    explorer.upload(file)
    expect(explorer.root).to_contain_text("Uploading large cat.jpg, 11.5 MB")
    explorer.screenshot(screenshots / "explorer_large_upload.png")
    explorer.expect_result(FIRST, "large cat.jpg")
    expect(explorer.root).to_contain_text("cat (")
    expect(explorer.root).not_to_contain_text("Uploading")


def test_a_file_too_large_to_upload_is_an_error_in_one_sentence(
    explorer: ExplorerPage, tmp_path: Path, screenshots: Path
) -> None:
    file = tmp_path / "huge.tif"
    file.write_bytes(bytes(25 << 20))
    explorer.upload(file)
    explorer.expect_error(re.compile(r"huge\.tif.*25\.0 MB.*limit is 20 MB", re.S))
    explorer.screenshot(screenshots / "explorer_too_large.png")


def test_a_new_query_replaces_the_one_before(explorer: ExplorerPage) -> None:
    explorer.choose_sample(sample_credits()["handwriting.jpg"].title)
    for task in ("Recognize text", "OCR", "Faces"):
        explorer.choose_task(task)
    explorer.expect_result("Faces", sample_credits()["handwriting.jpg"].title)
    explorer.tab.page.wait_for_timeout(3000)  # time for a late result
    explorer.expect_result("Faces", sample_credits()["handwriting.jpg"].title)


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
