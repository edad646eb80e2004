"""The results of many pictures in a file: a line of JSON each, whole or not there at all."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout

from ..errors import VisionError
from .register import Register

Record = dict[str, Any]
"""`picture`, `stamp`, `operation`, `options`, `seconds`, and `answer` or `error`."""
_FIRST = b'{"picture": '
_NAMES = ("picture", "operation", "options")
"""What a line is about; what else is in it may be overtaken by a later line."""


class Ledger:
    """A file of JSON lines that one run at a time goes on with.

    Lines are appended. Where one takes the place of another, because the picture has failed before
    or its file has changed, the older one goes when the ledger is closed or opened next: then each
    picture has one line. Several threads may write.

    Raises:
        VisionError: It cannot be written, holds something else, or another run writes to it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().absolute()
        self._lock = FileLock(self.path.with_name(f".{self.path.name}.lock"), 0, thread_local=False)
        self._writing = Lock()
        self._file: int | None = None

    def __enter__(self) -> Ledger:
        try:
            self._lock.acquire()
        except Timeout:
            raise VisionError(f"Another run is writing to {self.path}: wait for its end") from None
        except OSError as error:
            raise VisionError(f"Cannot write {self.path}: {error.strerror}") from error
        try:
            self._register = _tidied(self.path)
            self._file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        except BaseException as error:
            self._lock.release()
            if isinstance(error, OSError):
                raise VisionError(f"Cannot write {self.path}: {error.strerror}") from error
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._writing:
            if self._file is not None:
                os.close(self._file)
            self._file = None
        if self._register.overtaken:
            with suppress(OSError):  # on a full disk the older lines stay, and are passed over
                _tidied(self.path)
        self._lock.release()

    def claim(self, record: Record) -> bool:
        """Take on a picture; False if it is answered, and its file as it was, or taken already."""
        return self._register.claim(_key(record), record["stamp"])

    def add(self, record: Record) -> bool:
        """Write a line; False if the ledger has been closed meanwhile.

        Raises:
            VisionError: There is no room for it, and nothing of it is left.
        """
        line = _line(record)
        with self._writing:
            if self._file is None:
                return False
            before = os.fstat(self._file).st_size
            try:
                if os.write(self._file, line) < len(line):
                    raise OSError(0, "no space is left on the device")
                os.fsync(self._file)
            except OSError as error:
                with suppress(OSError):
                    os.ftruncate(self._file, before)
                raise VisionError(f"Cannot write to {self.path}: {error.strerror}") from error
        return True


def records(path: Path) -> Iterator[Record]:
    """Give what stands in a file of results about each picture.

    Raises:
        VisionError: There is no such file, or it holds something else.
    """
    try:
        register, _ = _read(path)
        for number, line in enumerate(_lines(path)):
            if register.is_last(number) and (record := _understood(line, path)):
                yield record
    except OSError as error:
        raise VisionError(f"Cannot read {path}: {error.strerror}") from error


def _tidied(path: Path) -> Register:
    """Leave one line for each picture; rewrite the file only if there are more, or torn ones."""
    if not path.exists():
        return Register()
    if not path.is_file():
        raise VisionError(f"{path} is not a file: name one for the results")
    register, untidy = _read(path)
    if untidy:
        spare = path.with_name(f".{path.name}.new")
        try:
            with spare.open("wb") as file:
                for number, line in enumerate(_lines(path)):
                    if register.is_last(number):
                        file.write(line)
                file.flush()
                os.fsync(file.fileno())
            spare.chmod(path.stat().st_mode)
            spare.replace(path)
        finally:
            spare.unlink(missing_ok=True)
    return register


def _read(path: Path) -> tuple[Register, bool]:
    """Register which line is the last about each picture; tell whether there are others."""
    register, untidy = Register(), False
    for number, line in enumerate(_lines(path)):
        record = _understood(line, path)
        if record is None:
            untidy = True
        else:
            stamp = record["stamp"] if "answer" in record else None
            untidy |= register.note(_key(record), number, stamp)
    return register, untidy


def _line(record: Record) -> bytes:
    try:
        return f"{json.dumps(record, ensure_ascii=False)}\n".encode()
    except UnicodeEncodeError:  # a file name may hold bytes that are no text
        return f"{json.dumps(record)}\n".encode("ascii")


def _lines(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from file


def _understood(line: bytes, path: Path) -> Record | None:
    """Return a line's record, or None for one that was cut off."""
    if not line.endswith(b"\n") and _FIRST.startswith(line[: len(_FIRST)]):
        return None
    with suppress(ValueError, TypeError):
        record = json.loads(line)
        if {*_NAMES, "stamp"} < set(record) and ("answer" in record) != ("error" in record):
            return dict(record)
    raise VisionError(f"{path} holds something else than results: name another file")


def _key(record: Record) -> bytes:
    told = json.dumps([record[name] for name in _NAMES], sort_keys=True)
    return sha256(told.encode()).digest()[:16]
