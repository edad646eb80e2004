"""Teaching: names that a local service learns over a route of its own, outside the API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .errors import ConfigurationError, ServiceError
from .images import Picture
from .replies import decoded
from .uploads import upload

if TYPE_CHECKING:
    from requests import Response


class Teacher:
    """The part of a client that adds to the gallery of a local service, and takes from it."""

    if TYPE_CHECKING:

        def _send(self, method: str, path: str, **content: Any) -> Response: ...

    def add_face(self, name: str, picture: Picture) -> dict[str, Any]:
        """Teach a local service whose face this is; the next request knows the name.

        The answer tells how many pictures it now holds under the name.

        Raises:
            ServiceError: There is not exactly one face in the picture, or the name is no name.
            ConfigurationError: The service cannot be taught: only the local one can.
        """
        return self._teach("celebrities", name, picture)

    def add_landmark(self, name: str, picture: Picture) -> dict[str, Any]:
        """Teach a local service which sight this is, like `add_face`."""
        return self._teach("landmarks", name, picture)

    def forget_face(self, name: str) -> bool:
        """Make a local service forget who it was taught; tell whether it knew the name.

        Raises:
            ConfigurationError: The service cannot be taught: only the local one can.
        """
        return self._forget("celebrities", name)

    def forget_landmark(self, name: str) -> bool:
        """Make a local service forget a sight that it was taught, like `forget_face`."""
        return self._forget("landmarks", name)

    def _teach(self, kind: str, name: str, picture: Picture) -> dict[str, Any]:
        sent = upload(picture)
        try:
            return decoded(self._send("POST", _path(kind, name), **sent.body))
        except ServiceError as error:
            self._must_be_teachable(error)
            raise

    def _forget(self, kind: str, name: str) -> bool:
        try:
            self._send("DELETE", _path(kind, name))
        except ServiceError as error:
            self._must_be_teachable(error)
            if error.status != 404:
                raise
            return False
        return True

    def _must_be_teachable(self, error: ServiceError) -> None:
        """Raise if a 404 means that there is no gallery: a local service would tell its health."""
        if error.status != 404:
            return
        try:
            self._send("GET", "health")
        except ServiceError:
            message = "This service cannot be taught names: only the local service can"
            raise ConfigurationError(message) from None


def _path(kind: str, name: str) -> str:
    return f"gallery/{kind}/{quote(name, safe='')}"
