"""The explorer of the seventh notebook, worked with the mouse."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.explorer_page import ExplorerPage
from tests.browser.lab import Lab
from tests.browser.tab import Tab
from visionhelpers import sample
from visionhelpers.explorer.tasks import TASKS
from visionhelpers.images import samples

EXPECTED = {
    "Describe": ("coffee_cup.jpg", "coffee"),
    "Tags": ("coffee_cup.jpg", "espresso"),
    "Categories": ("chelsea_the_cat.jpg", "animal_cat"),
    "Faces": ("eileen_collins.jpg", "1 face"),
    "Celebrities": ("grace_hopper.jpg", "Grace Hopper"),
    "Landmarks": ("summer_palace.jpg", "Summer Palace"),
    "Thumbnail": ("rocket_at_dusk.jpg", "200 x 200"),
    "Print": ("democritus.png", "ATOMS"),
    "Handwriting": ("handwriting.jpg", "black quartz"),
    "Colours and type": ("coffee_cup.jpg", "Orange"),
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
    """The explorer, as the test before has left it."""
    return ExplorerPage(tab)


def test_every_task_is_tried() -> None:
    assert list(EXPECTED) == list(TASKS)


@pytest.mark.parametrize("task", EXPECTED)
def test_a_task_answers_in_words_beside_the_picture(
    explorer: ExplorerPage, screenshots: Path, task: str
) -> None:
    name, word = EXPECTED[task]
    title = samples()[name].title
    explorer.choose_sample(title)
    explorer.choose_task(task)
    explorer.expect_answer(task, title)
    expect(explorer.root).to_contain_text(word)
    assert explorer.words.startswith(title)
    assert word in explorer.words
    file = f"explorer_{task.lower().replace(' ', '_')}.png"
    explorer.screenshot(screenshots / file)


def test_the_json_unfolds_and_folds(explorer: ExplorerPage) -> None:
    explorer.choose_task("Faces")
    explorer.choose_sample(samples()["eileen_collins.jpg"].title)
    explorer.expect_answer("Faces", samples()["eileen_collins.jpg"].title)
    answer = explorer.root.get_by_text("faceRectangle")
    expect(answer).to_be_hidden()
    explorer.control("Show the answer as JSON").check()
    expect(answer).to_be_visible()
    explorer.control("Show the answer as JSON").uncheck()
    expect(answer).to_be_hidden()


def test_the_three_lines_of_code_give_the_same_answer(explorer: ExplorerPage, lab: Lab) -> None:
    explorer.choose_task("Faces")
    explorer.choose_sample(samples()["grace_hopper.jpg"].title)
    explorer.expect_answer("Faces", samples()["grace_hopper.jpg"].title)
    assert len(explorer.code.splitlines()) == 3
    command = [sys.executable, "-c", f"{explorer.code}\nprint(len(answer['faces']))"]
    done = subprocess.run(command, env=lab.environment(), capture_output=True, text=True)
    assert done.stdout.endswith("\n1\n"), done.stderr


def test_options_belong_to_their_task_and_change_the_answer(explorer: ExplorerPage) -> None:
    explorer.choose_task("Thumbnail")
    explorer.control("Width in pixels").fill("120")
    explorer.control("Width in pixels").press("Enter")
    expect(explorer.root).to_contain_text("120 x 200")
    explorer.choose_task("Faces")
    expect(explorer.control("Width in pixels")).to_be_hidden()


def test_an_uploaded_picture_is_shown_under_its_name(
    explorer: ExplorerPage, tmp_path: Path
) -> None:
    file = Path(shutil.copy(sample("chelsea_the_cat.jpg"), tmp_path / "my cat.jpg"))
    explorer.choose_task(FIRST)
    explorer.upload(file)
    explorer.expect_answer(FIRST, "my cat.jpg")
    expect(explorer.root).to_contain_text("cat")


def test_a_picture_on_disk_is_taken_by_its_path(explorer: ExplorerPage) -> None:
    explorer.choose_task(FIRST)
    explorer.enter(str(sample("dahlia.jpg")))
    explorer.expect_answer(FIRST, "dahlia.jpg")


def test_a_text_that_is_called_jpg_is_refused_in_a_sentence(
    explorer: ExplorerPage, tmp_path: Path, screenshots: Path
) -> None:
    file = tmp_path / "letter.jpg"
    file.write_text("Dear reader, this is no picture.")
    explorer.upload(file)
    explorer.expect_error(re.compile(r"letter\.jpg.*picture", re.S))
    explorer.screenshot(screenshots / "explorer_bad_file.png")


@pytest.mark.parametrize(
    ("kind", "address"),
    [
        ("host", "http://127.0.0.1:9/none.jpg"),
        ("scheme", "htp://example.org/a.jpg"),
        ("path", "/nowhere/none.jpg"),
    ],
)
def test_a_wrong_address_is_refused_in_a_sentence(
    explorer: ExplorerPage, kind: str, address: str, screenshots: Path
) -> None:
    explorer.enter(address)
    explorer.expect_error(re.compile(rf"Cannot (read|fetch) '?{re.escape(address)}"))
    explorer.screenshot(screenshots / f"explorer_wrong_{kind}.png")


def test_enter_tries_an_address_once_more(explorer: ExplorerPage, tmp_path: Path) -> None:
    file = tmp_path / "late.jpg"
    explorer.choose_task("Faces")
    explorer.enter(str(file))
    explorer.expect_error(re.compile("No such file"))
    shutil.copy(sample("dahlia.jpg"), file)
    explorer.control("or URL or path").press("Enter")
    explorer.expect_answer("Faces", "late.jpg")


def test_what_stands_below_stays_in_its_place_while_it_works(explorer: ExplorerPage) -> None:
    explorer.choose_sample(samples()["dahlia.jpg"].title)
    explorer.choose_task("Faces")
    explorer.expect_answer("Faces", samples()["dahlia.jpg"].title)
    high = explorer.root.evaluate(WATCH_HEIGHT)
    explorer.button("Look again").click()
    expect(explorer.picture).to_have_count(0)
    explorer.expect_answer("Faces", samples()["dahlia.jpg"].title)
    lowest = explorer.tab.page.evaluate("window.lowest")
    assert lowest > high - 40, f"{high} pixels high, and {lowest} while it worked"


def test_an_upload_of_more_than_a_message_may_hold_arrives(
    explorer: ExplorerPage, tmp_path: Path, screenshots: Path
) -> None:
    """JupyterLab drops a message of more than 10 MB."""
    file = tmp_path / "large cat.jpg"
    file.write_bytes(sample("chelsea_the_cat.jpg").read_bytes() + bytes(12_000_000))
    explorer.choose_task(FIRST)
    explorer.upload(file)
    expect(explorer.root).to_contain_text("Uploading large cat.jpg, 11.5 MB")
    explorer.screenshot(screenshots / "explorer_large_upload.png")
    explorer.expect_answer(FIRST, "large cat.jpg")
    expect(explorer.root).to_contain_text("cat (")
    expect(explorer.root).not_to_contain_text("Uploading")


def test_a_file_too_large_to_upload_is_refused_in_a_sentence(
    explorer: ExplorerPage, tmp_path: Path, screenshots: Path
) -> None:
    file = tmp_path / "huge.tif"
    file.write_bytes(bytes(25 << 20))
    explorer.upload(file)
    explorer.expect_error(re.compile(r"huge\.tif.*25\.0 MB.*at most 20 MB", re.S))
    explorer.screenshot(screenshots / "explorer_too_large.png")


def test_a_new_choice_takes_the_place_of_the_old_one(explorer: ExplorerPage) -> None:
    explorer.choose_sample(samples()["handwriting.jpg"].title)
    for task in ("Handwriting", "Print", "Faces"):
        explorer.choose_task(task)
    explorer.expect_answer("Faces", samples()["handwriting.jpg"].title)
    explorer.tab.page.wait_for_timeout(3000)  # in which a late answer would come
    explorer.expect_answer("Faces", samples()["handwriting.jpg"].title)


def test_the_console_stays_clean_and_nothing_is_asked_of_other_machines(tab: Tab) -> None:
    assert tab.problems == []


def test_after_a_restart_of_the_kernel_an_upload_says_what_to_do(
    explorer: ExplorerPage, tab: Tab
) -> None:
    tab.page.evaluate("() => void jupyterapp.commands.execute('kernelmenu:restart')")
    tab.page.get_by_role("button", name="Confirm Kernel Restart").click()
    expect(tab.page.get_by_text("| Idle")).to_be_visible()
    explorer.upload(sample("dahlia.jpg"))
    expect(explorer.root).to_contain_text("run the cell again")
