"""Many clients: captions a second, cores busy, and the slowest responses."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.performance.goals import at_least, at_most
from benchmarks.performance.images import files
from benchmarks.performance.timing import Service, percentile
from benchmarks.rows import Row, say
from tests.stress import load as stress
from visionhelpers import VisionClient

GROUP = "load"
FEW, MANY = 4, 64
"""Clients."""
CAPTIONS = 108
"""Four times as many as there are images with the evaluation set."""
STRESS_SECONDS = 60.0
BUSY = 0.925
"""The share of the cores that should be busy, with the service and its clients: 1.85 of 2."""
SLOWEST = 16.0
"""Seconds in which 99 of 100 responses should arrive."""


def measure(service: Service) -> Iterator[Row]:
    """Give the rows about a few clients and many."""
    say(GROUP, f"{CAPTIONS} captions for {FEW} clients")
    before = time.process_time()
    cost = service.cost(lambda: describe(service.vision, FEW, CAPTIONS))
    clients, cores = time.process_time() - before, cpu_count()
    rate, busy = CAPTIONS / cost.seconds, (cost.cpu + clients) / cost.seconds
    yield Row(GROUP, f"captions a second, {FEW} clients", f"{rate:.2f}", "-", *at_least(rate, 4.5))
    yield Row(
        GROUP,
        f"cores busy, {FEW} clients",
        f"{busy:.2f} of {cores}, {clients / cost.seconds:.2f} with the clients",
        "-",
        *at_least(busy, BUSY * cores),
    )
    say(GROUP, f"{3 * MANY} captions for {MANY} clients")
    yield _slowest(f"captions for {MANY} clients", describe(service.vision, MANY, 3 * MANY))
    say(GROUP, f"every operation for {MANY} clients, {STRESS_SECONDS:.0f} s")
    url, key = service.vision.base_url.partition("/vision/")[0], service.vision.key
    outcome = stress.attack(url, key, service.process.pid, STRESS_SECONDS, MANY)
    yield _slowest(f"every operation, {MANY} clients, some hostile", outcome.run.seconds)
    failed = sum(outcome.run.failures.values())
    yield Row(GROUP, "their wrong or missing responses", f"{failed}", "-", *at_most(failed, 0))


def describe(vision: VisionClient, clients: int, count: int) -> list[float]:
    """Ask for captions of the images in turn, each client for the next; return the seconds."""
    images = files()
    todo: Iterator[Path] = iter([images[number % len(images)] for number in range(count)])
    times: list[float] = []

    def client() -> None:
        with VisionClient(
            vision.base_url, vision.key, timeout=300, deadline=900, retries=50
        ) as own:
            for image in todo:  # next() of a list's iterator is safe in threads
                begun = time.perf_counter()
                own.describe(image)
                times.append(time.perf_counter() - begun)

    with ThreadPoolExecutor(clients) as threads:
        for asked in [threads.submit(client) for _ in range(clients)]:
            asked.result()
    return times


def cpu_count() -> int:
    """Return the number of processors that this process, and so the service, may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _slowest(measure: str, times: list[float]) -> Row:
    middle, last = percentile(times, 50), percentile(times, 99)
    figure = f"p50 {middle:.1f} s, p99 {last:.1f} s"
    return Row(GROUP, measure, figure, "-", *at_most(last, SLOWEST, " s"))
