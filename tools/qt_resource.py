"""Read a file from a Qt resource (.rcc), which contains the images of GCompris."""

from __future__ import annotations

from pathlib import Path
from struct import calcsize, unpack_from

FOLDER, COMPRESSED = 2, 1 | 4  # flags of an entry: 1 is zlib, 4 is zstd
HEADER = ">4s4i"  # magic, version; offsets of the tree, the data, the names
ENTRY = ">iH"  # offset of its name, flags
WHERE = ">ii"  # of a folder: number of its entries, the first; of a file: its language, its data


def read(resource: Path, name: str) -> bytes:
    """Return the file of that name, with slashes between its folders."""
    raw = resource.read_bytes()
    magic, version, tree, data, names = unpack_from(HEADER, raw)
    if magic != b"qres":
        raise ValueError(f"{resource} is no Qt resource")
    size = calcsize(ENTRY) + calcsize(WHERE) + (8 if version > 1 else 0)  # 8: time of change

    def named(entry: int) -> str:
        start = names + unpack_from(ENTRY, raw, tree + size * entry)[0]
        length = unpack_from(">H", raw, start)[0]
        return raw[start + 6 : start + 6 + 2 * length].decode("utf-16-be")

    entry = 0
    for part in name.split("/"):
        number, first = unpack_from(WHERE, raw, tree + size * entry + calcsize(ENTRY))
        entry = {named(child): child for child in range(first, first + number)}[part]
    flags = unpack_from(ENTRY, raw, tree + size * entry)[1]
    if flags & (FOLDER | COMPRESSED):
        raise ValueError(f"{name} in {resource} is a folder, or compressed")
    start = data + unpack_from(WHERE, raw, tree + size * entry + calcsize(ENTRY))[1]
    length = unpack_from(">I", raw, start)[0]
    return raw[start + 4 : start + 4 + length]
