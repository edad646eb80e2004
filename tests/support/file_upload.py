"""The browser's half of an upload, spoken to the kernel's half without a browser."""

from __future__ import annotations

from typing import Any

from visionhelpers.explorer.file_upload import ChunkedUpload


class Browser:
    """Chooses files in a ChunkedUpload, and sends the chunks that it requests.

    Attributes:
        requests: Every message of the widget.
    """

    def __init__(self, widget: ChunkedUpload) -> None:
        self.requests: list[dict[str, Any]] = []
        self._widget = widget
        widget.send = self.requests.append  # in place of a kernel's comm

    def choose(self, name: str, size: int) -> str:
        """Choose a file without sending any of it, and return its id."""
        self._send({"kind": "file", "id": name, "name": name, "size": size})
        return name

    def send_chunk(self, file: str, offset: int, data: bytes) -> None:
        self._send({"kind": "chunk", "id": file, "offset": offset}, [memoryview(data)])

    def send_error(self, file: str, reason: str) -> None:
        self._send({"kind": "error", "id": file, "reason": reason})

    def upload(self, name: str, data: bytes) -> None:
        """Choose a file, and send every chunk that is requested."""
        self.requests.clear()
        self.choose(name, len(data))
        while (offset := self.requests[-1]["offset"]) is not None:
            self.send_chunk(name, offset, data[offset : offset + self._widget.chunk_size])

    def _send(self, content: dict[str, Any], buffers: list[memoryview] | None = None) -> None:
        self._widget._handle_custom_msg(content, buffers or [])
