"""Microsoft's descriptions of the API (OpenAPI 2.0), and checks of responses against them.

As published, an object may lack every key and have any other, so `{}` is valid everywhere; a few
references are broken, and uploads are in `x-ms-paths`. Here objects are closed, the keys that
responses always have are required, and `document` returns one complete description for each version
and kind of body. API v3.0 and v3.1 have v2.1's operations for images, and v3.2's Read without what
v3.2 added.

The files are in the folder that VISION_SPECS names, a checkout of azure-rest-api-specs, or in
../shared.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import jsonschema
import pytest

Schema = dict[str, Any]

SHARED = Path(__file__).parents[3] / "shared"
AZURE = Path("specification/cognitiveservices/data-plane")  # in azure-rest-api-specs

FILES = {
    "v1.0": ("v1.0/ComputerVision.json",),
    "v2.0": ("v2.0/ComputerVision.json", "v2.0/Ocr.json"),
    "v2.1": ("v2.1/ComputerVision.json", "v2.1/Ocr.json"),
    "v3.0": ("v2.1/ComputerVision.json", "v3.2/Ocr.json"),
    "v3.1": ("v2.1/ComputerVision.json", "v3.2/Ocr.json"),
    "v3.2": ("v3.2/ComputerVision.json", "v3.2/Ocr.json"),
    "4.0": ("4.0/UnifiedVision.json",),
}
COMMON = "Common/Parameters.json"
PUBLISHED = {COMMON, "Common/ExtendedRegions.json", *(
    name for version, names in FILES.items() if version != "4.0" for name in names)}  # fmt: skip
"""The files that azure-rest-api-specs has in the same form."""
ADDED = {"analyzeResults": {"modelVersion"}, "Line": {"appearance"}}
"""What v3.2 added to Read."""

BEYOND = {
    "ColorInfo": {"isBwImg": {"type": "boolean"}},
    "CategoryDetail": {"landmarks": {"type": "array", "items": {"type": "object"}}},
    "ImageDescription": {
        "requestId": {"type": "string"},
        "metadata": {"$ref": "#/definitions/ImageMetadata"},
    },
}
"""What the live service answered beyond its first description, and so does this one."""

OPTIONAL = {
    "AdultInfo": {"isRacyContent", "racyScore", "isGoryContent", "goreScore"},
    "Category": {"detail"},
    "CategoryDetail": {"celebrities", "landmarks"},
    "DetectedObject": {"parent"},
    "ImageAnalysis": {
        "adult", "brands", "categories", "color", "description", "faces", "imageType", "objects",
        "tags",
    },
    "ImageDescriptionDetails": {"metadata", "requestId"},
    "ImageTag": {"hint"},
    "Line": {"appearance", "language"},
    "ObjectHierarchy": {"parent"},
    "ReadOperationResult": {"analyzeResult", "recognitionResults"},
    "ReadResult": {"language"},
    "TextOperationResult": {"recognitionResult"},
}  # fmt: skip
"""The keys that a response before 4.0 may lack."""


def find_file(name: str) -> Path:
    """Return a file of the descriptions; skip the test if no folder has it.

    A folder that VISION_SPECS names is promised: without the file the test fails.
    """
    if not (promised := os.environ.get("VISION_SPECS")):
        if not (file := SHARED / "specs" / name).is_file():
            pytest.skip(f"no {name}: VISION_SPECS names a checkout of azure-rest-api-specs")
        return file
    if name not in PUBLISHED:
        pytest.skip(f"{name} is not in azure-rest-api-specs")
    folder = "" if name.startswith("Common/") else "ComputerVision/stable"
    file = Path(promised) / AZURE / folder / name
    assert file.is_file(), f"VISION_SPECS={promised} has no {file.relative_to(promised)}"
    return file


def _read(name: str) -> Schema:
    found: Schema = json.loads(find_file(name).read_text(encoding="utf-8"))
    return found


def definitions(version: str) -> dict[str, Schema]:
    """Return the definitions of a version, closed, their keys required."""
    found: dict[str, Schema] = {}
    for name in FILES[version]:
        found |= _read(name)["definitions"]
    found = _read(COMMON)["definitions"] | found
    for name, definition in found.items():
        if "properties" not in definition:
            continue
        definition["additionalProperties"] = False
        if version == "4.0":
            continue
        added = ADDED.get(name, ()) if version in ("v3.0", "v3.1") else ()
        keys = BEYOND.get(name, {}) | definition["properties"]
        definition["properties"] = {key: keys[key] for key in keys if key not in added}
        definition["required"] = sorted(definition["properties"].keys() - OPTIONAL.get(name, set()))
    return found


def _closed(**properties: Schema) -> Schema:
    return {
        "type": "object",
        "required": sorted(properties),
        "additionalProperties": False,
        "properties": properties,
    }


GATEWAY = _closed(
    error=_closed(code={"enum": ["401", "404", "429"]}, message={"type": "string", "minLength": 1})
)
"""What stands before the API says no with, in every version, and no description tells."""
ERROR = {"v3.2": "ComputerVisionErrorResponse", "4.0": "ErrorResponse"}
"""The definition of an error that is not Read's; ComputerVisionError in the other versions."""
ROOTS = {"4.0": "/computervision"}


def error_of(version: str, path: str = "") -> str:
    """Return the name of the definition that errors of a path follow."""
    if version == "v3.2" and path.startswith("/read/"):
        return "ComputerVisionOcrError"
    return ERROR.get(version, "ComputerVisionError")


def document(version: str, body: Literal["url", "stream"]) -> Schema:
    """Return the whole description of a version for one kind of body, as Swagger 2.0.

    Its references are resolved or within it, an image's address has the format "image", and the
    bodies of uploads are left to the caller.
    """
    known = definitions(version) | {"Gateway": GATEWAY}
    known["ImageUrl"]["properties"]["url"]["format"] = "image"
    paths: dict[str, Schema] = {}
    for file in FILES[version]:
        found = _read(file)
        for path, operations in found["paths"].items():
            upload = found["x-ms-paths"].get(f"{path}?overload=stream", {})
            chosen = operations | (upload if body == "stream" else {})
            paths[path] = {
                method: _operation(told, found, error_of(version, path))
                for method, told in chosen.items()
            }
    return {
        "swagger": "2.0",
        "info": {"title": "Computer Vision", "version": version},
        "basePath": ROOTS.get(version, f"/vision/{version}"),
        "paths": paths,
        "definitions": known,
    }


def _operation(told: Schema, found: Schema, error: str) -> Schema:
    parameters = [_parameter(told, found) for told in told.get("parameters", ())]
    uploads = {"application/octet-stream"} & set(told.get("consumes", ()))
    gateway, failure = ({"$ref": f"#/definitions/{name}"} for name in ("Gateway", error))
    done = {code: response for code, response in told["responses"].items() if code != "default"}
    produces = {*told["produces"], "application/json"}
    if done.get("200", {}).get("schema") == {"type": "file"}:
        done, produces = {"200": {"description": "An image"}}, produces | {"image/jpeg"}
    refusals = {
        "401": gateway, "404": {"anyOf": [gateway, failure]}, "429": gateway,
        "400": failure, "default": failure,
    }  # fmt: skip
    return {
        "operationId": told["operationId"],
        "consumes": list(uploads) or ["application/json"],
        "produces": sorted(produces),
        "parameters": [p for p in parameters if not (uploads and p["in"] == "body")],
        "responses": done
        | {
            status: {"description": "Refused", "schema": schema}
            for status, schema in refusals.items()
        },
    }


def _parameter(told: Schema, found: Schema) -> Schema:
    if "$ref" in told:
        file, _, pointer = told["$ref"].partition("#")
        if file:
            found = _read(f"Common/{Path(file).name}")
        told = found["parameters"][pointer.rpartition("/")[2]]
    kept = {key: value for key, value in told.items() if not key.startswith("x-")}
    if kept.get("type") == "array":
        kept.setdefault("items", {"type": "number", "minimum": 0.75, "maximum": 1.8})
    return kept


@cache
def form(version: str, name: str) -> jsonschema.Draft4Validator:
    """Return the validator of a definition."""
    schema = {"definitions": definitions(version), "$ref": f"#/definitions/{name}"}
    return jsonschema.Draft4Validator(schema)


@cache
def result_form(version: str, operation: str) -> jsonschema.Draft4Validator:
    """Return the validator of the result of an operation."""
    (told,) = document(version, "url")["paths"][f"/{operation}"].values()
    return form(version, told["responses"]["200"]["schema"]["$ref"].rpartition("/")[2])


def error_form(version: str, operation: str, status: int, code: str) -> jsonschema.Draft4Validator:
    """Return the validator of an error; the code of the gateway is the status."""
    if code == str(status):
        return jsonschema.Draft4Validator(GATEWAY)
    return form(version, error_of(version, f"/{operation}"))


READ_ADDED = ("pages", "readingOrder", "model-version", "analyzeResult.modelVersion", "appearance")
"""What v3.2 added to Read; the descriptions of v3.0 and v3.1 are v2.1's and v3.2's without it."""


@dataclass
class Described:
    """What is named for one operation; the fields with their types, empty where there is none."""

    parameters: set[str] = field(default_factory=set)
    fields: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def described(version: str) -> dict[str, Described]:
    """Return every operation of a version, by its path as the description spells it."""
    found: dict[str, Described] = {}
    for name in FILES[version]:
        document = _Document(name)
        for path, methods in document.paths.items():
            operation = path.partition("?")[0].strip("/")
            here = document.operation(next(iter(methods.values())))
            if version in ("v3.0", "v3.1"):
                _remove_added(here)
            known = found.setdefault(operation, Described())
            known.parameters |= here.parameters
            known.fields |= here.fields
            known.errors |= here.errors
    return found


def _remove_added(here: Described) -> None:
    here.parameters -= set(READ_ADDED)
    for name in [name for name in here.fields if any(added in name for added in READ_ADDED)]:
        del here.fields[name]


class _Document:
    """One file; a reference that leads nowhere in it means the file of what they share."""

    def __init__(self, name: str) -> None:
        self._own, self._shared = _read(name), _read(COMMON)
        self.paths = {**self._own["paths"], **self._own.get("x-ms-paths", {})}

    def operation(self, found: Schema) -> Described:
        parameters = map(self._resolved, found.get("parameters", ()))
        here = Described({p["name"] for p in parameters if p["in"] in ("query", "path")})
        for status, response in found["responses"].items():
            fields = here.errors if status == "default" else here.fields
            fields.update(self._fields(response.get("schema", {})))
        return here

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            _, kind, name = schema["$ref"].rsplit("/", 2)
            own = self._own.get(kind, {})
            schema = own[name] if name in own else self._shared[kind][name]
        return schema

    def _fields(
        self, schema: Schema, path: str = "", seen: tuple[str, ...] = ()
    ) -> Iterator[tuple[str, str]]:
        """Yield every field below with its type, but not those of a definition within itself."""
        if (name := schema.get("$ref", "")) and name in seen:
            return
        inside, schema = (*seen, name), self._resolved(schema)
        if "items" in schema:
            yield from self._fields(schema["items"], f"{path}[]", inside)
        for part in schema.get("allOf", ()):
            yield from self._fields(part, path, inside)
        for key, value in schema.get("properties", {}).items():
            below, kind = f"{path}.{key}".removeprefix("."), self._resolved(value)
            yield below, str(kind.get("type", "object" if "properties" in kind else ""))
            yield from self._fields(value, below, inside)
