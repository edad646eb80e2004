"""What the clients of a load run send: images that tell whose they are, and hostile files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from io import BytesIO
from random import Random

from PIL import Image, ImageDraw, ImageFont

from tests.support.images import blank_png
from visionhelpers.images import sample_path

COLOURS = (
    "#c02020", "#20a020", "#2020c0", "#b0b020", "#20a0a0", "#a020a0", "#e08020", "#606060",
)  # fmt: skip


@dataclass(frozen=True)
class Own:
    """An image that no other client has: its size, its color, the number drawn on it."""

    width: int
    height: int
    colour: str
    number: str

    @classmethod
    def draw(cls, client: int, random: Random) -> Own:
        """Choose one for a client, counted from 0 to 99; its number begins with the client's."""
        colour = COLOURS[client % len(COLOURS)]
        number = f"{10 + client}{random.randrange(1000, 10_000)}"
        return cls(260 + client, 120 + random.randrange(80), colour, number)

    def image(self) -> Image.Image:
        """A white label with the number, on the color."""
        image = Image.new("RGB", (self.width, self.height), self.colour)
        draw = ImageDraw.Draw(image)
        draw.rectangle((20, 30, 239, 89), "white")
        draw.text((40, 38), self.number, "black", ImageFont.load_default(40))
        return image

    def file(self, kind: str) -> bytes:
        """The image as a file; as a PDF or a TIFF it has two pages, the second one plain."""
        file, image = BytesIO(), self.image()
        more = {}
        if kind in ("PDF", "TIFF"):
            plain = Image.new("RGB", image.size, self.colour)
            more = {"save_all": True, "append_images": [plain]}
        image.save(file, kind, **more)
        return file.getvalue()


@cache
def hostile() -> dict[str, tuple[bytes, str]]:
    """Files that no client should send, with the content type that each claims."""
    photo, octets = sample_path("coffee_cup.jpg").read_bytes(), "application/octet-stream"
    other, comment = BytesIO(), b"\xff\xfe\xff\xff" + bytes(65_533)
    Image.new("RGB", (100, 100)).save(other, "PPM")  # which no version of the API reads
    return {
        "cut in half": (photo[: len(photo) // 2], octets),
        "the first bytes": (photo[:10], octets),
        "nothing": (b"", octets),
        "900 megapixels": (blank_png(30_000, 30_000), octets),
        "30 megapixels of nothing": (blank_png(6000, 5000)[:-2000], octets),
        "4 MB of headers": (photo[:2] + comment * 62 + b"\xff\xd9", octets),
        "another format": (other.getvalue(), octets),
        "text": (b"not an image" * 1000, octets),
        "a type that is not taken": (photo, "text/plain"),
        "an address that leads nowhere": (
            b'{"url": "http://127.0.0.1:9/a.jpg"}',
            "application/json",
        ),
        "an address that is a file": (b'{"url": "file:///etc/passwd"}', "application/json"),
        "broken JSON": (b'{"url": ', "application/json"),
        "a broken form": (b"--x", "multipart/form-data; boundary=x"),
        "a damaged PDF": (b"%PDF-1.7\n" + bytes(5000), octets),
    }
