"""A file upload in chunks.

The `FileUpload` of ipywidgets sends a file in one message. Jupyter servers close the connection
at a message of more than 10 MB, without an error.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anywidget import AnyWidget
from traitlets import Int, Unicode

from ..images import MAX_DOWNLOAD_BYTES as MAX_UPLOAD_BYTES


@dataclass
class PendingUpload:
    """A file of `size` bytes, of which some chunks are missing."""

    id: str
    name: str
    size: int
    data: bytearray = field(default_factory=bytearray)


class ChunkedUpload(AnyWidget):
    """A button that uploads a file from the user's machine; `chunk_size` in bytes."""

    _esm = Path(__file__).with_suffix(".js")
    description = Unicode("Upload an image").tag(sync=True)
    accept = Unicode("image/*,application/pdf").tag(sync=True)
    chunk_size = Int(1 << 20).tag(sync=True)

    def __init__(
        self, on_file: Callable[[bytes, str], None], on_error: Callable[[str, str], None]
    ) -> None:
        """Create a button; `on_file` gets content and name, `on_error` name and reason."""
        super().__init__()
        self._on_file, self._on_error = on_file, on_error
        self._pending: PendingUpload | None = None
        self.on_msg(self._on_message)

    def cancel(self) -> None:
        """Cancel the current upload."""
        if self._pending:
            self.send({"id": self._pending.id, "offset": None})
            self._pending = None

    def _on_message(self, _: AnyWidget, message: dict[str, Any], buffers: list[memoryview]) -> None:
        pending = self._pending
        if message["kind"] == "file":
            self.cancel()
            self._pending = PendingUpload(message["id"], message["name"], message["size"])
            self._request_chunk(self._pending)
        elif pending and message["id"] == pending.id:
            if message["kind"] == "error":
                self._fail(pending, f"The browser cannot read the file: {message['reason']}")
            elif message["offset"] == len(pending.data):
                pending.data += buffers[0]
                self._request_chunk(pending)

    def _request_chunk(self, pending: PendingUpload) -> None:
        if pending.size > MAX_UPLOAD_BYTES:
            size, limit = pending.size / (1 << 20), MAX_UPLOAD_BYTES >> 20
            advice = "enter its path instead, or make it smaller."
            self._fail(pending, f"The file has {size:.1f} MB, the limit is {limit} MB: {advice}")
        elif len(pending.data) < pending.size:
            self.send({"id": pending.id, "offset": len(pending.data)})
        else:
            self.cancel()
            self._on_file(bytes(pending.data), pending.name)

    def _fail(self, pending: PendingUpload, reason: str) -> None:
        self.cancel()
        self._on_error(pending.name, reason)
