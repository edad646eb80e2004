"""A client's connection, closed when it sends no head of a request, or does not read its answer."""

from __future__ import annotations

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_SECONDS = 30.0
READ_SECONDS = 60.0
"""The time in which a client must have taken what it is sent, once that fills every buffer."""


class Connection(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, which bounds no more than the pause between two requests."""

    _timer: asyncio.TimerHandle
    _patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._look_later(self.cycle)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._timer.cancel()
        if self._patience:
            self._patience.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """Begin to wait for the client to read."""
        super().pause_writing()
        self._patience = self.loop.call_later(READ_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """Wait no longer: the client has read."""
        super().resume_writing()
        if self._patience:
            self._patience.cancel()

    def send_400_response(self, msg: str) -> None:
        """Say that this is no HTTP, under the same headers as every other answer."""
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"connection", b"close"),
        ]
        refusal = h11.Response(status_code=400, headers=headers, reason=b"Bad Request")
        for event in (refusal, h11.Data(data=msg.encode("ascii")), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _look_later(self, last: object) -> None:
        self._timer = self.loop.call_later(HEAD_SECONDS, self._look, last)

    def _look(self, last: object) -> None:
        """Hang up if the request waited for is the one that was waited for the last time."""
        waiting = self.conn.their_state is h11.IDLE
        if waiting and self.cycle is last:
            self.transport.close()
        else:
            self._look_later(self.cycle if waiting else self)
