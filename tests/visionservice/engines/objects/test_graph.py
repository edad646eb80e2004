from __future__ import annotations

from visionservice.engines.objects.graph import prune


def field(number: int, value: bytes) -> bytes:
    """A field of a message; its length takes one byte below 128, and two from there."""
    size = len(value)
    length = bytes([size]) if size < 128 else bytes([size % 128 + 128, size // 128])
    return bytes([8 * number + 2]) + length + value


def node(name: str, *inputs: str, weights: bytes = b"") -> bytes:
    fields = [field(1, name.encode()), field(2, b"Add")]
    fields += [field(3, each.encode()) for each in inputs]
    return field(1, b"".join(fields) + field(5, weights))


def test_a_graph_keeps_the_nodes_between_its_input_and_its_outputs() -> None:
    image, resized = node("image"), node("resized", "image")
    layer = node("layer", "resized", "weights:0", "^check")
    weights, check = node("weights", weights=b"\x80" * 300), node("check")
    boxes, scores, merged = node("boxes", "layer:1"), node("scores", "layer"), node("all", "boxes")
    version = field(4, b"\x08\x01")
    graph = image + resized + layer + weights + check + boxes + scores + merged + version
    attribute = field(5, field(1, b"dtype") + field(2, b"\x30\x01"))
    placeholder = field(1, field(1, b"resized") + field(2, b"Placeholder") + attribute)
    assert prune(graph, "resized", ["boxes", "scores"]) == (
        layer + weights + check + boxes + scores + placeholder
    )
