"""Unusual files and slow clients: `python -m tests.stress.hostile`, or `make stress RUN=hostile`.

Sends a file of every format that Pillow writes, in every mode, to three versions of the API, and
100 requests of 50 MB that stop in the middle. Returns 1 if a response is 5xx or takes 30 s, if the
service uses more than 1.5 GB, or if a good request fails afterwards or beside the slow clients.
"""

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from io import BytesIO
from time import monotonic

from PIL import Image

from benchmarks.own_service import own_service
from benchmarks.resident_memory import ResidentMemory
from tests.stress.load import Run, head
from visionhelpers.images import sample_path

GOOD = "vision/v1.0/describe"
OPERATIONS = (
    "vision/v1.0/analyze?visualFeatures=Color",
    "vision/v3.2/read/analyze",
    "computervision/imageanalysis:analyze?api-version=2023-10-01&features=tags",
)
MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16")
SLOW_CLIENTS, BODY_BYTES = 100, 50 << 20
MAX_SECONDS, MAX_BYTES = 30.0, 1_500_000_000


def files() -> Iterator[tuple[str, bytes]]:
    """Give a file of every format in every mode and with three frames, and unusual ones."""
    Image.init()
    frames = [Image.new("RGB", (64, 64), color) for color in ("red", "blue", "green")]
    options = {"save_all": True, "append_images": frames[1:]}
    for kind in sorted(Image.SAVE):
        for image, more in [(frames[0], options), *((Image.new(m, (64, 64)), {}) for m in MODES)]:
            file = BytesIO()
            with suppress(Exception):  # the format does not have this mode
                image.save(file, kind, **more)
                yield f"{kind} {image.mode}", file.getvalue()
    file = BytesIO()
    Image.new("RGBA", (8000, 4000)).save(file, "PNG")
    yield "32 transparent megapixels", file.getvalue()
    yield "a TIFF of nothing", b"II*\0" + bytes(5000)
    photo = sample_path("coffee_cup.jpg").read_bytes()
    yield "a JPEG of empty scans", photo[:-2] + b"\xff\xda\x00\x02" * 1000 + b"\xff\xd9"


def send(run: Run, path: str, data: bytes, name: str) -> None:
    """Send a file and note a wrong status or a late response."""
    begun = monotonic()
    status, seconds = run.request("POST", path, data).status_code, monotonic() - begun
    run.responses[f"{status}"] += 1
    if not 200 <= status < (300 if path == GOOD else 500) or seconds > MAX_SECONDS:
        run.failures[f"{name} to {path}: {status} after {seconds:.0f} s"] += 1


def send_halves(run: Run) -> None:
    """Send many bodies that stop in the middle, and a good request while they wait."""
    with ExitStack() as stack:
        for _ in range(SLOW_CLIENTS):
            connection = stack.enter_context(socket.create_connection(run.address, timeout=0.5))
            with suppress(OSError):  # the service reads no more of it
                connection.sendall(head(run, OPERATIONS[1], BODY_BYTES))
                for _ in range(BODY_BYTES >> 21):
                    connection.sendall(bytes(1 << 20))
        send(run, GOOD, sample_path("dahlia.jpg").read_bytes(), "a good request beside slow ones")


def main() -> int:
    """Print the statuses and the memory; return 1 if anything is wrong."""
    with own_service() as folder:
        known = json.loads((folder / "service.json").read_text())
        run = Run(known["url"], known["key"])
        with ResidentMemory(known["pid"]) as memory:
            for name, data in files():
                for path in OPERATIONS:
                    send(run, path, data, name)
            send_halves(run)
            send(run, GOOD, sample_path("dahlia.jpg").read_bytes(), "a good request afterwards")
    if memory.peak > MAX_BYTES:
        run.failures["too much memory"] += 1
    print(f"  memory: at most {memory.peak / 1e6:.0f} MB")
    return run.report()


if __name__ == "__main__":
    sys.exit(main())
