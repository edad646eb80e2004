"""What is known of the pictures of a run: kept on disk, so that memory stays flat."""

from __future__ import annotations

import sqlite3
from threading import Lock

_TABLE = "CREATE TABLE known (key BLOB PRIMARY KEY, number INTEGER, stamp TEXT) WITHOUT ROWID"
_LINES = "CREATE UNIQUE INDEX numbers ON known (number) WHERE number IS NOT NULL"
_TAKEN = None
"""The line's number of a picture that has none yet."""


class Register:
    """Which line is the last about each picture, and which pictures have been taken on.

    A temporary database: it goes with the process, and no million of pictures fills the memory.

    Attributes:
        overtaken: Whether a picture was taken on that has an older line.
    """

    def __init__(self) -> None:
        self._known = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        for statement in ("PRAGMA journal_mode = OFF", _TABLE, _LINES):
            self._known.execute(statement)
        self._asking = Lock()
        self.overtaken = False

    def note(self, key: bytes, number: int, stamp: str | None) -> bool:
        """Note a line and, where it is an answer, its stamp; tell whether there was one before."""
        with self._asking:
            before = self._row(key) is not None
            self._set(key, number, stamp)
            return before

    def claim(self, key: bytes, stamp: str) -> bool:
        """Take on a picture, unless it is answered with this very stamp, or taken on already.

        An answer outlasts its file: one without a stamp is not there to be asked about.
        """
        with self._asking:
            row = self._row(key)
            if row is not None:
                number, answered = row
                if number is _TAKEN or (answered is not None and stamp in ("", answered)):
                    return False
            self.overtaken |= row is not None
            self._set(key, _TAKEN, None)
            return True

    def is_last(self, number: int) -> bool:
        """Tell whether no later line is about the same picture."""
        found = self._known.execute("SELECT 1 FROM known WHERE number = ?", (number,))
        return found.fetchone() is not None

    def _row(self, key: bytes) -> tuple[int | None, str | None] | None:
        found = self._known.execute("SELECT number, stamp FROM known WHERE key = ?", (key,))
        row: tuple[int | None, str | None] | None = found.fetchone()
        return row

    def _set(self, key: bytes, number: int | None, stamp: str | None) -> None:
        self._known.execute("REPLACE INTO known VALUES (?, ?, ?)", (key, number, stamp))
