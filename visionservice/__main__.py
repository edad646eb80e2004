"""Command line of the service: serve the API, or edit the gallery (`python -m visionservice`)."""

import ctypes
import json
import logging
import os
import signal
import sys
from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from threading import Event
from typing import Any

try:
    from . import LocalService
    from .engines.runtime import release_memory
    from .gallery.gallery import Gallery
    from .server import default_gallery
    from .settings import ALL_ADDRESSES, ServiceSettings, expand
except ImportError as error:
    if isinstance(error.__cause__, ModuleNotFoundError):
        sys.exit(str(error))
    raise

KEY_VARIABLE = "VISION_SERVICE_KEY"
M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8
"""Parameters of mallopt(3), with which glibc returns the memory of large arrays to the system."""
COMMANDS = {
    "add-face": "add an image of a person to the gallery",
    "add-landmark": "add an image of a landmark to the gallery",
    "remove-face": "remove a person from the gallery",
    "remove-landmark": "remove a landmark from the gallery",
    "list": "list the people and landmarks of the gallery",
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; exit with a message if it fails."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger(__package__).setLevel(logging.INFO if options.verbose else logging.WARNING)
    try:
        options.gallery = expand(options.gallery or default_gallery())
        if options.command:
            _edit_gallery(options)
        else:
            settings = {each.name: getattr(options, each.name) for each in fields(ServiceSettings)}
            settings |= {name: dict(settings[name]) for name in ("engines", "engine_options")}
            _serve(LocalService(**settings), options.state_file)
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        sys.exit(str(error))


def _parser() -> ArgumentParser:
    """Return the parser; the options have the names of the attributes of ServiceSettings."""
    parser = ArgumentParser(
        prog="python -m visionservice",
        usage="%(prog)s [options] [COMMAND ...]",
        description="Serve the Computer Vision API, v1.0 to 4.0. With a command, edit the gallery.",
    )
    add = parser.add_argument
    add("--version", action="version", version=f"%(prog)s {version('visionhelpers')}")
    add("--host", help="address to listen on (default: %(default)s)")
    add("--port", type=int, help="port to listen on (default: any free port)")
    keys = parser.add_mutually_exclusive_group().add_argument
    about = "key that requests must carry; other users of this machine can read it"
    keys("--key", default=os.environ.get(KEY_VARIABLE) or None, help=about)
    about = f"file that contains the key (default: the variable {KEY_VARIABLE}, or a random key)"
    keys("--key-file", dest="key", type=_read_key, metavar="FILE", help=about)
    about = "folder of known people and landmarks (default: the gallery of the user)"
    add("--gallery", type=Path, metavar="FOLDER", help=about)
    about = "do not name the people and landmarks that come with the service"
    add("--no-built-in-gallery", dest="built_in_gallery", action="store_false", help=about)
    about = "further host name for requests; disables downloads from private addresses"
    append: Any = {"action": "append", "default": []}
    seconds: Any = {"type": float, "metavar": "SECONDS"}
    add("--allow-host", dest="allow_hosts", metavar="NAME", help=about, **append)
    add("--idle", **seconds, help="stop after this time without a request that has the key")
    about = "engine to use, such as captions=module:Class"
    add("--engine", dest="engines", type=_pair, metavar="KIND=ENGINE", help=about, **append)
    about, metavar = "argument of an engine, such as captions.model=FILE", "KIND.NAME=VALUE"
    add("--engine-option", dest="engine_options", type=_pair, metavar=metavar, help=about, **append)
    about = "URL of an OpenAI-compatible API whose model writes the captions"
    add("--captioner", metavar="URL", help=about)
    add("--captioner-model", metavar="NAME", help="name of that model")
    add("--cache-size", type=int, metavar="IMAGES", help="images to cache (default: %(default)s)")
    add("--warm", action="store_true", help="load all models before the URL is printed")
    add("--state-file", type=Path, metavar="FILE", help="file for url, key and pid; print nothing")
    add("--verbose", action="store_true", help="log every request and the hints of errors")
    add = parser.add_argument_group("conditions to test a client under").add_argument
    add("--rate", help="maximum request rate with polls, such as 20/minute; others get 429")
    add("--latency", **seconds, help="delay of every API response")
    add("--operation-delay", **seconds, help="minimum time of Recognize Text and Read")
    add("--fail-operations", action="store_true", help="make Recognize Text and Read fail")
    add("--images", type=Path, metavar="FOLDER", help="files for URLs that end in their names")
    defaults = ("host", "port", "cache_size", "latency", "operation_delay")
    parser.set_defaults(**{name: getattr(ServiceSettings, name) for name in defaults})
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", prog=parser.prog)
    for name, about in COMMANDS.items():
        command = commands.add_parser(name, help=about, description=f"{about.capitalize()}.")
        if name != "list":
            command.add_argument("name")
        if name.startswith("add"):
            command.add_argument("image", type=Path)
        command.add_argument("--gallery", type=Path, default=SUPPRESS, help="folder of the gallery")
    return parser


def _read_key(file: str) -> str:
    try:
        return expand(file).read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", "it is no text file")
        sys.exit(f"Invalid key file {file!r} ({reason}): use a file that contains the key.")


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise ArgumentTypeError(f"Invalid value {text!r}: use NAME=VALUE.")
    return name, value


def _edit_gallery(options: Namespace) -> None:
    """Run a command on the gallery, and print names with their numbers of images."""
    gallery = Gallery(options.gallery, built_in=options.built_in_gallery)
    stores = {"face": gallery.faces, "landmark": gallery.landmarks}
    action, _, kind = options.command.partition("-")
    if action == "list":
        found = ((kind, *pair) for kind, store in stores.items() for pair in store.names().items())
        counts = {f"{kind}: {name}": count for kind, name, count in found}
    elif action == "add":
        counts = {options.name: stores[kind].add(options.name, expand(options.image).read_bytes())}
    elif stores[kind].remove(options.name):
        counts = {options.name: 0}
    else:
        sys.exit(f"Invalid name {options.name!r}: use a name that list prints.")
    for name, count in counts.items():
        sys.stdout.write(f"{name}: {count} {'image' if count == 1 else 'images'}\n")


def _limit_heap() -> Callable[[int], object]:
    """Make glibc keep less freed memory, and return its function that releases what it keeps."""
    with suppress(OSError, AttributeError):  # another C library
        libc = ctypes.CDLL("libc.so.6")
        libc.mallopt(M_MMAP_THRESHOLD, 4_000_000)
        libc.mallopt(M_ARENA_MAX, 2)
        return libc.malloc_trim
    return bool


def _serve(service: LocalService, state_file: Path | None) -> None:
    """Serve until a signal or idleness."""
    trim = _limit_heap()
    stopping, ticks = Event(), 0

    def stop(number: int, _: object) -> None:
        if stopping.is_set():  # a second signal stops at once
            os._exit(128 + number)
        stopping.set()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    try:
        service.start()
    except OSError as error:
        where = f"{service.settings.host}:{service.settings.port}"
        reason = str(error.strerror).partition(" (")[0]
        sys.exit(f"Cannot listen at {where} ({reason}): choose another --host or --port.")
    try:
        if state_file:
            _write_state(service, state_file)
        else:
            _print_url(service)
        while not (service.wait(0.2) or stopping.is_set()):
            if (ticks := (ticks + 1) % 5) == 0:  # once a second
                if not service.working:
                    release_memory()
                trim(0)  # up to 80 MB of freed arrays
    finally:
        with suppress(OSError, ValueError, KeyError, TypeError):
            if state_file and json.loads(state_file.read_text())["pid"] == os.getpid():
                state_file.unlink()
        service.stop()
    if service.working:  # its thread would prevent the exit
        os._exit(0)


def _print_url(service: LocalService) -> None:
    """Print the URL of the service, and its key if it is random."""
    many = service.settings.host in ALL_ADDRESSES
    where = "on all addresses of this machine, for example " if many else ""
    key = "the given key" if service.settings.key else f"key {service.key}"
    sys.stdout.write(f"Listening {where}at {service.url}/vision/v1.0/ with {key}\n")
    sys.stdout.write("Press Ctrl-C to stop.\n")
    sys.stdout.flush()


def _write_state(service: LocalService, file: Path) -> None:
    """Write the URL and the key atomically to a file that only the owner can read."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        draft.touch(mode=0o600, exist_ok=False)
        draft.write_text(json.dumps({"url": service.url, "key": service.key, "pid": os.getpid()}))
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        sys.exit(f"Cannot write {file} ({error.strerror}): choose another place for --state-file.")


if __name__ == "__main__":
    main()
