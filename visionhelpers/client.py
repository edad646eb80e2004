"""The client: one method for each operation of the Computer Vision API."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any, TypeAlias, cast
from urllib.parse import quote

import requests
from PIL import Image

from .diagnostics import diagnose, require_gallery
from .endpoint import Endpoint, ImageLimits, Secret, parse_endpoint, parse_key
from .errors import ConfigurationError, ImageError, ServiceError, VisionWarning
from .images import ImageInput, Upload, download, encode_image, sample_path
from .results import Analysis, DomainResult, OcrResult, RecognizeTextResult, rescale
from .transport import CLOCK, LOGGER, OnStatus, RateLimiter, Response, Transport, check_seconds

Input: TypeAlias = ImageInput | Upload
URL_ERROR_CODES = ("invalidimageurl", "failedtodownloadimage", "invalidimagesize")
"""Error codes for an image URL that the service cannot use, in lower case."""


class VisionClient:
    """A client of one Computer Vision service, for any number of threads.

    An `image` is an http(s) URL, which the service downloads (where it cannot, the client sends the
    bytes), or a path, bytes, an open binary file or a Pillow image. The client converts and resizes
    it to what the operation takes; a VisionWarning tells of resizing.

    Results are the API's JSON in the shapes of v1.0; those of v3.2 are converted. Coordinates are
    pixels of the upright image: origin top left, x right, y down. Confidences are from 0 to 1.
    Every call may raise one of the VisionError tree in `visionhelpers.errors`.

    Args:
        endpoint: URL of the service, with or without a final slash or `/vision/v1.0`.
        key: Subscription key.
        version: API version, where the endpoint contains none. The default is VISION_API_VERSION,
            else v1.0 for a service on this machine and v3.2 for others.
        timeout: Seconds of one HTTP attempt.
        deadline: Seconds of one call, with all its attempts and pauses.
        retries: Number of retries, after 429 and 503, and where a request may run twice also after
            500, 502, 504 and lost connections.
        rate: Maximum request rate, retries and polls included, such as "20/minute".
        session: A `requests.Session` with proxies, certificates or adapters.
        credential: An object with `get_token(scope)`, as in azure-identity, in place of a key.

    Raises:
        ConfigurationError: The endpoint, the key or the version cannot be used.
        ValueError: A number or the rate is invalid.
    """

    __slots__ = ("__weakref__", "_transport", "_version")

    def __init__(
        self,
        endpoint: str,
        key: str | None = None,
        *,
        version: str | None = None,
        timeout: float = 60,
        deadline: float = 300,
        retries: int = 4,
        rate: str | None = None,
        session: requests.Session | None = None,
        credential: Any = None,
    ) -> None:
        if (key is None) == (credential is None):
            raise ConfigurationError("Set either a key or a credential")
        self._version = version or os.environ.get("VISION_API_VERSION")
        target = parse_endpoint(endpoint, self._version)
        secret = Secret() if key is None else parse_key(key)
        options = credential, session, timeout, deadline, retries
        self._transport = Transport((target, secret), *options)
        self.rate = rate

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_url!r})"

    def __enter__(self) -> VisionClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        names = ("credential", "session", "timeout", "deadline", "retries")
        options = {name: getattr(self._transport, name) for name in names}
        return {"endpoint": self.base_url, "key": self.key or None, "rate": self.rate, **options}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    @property
    def base_url(self) -> str:
        """URL that operations are appended to, such as `…/vision/v1.0/`."""
        return self._endpoint.base_url

    @property
    def version(self) -> str:
        """API version, such as "v1.0"."""
        return self._endpoint.version

    @property
    def service(self) -> str:
        """Identity of the service without its port, such as "local/v1.0"."""
        return f"{'local' if self._endpoint.is_loopback else self._endpoint.host}/{self.version}"

    @property
    def key(self) -> str:
        """Subscription key."""
        return self._transport.target[1]

    @property
    def headers(self) -> dict[str, str]:
        """Authentication header; its repr hides the key."""
        return self._transport.authentication()

    @property
    def rate(self) -> str | None:
        """Maximum request rate, such as "20/minute"; None for no limit."""
        return self._transport.limiter.rate

    @rate.setter
    def rate(self, rate: str | None) -> None:
        self._transport.limiter = RateLimiter(rate)

    @property
    def rate_wait(self) -> float:
        """Seconds that this thread has waited for the rate limit."""
        return self._transport.thread.waited

    @property
    def last_response(self) -> Response | None:
        """Status, headers and seconds of the last response to this thread; None before."""
        return self._transport.thread.response

    def check(self) -> str:
        """Check the connection and return a one-sentence diagnosis."""
        return diagnose(self._transport)

    def sample_url(self, name: str) -> str:
        """Return the URL of a sample image at a service on this machine, its path for another."""
        path, endpoint = sample_path(name), self._endpoint
        return f"{endpoint.root}samples/{quote(name)}" if endpoint.is_loopback else str(path)

    def limits(self, operation: str) -> ImageLimits:
        """Return the formats and sizes that a method, such as "ocr", takes."""
        return self._endpoint.api.limits(operation)

    def prepare(self, operation: str, image: Input) -> Upload:
        """Return the body that a method, such as "ocr", sends; the method also takes it."""
        return image if isinstance(image, Upload) else encode_image(image, self.limits(operation))

    def analyze(
        self,
        image: Input,
        *,
        features: str | Iterable[str] = ("Categories", "Description", "Color"),
        details: str | Iterable[str] = (),
        language: str = "en",
    ) -> Analysis:
        """Analyze the visual features of an image: POST analyze.

        `features` are any of ImageType, Faces, Adult, Categories, Color, Tags, Description, with
        API v3.2 also Objects and Brands. `details` are any of Celebrities and Landmarks.
        `language` is that of tags and captions.
        """
        params = {"visualFeatures": _csv(features), "details": _csv(details), "language": language}
        return cast(Analysis, self._analyze("analyze", image, params))

    def describe(self, image: Input, *, max_candidates: int = 1, language: str = "en") -> Analysis:
        """Describe an image in captions, the most confident first: POST describe."""
        params = {"maxCandidates": max_candidates, "language": language}
        return cast(Analysis, self._analyze("describe", image, params))

    def tag(self, image: Input, *, language: str = "en") -> Analysis:
        """Return tags for the content of an image: POST tag."""
        return cast(Analysis, self._analyze("tag", image, {"language": language}))

    def domain_models(self) -> dict[str, Any]:
        """List the domain-specific models: GET models."""
        return self._transport.parse(self._transport.send("GET", self._path("models")))

    def celebrities(self, image: Input, *, language: str = "en") -> DomainResult:
        """Recognize celebrities: POST models/celebrities/analyze."""
        return cast(DomainResult, self._analyze("celebrities", image, {"language": language}))

    def landmarks(self, image: Input, *, language: str = "en") -> DomainResult:
        """Recognize landmarks: POST models/landmarks/analyze."""
        return cast(DomainResult, self._analyze("landmarks", image, {"language": language}))

    def thumbnail(
        self, image: Input, *, width: int, height: int, smart: bool = True
    ) -> Image.Image:
        """Return a thumbnail: POST generateThumbnail.

        `width` and `height` are 1 to 1024 pixels. `smart` crops around the main subject, and if
        it is False, around the center.
        """
        data = self._thumbnail(image, width, height, smart)
        try:
            thumbnail = Image.open(BytesIO(data))
            thumbnail.load()
        except (OSError, SyntaxError) as error:
            raise ServiceError(200, None, "The response is not an image") from error
        return thumbnail

    def thumbnail_bytes(
        self, image: Input, *, width: int, height: int, smart: bool = True
    ) -> bytes:
        """Return the file of a thumbnail, with the arguments of `thumbnail`."""
        return self._thumbnail(image, width, height, smart)

    def _thumbnail(self, image: Input, width: int, height: int, smart: bool) -> bytes:
        params = {"width": width, "height": height, "smartCropping": str(smart).lower()}
        return self._post_image("thumbnail", image, params=params)[0].body

    def ocr(
        self, image: Input, *, language: str = "unk", detect_orientation: bool = True
    ) -> OcrResult:
        """Read printed text, as regions of lines of words: POST ocr.

        Boxes are "left,top,width,height" in pixels of the image after a clockwise turn by
        `textAngle` degrees about its center. `language` is that of the text, "unk" detects it.
        `detect_orientation` reads text that is on its side or upside down.
        """
        params = {"language": language, "detectOrientation": str(detect_orientation).lower()}
        convert = self._endpoint.api.convert_ocr
        return cast(OcrResult, self._analyze("ocr", image, params, convert))

    def recognize_text(
        self,
        image: Input,
        *,
        handwriting: bool = True,
        timeout: float | None = None,
        on_status: OnStatus = None,
    ) -> RecognizeTextResult:
        """Read handwritten or printed text, and wait for the result: POST recognizeText.

        API v3.2 calls this Read. It needs no `handwriting`, and takes PDF and TIFF documents: each
        line then has its `page`, and `pages` has the unit of the boxes, "pixel" or "inch".
        Boxes are x and y of four corners, clockwise from the text's top left.

        Args:
            image: See the class.
            handwriting: Whether the text is handwritten.
            timeout: Seconds of the whole operation; the client's deadline by default.
            on_status: Called with each status, such as "Running"; its exceptions propagate.

        Raises:
            OperationFailedError: The operation ended with the status Failed.
            OperationTimeoutError: The operation did not end in time.
        """
        seconds = self._transport.deadline if timeout is None else timeout
        check_seconds("timeout", seconds)
        api = self._endpoint.api
        until = CLOCK.monotonic() + seconds
        options: dict[str, Any] = {"params": api.read_params(handwriting), "until": until}
        options |= {"stacklevel": 3, "repeatable": False}
        accepted, sent = self._post_image("recognize_text", image, **options)
        operation = self._transport.wait_for_operation(accepted, seconds, until, on_status)
        return cast(RecognizeTextResult, rescale(api.convert_read(operation), sent))

    def add_face(self, name: str, image: Input) -> dict[str, Any]:
        """Add a face to the gallery of a local service; return the JSON with its name and count.

        Raises:
            ServiceError: The image does not contain exactly one face.
            ConfigurationError: The service has no gallery.
        """
        return self._add("celebrities", name, image)

    def add_landmark(self, name: str, image: Input) -> dict[str, Any]:
        """Add a landmark to the gallery of a local service, like `add_face`."""
        return self._add("landmarks", name, image)

    def remove_face(self, name: str) -> bool:
        """Remove a face from the gallery of a local service, and return whether it existed."""
        return self._remove("celebrities", name)

    def remove_landmark(self, name: str) -> bool:
        """Remove a landmark from the gallery of a local service, like `remove_face`."""
        return self._remove("landmarks", name)

    @property
    def _endpoint(self) -> Endpoint:
        return self._transport.target[0]

    def _path(self, operation: str) -> str:
        return f"vision/{self.version}/{operation}"

    def _analyze(
        self,
        operation: str,
        image: Input,
        params: dict[str, Any],
        convert: Callable[[dict[str, Any]], dict[str, Any]] = dict,
    ) -> dict[str, Any]:
        response, sent = self._post_image(operation, image, params=params)
        return rescale(convert(self._transport.parse(response)), sent)

    def _post_image(
        self, operation: str, image: Input, path: str = "", stacklevel: int = 4, **options: Any
    ) -> tuple[Response, Upload]:
        """Send an image, or its bytes where the service cannot use its URL."""
        options = {"until": self._until()} | options
        path = path or self._path(self._endpoint.api.path(operation))
        upload = self.prepare(operation, image)
        try:
            response = self._transport.send("POST", path, **upload.body, **options)
        except ServiceError as error:
            url = upload.body.get("json", {}).get("url")
            if not url or (error.code or "").lower() not in URL_ERROR_CODES:
                raise
            LOGGER.warning("The service cannot use %s (%s): sending its bytes", url, error)
            try:
                left = options["until"] - CLOCK.monotonic()
                upload = self.prepare(operation, download(url, left))
            except ImageError:
                raise error from None
            response = self._transport.send("POST", path, **upload.body, **options)
        if upload.note and upload is not image:
            warnings.warn(upload.note, VisionWarning, stacklevel=stacklevel)
        return response, upload

    def _until(self) -> float:
        return CLOCK.monotonic() + self._transport.deadline

    def _add(self, kind: str, name: str, image: Input) -> dict[str, Any]:
        options: dict[str, Any] = {"until": self._until(), "repeatable": False}
        try:
            return self._post_image("tag", image, _gallery(kind, name), **options)[0].json()
        except ServiceError as error:
            require_gallery(self._transport, error, options["until"])
            raise

    def _remove(self, kind: str, name: str) -> bool:
        options: dict[str, Any] = {"until": self._until(), "repeatable": False}
        try:
            return bool(self._transport.send("DELETE", _gallery(kind, name), **options))
        except ServiceError as error:
            require_gallery(self._transport, error, options["until"])
            if error.status != 404:
                raise
            return False


def _gallery(kind: str, name: str) -> str:
    return f"gallery/{kind}/{quote(name, safe='')}"


def _csv(names: str | Iterable[str]) -> str | None:
    """Return names separated by commas; None, which requests leaves out, for no name."""
    return (names if isinstance(names, str) else ",".join(names)) or None
