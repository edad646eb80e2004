"""Many clients at once, some of them hostile: `python -m tests.stress.load [SECONDS] [CLIENTS]`.

Each client sends images that tell whose they are, to every operation of every version, and every
tenth time a file that nobody should send. It ends with 1 when a response is 5xx, belongs to another
client's image, or is missing, when a 429 does not say when to come back, or when the memory of
the service ends more than a tenth above where it stood after a quarter of the time.
"""

from __future__ import annotations

import json
import socket
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
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
from tests.stress.pictures import Own, hostile

SECONDS, CLIENTS = 120.0, 64
HOSTILE = 10
"""One image in so many."""
GROWTH = 1.10
KEY = "Ocp-Apim-Subscription-Key"
FEATURES = "visualFeatures=Color,Faces,Tags,ImageType"
Check = Callable[[requests.Response, Own], bool]


def sized(response: requests.Response, own: Own) -> bool:
    """Whether a response is about an image of this size."""
    metadata = response.json()["metadata"]
    return (metadata["width"], metadata["height"]) == (own.width, own.height)


def numbered(response: requests.Response, own: Own) -> bool:
    """Whether what was read is the number drawn on it."""
    return f'"{own.number}"' in response.text


def coloured(response: requests.Response, own: Own) -> bool:
    """Whether a thumbnail has the color of the image at its lower edge."""
    image = Image.open(BytesIO(response.content)).convert("RGB")
    seen, meant = image.getpixel((5, image.height - 4)), ImageColor.getrgb(own.colour)
    return image.size == (80, 60) and max(abs(a - b) for a, b in zip(seen, meant, strict=True)) < 40


@dataclass(frozen=True)
class Question:
    """An operation, the kinds of file it is sent, and how a response tells whose it is."""

    path: str
    check: Check
    kinds: tuple[str, ...] = ("JPEG", "PNG", "BMP")


QUESTIONS = [
    Question(f"vision/{version}/{path}", check)
    for version in ("v1.0", "v2.0", "v2.1", "v3.0", "v3.1", "v3.2")
    for path, check in (
        (f"analyze?{FEATURES}", sized),
        ("describe", sized),
        ("tag", sized),
        ("models/landmarks/analyze", sized),
        ("models/celebrities/analyze", sized),
        ("generateThumbnail?width=80&height=60", coloured),
        ("ocr", numbered),
        *((("detect", sized), ("areaOfInterest", sized)) if version > "v2" else ()),
    )
] + [
    Question("vision/v1.0/recognizeText?handwriting=false", numbered),
    Question("vision/v2.0/recognizeText?mode=Printed", numbered),
    Question("vision/v2.1/read/core/asyncBatchAnalyze", numbered, ("JPEG", "PDF", "TIFF")),
    Question("vision/v3.0/read/analyze", numbered, ("JPEG", "PDF", "TIFF")),
    Question("vision/v3.2/read/analyze", numbered, ("JPEG", "PDF", "TIFF")),
    Question("computervision/imageanalysis:analyze?api-version=2023-10-01&features=tags", sized),
    Question("computervision/imageanalysis:analyze?api-version=2023-10-01&features=read", numbered),
]


@dataclass
class Run:
    """What many clients did to a service, and what they found wrong with it."""

    url: str
    key: str
    responses: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def client(self, number: int, is_over: Callable[[], object]) -> None:
        """Ask until the test is over."""
        random, sent = Random(number), 0  # noqa: S311
        with requests.Session() as session:
            session.headers[KEY] = self.key
            while not is_over():
                sent += 1
                with self._noted(f"client {number}"):
                    if sent % HOSTILE == number % HOSTILE:
                        self.harm(session, random)
                    else:
                        self.ask(
                            session, random.choice(QUESTIONS), Own.draw(number, random), random
                        )

    def ask(self, session: requests.Session, question: Question, own: Own, random: Random) -> None:
        """Ask one question; hold the response against the image."""
        data = own.file(random.choice(question.kinds))
        begun = monotonic()
        response = self._patiently(session, "POST", question.path, data)
        while response.status_code == 202 or _is_unfinished(response):
            place = response.headers.get("Operation-Location", response.url)
            sleep(0.2)
            response = self._patiently(session, "GET", place.removeprefix(f"{self.url}/"))
        self.seconds.append(monotonic() - begun)
        path = question.path.partition("?")[0]
        self.responses[f"{response.status_code}"] += 1
        if response.status_code != 200:
            self.failures[f"{path}: {response.status_code} {response.text[:200]}"] += 1
        elif not question.check(response, own):
            said = (
                response.content[:300] if "json" in response.headers["content-type"] else "an image"
            )
            self.failures[f"{path}: another client's response, not {own}: {said!r}"] += 1

    def harm(self, session: requests.Session, random: Random) -> None:
        """Send what nobody should; it is to be refused, or left unanswered when cut off."""
        question, name = (
            random.choice(QUESTIONS),
            random.choice([*hostile(), "half a body", "left"]),
        )
        if name in ("half a body", "left"):
            self.responses[f"hostile: {name}"] += 1
            return self._leave(question, whole=name == "left")
        data, kind = hostile()[name]
        response = self._patiently(session, "POST", question.path, data, kind)
        self.responses[f"hostile: {response.status_code}"] += 1
        if not 400 <= response.status_code < 500:
            self.failures[f"{question.path}: {name} got {response.status_code}"] += 1
        return None

    def _leave(self, question: Question, *, whole: bool) -> None:
        """Send an image, or half of it, and hang up."""
        data = Own.draw(99, Random(1)).file("PNG")  # noqa: S311
        head = f"POST /{question.path} HTTP/1.1\r\nHost: localhost\r\n{KEY}: {self.key}\r\n"
        head += f"Content-Type: application/octet-stream\r\nContent-Length: {len(data)}\r\n\r\n"
        port = int(self.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
            connection.sendall(head.encode() + data[: None if whole else len(data) // 2])
            sleep(0.05)

    def _patiently(
        self,
        session: requests.Session,
        method: str,
        path: str,
        data: bytes = b"",
        kind: str = "application/octet-stream",
    ) -> requests.Response:
        """Ask, and again as late as a 429 wishes."""
        while True:
            headers = {"Content-Type": kind} if method == "POST" else {}
            url = f"{self.url}/{path}"
            response = session.request(method, url, data=data, headers=headers, timeout=120)
            if response.status_code != 429:
                return response
            self.responses["429"] += 1
            if not (after := response.headers.get("Retry-After", "")).isdigit():
                self.failures[f"429 with Retry-After {after!r}"] += 1
            sleep(float(after if after.isdigit() else 1))

    @contextmanager
    def _noted(self, who: str) -> Iterator[None]:
        try:
            yield
        except (requests.RequestException, OSError, ValueError, KeyError, TypeError) as error:
            self.failures[f"{who}: {type(error).__name__}: {str(error)[:200]}"] += 1


def _is_unfinished(response: requests.Response) -> bool:
    if response.status_code != 200 or "json" not in response.headers["content-type"]:
        return False
    return str(response.json().get("status", "")).lower() in ("notstarted", "running")


class Outcome(NamedTuple):
    """What a run found, and the memory in MB after a quarter of its time and at its end."""

    run: Run
    stood: float
    stands: float


def attack(url: str, key: str, pid: int, seconds: float, clients: int) -> Outcome:
    """Run so many clients for so long against a service, after each question was asked once."""
    warm = Run(url, key)
    with requests.Session() as session:
        session.headers[KEY] = key
        for question in QUESTIONS:
            warm.ask(session, question, Own.draw(0, Random(0)), Random(0))  # noqa: S311
    run, begun, width = Run(url, key, failures=warm.failures), monotonic(), seconds / 12
    with ResidentMemory(pid) as memory, ThreadPoolExecutor(clients) as threads:
        is_over = partial(lambda end: monotonic() > end, begun + seconds)
        asking = [threads.submit(run.client, n, is_over) for n in range(clients)]
        for client in asking:
            client.result()
    moments = seconds / 4, seconds - width
    return Outcome(run, *(memory.around(begun + at, width) / 1e6 for at in moments))


def load(seconds: float, clients: int) -> int:
    """Run so many clients for so long; print what they saw, and return 1 if anything is wrong."""
    with own_service(cache_size=64) as folder:
        known = json.loads((folder / "service.json").read_text())
        run, stood, stands = attack(known["url"], known["key"], known["pid"], seconds, clients)
    answered = sum(run.responses[name] for name in run.responses if name == "200")
    rate = f"{answered / seconds:.1f} a second"
    print(f"{clients} clients, {seconds:.0f} s: {answered} responses, {rate}")
    print(*(f"  {name:24}{count:6}" for name, count in sorted(run.responses.items())), sep="\n")
    middle, last = (percentile(run.seconds or [0.0], percent) for percent in (50, 99))
    print(f"  p50 {middle:.2f} s, p99 {last:.2f} s")
    print(f"  memory {stood:.0f} MB after {seconds / 4:.0f} s, {stands:.0f} MB at the end")
    if stands > stood * GROWTH:
        run.failures[f"memory grew by {stands / stood - 1:.0%}"] += 1
    if not answered:
        run.failures["nothing was answered"] += 1
    for failure, times in run.failures.most_common(40):
        print(f"  FAILED {times} times: {failure}")
    return 1 if run.failures else 0


if __name__ == "__main__":
    given = [float(text) for text in sys.argv[1:]]
    sys.exit(load(*(given[:1] or [SECONDS]), int(given[1]) if given[1:] else CLIENTS))
