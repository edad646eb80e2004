"""The results file of a batch: a JSON line for each image, written when its request completes."""

from __future__ import annotations

import errno
import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from mmap import ACCESS_READ, mmap
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import Any
from weakref import finalize

from filelock import FileLock, Timeout

from ..errors import VisionError

Record = dict[str, Any]
"""The members of IDENTITY, `fingerprint`, `seconds`, and `result` or `error`, `status`, `code`."""
IDENTITY = ("image", "operation", "options", "service")
"""Members that are equal in two records of the same request."""
LOCK_SECONDS = 0.3
_START = b'{"image": '
_CLAIMED = "claimed"


class ResultsFile:
    """A file of JSON lines that one run at a time appends to, from any thread.

    A later line replaces an earlier line with the same IDENTITY. The earlier line is removed when
    the file is closed. Every method raises VisionError if the file cannot be read or written,
    contains other data, or is locked by another run.

    Args:
        path: The file. None for a temporary file without a name, which the system removes when
            the process ends, however it ends.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path and path.resolve()
        self._known: dict[bytes, str | None] = {}
        self._has_stale = self._is_open = False
        self._writing = Lock()
        self._file: Any = None

    def __enter__(self) -> ResultsFile:
        with ExitStack() as stack, _vision_errors("write", self.path):
            if self.path is None:
                self._file = TemporaryFile(buffering=0)
                finalize(self, self._file.close)
            else:
                stack.enter_context(_locked(self.path))
                stack.callback(self._compact)
                self._file = stack.enter_context(self.path.open("ab", buffering=0))
                index, count, size = self._index()
                self._file.truncate(size)  # without a line that was cut off
                self._has_stale = count > len(index)
                self._known = {key: fingerprint for key, (_, fingerprint) in index.items()}
            self._is_open, self._closing = True, stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with self._writing:
            self._is_open = False
        self._closing.close()

    def claim(self, record: Record) -> bool:
        """Reserve an image; return False if it is reserved or has a result.

        A result is current if the fingerprint is the same, or the image's file has disappeared.
        """
        key = _key(record)
        with self._writing:
            before = self._known.get(key)
            if before == _CLAIMED or (before is not None and record["fingerprint"] in ("", before)):
                return False
            self._has_stale |= key in self._known
            self._known[key] = _CLAIMED
        return True

    def add(self, record: Record) -> bool:
        """Write a line to disk, or nothing of it; return False if the file has been closed."""

        def encode(data: bytes) -> str | None:  # a thumbnail; a temporary file does not keep it
            return b64encode(data).decode("ascii") if self.path else None

        text = json.dumps(record, ensure_ascii=False, default=encode)
        line = f"{text}\n".encode(errors="backslashreplace")  # a file name may not be UTF-8
        with self._writing, _vision_errors("write", self.path):
            if not self._is_open:
                return False
            size = self._file.seek(0, os.SEEK_END)
            try:
                if self._file.write(line) < len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                if self.path:
                    os.fsync(self._file.fileno())
            except OSError:
                with suppress(OSError):
                    self._file.truncate(size)
                raise
        return True

    def records(self) -> Iterator[Record]:
        """Yield the latest record of each image."""
        with _vision_errors("read", self.path):
            for line in self._latest():
                if record := _parse_line(line, self.path):
                    yield record

    def _latest(self) -> Iterator[bytes]:
        numbers = {number for number, _ in self._index()[0].values()}
        return (line for number, line in enumerate(self._lines()) if number in numbers)

    def _index(self) -> tuple[dict[bytes, tuple[int, str | None]], int, int]:
        """Return the last line's number and fingerprint for each key; number and size of lines."""
        index: dict[bytes, tuple[int, str | None]] = {}
        count = size = 0
        for line in self._lines():
            if record := _parse_line(line, self.path):
                index[_key(record)] = count, record["fingerprint"] if "result" in record else None
                count, size = count + 1, size + len(line)
        return index, count, size

    def _lines(self) -> Iterator[bytes]:
        if self.path and self.path.exists():
            with self.path.open("rb") as file:
                yield from file
        elif self.path is None and self._file:
            with self._writing:
                size = self._file.seek(0, os.SEEK_END)
                view = mmap(self._file.fileno(), size, access=ACCESS_READ) if size else None
            yield from iter(view.readline, b"") if view else ()

    def _compact(self) -> None:
        """Remove replaced lines. On a full disk they stay, and are ignored."""
        if not self.path or not self._has_stale:
            return
        spare = self.path.with_name(f".{self.path.name}.new")
        with suppress(OSError):
            try:
                with spare.open("wb") as file:
                    file.writelines(self._latest())
                    file.flush()
                    os.fsync(file.fileno())
                spare.chmod(self.path.stat().st_mode)
                spare.replace(self.path)
            finally:
                spare.unlink(missing_ok=True)


@contextmanager
def _vision_errors(verb: str, path: Path | None) -> Iterator[None]:
    try:
        yield
    except Timeout:
        advice = "wait for its end, or close it"
        raise VisionError(f"Another run is writing to {path}: {advice}") from None
    except OSError as error:
        name = path or "the temporary results file"
        raise VisionError(f"Cannot {verb} {name}: {error.strerror or error}") from error


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Lock a hidden file beside the results file, and remove it before the lock is released.

    A process that has opened it already then locks a file without a name: filelock (3.29.7 and
    newer) notices that, and opens the path again. On Windows, where an open file cannot be
    removed, filelock removes it after the release.
    """
    if path.exists() and not path.is_file():
        raise VisionError(f"{path} is not a file: name a file for the results")
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path.with_name(f".{path.name}.lock"), LOCK_SECONDS, thread_local=False)
    with lock:
        try:
            yield
        finally:
            with suppress(OSError):
                Path(lock.lock_file).unlink()


def _parse_line(line: bytes, path: Path | None) -> Record | None:
    """Return the record of a line, or None for a line that was cut off."""
    if not line.endswith(b"\n") and _START.startswith(line[: len(_START)]):
        return None
    with suppress(ValueError, TypeError):
        record: Record = json.loads(line)
        if {*IDENTITY, "fingerprint", "seconds"} <= set(record):
            if record["operation"] == "thumbnail" and (record.get("result") or {}).get("data"):
                record["result"]["data"] = b64decode(record["result"]["data"])
            return record
    raise VisionError(f"{path} contains something else than results: name another file")


def _key(record: Record) -> bytes:
    identity = json.dumps([record[name] for name in IDENTITY], sort_keys=True)
    return sha256(identity.encode()).digest()[:16]
