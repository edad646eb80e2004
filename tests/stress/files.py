"""Files of a load run: images that tell which client sent them, and hostile files."""

from functools import cache
from io import BytesIO
from random import Random
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from tests.support.images import blank_png
from visionhelpers.images import sample_path

COLORS = ("#c02020", "#20a020", "#2020c0", "#b0b020", "#20a0a0", "#a020a0", "#e08020", "#606060")
OCTETS, JSON = "application/octet-stream", "application/json"


class OwnImage(NamedTuple):
    """An image that no other client has: its size, its color, the number drawn on it."""

    width: int
    height: int
    color: str
    number: str

    @classmethod
    def choose(cls, client: int, random: Random) -> "OwnImage":
        """Choose one for a client, counted from 0 to 99; its number begins with the client's."""
        number = f"{10 + client}{random.randrange(1000, 10_000)}"
        return cls(260 + client, 120 + random.randrange(80), COLORS[client % len(COLORS)], number)

    def file(self, kind: str) -> bytes:
        """Return a file with the number on a white label; a PDF or a TIFF has a plain page too."""
        file, plain = BytesIO(), Image.new("RGB", (self.width, self.height), self.color)
        image = plain.copy()
        draw = ImageDraw.Draw(image)
        draw.rectangle((20, 30, 239, 89), "white")
        draw.text((40, 38), self.number, "black", ImageFont.load_default(40))
        pages = {"save_all": True, "append_images": [plain]} if kind in ("PDF", "TIFF") else {}
        image.save(file, kind, **pages)
        return file.getvalue()


@cache
def hostile() -> dict[str, tuple[bytes, str]]:
    """Return files that every operation must refuse, with the content type that each claims."""
    photo, other = sample_path("coffee_cup.jpg").read_bytes(), BytesIO()
    Image.new("RGB", (100, 100)).save(other, "PPM")  # which no version of the API reads
    headers = b"\xff\xfe\xff\xff" + bytes(65_533)
    return {
        "cut in half": (photo[: len(photo) // 2], OCTETS),
        "the first bytes": (photo[:10], OCTETS),
        "nothing": (b"", OCTETS),
        "900 megapixels": (blank_png(30_000, 30_000), OCTETS),
        "30 megapixels of nothing": (blank_png(6000, 5000)[:-2000], OCTETS),
        "4 MB of headers": (photo[:2] + headers * 62 + b"\xff\xd9", OCTETS),
        "another format": (other.getvalue(), OCTETS),
        "text": (b"not an image" * 1000, OCTETS),
        "an invalid type": (photo, "text/plain"),
        "a URL without a server": (b'{"url": "http://127.0.0.1:9/a.jpg"}', JSON),
        "a URL of a file": (b'{"url": "file:///etc/passwd"}', JSON),
        "broken JSON": (b'{"url": ', JSON),
        "a broken form": (b"--x", "multipart/form-data; boundary=x"),
        "a damaged PDF": (b"%PDF-1.7\n" + bytes(5000), OCTETS),
    }
