"""What Microsoft's descriptions of the API name: parameters, fields of answers and of errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.visionservice.descriptions import FILES, Schema

ADDED = ("pages", "readingOrder", "model-version", "analyzeResult.modelVersion", "appearance")
"""What v3.2 added to Read; the descriptions of v3.0 and v3.1 are v2.1's and v3.2's without it."""


@dataclass
class Described:
    """What is named for one operation; the fields with their types, empty where there is none."""

    parameters: set[str] = field(default_factory=set)
    fields: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def described(specs: Path, version: str) -> dict[str, Described]:
    """Return every operation of a version, by its path as the description spells it."""
    found: dict[str, Described] = {}
    for name in FILES[version]:
        document = _Document(specs, specs / name)
        for path, methods in document.paths():
            operation = path.partition("?")[0].strip("/")
            here = document.operation(next(iter(methods.values())))
            if version in ("v3.0", "v3.1"):
                _without(here)
            known = found.setdefault(operation, Described())
            known.parameters |= here.parameters
            known.fields |= here.fields
            known.errors |= here.errors
    return found


def _without(here: Described) -> None:
    here.parameters -= set(ADDED)
    for name in [name for name in here.fields if any(added in name for added in ADDED)]:
        del here.fields[name]


class _Document:
    """One file; a reference that leads nowhere in it means the file of what they share."""

    def __init__(self, specs: Path, file: Path) -> None:
        self._own: Schema = json.loads(file.read_text(encoding="utf-8"))
        shared = specs / "Common" / "Parameters.json"
        self._shared: Schema = json.loads(shared.read_text(encoding="utf-8"))

    def paths(self) -> Iterator[tuple[str, Schema]]:
        yield from self._own["paths"].items()
        yield from self._own.get("x-ms-paths", {}).items()

    def operation(self, found: Schema) -> Described:
        here = Described()
        for parameter in map(self._resolved, found.get("parameters", ())):
            if parameter["in"] in ("query", "path"):
                here.parameters.add(parameter["name"])
        for status, answer in found["responses"].items():
            fields = dict(self._fields(answer.get("schema", {}), "", ()))
            (here.errors if status == "default" else here.fields).update(fields)
        return here

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            _, kind, name = schema["$ref"].rsplit("/", 2)
            own = self._own.get(kind, {})
            schema = own[name] if name in own else self._shared[kind][name]
        return schema

    def _fields(
        self, schema: Schema, path: str, seen: tuple[str, ...]
    ) -> Iterator[tuple[str, str]]:
        """Give every field below; one whose definition it lies in itself is not gone into."""
        name = schema.get("$ref", "")
        if name and name in seen:
            return
        inside = (*seen, name)
        schema = self._resolved(schema)
        if "items" in schema:
            yield from self._fields(schema["items"], f"{path}[]", inside)
        for part in schema.get("allOf", ()):
            yield from self._fields(part, path, inside)
        for key, value in schema.get("properties", {}).items():
            below = f"{path}.{key}".removeprefix(".")
            yield below, self._type(value)
            yield from self._fields(value, below, inside)

    def _type(self, schema: Schema) -> str:
        found = self._resolved(schema)
        return str(found.get("type", "object" if "properties" in found else ""))
