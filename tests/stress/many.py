"""A run over many images, killed twice and resumed: `python -m tests.stress.many [IMAGES]`.

Returns 1 unless every image has one line in the results file, with its own result, and the memory
of the client stays within 50 MB of that at its start.
"""

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.own_service import own_environment
from benchmarks.resident_memory import ResidentMemory
from tests.support.images import drawn, number
from visionhelpers import VisionClient, run_batch
from visionservice import LocalService

IMAGES = 2000
MAX_GROWTH = 50 << 20


def analyze(url: str, key: str, folder: str, results: str) -> None:
    """Run the batch in another process."""
    with VisionClient(url, key) as client:
        options = {"results": results, "progress": False, "features": ["Color"]}
        for _ in run_batch(client, "analyze", folder, **options):
            pass


def run_until(command: list[str], results: Path, last: float) -> int:
    """Run the process, kill it at some number of lines, and return the growth of its memory."""
    before = _lines(results)
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    with ResidentMemory(process.pid, 0.02) as memory:
        while process.poll() is None and _lines(results) == before:
            time.sleep(0.02)
        begun = len(memory.samples) - 1
        while process.poll() is None and _lines(results) < last:
            time.sleep(0.02)
        process.kill()
    process.wait()
    start, *_ = sizes = [size for _, size in memory.samples[begun:]]
    seconds = memory.samples[-1][0] - memory.samples[0][0]
    print(f"{_lines(results)} lines after {seconds:.0f} s more, memory of the client:", end=" ")
    print(f"{start >> 20} MB at the start, {max(sizes) >> 20} MB at most", flush=True)
    return max(sizes) - start


def _lines(results: Path) -> int:
    return results.read_bytes().count(b"\n") if results.exists() else 0


def main(count: int = IMAGES) -> int:
    with own_environment(), tempfile.TemporaryDirectory() as folder, LocalService() as service:
        images, results = drawn(Path(folder) / "images", count), Path(folder) / "out.jsonl"
        code = "import sys; from tests.stress.many import analyze; analyze(*sys.argv[1:])"
        command = [sys.executable, "-c", code, service.url, service.key]
        command += [str(images[0].parent), str(results)]
        growths = [run_until(command, results, count * part) for part in (1 / 3, 2 / 3, 2)]
        found = [json.loads(line) for line in results.read_bytes().splitlines()]
    is_once = Counter(each["image"] for each in found) == Counter(map(str, images))
    own = sum(number(each["result"]) == int(Path(each["image"]).stem) for each in found)
    passed = is_once and own == count and max(growths) < MAX_GROWTH
    print(f"{len(found)} lines, one for each image: {is_once}; {own} are of the image itself")
    print("passed" if passed else "FAILED")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
