"""A file upload in chunks.

The `FileUpload` of ipywidgets sends a file in one message. Jupyter servers close the connection
at a message of more than 10 MB, without an error.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from anywidget import AnyWidget
from traitlets import Int, Unicode

from ..images import MAX_DOWNLOAD_BYTES as MAX_UPLOAD_BYTES


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
        self._file: dict[str, Any] = {}  # id, name and size of the file that is uploaded
        self._data = bytearray()
        self.on_msg(self._on_message)

    def cancel(self) -> None:
        """Cancel the current upload."""
        if self._file:
            self.send({"id": self._file["id"], "offset": None})
            self._file = {}

    def _on_message(self, _: AnyWidget, message: dict[str, Any], buffers: list[memoryview]) -> None:
        if message["kind"] == "file":
            self.cancel()
            self._file, self._data = message, bytearray()
            self._request_chunk()
        elif message["id"] == self._file.get("id"):
            if message["kind"] == "error":
                self._fail(f"The browser cannot read the file: {message['reason']}")
            elif message["offset"] == len(self._data):
                self._data += buffers[0]
                self._request_chunk()

    def _request_chunk(self) -> None:
        name, size = self._file["name"], self._file["size"]
        if size > MAX_UPLOAD_BYTES:
            sizes = f"The file has {size / 2**20:.1f} MB, the limit is {MAX_UPLOAD_BYTES >> 20} MB"
            self._fail(f"{sizes}: enter its path instead, or make it smaller.")
        elif len(self._data) < size:
            self.send({"id": self._file["id"], "offset": len(self._data)})
        else:
            self.cancel()
            self._on_file(bytes(self._data), name)

    def _fail(self, reason: str) -> None:
        name = self._file["name"]
        self.cancel()
        self._on_error(name, reason)
