"""Seconds of a call, CPU seconds of the service, and percentiles."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil
from statistics import median
from typing import NamedTuple

import psutil

from visionhelpers import VisionClient

Call = Callable[[], object]


class Cost(NamedTuple):
    """What a call takes: seconds, and CPU seconds of the service."""

    seconds: float
    cpu: float


@dataclass(frozen=True)
class Service:
    """The service that is measured: a client of it, and its process."""

    vision: VisionClient
    process: psutil.Process

    def cpu(self) -> float:
        """Return the CPU seconds of the process and of those that it has ended."""
        times = self.process.cpu_times()
        children = times.children_user + times.children_system if psutil.LINUX else 0.0
        return float(times.user + times.system + children)

    def cost(self, call: Call) -> Cost:
        """Return the cost of one call."""
        cpu, begun = self.cpu(), time.perf_counter()
        call()
        return Cost(time.perf_counter() - begun, self.cpu() - cpu)

    def costs(self, *calls: Call, rounds: int = 3) -> list[Cost]:
        """Return the median costs of each call, called in turns after one round to warm up."""
        for call in calls:
            call()
        times = [[self.cost(call) for call in calls] for _ in range(rounds)]
        return [
            Cost(*map(median, zip(*column, strict=True))) for column in zip(*times, strict=True)
        ]


def seconds(call: Call) -> float:
    """Return how long one call takes."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def in_turns(*calls: Call, rounds: int = 5) -> list[float]:
    """Return the median seconds of each call, called in turns after one round to warm up."""
    times = [[seconds(call) for call in calls] for _ in range(rounds + 1)]
    return [median(column) for column in zip(*times[1:], strict=True)]


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that at least `percent` of 100 of the values do not exceed."""
    return sorted(values)[max(0, ceil(len(values) * percent / 100) - 1)]
