"""Pruning of a TensorFlow graph: the nodes that some outputs need, without parsing the others.

OpenVINO needs 12 seconds for the 8,000 nodes of the detector's file, most of which are before and
after its network. A `GraphDef` is a message of Protocol Buffers. Its field 1 is a node; in a node,
field 1 is its name and field 3 the name of an input. A field is a tag (8 times its number, and 2
if it has a length), its length, and its bytes: https://protobuf.dev/programming-guides/encoding.
"""

from collections.abc import Iterator

NODE = NAME = 1
OPERATION, INPUT, ATTRIBUTE = 2, 3, 5
FLOAT_TYPE = b"\x30\x01"
"""The value of an attribute: field 6, the type, is 1 (float)."""


def prune(graph: bytes, source: str, outputs: list[str]) -> bytes:
    """Return a graph with the nodes between `source`, which becomes its input, and `outputs`."""
    nodes: dict[str, bytes] = {}
    inputs: dict[str, list[str]] = {}
    for number, node in _fields(graph):
        if number == NODE:
            fields = [(field, value) for field, value in _fields(node) if field in (NAME, INPUT)]
            name = dict(fields)[NAME].decode()
            nodes[name] = node
            inputs[name] = [value.decode() for field, value in fields if field == INPUT]
    needed, waiting = {source}, [*outputs]
    while waiting:
        name = waiting.pop().lstrip("^").partition(":")[0]
        if name not in needed:
            needed.add(name)
            waiting += inputs[name]
    kept = [_field(NODE, node) for name, node in nodes.items() if name in needed - {source}]
    attribute = _field(1, b"dtype") + _field(2, FLOAT_TYPE)
    placeholder = _field(NAME, source.encode()) + _field(OPERATION, b"Placeholder")
    return b"".join([*kept, _field(NODE, placeholder + _field(ATTRIBUTE, attribute))])


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the bytes of each field with a length; the nodes have no others."""
    position = 0
    while position < len(message):
        tag, position = _integer(message, position)
        length, position = _integer(message, position)
        if tag & 7 == 2:
            yield tag >> 3, message[position : position + length]
            position += length


def _field(number: int, value: bytes) -> bytes:
    length, encoded = len(value), bytes([8 * number + 2])
    while length > 127:
        encoded += bytes([length & 127 | 128])
        length >>= 7
    return encoded + bytes([length]) + value


def _integer(message: bytes, position: int) -> tuple[int, int]:
    """Return an integer of groups of seven bits, the lowest first, and the position after it."""
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, position
