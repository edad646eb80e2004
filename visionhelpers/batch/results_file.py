"""The results file of a batch: a JSON line for each image, written when its request completes."""

import json
import os
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile
from threading import Lock
from typing import Any, Self
from weakref import finalize

from filelock import FileLock, Timeout

from ..errors import VisionError
from .worker import BatchResult

Record = dict[str, Any]
IDENTITY = ("image", "operation", "options", "service")
"""Members that are equal in two records of the same request."""
_START = b'{"image": '


class ResultsFile:
    """A file of JSON lines that one run at a time appends to, from any thread.

    A later line replaces an earlier line with the same IDENTITY, which closing it removes.
    New lines are those of one `request`: operation, options and service. Without a path it is a
    temporary file without a name, which the system removes when the process ends, however it ends.
    Every method raises VisionError if the file cannot be read or written, contains other data, or
    is locked by another run.
    """

    def __init__(self, path: Path | None, request: Record) -> None:
        self.path, self.request = path and path.resolve(), request
        self._known: dict[bytes, str | None] = {}
        self._has_stale, self._writing = False, Lock()
        self._file: Any = None
        if not path:
            self._file = TemporaryFile(buffering=0)  # noqa: SIM115
            finalize(self, self._file.close)

    def __enter__(self) -> Self:
        with ExitStack() as stack, self._vision_errors("write"):
            if path := self.path:
                path.parent.mkdir(parents=True, exist_ok=True)
                lock = path.with_name(f".{path.name}.lock")
                stack.enter_context(suppress(OSError))  # at the end
                stack.enter_context(FileLock(lock, timeout=0.3, thread_local=False))
                stack.callback(lock.unlink)  # before the release; on Windows filelock does it after
                stack.callback(lambda: self._has_stale and self._compact(path))
                self._file = stack.enter_context(path.open("ab", buffering=0))
                count = size = 0
                for line, record in self._scan():
                    self._known[_key(record)] = None if record["error"] else record["fingerprint"]
                    count, size = count + 1, size + len(line)
                self._file.truncate(size)  # without a line that was cut off
                self._has_stale = count > len(self._known)
            self._closing = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        with self._writing:
            self._closing.close()

    def claim(self, image: str, fingerprint: str) -> bool:
        """Reserve an image; return False if it is reserved or has a current result."""
        key = _key({"image": image, **self.request})
        known = self._known.get(key)
        if known is not None and fingerprint in ("", known):  # "": its file has disappeared
            return False
        self._has_stale |= key in self._known
        self._known[key] = fingerprint
        return True

    def add(self, result: BatchResult, fingerprint: str) -> None:
        """Write a line to disk, or nothing of it, and nothing if the file has been closed."""
        record = {"image": result.image, "fingerprint": fingerprint, **self.request}
        text = json.dumps(record | result._asdict(), ensure_ascii=False, default=self._encode)
        line = f"{text}\n".encode(errors="backslashreplace")  # a file name may not be UTF-8
        with self._writing, self._vision_errors("write"):
            if self._file.closed:
                return
            size = self._file.seek(0, os.SEEK_END)
            try:
                while line:  # on a full disk, the first write is short and the next fails
                    line = line[self._file.write(line) :]
                if self.path:
                    os.fsync(self._file.fileno())
            except OSError:
                with suppress(OSError):
                    self._file.truncate(size)
                raise

    def _encode(self, thumbnail: bytes) -> str | None:
        return b64encode(thumbnail).decode("ascii") if self.path else None

    def results(self) -> Iterator[BatchResult]:
        """Yield the latest result of each image, of this request only."""
        with self._writing, self._vision_errors("read"), suppress(FileNotFoundError):
            for _, record in self._latest():
                if self.request.items() <= record.items():
                    yield BatchResult._make(map(record.get, BatchResult._fields))

    def _latest(self) -> Iterator[tuple[bytes, Record]]:
        last = {_key(record): number for number, (_, record) in enumerate(self._scan())}
        numbers = set(last.values())
        return (each for number, each in enumerate(self._scan()) if number in numbers)

    def _scan(self) -> Iterator[tuple[bytes, Record]]:
        """Yield the lines and their records, without a line that was cut off."""
        with open(self.path or self._file.fileno(), "rb", closefd=bool(self.path)) as file:
            file.seek(0)
            for line in file:
                if not line.endswith(b"\n") and _START.startswith(line[: len(_START)]):
                    return
                yield line, self._parse(line)

    def _parse(self, line: bytes) -> Record:
        with suppress(ValueError, TypeError):
            record: Record = json.loads(line)
            if {*IDENTITY, *BatchResult._fields, "fingerprint"} <= set(record):
                if record["operation"] == "thumbnail" and (record["result"] or {}).get("data"):
                    record["result"]["data"] = b64decode(record["result"]["data"])
                return record
        raise VisionError(f"{self.path} contains something else than results: name another file")

    def _compact(self, path: Path) -> None:
        """Remove replaced lines. On a full disk they stay, and are ignored."""
        spare = path.with_name(f".{path.name}.new")
        try:
            with spare.open("wb") as file:
                file.writelines(line for line, _ in self._latest())
                file.flush()
                os.fsync(file.fileno())
            spare.chmod(path.stat().st_mode)
            spare.replace(path)
        finally:
            spare.unlink(missing_ok=True)

    @contextmanager
    def _vision_errors(self, verb: str) -> Iterator[None]:
        try:
            yield
        except Timeout:
            raise VisionError(f"Another run is writing to {self.path}: wait, or close it") from None
        except OSError as error:
            name = self.path or "the temporary results file"
            raise VisionError(f"Cannot {verb} {name}: {error.strerror or error}") from error


def _key(record: Record) -> bytes:
    identity = json.dumps([record[name] for name in IDENTITY], sort_keys=True)
    return sha256(identity.encode()).digest()[:16]
