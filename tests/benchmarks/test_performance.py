"""What `make bench` computes and draws; its figures are for an idle machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest
from PIL import Image

from benchmarks.performance import __main__ as bench
from benchmarks.performance import images, load, stock_rapidocr
from benchmarks.performance.goals import at_least, at_most, line
from benchmarks.performance.timing import Service, percentile
from benchmarks.resident_memory import ResidentMemory
from benchmarks.rows import Row
from tests.support.poll import poll_until
from visionhelpers import VisionClient, sample_path
from visionservice import LocalService


def test_a_percentile_is_one_of_the_values() -> None:
    assert [percentile(range(1, 101), percent) for percent in (50, 99)] == [50, 99]
    assert [percentile([3, 1, 2], percent) for percent in (50, 99)] == [2, 3]
    assert percentile([7], 99) == 7


def test_the_cost_is_a_median_without_the_first_call() -> None:
    cpu = iter([0, 1, 1, 3, 3, 6])  # before and after each of three calls

    def times() -> SimpleNamespace:
        return SimpleNamespace(user=next(cpu), system=0, children_user=0, children_system=0)

    calls: list[int] = []
    (cost,) = Service(None, SimpleNamespace(cpu_times=times)).costs(
        lambda: calls.append(1), rounds=3
    )
    assert cost.cpu == 2
    assert len(calls) == 4


def test_the_cpu_of_the_service_grows_with_its_work() -> None:
    cost = Service(None, psutil.Process()).cost(lambda: sum(range(3_000_000)))
    assert 0 < cost.cpu <= cost.seconds + 0.5


@pytest.mark.parametrize("count", [1, 20, 200])
def test_a_drawn_page_has_its_lines(count: int) -> None:
    page = images.page(count)
    assert len(set(page.lines)) == count
    dark = np.asarray(page.image.convert("L")) < 128
    lefts = range(images.MARGIN, page.image.width - images.MARGIN, images.COLUMN_WIDTH)
    inked = [dark[:, left : left + images.COLUMN_WIDTH].any(axis=1) for left in lefts]
    assert (np.diff(np.array(inked, int)) == 1).sum() == count
    assert not dark[:, -images.MARGIN :].any()
    assert page.image.width * page.image.height < 10e6


def test_an_image_has_its_megapixels_and_may_be_sent() -> None:
    assert Image.open(BytesIO(images.large_page())).size == (3160, 3160)
    for megapixels in (0.3, 12):
        width, height = Image.open(BytesIO(images.photograph(megapixels))).size
        assert width * height == pytest.approx(megapixels * 1e6, rel=0.01)
        assert max(len(images.photograph(megapixels)), len(images.large_page())) < 4e6


@pytest.mark.parametrize(("count", "size"), [(1, (200, 200)), (6, (600, 400)), (54, (1800, 1200))])
def test_portraits_fill_an_image_and_differ(count: int, size: tuple[int, int]) -> None:
    image, side = Image.open(BytesIO(images.portraits(count))), images.FACE_SIDE
    assert image.size == size
    corners = [(x, y) for x in range(0, image.width, side) for y in range(0, image.height, side)]
    assert len({image.crop((x, y, x + side, y + side)).tobytes() for x, y in corners}) == count


def test_the_service_finds_every_portrait_and_captions_are_shared_by_clients(
    service: LocalService, monkeypatch: pytest.MonkeyPatch
) -> None:
    vision = VisionClient(service.url, service.key)
    assert len(vision.analyze(images.portraits(6), features=["Faces"])["faces"]) == 6
    samples = [sample_path("dahlia.jpg"), sample_path("coffee_cup.jpg")]
    monkeypatch.setattr(load, "files", lambda: samples)
    assert len(load.describe(vision, 3, 5)) == 5


def test_a_row_says_whether_its_goal_holds() -> None:
    held = line(Row("load", "rate", "5.0", "-", *at_least(5.0, 4.5)))
    assert held.endswith("at least 4.5             holds")
    assert line(Row("cost", "tag", "0.5", "-", *at_most(0.5, 0.4))).endswith("MISSED")
    assert line(Row("cost", "tag", "0.5")).endswith("-")


@pytest.mark.skipif(os.name == "nt", reason="a shell script takes the interpreter's place")
def test_stock_rapidocr_is_asked_for_each_round_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    monkeypatch.setattr(stock_rapidocr, "PYTHON", python)
    with stock_rapidocr.stock_rapidocr([]) as stock:
        assert stock is None
    python.write_text("#!/bin/sh\nread line; echo 3.0; read line; echo 1.0; read line\n")
    python.chmod(0o755)
    with stock_rapidocr.stock_rapidocr([Path("1.jpg"), Path("2.jpg")]) as stock:
        assert [stock.cpu(), stock.cpu()] == [1.5, 0.5]
        with pytest.raises(RuntimeError, match="Stock RapidOCR has ended"):
            stock.cpu()


def test_resident_memory_has_a_peak_and_a_course() -> None:
    # of a small process: the system may take memory from a large one during the test
    grows = "input(); block = b'1' * 60_000_000; input()"
    with subprocess.Popen([sys.executable, "-c", grows], stdin=subprocess.PIPE) as process:
        with ResidentMemory(process.pid, 0.01) as memory:
            before = memory.samples[0]
            process.stdin.write(b"\n")
            process.stdin.flush()
            poll_until(lambda: memory.samples[-1][1] >= before[1] + 50e6)
        process.kill()
    assert memory.peak >= before[1] + 50e6
    assert memory.around(before[0], 0.001) == before[1]


def test_an_unknown_group_is_refused_and_a_group_that_fails_is_missed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match=r"^Invalid group 'speed': use start, client, cost, "):
        bench.main(["cost", "speed"])

    def broken() -> Iterator[Row]:
        yield Row("cost", "first", "1")
        raise ValueError("broken\non purpose")

    good = Row("load", "second", "2", "-", *at_most(1, 2))
    found = [*bench._complete("cost", broken()), *bench._complete("load", iter([good]))]
    monkeypatch.setattr(bench, "rows", lambda _: iter(found))
    bench.main([])
    printed = capsys.readouterr().out
    assert "ValueError: broken on purpose" in printed
    assert printed.endswith("\n1 of 2 goals MISSED\n")
