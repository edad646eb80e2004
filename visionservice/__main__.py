"""Run the service on its own, or teach its gallery: `python -m visionservice`."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from argparse import SUPPRESS, ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from . import not_installed

try:
    from .gallery.gallery import Gallery, GalleryError
    from .server import LocalService, default_gallery
    from .settings import ALL_ADDRESSES
except ModuleNotFoundError as error:
    sys.exit(str(not_installed(error)))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    if options.command:
        return _teach(options)
    try:
        return _serve(options)
    except ValueError as error:
        return _failed(str(error))
    except OSError as error:
        if options.state_file and error.filename:
            reason = f"Cannot write {options.state_file} ({error.strerror})"
            return _failed(f"{reason}: choose a --state-file where there is room for it.")
        where, reason = f"{options.host}:{options.port}", str(error.strerror).partition(" (")[0]
        return _failed(f"Cannot listen at {where} ({reason}): choose another --host or --port.")


def _parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m visionservice",
        description="Serve the Computer Vision API, v1.0 to v3.2 and Image Analysis 4.0, from this "
        "machine, or add to its gallery.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (any free port)")
    parser.add_argument("--key", help="key that requests must carry (a random key)")
    parser.add_argument(
        "--gallery", type=Path, help="folder of known people and places (your gallery)"
    )
    parser.add_argument(
        "--allow-host",
        dest="allow_hosts",
        metavar="NAME",
        action="append",
        default=[],
        help="further host name that requests may use",
    )
    parser.add_argument(
        "--idle", type=float, metavar="SECONDS", help="stop after this time without a request"
    )
    parser.add_argument(
        "--state-file", type=Path, help="write url, key and pid here, print nothing"
    )
    _add_conditions(parser)
    commands = parser.add_subparsers(dest="command", metavar="add-face|add-landmark")
    for name, what in (("add-face", "person"), ("add-landmark", "place")):
        command = commands.add_parser(name, help=f"add an image of a {what} to the gallery")
        command.add_argument("name")
        command.add_argument("picture", type=Path)
        command.add_argument("--gallery", type=Path, default=SUPPRESS, help="the folder to add to")
    return parser


def _add_conditions(parser: ArgumentParser) -> None:
    """Add what LocalService takes under the same names."""
    group = parser.add_argument_group("conditions to test a client under")
    group.add_argument(
        "--rate", help="maximum request rate with polls, such as 20/minute; others get 429"
    )
    group.add_argument(
        "--latency", type=float, default=0.0, metavar="SECONDS", help="delay of every response"
    )
    group.add_argument(
        "--operation-delay",
        type=float,
        default=0.0,
        metavar="SECONDS",
        help="minimum time of Recognize Text and Read",
    )
    group.add_argument(
        "--fail-operations", action="store_true", help="make Recognize Text and Read fail"
    )
    group.add_argument(
        "--images",
        type=Path,
        metavar="FOLDER",
        help="use its files for URLs that end in their names, and download nothing",
    )
    group.add_argument(
        "--cache-size",
        type=int,
        default=64,
        metavar="IMAGES",
        help="images whose results are cached (%(default)s)",
    )


def _failed(message: str) -> int:
    sys.stderr.write(f"{message}\n")
    return 1


def _teach(options: Namespace) -> int:
    gallery = Gallery(options.gallery or default_gallery())
    add = gallery.add_face if options.command == "add-face" else gallery.add_landmark
    try:
        pictures = add(options.name, options.picture.expanduser().read_bytes())
    except (GalleryError, OSError) as error:
        return _failed(str(error))
    sys.stdout.write(f"{options.name}: {pictures} {'image' if pictures == 1 else 'images'}\n")
    return 0


def _serve(options: Namespace) -> int:
    """Serve until a signal or idleness ends it."""
    ended = Event()

    def end(number: int, _: object) -> None:
        if ended.is_set():  # asked twice: whoever asks does not want to wait
            os._exit(128 + number)
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    service = LocalService(
        host=options.host,
        port=options.port,
        key=options.key,
        gallery=options.gallery or default_gallery(),
        idle=options.idle,
        allow_hosts=options.allow_hosts,
        rate=options.rate,
        latency=options.latency,
        operation_delay=options.operation_delay,
        fail_operations=options.fail_operations,
        images=options.images,
        cache_size=options.cache_size,
    )
    public = options.host in ALL_ADDRESSES
    with service, _announced(service, options.state_file, public):
        while service.running and not ended.wait(0.2):
            pass
    if service.working:  # on what has taken too long: its thread would keep this process
        os._exit(0)
    return 0


@contextmanager
def _announced(service: LocalService, file: Path | None, public: bool) -> Iterator[None]:
    """Write the URL and the key into a file that only the owner can read, or print them."""
    if file is None:
        where = f"{service.url}/vision/v1.0/ with key {service.key}"
        everywhere = "on all addresses of this machine, for example " if public else ""
        sys.stdout.write(f"Listening {everywhere}at {where}\nPress Ctrl-C to stop.\n")
        sys.stdout.flush()
        yield
        return
    state = {"url": service.url, "key": service.key, "pid": os.getpid()}
    _write(file, json.dumps(state))
    try:
        yield
    finally:
        _remove(file)


def _write(file: Path, text: str) -> None:
    """Write a file that is whole from its first moment and readable by its owner alone."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            stream.write(text)
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(file)) from None


def _remove(file: Path) -> None:
    """Remove the state file, unless another service has put its own in its place."""
    try:
        if json.loads(file.read_text())["pid"] == os.getpid():
            file.unlink()
    except (OSError, ValueError, KeyError, TypeError):
        pass


if __name__ == "__main__":
    sys.exit(main())
