"""The images of a batch: folders, glob patterns and lists, and what identifies an image."""

import os
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from glob import glob, has_magic
from hashlib import sha256
from pathlib import Path

from PIL import Image

from ..errors import ImageError
from ..images import ImageInput, is_url, read_bytes, to_upright_rgb

IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".gif", ".bmp", ".tif", ".tiff", ".webp")
Images = ImageInput | Iterable[ImageInput]


def expand(images: Images, *, documents: bool) -> tuple[Iterable[ImageInput], Counter[str]]:
    """Return the images of a folder and below it, of a glob pattern, or of an iterable as it is.

    The second value is the number of a folder's other files by their ending. PDF files are among
    them unless the operation reads `documents`. Without an image it raises ImageError.
    """
    others = Counter[str]()
    single = isinstance(images, bytes | bytearray | memoryview | Image.Image)
    if single or is_url(images) or hasattr(images, "read"):
        return [images], others  # type: ignore[list-item]
    if not isinstance(images, str | os.PathLike):
        if not isinstance(images, Iterable):
            raise TypeError(f"Invalid images {images!r:.80}: use a folder, a pattern or a list.")
        return images, others  # type: ignore[return-value]
    path = os.path.expanduser(os.fspath(images))  # noqa: PTH111
    found = [path]
    if Path(path).is_dir():
        endings = (*IMAGE_ENDINGS, ".pdf") if documents else IMAGE_ENDINGS
        files = {os.path.join(at, name) for at, _, names in os.walk(path) for name in names}  # noqa: PTH118
        found = sorted(file for file in files if file.lower().endswith(endings))
        left = (each for each in map(Path, files.difference(found)) if each.name[0] != ".")
        others = Counter(each.suffix.lower() or "without ending" for each in left)
    elif has_magic(path) and not Path(path).exists():
        found = sorted(glob(path, recursive=True))  # noqa: PTH207  (pathlib: no absolute patterns)
    if not found:
        also = f", only files of other types: {', '.join(sorted(others))}" if others else ""
        raise ImageError(f"There is no image at {path!r}{also}")
    return found, others


def snapshot(image: ImageInput) -> tuple[ImageInput, str, str]:
    """Return a picklable copy of an image, its name, and its fingerprint.

    The fingerprint of a file is its size and modification time, that of others "". The name of
    bytes and of a Pillow image is a hash. The operation raises the error for other arguments.
    """
    if isinstance(image, str | os.PathLike):
        name, fingerprint = os.fsdecode(image), ""
        with suppress(OSError, ValueError):  # a URL, or an error of the operation
            status = os.stat(os.path.expanduser(name))  # noqa: PTH111, PTH116  (Path drops ./)
            fingerprint = f"{status.st_size}-{status.st_mtime_ns}"
        return name, name, fingerprint
    try:
        if isinstance(image, Image.Image):
            image = to_upright_rgb(image)
            content = f"{image.size}".encode() + image.tobytes()
        else:
            image = content = read_bytes(image)
    except Exception:
        return image, f"{image!r:.80}", ""
    return image, f"sha256:{sha256(content).hexdigest()[:16]}", ""
