"""The half of a run over many pictures that may travel: to a thread, a process, a machine."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Mapping
from io import BytesIO
from threading import Lock
from typing import Any

from PIL import Image

from ..client import VisionClient
from ..errors import ServiceError, sentence
from ..session import LIMITED
from .sources import Source

Outcome = dict[str, Any]
"""`seconds`, and `answer` or `error`."""
PATIENCE = 600.0
"""Seconds for which a picture may be refused for the rate, by a service that others ask too."""
_PAUSE = 1.0

_clients: dict[object, VisionClient] = {}
_making = Lock()


class Envoy:
    """Asks about pictures wherever it is: in its own process with the client it was given.

    In another, all envoys of a kind share a client made there, hence one connection and one pace.
    That of a local service turns to the service of its own machine, and starts it if need be.
    """

    def __init__(self, client: VisionClient) -> None:
        self._client: VisionClient | None = client
        self._making = type(client), tuple(client.recipe.items()), client.rate

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._making[0].__name__})"  # schedulers log arguments

    def __getstate__(self) -> dict[str, Any]:
        return {"_client": None, "_making": self._making}

    def ask(
        self, operation: str, picture: Source, options: Mapping[str, Any], errand: str
    ) -> Outcome:
        """Ask about one picture; what goes wrong is part of the outcome.

        Args:
            operation: A method of the client.
            picture: A path, an address or bytes.
            options: The method's own.
            errand: Unlike any other, or a scheduler may think that it knows the answer.
        """
        del errand
        began = time.monotonic()
        found: Outcome
        try:
            found = {"answer": _plain(self._answer(operation, picture, options, began + PATIENCE))}
        except Exception as error:  # one picture's trouble is not the others'
            found = {"error": sentence(error)}
        return {"seconds": round(time.monotonic() - began, 3), **found}

    def _answer(
        self, operation: str, picture: Source, options: Mapping[str, Any], until: float
    ) -> Any:
        """Ask until the answer is not 429: the client itself gives up sooner."""
        ask = getattr(self._client or _made(*self._making), operation)
        while True:
            try:
                return ask(picture, **options)
            except ServiceError as error:
                if error.status != LIMITED or time.monotonic() > until:
                    raise
                time.sleep(_PAUSE)


def _made(
    kind: type[VisionClient], recipe: tuple[tuple[str, Any], ...], rate: str | None
) -> VisionClient:
    """Return this process's client of a kind."""
    with _making:
        if (kind, recipe, rate) not in _clients:
            client = kind(**dict(recipe))
            client.rate = rate
            _clients[kind, recipe, rate] = client
        return _clients[kind, recipe, rate]


def _plain(answer: Any) -> dict[str, Any]:
    """Return an answer as JSON: a thumbnail by its size and the base64 of its file."""
    if not isinstance(answer, Image.Image):
        return dict(answer)
    buffer, form = BytesIO(), answer.format or "PNG"
    answer.save(buffer, form, **({"quality": "keep"} if form == "JPEG" else {}))
    data = b64encode(buffer.getvalue()).decode("ascii")
    return {"width": answer.width, "height": answer.height, "format": form, "data": data}
