"""The client: one method for each operation of the Computer Vision API."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

from PIL import Image
from requests import Response

from .diagnostics import diagnose
from .endpoint import parse_endpoint, parse_key
from .errors import VisionWarning
from .images import Picture, sample
from .pace import Pace
from .replies import decoded, pictured
from .session import KEY_HEADER, Headers, Received, Session
from .teaching import Teacher
from .uploads import Upload, delivered, upload

Answer = dict[str, Any]
"""The API's own JSON, as Python sees it."""

Result = TypeVar("Result")


class VisionClient(Teacher):
    """Talk to one Computer Vision service.

    Every `picture` is an http(s) URL, which the service fetches itself (where it cannot and this
    machine can, the bytes are sent), or a path, bytes, an open binary file or a Pillow image,
    whose bytes are sent. Answers are the API's own JSON in the shapes of v1.0: those of v3.2 are
    put into them, and its `modelVersion` is found in `last_response`.
    Coordinates in them are pixels of the upright picture, from its top left, x to the right
    and y down. Failed requests that may pass (429, 500, 502, 503, 504, cut connections) are
    sent again; what remains is raised as one of the `VisionError` tree.
    """

    def __init__(
        self,
        endpoint: str,
        key: str,
        *,
        version: str | None = None,
        timeout: float = 60,
        retries: int = 4,
    ) -> None:
        """Take an endpoint in any form, with or without a slash or `/vision/v1.0`.

        Args:
            endpoint: Where the service is.
            key: The subscription key.
            version: The API version, v1.0 or v3.2, where the endpoint names none; else
                VISION_API_VERSION, else v1.0 for a service on this machine and v3.2 for others.
            timeout: Seconds to wait for an answer.
            retries: How often a request is sent again at most.

        Raises:
            ConfigurationError: The endpoint or the key cannot be used.
        """
        self._timeout, self._retries, self._pace = timeout, retries, Pace()
        self._version = version or os.environ.get("VISION_API_VERSION")
        self._aim(endpoint, key)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r})"

    @property
    def base_url(self) -> str:
        """The address that operations are appended to, as in `…/vision/v1.0/`."""
        return self._endpoint.base_url

    @property
    def version(self) -> str:
        """The API version, as in `v1.0`."""
        return self._endpoint.version

    @property
    def key(self) -> str:
        """The subscription key."""
        return self._key

    @property
    def headers(self) -> dict[str, str]:
        """The header that carries the key; printed, it keeps the key to itself."""
        return Headers({KEY_HEADER: self._key})

    @property
    def rate(self) -> str | None:
        """How often to ask at most, polls counted, as in "20/minute"; None to ask at will.

        Without it too, a rate limit that is met is waited out, by all threads together.
        """
        return self._pace.rate

    @rate.setter
    def rate(self, rate: str | None) -> None:
        self._pace = self._session.pace = Pace(rate)

    @property
    def recipe(self) -> dict[str, Any]:
        """What another such client is made of, in another process say; the key is in it."""
        return {
            "endpoint": self.base_url,
            "key": self._key,
            "timeout": self._timeout,
            "retries": self._retries,
        }

    @property
    def last_response(self) -> Received | None:
        """Status, headers and seconds of the last answer, or None before the first."""
        return self._session.received

    def check(self) -> str:
        """Say in one sentence whether the service answers, and if not what to mend.

        A wrong key, a wrong region, a wrong path and no network are told apart.
        """
        return diagnose(self._session, self._key)

    def sample_url(self, name: str) -> str:
        """Return the address at which a service on this machine serves a sample picture.

        A service elsewhere cannot fetch it from here: for that it is the path of the file,
        whose bytes are then sent.

        Raises:
            ImageError: No sample has this name.
        """
        path = sample(name)
        here = self._endpoint.is_loopback
        return f"{self._endpoint.root}samples/{quote(name)}" if here else str(path)

    def analyze(
        self,
        picture: Picture,
        features: str | Iterable[str] = ("Categories", "Description", "Color"),
        details: str | Iterable[str] = (),
        language: str = "en",
    ) -> Answer:
        """Describe a picture from every side: POST analyze.

        Args:
            picture: See the class.
            features: Any of ImageType, Faces, Adult, Categories, Color, Tags, Description.
            details: Any of Celebrities, Landmarks.
            language: Of tags and captions.
        """
        params = {"visualFeatures": _csv(features), "details": _csv(details), "language": language}
        return self._ask("analyze", picture, {k: v for k, v in params.items() if v}, self._decoded)

    def describe(self, picture: Picture, max_candidates: int = 1, language: str = "en") -> Answer:
        """Caption a picture, the most certain caption first: POST describe."""
        params = {"maxCandidates": max_candidates, "language": language}
        return self._ask("describe", picture, params, self._decoded)

    def tag(self, picture: Picture, language: str = "en") -> Answer:
        """Name what is in a picture: POST tag."""
        return self._ask("tag", picture, {"language": language}, self._decoded)

    def domain_models(self) -> Answer:
        """List the domain-specific models: GET models."""
        return self._decoded(self._send("GET", self._path("models")))

    def landmarks(self, picture: Picture, language: str = "en") -> Answer:
        """Name the sights in a picture: POST models/landmarks/analyze."""
        path, params = "models/landmarks/analyze", {"language": language}
        return self._ask(path, picture, params, self._decoded)

    def celebrities(self, picture: Picture, language: str = "en") -> Answer:
        """Name the people in a picture: POST models/celebrities/analyze."""
        path, params = "models/celebrities/analyze", {"language": language}
        return self._ask(path, picture, params, self._decoded)

    def thumbnail(
        self, picture: Picture, width: int, height: int, smart: bool = True
    ) -> Image.Image:
        """Crop and shrink a picture to a size in pixels: POST generateThumbnail.

        Args:
            picture: See the class.
            width: 1 to 1024.
            height: 1 to 1024.
            smart: Keep what matters in view, whatever the shape; else crop around the centre.
        """
        params = {"width": width, "height": height, "smartCropping": _flag(smart)}
        return self._ask("generateThumbnail", picture, params, pictured)

    def ocr(
        self, picture: Picture, language: str = "unk", detect_orientation: bool = True
    ) -> Answer:
        """Read print, as regions of lines of words: POST ocr.

        Boxes are "left,top,width,height" in pixels of the picture turned clockwise by
        `textAngle` degrees about its centre.
        """
        params = {"language": language, "detectOrientation": _flag(detect_orientation)}
        dialect = self._endpoint.dialect
        return self._ask("ocr", picture, params, lambda given: dialect.read(self._decoded(given)))

    def recognize_text(
        self,
        picture: Picture,
        handwriting: bool = True,
        timeout: float | None = None,
        on_status: Callable[[str], None] | None = None,
    ) -> Answer:
        """Read handwriting or print, and return the finished operation: POST recognizeText.

        API v3.2 calls this Read, and tells print from handwriting by itself.

        Boxes are eight numbers, x and y of four corners clockwise from the text's top left.

        Args:
            picture: See the class.
            handwriting: Whether it is written by hand.
            timeout: Seconds to wait for the operation; the client's own by default. The waits
                that a rate limit asks for come on top.
            on_status: Called with each status that the service tells, as in "Running"; what it
                raises ends the wait.

        Raises:
            OperationFailedError: The operation ended in Failed.
            OperationTimeoutError: It did not end in time.
        """
        seconds = self._timeout if timeout is None else timeout
        dialect = self._endpoint.dialect
        return self._ask(
            dialect.reading,
            picture,
            dialect.asks(handwriting),
            lambda accepted: dialect.recognised(self._session.finish(accepted, seconds, on_status)),
        )

    def _aim(self, endpoint: str, key: str) -> None:
        self._endpoint = parse_endpoint(endpoint, self._version)
        self._key = parse_key(key)
        self._session = Session(self._endpoint, self._key, self._timeout, self._retries, self._pace)

    def _path(self, operation: str) -> str:
        return f"vision/{self.version}/{operation}"

    def _send(self, method: str, path: str, **content: Any) -> Response:
        return self._session.send(method, path, **content)

    def _ask(
        self,
        operation: str,
        picture: Picture | Upload,
        params: dict[str, Any],
        read: Callable[[Response], Result],
    ) -> Result:
        send = partial(self._send, "POST", self._path(operation), params=params)
        answer, sent = delivered(picture, upload(picture), send)
        if sent.note and sent is not picture:
            warnings.warn(sent.note, VisionWarning, stacklevel=3)  # whoever called the method
        return sent.enlarge(read(answer))

    def _decoded(self, answer: Response) -> Answer:
        content = decoded(answer)
        self._session.note_model(content)
        return content


def _csv(names: str | Iterable[str]) -> str:
    return names if isinstance(names, str) else ",".join(names)


def _flag(value: bool) -> str:
    return "true" if value else "false"
