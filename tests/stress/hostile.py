"""Hostile files and clients: `python -m tests.stress.hostile`, or `make stress RUN=hostile`.

Sends every file that Pillow can write in every mode, files that once brought the service down, and
100 requests of 50 MB that stop in the middle, to three versions of the API. Returns 1 when a
response is 5xx, when the service uses more than 1.5 GB, or when a good request fails afterwards.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from io import BytesIO
from threading import Event, Thread
from time import monotonic, sleep
from urllib.parse import urlsplit

import requests
from PIL import Image, ImageDraw

from benchmarks.own_service import own_service
from benchmarks.resident_memory import ResidentMemory
from visionhelpers.images import sample_path

KEY = "Ocp-Apim-Subscription-Key"
OPERATIONS = (
    "vision/v1.0/analyze?visualFeatures=Color",
    "vision/v3.2/read/analyze",
    "computervision/imageanalysis:analyze?api-version=2023-10-01&features=tags",
)
MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16")
HALF_SENT, BODY_BYTES = 100, 50 * 1024 * 1024
SLOW = 30.0
"""The seconds after which a response counts as a failure."""
MAX_BYTES = 1_500_000_000
PATIENCE = 120.0
"""The seconds in which a good request has to succeed while the half-sent bodies wait."""


def zoo() -> Iterator[tuple[str, bytes]]:
    """Give a file of every format that Pillow writes, in every mode that the format takes."""
    Image.init()
    for kind in sorted(Image.SAVE):
        for mode in MODES:
            file = BytesIO()
            with suppress(Exception):  # the format does not have this mode
                Image.new(mode, (64, 64)).save(file, kind)
                yield f"{kind} {mode}", file.getvalue()
        file = BytesIO()
        with suppress(Exception):
            frames = [Image.new("RGB", (64, 64), color) for color in ("red", "blue", "green")]
            frames[0].save(file, kind, save_all=True, append_images=frames[1:])
            yield f"{kind} of three frames", file.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, color_type: int = 6) -> bytes:
    """Return a PNG of zeros; color type 6 is RGBA, 2 is RGB."""
    row = bytes(1 + width * (4 if color_type == 6 else 3))
    packed = zlib.compressobj(9)
    data = b"".join(packed.compress(row) for _ in range(height)) + packed.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, color_type, 0, 0, 0)
    parts = (_chunk(b"IHDR", header), _chunk(b"IDAT", data), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def icon(image: bytes) -> bytes:
    """Return an ICO that declares 256 pixels and contains this PNG."""
    entry = struct.pack("<BBBBHHII", 0, 0, 0, 0, 1, 32, len(image), 22)
    return struct.pack("<HHH", 0, 1, 1) + entry + image


def defects() -> Iterator[tuple[str, bytes]]:
    """Give the files that once brought the service down, or that it rejected wrongly."""
    photo = sample_path("coffee_cup.jpg").read_bytes()
    yield "a motion photo", photo + os.urandom(3_000_000)
    commented = BytesIO()
    Image.open(sample_path("coffee_cup.jpg")).save(commented, "JPEG", comment=b"%PDF-1.7")
    yield "a JPEG with %PDF- in its comment", commented.getvalue()
    yield "an icon of 11,000 pixels", icon(png(11_000, 11_000))
    yield "32 transparent megapixels", png(8000, 4000)
    yield "a table of 480 cells", table()
    yield "a PDF of nothing", b"%PDF-1.7\n" + bytes(5000)
    yield "a TIFF of nothing", b"II*\0" + bytes(5000)
    yield "a JPEG of empty scans", photo[:-2] + b"\xff\xda\x00\x02" * 1000 + b"\xff\xd9"


def table(columns: int = 16, rows: int = 30) -> bytes:
    """Return a PNG of a table whose cells are numbers."""
    image = Image.new("RGB", (columns * 90 + 20, rows * 44 + 20), "white")
    draw = ImageDraw.Draw(image)
    for cell in range(columns * rows):
        place = (20 + cell % columns * 90, 14 + cell // columns * 44)
        draw.text(place, str(1000 + cell), "black", font_size=20)
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def send_half(url: str, key: str, sent: Counter[str], leave: Event) -> None:
    """Send half of a body, and wait; note the status if the service responds."""
    parts = urlsplit(url)
    head = f"POST /vision/v3.2/read/analyze HTTP/1.1\r\nHost: localhost\r\n{KEY}: {key}\r\n"
    head += f"Content-Type: application/octet-stream\r\nContent-Length: {BODY_BYTES}\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", parts.port or 80), timeout=1) as connection:
            connection.settimeout(None)
            connection.sendall(head.encode())
            part, left = bytes(1 << 20), BODY_BYTES // 2
            while left > 0 and not leave.is_set():
                connection.settimeout(0.5)
                with suppress(TimeoutError):
                    left -= connection.send(part)
            connection.settimeout(0.2)
            while not leave.is_set():
                with suppress(TimeoutError):
                    response = connection.recv(100)
                    status = response.split(b" ")[1].decode() if response else "closed"
                    sent[status] += 1
                    return
            sent["waiting"] += 1
    except OSError:
        sent["closed"] += 1


class Run:
    """One run against a service, and what it found wrong."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url, key
        self.failures: list[str] = []

    def post(self, path: str, data: bytes) -> int:
        """Return the status of a response; 0 if none comes in time."""
        headers = {KEY: self.key, "Content-Type": "application/octet-stream"}
        with suppress(requests.RequestException):
            url = f"{self.url}/{path}"
            return requests.post(url, data, headers=headers, timeout=PATIENCE).status_code
        return 0

    def send_files(self) -> None:
        """Send every unusual file to every operation."""
        statuses = Counter[int]()
        for name, data in [*zoo(), *defects()]:
            for path in OPERATIONS:
                begun = monotonic()
                status = self.post(path, data)
                statuses[status] += 1
                took = monotonic() - begun
                if not 200 <= status < 500 or took > SLOW:
                    self.failures.append(f"{name} to {path}: {status} after {took:.0f} s")
        print(f"{statuses.total()} requests with unusual files: {dict(sorted(statuses.items()))}")

    def send_halves(self) -> None:
        """Send many bodies that stop in the middle, and a good request at the same time."""
        sent, leave = Counter[str](), Event()
        arguments = (self.url, self.key, sent, leave)
        senders = [Thread(target=send_half, args=arguments) for _ in range(HALF_SENT)]
        for sender in senders:
            sender.start()
        sleep(10)
        self.send_good("while half-sent bodies wait")
        leave.set()
        for sender in senders:
            sender.join()
        print(f"{HALF_SENT} half-sent bodies of 50 MB: {dict(sorted(sent.items()))}")

    def send_good(self, when: str) -> None:
        """Send a photograph, again after each 429, until it has its caption."""
        begun, status = monotonic(), 429
        while status == 429 and monotonic() - begun < PATIENCE:
            status = self.post("vision/v1.0/describe", sample_path("dahlia.jpg").read_bytes())
            sleep(1.0 if status == 429 else 0.0)
        print(f"  a good request {when}: {status} after {monotonic() - begun:.1f} s")
        if status != 200:
            self.failures.append(f"a good request {when}: {status}")


def main() -> int:
    """Run it all; print what happened, and return 1 if anything is wrong."""
    with own_service() as folder:
        state = json.loads((folder / "service.json").read_text())
        run = Run(state["url"], state["key"])
        with ResidentMemory(state["pid"]) as memory:
            for part in (run.send_files, run.send_halves):
                part()
                run.send_good("afterwards")
                print(f"  memory: at most {memory.peak / 1e6:.0f} MB")
    if memory.peak > MAX_BYTES:
        run.failures.append(f"the service used {memory.peak / 1e6:.0f} MB")
    for failure in run.failures:
        print(f"  FAILED: {failure}")
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main())
