"""A kernel of a Jupyter server, reached as JupyterLab reaches it: by the server's web socket."""

from __future__ import annotations

import json
import time
from typing import Any, Self

import websocket
from jupyter_client.session import Session


class Kernel:
    """A connection to a kernel of a server; the kernel continues when it is closed."""

    def __init__(self, url: str, token: str, seconds: float) -> None:
        """Take the kernel's URL in the server's API, and the seconds to wait for a message."""
        self._url = url.replace("http", "ws", 1) + "/channels"
        self._token = token
        self._seconds = seconds
        self._session = Session()

    def __enter__(self) -> Self:
        header = [f"Authorization: token {self._token}"]
        self._socket = websocket.create_connection(self._url, self._seconds, header=header)
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def run(self, code: str) -> str | None:
        """Run a cell, and return the last line of its error, or None.

        Raises:
            TimeoutError: The kernel has not finished, or sends no message.
        """
        request = self._session.msg("execute_request", {"code": code, "allow_stdin": False})
        self._socket.send(json.dumps({**request, "channel": "shell"}, default=str))
        awaited, error = {"execute_reply", "idle"}, None
        deadline = time.monotonic() + self._seconds
        while awaited:
            message = self._received(deadline)
            if message["parent_header"].get("msg_id") != request["msg_id"]:
                continue
            content = message["content"]
            awaited -= {message["msg_type"], content.get("execution_state")}
            if message["msg_type"] == "error":
                error = f"{content['ename']}: {content['evalue']}"
        return error

    def _received(self, deadline: float) -> dict[str, Any]:
        """Return the next message; those with a binary part are a widget's own business."""
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:  # the server's pings too, or they would be waited for again and again
                kind, data = self._socket.recv_data(control_frame=True)
            except websocket.WebSocketTimeoutException as error:
                raise TimeoutError from error
            if kind == websocket.ABNF.OPCODE_TEXT:
                message: dict[str, Any] = json.loads(data)
                return message
        raise TimeoutError
