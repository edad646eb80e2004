"""The command `visionhelpers`: run an operation on images, or run the local service."""

import argparse
import inspect
import json
import os
import signal
import subprocess
import sys
import warnings
from collections import Counter
from contextlib import redirect_stdout, suppress
from typing import Any, NoReturn, cast

from tqdm.auto import tqdm

from .. import __version__, results
from ..client import VisionClient
from ..connect import connect
from ..errors import ImageError, VisionError
from ..local_service import check_installed
from .run import OPERATIONS, run_batch
from .sources import expand
from .thumbnails import ThumbnailWriter
from .worker import BatchResult

WRONG_USAGE, INTERRUPTED, BROKEN_PIPE, TERMINATED = 2, 130, 141, 143
"""Exit statuses; those above 128 are 128 and the number of a signal, as in a shell."""
HELP = {
    "features": "ImageType, Faces, Adult, Categories, Color, Tags, Description, Objects, Brands",
    "details": "any of Celebrities, Landmarks",
    "language": "language of the result; for ocr that of the text, or unk to detect it",
    "max_candidates": "maximum number of captions",
    "width": "width in pixels",
    "height": "height in pixels",
    "smart": "crop around the main subject",
    "detect_orientation": "read text that is on its side or upside down",
    "handwriting": "read handwritten text",
}
SIZE = {"width": 200, "height": 200}
KINDS: Any = {bool: {"action": argparse.BooleanOptionalAction}, int: {"type": int}, str: {}}
EPILOG = """\
An image is a path, a URL, a folder, a pattern such as "scans/*.png", or - for standard input.
Images are sent to the service in VISION_ENDPOINT and VISION_KEY, or to the local service.
Exit status: 0 for success, 1 if an image failed, 2 for wrong usage.
"""


def run() -> NoReturn:
    """Run the command line and exit.

    os._exit does not wait for the threads of a run, which may wait for the rate limit for minutes.
    `main` has closed the run, and a temporary results file has no name.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    cast(Any, sys.stdout).reconfigure(errors="backslashreplace")  # for any file name
    try:
        status = main(sys.argv[1:])
    except SystemExit as error:
        status = int(error.code or 0)
    with suppress(BrokenPipeError):
        sys.stdout.flush()
    os._exit(status)


def main(arguments: list[str]) -> int:
    """Run one command and return the exit status."""
    try:
        if arguments[:1] == ["serve"]:
            check_installed()
            command = [sys.executable, "-m", "visionservice", *arguments[1:]]
            if os.name == "posix":  # the service receives the signals
                os.execv(sys.executable, command)  # noqa: S606
            return subprocess.call(command)  # noqa: S603
        options = parser().parse_args(arguments)
        warnings.showwarning = lambda message, *_, **__: _print_error(f"Note: {message}.")
        return _run(options)
    except (VisionError, ValueError) as error:
        _print_error(str(error))
        return 1 if isinstance(error, VisionError) else WRONG_USAGE
    except BrokenPipeError:
        return BROKEN_PIPE
    except KeyboardInterrupt:
        _print_error("Interrupted.")
        return INTERRUPTED


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line; its options are arguments of the client's methods."""
    texts: Any = {"epilog": EPILOG, "formatter_class": argparse.RawDescriptionHelpFormatter}
    about = "Analyze images with a Computer Vision service."
    whole = argparse.ArgumentParser(prog="visionhelpers", description=about, **texts)
    whole.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = whole.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for operation in OPERATIONS:
        about = (inspect.getdoc(getattr(VisionClient, operation)) or "").partition(":")[0]
        name = operation.replace("_", "-")
        command = commands.add_parser(name, help=about, description=f"{about}.", **texts)
        command.set_defaults(parser=command, operation=operation, text=False)
        command.add_argument("images", nargs="+", metavar="IMAGE")
        for option, default in _options(operation).items():
            flag, about = f"--{option.replace('_', '-')}", f"{HELP[option]} (default: %(default)s)"
            command.add_argument(flag, default=default, help=about, **KINDS[type(default)])
        about = "results file with a line of JSON for each image; the same command resumes it"
        if operation == "thumbnail":
            about = "file for one image, folder for several; current thumbnails in it are kept"
        command.add_argument("--out", metavar="FILE", help=about)
        form = command.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="print a line of JSON for each image")
        if operation in ("ocr", "recognize_text"):
            form.add_argument("--text", action="store_true", help="print the text alone")
        command.add_argument("--rate", help="maximum request rate with polls, such as 20/minute")
    commands.add_parser("check", help="Check the connection to the service")
    commands.add_parser("serve", help="Run the local service; see serve --help")
    return whole


def _options(operation: str) -> dict[str, Any]:
    parameters = inspect.signature(getattr(VisionClient, operation)).parameters
    known = {name: SIZE.get(name, parameters[name].default) for name in HELP if name in parameters}
    return {name: ",".join(of) if isinstance(of, tuple) else of for name, of in known.items()}


def _run(options: argparse.Namespace) -> int:
    with redirect_stdout(sys.stderr):  # the line that connect() prints is not a result
        client = connect(rate=getattr(options, "rate", None))
    if options.command == "check":
        diagnosis = client.check()
        sys.stdout.write(f"{diagnosis}\n")
        return 0 if diagnosis.startswith("OK") else 1
    operation, out, writer = options.operation, options.out, None
    images = pending = _expand(options, client.limits(operation).documents)
    several = len(images) > 1
    if operation == "thumbnail" and out:
        writer = ThumbnailWriter(out, options.images, several, (options.width, options.height))
        pending, out = writer.pending(images), None
    elif operation == "thumbnail" and (several or options.json or sys.stdout.isatty()):
        options.parser.error("name a file, or a folder for several images: --out FILE")
    arguments = {name: getattr(options, name) for name in _options(operation)}
    progress = several and sys.stderr.isatty()
    with run_batch(client, operation, pending, results=out, progress=progress, **arguments) as run:
        for result in run:
            _print_result(result, options, writer, several)
    if several or run.counts["skipped"]:
        skipped = run.counts["skipped"] + len(images) - len(pending)
        done, failed = run.counts["done"], run.counts["failed"]
        _print_error(f"{len(images)} images: {done} done, {failed} failed, {skipped} skipped")
    return 1 if run.counts["failed"] else 0


def _expand(options: argparse.Namespace, documents: bool) -> list[str | bytes]:
    images: list[Any] = []
    skipped = Counter[str]()
    for name in options.images:
        given = sys.stdin.buffer.read() if name == "-" else name
        found, others = expand(given, documents=documents)
        images += found
        skipped += others
    if b"" in images:
        raise ImageError("Standard input is empty: pipe an image to the command")
    if skipped:
        files = ", ".join(f"{number} {ending}" for ending, number in sorted(skipped.items()))
        _print_error(f"Skipped files that {options.command} does not read: {files}")
    return images


def _print_result(
    result: BatchResult, options: argparse.Namespace, writer: ThumbnailWriter | None, several: bool
) -> None:
    """Print a result, away from the progress bar. A results file replaces the summary."""
    found, lines = result.result, []
    if found is None:
        _print_error(f"{result.image}: {result.error}")
    elif writer:
        found = writer.write(result.image, found)
        lines = [found["file"]]
    elif "data" in found:
        sys.stdout.buffer.write(found["data"])
        return
    elif options.text:
        lines = [results.text(found)]
    elif not options.out:
        lines = results.summarize(found)
    if several and not options.text:
        lines = [f"{result.image}: {line}" for line in lines]
    if options.json:
        lines = [json.dumps(result._replace(result=found)._asdict())]
    if lines:
        tqdm.write("\n".join(map(str, lines)), file=sys.stdout)
        sys.stdout.flush()


def _print_error(message: str) -> None:
    tqdm.write(message, file=sys.stderr)
