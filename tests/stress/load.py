"""Many clients at once, some of them hostile: `python -m tests.stress.load [SECONDS] [CLIENTS]`.

Each client sends images that tell which client sent them to every operation of every version, and
one time in ten a hostile file. Returns 1 if a response is 5xx, missing or about the image of
another client, if a 429 has no Retry-After, or if the memory of the service grows by more than a
tenth after a quarter of the time.
"""

import json
import socket
import sys
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from io import BytesIO
from random import Random
from time import monotonic, sleep
from typing import NamedTuple

import requests
from PIL import Image, ImageColor

from benchmarks.own_service import own_service
from benchmarks.performance.timing import percentile
from benchmarks.resident_memory import ResidentMemory
from tests.stress.files import OCTETS, OwnImage, hostile

SECONDS, CLIENTS = 120.0, 64
HOSTILE_EVERY = 10
MAX_GROWTH = 1.10
KEY = "Ocp-Apim-Subscription-Key"
ERRORS = requests.RequestException, OSError, ValueError, KeyError, TypeError


def has_size(response: requests.Response, own: OwnImage) -> bool:
    metadata = response.json()["metadata"]
    return (metadata["width"], metadata["height"]) == (own.width, own.height)


def has_number(response: requests.Response, own: OwnImage) -> bool:
    return f'"{own.number}"' in response.text


def has_color(response: requests.Response, own: OwnImage) -> bool:
    """Return True for a thumbnail with the color of the image at its lower edge."""
    image = Image.open(BytesIO(response.content)).convert("RGB")
    found, color = image.getpixel((5, image.height - 4)), ImageColor.getrgb(own.color)
    difference = max(abs(a - b) for a, b in zip(found, color, strict=True))
    return image.size == (80, 60) and difference < 40


class Operation(NamedTuple):
    """An operation, the check of whose image a response is about, and the kinds of its files."""

    path: str
    check: Callable[[requests.Response, OwnImage], bool]
    kinds: tuple[str, ...] = ("JPEG", "PNG", "BMP")


DOCUMENTS = ("JPEG", "PDF", "TIFF")
ANALYZE_V4 = "computervision/imageanalysis:analyze?api-version=2023-10-01&features"
OPERATIONS = [
    Operation(f"vision/{version}/{path}", check)
    for version in ("v1.0", "v2.0", "v2.1", "v3.0", "v3.1", "v3.2")
    for path, check in (
        ("analyze?visualFeatures=Color,Faces,Tags,ImageType", has_size),
        ("describe", has_size),
        ("tag", has_size),
        ("models/landmarks/analyze", has_size),
        ("models/celebrities/analyze", has_size),
        ("generateThumbnail?width=80&height=60", has_color),
        ("ocr", has_number),
        *((("detect", has_size), ("areaOfInterest", has_size)) if version > "v2" else ()),
    )
] + [
    Operation("vision/v1.0/recognizeText?handwriting=false", has_number),
    Operation("vision/v2.0/recognizeText?mode=Printed", has_number),
    Operation("vision/v2.1/read/core/asyncBatchAnalyze", has_number, DOCUMENTS),
    Operation("vision/v3.0/read/analyze", has_number, DOCUMENTS),
    Operation("vision/v3.2/read/analyze", has_number, DOCUMENTS),
    Operation(f"{ANALYZE_V4}=tags", has_size),
    Operation(f"{ANALYZE_V4}=read", has_number),
]


@dataclass
class Run:
    """The requests of many clients to a service, and what was wrong with the responses."""

    url: str
    key: str
    responses: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    session: requests.Session = field(default_factory=requests.Session)

    def client(self, number: int, is_over: Callable[[], object]) -> None:
        """Send requests in its own session until the run is over."""
        random, sent = Random(number), 0  # noqa: S311
        own = replace(self, session=requests.Session())
        while not is_over():
            sent, operation = sent + 1, random.choice(OPERATIONS)
            try:
                if sent % HOSTILE_EVERY == number % HOSTILE_EVERY:
                    own.send_hostile(operation, random)
                else:
                    own.send(operation, OwnImage.choose(number, random), random)
            except ERRORS as error:
                self.failures[f"client {number}: {type(error).__name__}: {error}"[:200]] += 1

    def send(self, operation: Operation, own: OwnImage, random: Random) -> None:
        """Send an image, wait for its result, and compare it with the image."""
        begun, path = monotonic(), operation.path.partition("?")[0]
        response = self.request("POST", operation.path, own.file(random.choice(operation.kinds)))
        while response.status_code == 202 or _is_running(response):
            url = response.headers.get("Operation-Location", response.url)
            sleep(0.2)
            response = self.request("GET", url.removeprefix(f"{self.url}/"))
        self.seconds.append(monotonic() - begun)
        self.responses[f"{response.status_code}"] += 1
        if response.status_code != 200:
            self.failures[f"{path}: {response.status_code} {response.text[:200]}"] += 1
        elif not operation.check(response, own):
            self.failures[f"{path}: the result of another image than {own}"] += 1

    def send_hostile(self, operation: Operation, random: Random) -> None:
        """Send a file that must be refused, or an image or half of it and hang up."""
        name = random.choice([*hostile(), "an image", "half an image"])
        if name in hostile():
            response = self.request("POST", operation.path, *hostile()[name])
            self.responses[f"hostile: {response.status_code}"] += 1
            if not 400 <= response.status_code < 500:
                self.failures[f"{operation.path}: {name} got {response.status_code}"] += 1
            return
        data = OwnImage.choose(99, random).file("PNG")
        head = f"POST /{operation.path} HTTP/1.1\r\nHost: localhost\r\n{KEY}: {self.key}\r\n"
        head += f"Content-Type: {OCTETS}\r\nContent-Length: {len(data)}\r\n\r\n"
        part = data if name == "an image" else data[: len(data) // 2]
        address = "127.0.0.1", int(self.url.rpartition(":")[2])
        with socket.create_connection(address, timeout=60) as connection:
            connection.sendall(head.encode() + part)
            sleep(0.05)
        self.responses[f"hostile: {name}"] += 1

    def request(
        self, method: str, path: str, data: bytes | None = None, kind: str = OCTETS
    ) -> requests.Response:
        """Send a request, again after each 429 when it permits."""
        headers = {KEY: self.key, **({"Content-Type": kind} if data is not None else {})}
        url = f"{self.url}/{path}"
        while True:
            response = self.session.request(method, url, data=data, headers=headers, timeout=120)
            if response.status_code != 429:
                return response
            self.responses["429"] += 1
            if not (after := response.headers.get("Retry-After", "")).isdigit():
                self.failures[f"429 with Retry-After {after!r}"] += 1
            sleep(float(after if after.isdigit() else 1))


def _is_running(response: requests.Response) -> bool:
    is_json = response.status_code == 200 and "json" in response.headers["content-type"]
    return is_json and response.json().get("status", "").lower() in ("notstarted", "running")


class Outcome(NamedTuple):
    """A run, and the memory of the service in MB after a quarter of its time and at its end."""

    run: Run
    before: float
    after: float


def attack(url: str, key: str, pid: int, seconds: float, clients: int) -> Outcome:
    """Send every operation once, and then run some clients for some time."""
    warm = Run(url, key)
    for operation in OPERATIONS:
        warm.send(operation, OwnImage.choose(0, Random(0)), Random(0))  # noqa: S311
    run, begun, width = Run(url, key, failures=warm.failures), monotonic(), seconds / 12
    is_over = partial(lambda end: monotonic() > end, begun + seconds)
    with ResidentMemory(pid) as memory, ThreadPoolExecutor(clients) as threads:
        list(threads.map(partial(run.client, is_over=is_over), range(clients)))
    moments = begun + seconds / 4, begun + seconds - width
    return Outcome(run, *(memory.around(moment, width) / 1e6 for moment in moments))


def main(seconds: float = SECONDS, clients: float = CLIENTS) -> int:
    with own_service(cache_size=64) as folder:
        known = json.loads((folder / "service.json").read_text())
        run, before, after = attack(known["url"], known["key"], known["pid"], seconds, int(clients))
    done = run.responses["200"]
    print(f"{clients:.0f} clients, {seconds:.0f} s: {done} results, {done / seconds:.1f} a second")
    print(*(f"  {name:28}{count:6}" for name, count in sorted(run.responses.items())), sep="\n")
    middle, last = (percentile(run.seconds or [0.0], percent) for percent in (50, 99))
    print(f"  p50 {middle:.2f} s, p99 {last:.2f} s")
    print(f"  memory {before:.0f} MB after {seconds / 4:.0f} s, {after:.0f} MB at the end")
    if after > before * MAX_GROWTH:
        run.failures[f"memory grew by {after / before - 1:.0%}"] += 1
    if not done:
        run.failures["no request has a result"] += 1
    for failure, times in run.failures.most_common(40):
        print(f"  FAILED {times} times: {failure}")
    return 1 if run.failures else 0


if __name__ == "__main__":
    sys.exit(main(*map(float, sys.argv[1:])))
