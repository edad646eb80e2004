"""What the cases send: real pictures, small ones as most of them, and files that are none."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from hypothesis import strategies as st
from PIL import Image

from visionhelpers.images import sample_credits, sample_path

SIDES = (60, 75, 96)
KINDS = ("JPEG", "PNG", "GIF", "BMP")


def crops() -> dict[str, bytes]:
    """Return pieces of the samples, in all formats that every version takes, by file name."""
    found = {}
    for number, name in enumerate(sample_credits()):
        with Image.open(sample_path(name)) as image:
            side, kind = SIDES[number % len(SIDES)], KINDS[number % len(KINDS)]
            left, top = (image.width - side) // 2, (image.height - side) // 3
            piece = image.convert("RGB").crop((left, top, left + side, top + side))
        file = BytesIO()
        piece.save(file, kind)
        found[f"{Path(name).stem}.{kind.lower()}"] = file.getvalue()
    return found


def real(pieces: dict[str, bytes]) -> st.SearchStrategy[bytes]:
    """Give a piece of a sample, or one time in twelve a whole one."""
    whole = [sample_path(name).read_bytes() for name in sample_credits()]
    return st.integers(0, 11).flatmap(
        lambda die: st.sampled_from(list(pieces.values()) if die else whole)
    )


@st.composite
def broken(draw: st.DrawFn, pieces: dict[str, bytes]) -> bytes:
    """Give a picture cut short or with a few other bytes, a tiny or odd one, or any bytes."""
    data = bytearray(draw(st.sampled_from(list(pieces.values()))))
    how = draw(st.sampled_from(["cut", "changed", "changed", "head", "none", "any", "other"]))
    if how == "cut":
        return bytes(data[: draw(st.integers(0, len(data)))])
    if how in ("changed", "head"):
        last = len(data) - 1 if how == "changed" else 40
        for place in draw(st.lists(st.integers(0, last), min_size=1, max_size=8)):
            data[place] = draw(st.integers(0, 255))
        return bytes(data)
    if how == "other":
        size = draw(st.tuples(st.integers(1, 120), st.integers(1, 120)))
        mode = draw(st.sampled_from(["1", "L", "RGB", "RGBA"]))
        file = BytesIO()
        Image.new(mode, size).save(file, draw(st.sampled_from(["PNG", "TIFF", "WEBP", "ICO"])))
        return file.getvalue()
    return b"" if how == "none" else draw(st.binary(max_size=300))
