"""Where the bytes of a request's picture come from: its body, a sample on disk, or the network."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from urllib.parse import unquote, urlsplit

from anyio import to_thread
from starlette.requests import Request

from visionhelpers.images import SAMPLES, sample_credits

from .body import read_source
from .errors import invalid_image_url
from .fetch import allow_any, download, is_public_address
from .imaging.probe import InputLimits, too_large
from .middleware import normalize_path
from .settings import LOOPBACK


class ImageSource:
    """Fetches pictures; addresses of this very service are read from disk, never asked for.

    Args:
        hosts: The names that this service answers to.
        public_only: Whether to refuse addresses that lead into a private network.
        pictures: A folder; an address whose last segment is a file in it means that file.
    """

    def __init__(
        self, hosts: Collection[str], *, public_only: bool, pictures: Path | None = None
    ) -> None:
        self._hosts = LOOPBACK | {host.lower() for host in hosts}
        self._allowed = is_public_address if public_only else allow_any
        self._pictures = pictures

    async def fetch(self, request: Request, limits: InputLimits) -> bytes:
        """Return the bytes of the picture that a request holds or names.

        Raises:
            ApiError: The body or the address is not to be had.
        """
        source = await read_source(request, limits)
        if isinstance(source, bytes):
            return source
        if name := self._sample(source, request):
            if name not in sample_credits():
                raise invalid_image_url(f"No sample is called {name[:80]!r}.")
            return await to_thread.run_sync((SAMPLES / name).read_bytes)
        if file := self._stored(source):
            return await to_thread.run_sync(_read, file, limits)
        return await download(source, most=limits.bytes, allowed=self._allowed)

    def _stored(self, url: str) -> Path | None:
        """Return the file of `pictures` that an address means by its last segment."""
        name = unquote(url.partition("?")[0].partition("#")[0].rpartition("/")[2])
        if self._pictures is None or not name or set(name) & {"/", "\\", "\0"}:
            return None
        try:
            folder = self._pictures.resolve()
            file = (folder / name).resolve()
            return file if file.parent == folder and file.is_file() else None
        except (OSError, RuntimeError, ValueError):  # such as a loop of links
            return None

    def _sample(self, url: str, request: Request) -> str:
        """Return the name of the sample that an address of this service means, else nothing."""
        try:
            parts = urlsplit(url)
            ours = (parts.hostname or "") in self._hosts
            here = ours and (parts.port or 80) == request.scope["server"][1]
        except ValueError:
            return ""
        if parts.scheme not in ("http", "https"):
            return ""
        if not here and parts.netloc.lower() != request.headers.get("host", "").lower():
            return ""
        path = normalize_path(unquote(parts.path))
        return path.removeprefix("/samples/") if path.startswith("/samples/") else ""


def _read(file: Path, limits: InputLimits) -> bytes:
    try:
        size = file.stat().st_size
        if size > limits.bytes:
            raise too_large(limits.bytes, f"{file.name} has {size} bytes")
        return file.read_bytes()
    except OSError as error:
        message = f"The file {file.name!r} in the folder of pictures cannot be read"
        raise invalid_image_url(f"{message}: {error.strerror}.") from None
