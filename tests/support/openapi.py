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

REQUIRED = {
    "AdultInfo": ["isAdultContent", "adultScore"],
    "AreaOfInterestResult": ["areaOfInterest", "requestId", "metadata"],
    "BoundingRect": ["x", "y", "w", "h"],
    "Category": ["name", "score"],
    "CelebritiesModel": ["name", "confidence", "faceRectangle"],
    "ColorInfo": [
        "dominantColorForeground", "dominantColorBackground", "dominantColors", "accentColor",
        "isBWImg", "isBwImg",
    ],
    "ComputerVisionErrorResponse": ["error"],
    "ComputerVisionInnerError": ["code", "message"],
    "ComputerVisionOcrError": ["code", "message", "requestId"],
    "DetectResult": ["objects", "requestId", "metadata"],
    "DetectedObject": ["rectangle", "object", "confidence"],
    "DomainModelResults": ["result", "requestId", "metadata"],
    "FaceDescription": ["age", "gender", "faceRectangle"],
    "FaceRectangle": ["left", "top", "width", "height"],
    "ImageAnalysis": ["requestId", "metadata"],
    "ImageCaption": ["text", "confidence"],
    "ImageDescription": ["description", "requestId", "metadata"],
    "ImageDescriptionDetails": ["tags", "captions"],
    "ImageMetadata": ["width", "height", "format"],
    "ImageTag": ["name", "confidence"],
    "ImageType": ["clipArtType", "lineDrawingType"],
    "LandmarksModel": ["name", "confidence"],
    "Line": ["boundingBox", "text", "words"],
    "ListModelsResult": ["models"],
    "ModelDescription": ["name", "categories"],
    "ObjectHierarchy": ["object", "confidence"],
    "OcrLine": ["boundingBox", "words"],
    "OcrRegion": ["boundingBox", "lines"],
    "OcrResult": ["language", "textAngle", "orientation", "regions"],
    "OcrWord": ["boundingBox", "text"],
    "ReadOperationResult": ["status"],
    "RecognitionResult": ["lines"],
    "TagResult": ["tags", "requestId", "metadata"],
    "TextOperationResult": ["status"],
    "TextRecognitionResult": ["page", "clockwiseOrientation", "width", "height", "unit", "lines"],
    "Word": ["boundingBox", "text"],
}  # fmt: skip
VERSIONED = {
    "AreaOfInterestResult", "DetectResult", "DomainModelResults", "ImageAnalysis",
    "ImageDescription", "OcrResult", "TagResult",
}  # fmt: skip
"""What names the version of its model from v3.2 on."""


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
    if version in ("v3.0", "v3.1"):
        for name, keys in ADDED.items():
            _without(found[name], keys)
    if "ImageUrl" not in found:
        found["ImageUrl"] = _read(COMMON)["definitions"]["ImageUrl"]
    for name, definition in found.items():
        if "properties" not in definition:
            continue
        if version != "4.0":
            definition["properties"] = BEYOND.get(name, {}) | definition["properties"]
            definition["required"] = _required(name, definition, version)
        definition["additionalProperties"] = False
    return found


def _without(definition: Schema, keys: set[str]) -> None:
    definition["properties"] = {k: v for k, v in definition["properties"].items() if k not in keys}
    definition["required"] = [key for key in definition["required"] if key not in keys]


def _required(name: str, definition: Schema, version: str) -> list[str]:
    keys = {*definition.get("required", ()), *REQUIRED.get(name, ())}
    if name == "ComputerVisionError":
        keys.add("innererror" if version == "v3.2" else "requestId")
    if name in VERSIONED and version == "v3.2":
        keys.add("modelVersion")
    assert keys <= set(definition["properties"]), (version, name, keys)
    return sorted(keys)


GATEWAY = {
    "type": "object",
    "required": ["error"],
    "additionalProperties": False,
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "additionalProperties": False,
            "properties": {
                "code": {"enum": ["401", "404", "429"]},
                "message": {"type": "string", "minLength": 1},
            },
        }
    },
}
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

    Its references are resolved or within it, a picture's address has the format "picture", and the
    bodies of uploads are left to the caller.
    """
    known = definitions(version) | {"Gateway": GATEWAY}
    known["ImageUrl"]["properties"]["url"]["format"] = "picture"
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
    gateway = {"description": "Refused", "schema": {"$ref": "#/definitions/Gateway"}}
    failure = {"description": "Refused", "schema": {"$ref": f"#/definitions/{error}"}}
    done = {code: answer for code, answer in told["responses"].items() if code != "default"}
    produces = {*told["produces"], "application/json"}
    if done.get("200", {}).get("schema") == {"type": "file"}:
        done, produces = {"200": {"description": "A picture"}}, produces | {"image/jpeg"}
    either = {"description": "Refused", "schema": {"anyOf": [gateway["schema"], failure["schema"]]}}
    refusals = {"401": gateway, "404": either, "429": gateway, "400": failure, "default": failure}
    return {
        "operationId": told["operationId"],
        "consumes": list(uploads) or ["application/json"],
        "produces": sorted(produces),
        "parameters": [p for p in parameters if not (uploads and p["in"] == "body")],
        "responses": done | refusals,
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
    (described,) = document(version, "url")["paths"][f"/{operation}"].values()
    return form(version, described["responses"]["200"]["schema"]["$ref"].rpartition("/")[2])


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
        for path, methods in document.paths():
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
        """Yield every field below, but not those of a definition within itself."""
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
