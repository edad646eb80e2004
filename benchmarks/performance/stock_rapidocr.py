"""Stock RapidOCR with its defaults and onnxruntime, installed in a separate environment.

It reads text and describes nothing.

`make bench` installs it in `.bench`. There this file runs as a script, so it imports nothing of
the project. The script reads the files of its arguments once for each line of its input, and
prints the CPU seconds that this took.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PYTHON = Path(__file__).parents[2] / ".bench" / ("Scripts" if os.name == "nt" else "bin") / "python"
"""The interpreter of that environment."""


class StockRapidOcr:
    """A process that reads files with stock RapidOCR."""

    def __init__(self, child: subprocess.Popen[str], count: int) -> None:
        self._child, self._count = child, count

    def cpu(self) -> float:
        """Read every file; return the CPU seconds of the process for one of them.

        Raises:
            RuntimeError: The process has ended.
        """
        assert self._child.stdin
        assert self._child.stdout
        print(file=self._child.stdin, flush=True)
        line = self._child.stdout.readline()
        if not line:
            raise RuntimeError("Stock RapidOCR has ended: run make clean, then make bench.")
        return float(line) / self._count


@contextmanager
def stock_rapidocr(files: Sequence[Path]) -> Iterator[StockRapidOcr | None]:
    """Start stock RapidOCR for some files, and end it; None where it is not installed."""
    if not PYTHON.exists():
        yield None
        return
    command = [str(PYTHON), "-I", __file__, *map(str, files)]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
    ) as child:
        try:
            yield StockRapidOcr(child, len(files))
        finally:
            child.kill()


def _child(files: Sequence[str]) -> None:
    """Be the process: read every file for each line of the input."""
    output = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what RapidOCR logs
    from rapidocr import RapidOCR

    engine = RapidOCR()
    for _ in sys.stdin:
        begun = time.process_time()
        for file in files:
            engine(file)
        print(time.process_time() - begun, file=output, flush=True)


if __name__ == "__main__":
    _child(sys.argv[1:])
