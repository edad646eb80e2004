"""A server that never responds."""

from __future__ import annotations

import socket


class SilentServer:
    """A server that accepts connections and sends nothing."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(60)
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def accept(self) -> socket.socket:
        return self.socket.accept()[0]
