"""The browser's half of an upload, spoken to the kernel's half without a browser."""

from __future__ import annotations

from typing import Any

from visionhelpers.explorer.file_upload import FilePicker


class Sender:
    """Choose files in a picker, and send what it asks for.

    Attributes:
        asked: Every message of the picker.
    """

    def __init__(self, picker: FilePicker) -> None:
        self.asked: list[dict[str, Any]] = []
        self._picker = picker
        picker.send = self.asked.append  # where a kernel would put it on its way

    def choose(self, name: str, size: int) -> str:
        """Choose a file, of which nothing is sent yet, and return what the messages call it."""
        self._say({"kind": "chosen", "id": name, "name": name, "size": size})
        return name

    def part(self, name: str, offset: int, data: bytes) -> None:
        self._say({"kind": "part", "id": name, "offset": offset}, [memoryview(data)])

    def unreadable(self, name: str, why: str) -> None:
        self._say({"kind": "unreadable", "id": name, "why": why})

    def upload(self, name: str, data: bytes) -> None:
        """Choose a file, and send every part that is asked for."""
        self.asked.clear()
        self.choose(name, len(data))
        while (offset := self.asked[-1]["offset"]) is not None:
            self.part(name, offset, data[offset : offset + self._picker.part])

    def _say(self, content: dict[str, Any], buffers: list[memoryview] | None = None) -> None:
        self._picker._handle_custom_msg(content, buffers or [])
