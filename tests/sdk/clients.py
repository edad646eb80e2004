"""Microsoft's clients: what to install, which script runs them, and which operations they have."""

from __future__ import annotations

from dataclasses import dataclass

CLASSIC = (
    "models",
    "analyze",
    "describe",
    "tag",
    "celebrities",
    "landmarks",
    "thumbnail",
    "ocr",
    "detect",
    "area",
    "recognizeText",
    "read",
    "brands",
    "errors",
    "wrongKey",
)
"""`brands` is the refusal of what no local model sees; `errors` is that of two bad pictures."""
NEWEST = (
    "caption",
    "neutral",
    "denseCaptions",
    "tags",
    "objects",
    "people",
    "smartCrops",
    "read",
    "together",
    "errors",
    "wrongKey",
)
WITHOUT_PICTURE = frozenset(("models", "wrongKey"))


@dataclass(frozen=True)
class Client:
    """One of Microsoft's packages in one version, or one of its faces.

    Attributes:
        name: What the matrix calls it.
        api: The version of the API that it speaks.
        packages: What to install: from the npm registry when the script is one of Node's.
        script: What runs it, beside this file.
        lacks: The operations that it does not have.
        arguments: What the script is told.
    """

    name: str
    api: str
    packages: tuple[str, ...]
    script: str = "classic.py"
    lacks: frozenset[str] = frozenset()
    arguments: tuple[str, ...] = ()

    @property
    def operations(self) -> tuple[str, ...]:
        """The columns of its matrix."""
        return NEWEST if self.api == "4.0" else CLASSIC

    @property
    def environment(self) -> str:
        """The folder that its packages are installed in."""
        kind = "npm" if self.script.endswith(".cjs") else "python"
        return f"{kind}-{'-'.join(self.packages).replace('/', '-').replace('==', '-')}"


def _python(version: str, api: str, *lacks: str) -> Client:
    package = f"azure-cognitiveservices-vision-computervision=={version}"
    return Client(f"python-{version}", api, (package,), lacks=frozenset(lacks))


def _npm(version: str, api: str, *lacks: str) -> Client:
    package = f"@azure/cognitiveservices-computervision@{version}"
    return Client(f"npm-{version}", api, (package,), "computervision.cjs", frozenset(lacks))


def _newest(face: str) -> Client:
    packages = ("azure-ai-vision-imageanalysis==1.0.0", "aiohttp")
    return Client(f"python-4.0-{face}", "4.0", packages, "image_analysis.py", arguments=(face,))


EARLY = ("detect", "area", "read", "brands")
CLIENTS = (
    _python("0.1.0", "v1.0", *EARLY),
    _python("0.2.0", "v2.0", *EARLY),
    _python("0.3.0", "v2.0"),
    _python("0.4.0", "v2.0"),
    _python("0.5.0", "v2.1"),
    _python("0.6.0", "v3.0", "recognizeText"),
    _python("0.7.0", "v3.1", "recognizeText"),
    _python("0.8.0", "v3.2", "recognizeText"),
    _python("0.9.1", "v3.2", "recognizeText"),
    _npm("5.0.0", "v2.0"),
    _npm("6.0.0", "v2.1"),
    _npm("7.0.1", "v3.0", "recognizeText"),
    _npm("7.1.0", "v3.1", "recognizeText"),
    _npm("8.2.0", "v3.2", "recognizeText"),
    _newest("sync"),
    _newest("async"),
)
ONE_OF_EACH = (
    "python-0.1.0",
    "python-0.5.0",
    "python-0.9.1",
    "npm-5.0.0",
    "npm-8.2.0",
    "python-4.0-sync",
)
"""What CI runs: one of each generation of the API, and the first and the last of Node's."""


def chosen(names: list[str]) -> list[Client]:
    """Return the clients of these names, `ci` for one of each generation, all for none.

    Raises:
        ValueError: There is no such client.
    """
    wanted = [name for given in names for name in (ONE_OF_EACH if given == "ci" else (given,))]
    by_name = {client.name: client for client in CLIENTS}
    if unknown := [name for name in wanted if name not in by_name]:
        raise ValueError(f"No client is called {unknown[0]!r}; there are ci, {', '.join(by_name)}.")
    return [client for client in CLIENTS if client.name in wanted or not wanted]
