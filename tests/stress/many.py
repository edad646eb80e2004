"""A run over many images, killed twice and resumed: `python -m tests.stress.many [PICTURES]`.

It ends with 1 unless every image has one line in the file of results, with its own result, and
the memory of the process that asks has stayed within 50 MB of what it was at its start.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

from benchmarks.own_service import own_environment
from tests.stress.variants import draw, which
from visionhelpers import VisionClient, run_batch
from visionservice import LocalService

PICTURES, SMALLEST = 2000, 100
KILLS = (1 / 3, 2 / 3)
GROWTH = 50 << 20
FEATURES = ["Color"]


def ask(url: str, key: str, folder: str, results: str) -> None:
    """Be the process that asks."""
    with VisionClient(url, key) as client:
        run = run_batch(
            client, "analyze", folder, results=results, progress=False, features=FEATURES
        )
        for _ in run:
            pass


def watch(command: list[str], results: Path, last: float) -> tuple[int, int]:
    """Run the process, kill it at so many lines; return its memory at the start and at most."""
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    watched = psutil.Process(process.pid)
    before = _lines(results)
    start = most = 0
    while process.poll() is None:
        try:
            memory = watched.memory_info().rss
        except psutil.Error:
            break
        lines = _lines(results)
        start = start or (memory if lines > before else 0)
        most = max(most, memory if start else 0)
        if lines >= last:
            process.kill()
        time.sleep(0.02)
    process.wait()
    return start, most


def _lines(results: Path) -> int:
    return results.read_bytes().count(b"\n") if results.exists() else 0


def judged(results: Path, pictures: list[Path], memory: list[tuple[int, int]]) -> bool:
    """Print what was seen; tell whether it is as it should be."""
    found = [json.loads(line) for line in results.read_bytes().splitlines()]
    times = Counter(each["image"] for each in found)
    once = times == Counter(map(str, pictures))
    own = sum(which(each["result"], SMALLEST) == int(Path(each["image"]).stem) for each in found)
    grown = [most - start for start, most in memory]
    print(f"{len(found)} lines, {len(times)} images, each once: {'yes' if once else 'NO'}")
    print(f"results of the image itself: {own}")
    for start, most in memory:
        print(f"memory of the client: {start >> 20} MB at the start, {most >> 20} MB at most")
    return once and own == len(pictures) and max(grown) < GROWTH


def main(count: int = PICTURES) -> int:
    with own_environment(), tempfile.TemporaryDirectory() as folder, LocalService() as service:
        pictures = draw(Path(folder) / "pictures", count, SMALLEST)
        results = Path(folder) / "out.jsonl"
        code = "import sys; from tests.stress.many import ask; ask(*sys.argv[1:])"
        command = [sys.executable, "-c", code, service.url, service.key]
        command += [str(pictures[0].parent), str(results)]
        began = time.monotonic()
        memory = []
        for last in (*(count * share for share in KILLS), count + 1):
            memory.append(watch(command, results, last))
            print(f"{_lines(results)} lines after {time.monotonic() - began:.0f} s", flush=True)
        holds = judged(results, pictures, memory)
    print("holds" if holds else "MISSED")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
