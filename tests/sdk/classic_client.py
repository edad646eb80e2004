"""The client of azure-cognitiveservices-vision-computervision, 0.1.0 to 0.9.1, called in one way.

The differences between the versions: the class and its endpoint (`connect`), methods that have
changed their names (`METHODS`), and parameters that only some have (`fitting`).
"""

from __future__ import annotations

import inspect
from importlib.metadata import version
from time import monotonic, sleep

from azure.cognitiveservices.vision import computervision
from azure.cognitiveservices.vision.computervision import models
from msrest.authentication import CognitiveServicesCredentials
from report import ENDPOINT, KEY, SAMPLES, STREAM, URL, address

VERSION = version("azure-cognitiveservices-vision-computervision")
PATHS = {"0.1.0": "v1.0", "0.2.0": "v2.0"}
"""The API versions of the packages whose endpoint names a region and no address."""
WRAPPED = VERSION >= "0.8"
"""Whether errors come in an envelope, Read's excepted."""
ONE_TEXT = VERSION in PATHS
"""Whether details are one text for a stream, although they are a list for an address."""


def connect(key):
    credentials = CognitiveServicesCredentials(key)
    if VERSION not in PATHS:
        return computervision.ComputerVisionClient(ENDPOINT, credentials)
    api = computervision.ComputerVisionAPI("westus", credentials)
    api.config.base_url = f"{ENDPOINT}/vision/{PATHS[VERSION]}"
    return api


CLIENT = connect(KEY)
METHODS = {
    "analyze": ("analyze_image",),
    "describe": ("describe_image",),
    "tag": ("tag_image",),
    "celebrities": ("analyze_image_by_domain",),
    "landmarks": ("analyze_image_by_domain",),
    "thumbnail": ("generate_thumbnail",),
    "ocr": ("recognize_printed_text",),
    "detect": ("detect_objects",),
    "area": ("get_area_of_interest",),
    "recognizeText": ("recognize_text",),
    "read": ("batch_read_file", "read"),
    "brands": ("analyze_image",),
}
RESULTS = ("get_read_result", "get_read_operation_result")


def method(operation, way):
    """Return the client's method for an operation, None where this version has none."""
    suffix = "_in_stream" if way == STREAM else ""
    names = (name + suffix for name in METHODS[operation])
    return next((getattr(CLIENT, name) for name in names if hasattr(CLIENT, name)), None)


def call(operation, way, name, **more):
    """Call an operation on a sample, by its address or as an open file."""
    if way == URL:
        return method(operation, way)(url=address(name), **more)
    with (SAMPLES / name).open("rb") as file:
        return method(operation, way)(image=file, **more)


def fitting(function, **arguments):
    """Keep the arguments that this version's method has."""
    known = inspect.signature(function).parameters
    return {name: value for name, value in arguments.items() if name in known}


def plain(code):
    """Return a status or a code as text: 0.1.0 makes it an enumeration of no text."""
    return getattr(code, "value", code)


def poll(begun, results):
    """Ask for the result of an operation until it has ended."""
    name = begun.headers["Operation-Location"].rpartition("/")[2]
    deadline = monotonic() + 60
    while monotonic() < deadline:
        found = getattr(CLIENT, results)(name)
        status = plain(found.status).lower()
        if status not in ("running", "notstarted", "not started"):
            assert status == "succeeded"
            return found
        sleep(0.1)
    raise AssertionError(f"{name} is still running after a minute")


def has(operation, way):
    """Tell whether this version has an operation; brands are a feature of a method all have."""
    if operation == "brands":
        return "brands" in models.VisualFeatureTypes.__members__
    return method(operation, way) is not None
