"""The command `visionhelpers`: pictures in, words or JSON out, or a service of one's own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import warnings
from argparse import ArgumentParser, ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from io import TextIOWrapper
from typing import Any, NoReturn

from tqdm.auto import tqdm

from .. import facts
from ..client import VisionClient
from ..connect import connect
from ..errors import VisionError
from ..local_service import check_installed
from ..pace import Pace
from .many import run_batch
from .sources import Source, listed
from .thumbnails import Thumbnails

INTERRUPTED, BROKEN_PIPE = 130, 141
"""Exit statuses as a shell gives them."""


@dataclass(frozen=True, slots=True)
class Command:
    """An operation as a command: what it does, its own options, and its answer in lines."""

    does: str
    options: tuple[str, ...]
    tell: Callable[[Any], list[str]]


COMMANDS = {
    "analyze": Command(
        "say what is in pictures", ("features", "details", "language"), facts.analysis
    ),
    "describe": Command("caption pictures", ("max_candidates", "language"), facts.captions),
    "tag": Command("name what is in pictures", ("language",), facts.tags),
    "celebrities": Command("name the people in pictures", ("language",), facts.celebrities),
    "landmarks": Command("name the sights in pictures", ("language",), facts.landmarks),
    "thumbnail": Command(
        "crop and shrink pictures around what matters",
        ("width", "height", "smart"),
        lambda kept: [kept["file"]],
    ),
    "ocr": Command("read print", ("language", "detect_orientation"), facts.printed),
    "recognize-text": Command("read handwriting or print", ("handwriting",), facts.handwriting),
}
OPTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "features": (
        "--features",
        {"help": "any of ImageType, Faces, Adult, Categories, Color, Tags, Description"},
    ),
    "details": ("--details", {"help": "any of Celebrities, Landmarks"}),
    "language": ("--language", {"help": "of the answer; for ocr of the text, as in en"}),
    "max_candidates": ("--max-candidates", {"type": int, "help": "how many captions at most"}),
    "width": ("--width", {"type": int, "default": 200, "help": "in pixels (%(default)s)"}),
    "height": ("--height", {"type": int, "default": 200, "help": "in pixels (%(default)s)"}),
    "smart": ("--centre", {"action": "store_false", "help": "crop around the centre"}),
    "detect_orientation": (
        "--upright",
        {"action": "store_false", "help": "take the page to stand upright"},
    ),
    "handwriting": ("--printed", {"action": "store_false", "help": "it is print"}),
}
"""The client's arguments as options of the command; those not given are left to the client."""
EPILOG = """\
Pictures are paths, addresses, folders, patterns such as "scans/*.png", or - for standard input.
The local service answers, or the one that VISION_ENDPOINT and VISION_KEY name.
The exit status is 0 if all went well, 1 if a picture failed, 2 for wrong usage.
"""


def command() -> NoReturn:
    """Run the command line and end with it: what is on its way or waits is not waited for."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a file name may hold any bytes
    status = main()
    for stream in (sys.stdout, sys.stderr):
        with suppress(BrokenPipeError):
            stream.flush()
    os._exit(status)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        if given[:1] == ["serve"]:
            return _serve(given[1:])
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, *_, **__: _complain(f"Note: {message}.")
            return _ask(_understood(given))
    except VisionError as error:
        _complain(str(error))
        return 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # or Python complains when it flushes
        return BROKEN_PIPE
    except KeyboardInterrupt:
        _complain("Interrupted.")
        return INTERRUPTED


def parser() -> ArgumentParser:
    """Return what understands the command line."""
    whole = ArgumentParser(
        prog="visionhelpers",
        description="Ask a Computer Vision service about pictures.",
        epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )
    commands = whole.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, command in COMMANDS.items():
        one = commands.add_parser(
            name,
            help=command.does,
            description=f"{command.does.capitalize()}.",
            epilog=EPILOG,
            formatter_class=RawDescriptionHelpFormatter,
        )
        one.add_argument("pictures", nargs="+", metavar="PICTURE")
        for option in command.options:
            flag, about = OPTIONS[option]
            one.add_argument(flag, dest=option, **about)
        _add_common(one, name == "thumbnail")
    commands.add_parser("serve", help="run the local service; its options: serve --help")
    return whole


def _understood(given: list[str]) -> Namespace:
    """Parse a command line, and find the pictures that it names."""
    whole = parser()
    options = whole.parse_args(given)
    options.named = options.pictures
    options.pictures = [each for name in options.named for each in _found(name)]
    if options.command == "thumbnail" and options.out is None:
        if len(options.pictures) > 1:
            whole.error("thumbnails of several pictures need a folder: --out FOLDER")
        if sys.stdout.isatty():
            whole.error("a terminal shows no thumbnail: --out FILE")
    return options


def _found(name: str) -> Iterable[Source]:
    return [sys.stdin.buffer.read()] if name == "-" else listed(name)


def _add_common(one: ArgumentParser, pictured: bool) -> None:
    where = "a file for the answers, a line of JSON each; the same command again goes on with it"
    if pictured:
        where = "a file for one thumbnail, a folder for many, where those that are there stay"
    one.add_argument("--out", metavar="FILE", help=where)
    one.add_argument("--json", action="store_true", help="print JSON, a line for each picture")
    one.add_argument("--rate", type=_rate, help="ask so often at most, polls counted: 20/minute")


def _rate(text: str) -> str:
    try:
        Pace(text)
    except VisionError as error:
        raise ArgumentTypeError(str(error)) from None
    return text


def _serve(arguments: list[str]) -> int:
    """Become the service, so that signals and the exit status are its own."""
    check_installed()
    command = [sys.executable, "-m", "visionhelpers.service", *arguments]
    if os.name == "posix":
        os.execv(sys.executable, command)  # noqa: S606
    return subprocess.call(command)  # noqa: S603


def _ask(options: Namespace) -> int:
    """Ask about all pictures and print the answers as they come; 1 if one has failed."""
    command, pictures = COMMANDS[options.command], options.pictures
    asked = {name: getattr(options, name) for name in command.options}
    asked = {name: value for name, value in asked.items() if value is not None}
    several, thumbnails, results = len(pictures) > 1, None, options.out
    if options.command == "thumbnail":
        size = asked["width"], asked["height"]
        thumbnails, results = Thumbnails(options.out, options.named, several, size), None
        pictures = thumbnails.missing(pictures)
    operation = options.command.replace("-", "_")
    run = run_batch(_client(options.rate), operation, pictures, results=results, **asked)
    run.quiet = not several or not sys.stderr.isatty()
    failed = 0
    for result in run:
        if result.answer is None:
            failed += 1
            _complain(f"{result.picture}: {result.error}")
            continue
        answer = thumbnails.keep(result.picture, result.answer) if thumbnails else result.answer
        if results is None and answer:
            _show(result.picture, answer, None if options.json else command.tell, several)
    return 1 if failed else 0


def _client(rate: str | None) -> VisionClient:
    with redirect_stdout(sys.stderr):  # which service was chosen is no answer
        client = connect()
    client.rate = rate
    return client


def _show(
    picture: str,
    answer: dict[str, Any],
    tell: Callable[[dict[str, Any]], list[str]] | None,
    several: bool,
) -> None:
    """Print an answer in words, where there are several each with its picture's name, or as JSON.

    Out of the way of the progress bar, and at once, so that a pipe sees it.
    """
    if tell is None:
        lines = [json.dumps({"picture": picture, "answer": answer})]
    else:
        lines = [f"{picture}: {line}" if several else line for line in tell(answer)]
    tqdm.write("\n".join(lines), file=sys.stdout)
    sys.stdout.flush()


def _complain(sentence: str) -> None:
    tqdm.write(sentence, file=sys.stderr)
