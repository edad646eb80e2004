"""The images of the requests: parts of the samples, whole samples, and broken files."""

from contextlib import suppress
from io import BytesIO
from pathlib import Path

from hypothesis import strategies as st
from PIL import Image

from visionhelpers.images import sample_credits, sample_path

SIDES = (60, 75, 96)
KINDS = ("JPEG", "PNG", "GIF", "BMP")
MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16")
Image.init()
FORMATS = [*sorted(Image.SAVE), *("PNG", "TIFF", "WEBP", "ICO") * 5]
"""All that Pillow writes, and more often those that the service reads."""


def crops() -> dict[str, bytes]:
    """Return parts of the samples, in all formats that every version takes, by file name."""
    found = {}
    for number, name in enumerate(sample_credits()):
        side, kind, file = SIDES[number % len(SIDES)], KINDS[number % len(KINDS)], BytesIO()
        with Image.open(sample_path(name)) as image:
            left, top = (image.width - side) // 2, (image.height - side) // 3
            image.convert("RGB").crop((left, top, left + side, top + side)).save(file, kind)
        found[f"{Path(name).stem}.{kind.lower()}"] = file.getvalue()
    return found


def real(parts: dict[str, bytes]) -> st.SearchStrategy[bytes]:
    """Give a part of a sample, or one time in twelve a whole one."""
    whole = [sample_path(name).read_bytes() for name in sample_credits()]
    return st.sampled_from([*[list(parts.values())] * 11, whole]).flatmap(st.sampled_from)


@st.composite
def broken(draw: st.DrawFn, parts: dict[str, bytes]) -> bytes:
    """Give an image that is cut or changed, a tiny or unusual one, nothing, or any bytes."""
    data = bytearray(draw(st.sampled_from(list(parts.values()))))
    how = draw(st.sampled_from(["cut", "changed", "changed", "head", "nothing", "any", "unusual"]))
    if how == "cut":
        return bytes(data[: draw(st.integers(0, len(data)))])
    if how in ("changed", "head"):
        last = len(data) - 1 if how == "changed" else 40
        for place in draw(st.lists(st.integers(0, last), min_size=1, max_size=8)):
            data[place] = draw(st.integers(0, 255))
        return bytes(data)
    if how == "unusual":
        size = draw(st.tuples(st.integers(1, 120), st.integers(1, 120)))
        image, file = Image.new(draw(st.sampled_from(MODES)), size), BytesIO()
        with suppress(Exception):  # the format does not have this mode
            image.save(file, draw(st.sampled_from(FORMATS)))
        return file.getvalue()
    return b"" if how == "nothing" else draw(st.binary(max_size=300))
