"""A button that uploads a file from the reader's machine, in parts that every server passes on.

The `FileUpload` of ipywidgets sends a file in one message. Jupyter's servers close the connection
on a message of more than 10 MB, and nobody is told.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anywidget import AnyWidget
from traitlets import Int, Unicode

from ..images import DOWNLOAD_LIMIT

LIMIT = DOWNLOAD_LIMIT
"""As much as is fetched from an address."""


@dataclass
class Arrival:
    """A file that is under way."""

    id: str
    name: str
    size: int
    data: bytearray = field(default_factory=bytearray)


class FilePicker(AnyWidget):
    """Let the reader choose a file, and hand it on once all of it is here.

    Attributes:
        description: What the button says.
        accept: What the browser's dialogue offers, as in "image/*".
        part: How many bytes come at once.
    """

    _esm = Path(__file__).with_suffix(".js")
    description = Unicode("Upload a picture").tag(sync=True)
    accept = Unicode("image/*").tag(sync=True)
    part = Int(1 << 20).tag(sync=True)

    def __init__(
        self, take: Callable[[str, bytes], None], refuse: Callable[[str, str], None]
    ) -> None:
        """Take whom to tell.

        Args:
            take: Is given the name and the content of a file.
            refuse: Is given the name of a file that does not come, and why in a sentence.
        """
        super().__init__()
        self._take, self._refuse = take, refuse
        self._arrival: Arrival | None = None
        self.on_msg(self._on_message)

    def drop(self) -> None:
        """Want no more of the file that is under way."""
        if self._arrival:
            self.send({"id": self._arrival.id, "offset": None})
            self._arrival = None

    def _on_message(self, _: AnyWidget, said: dict[str, Any], buffers: list[memoryview]) -> None:
        if said["kind"] == "chosen":
            self.drop()
            self._arrival = Arrival(said["id"], said["name"], said["size"])
            self._go_on(self._arrival)
        elif self._arrival and said["id"] == self._arrival.id:
            if said["kind"] == "unreadable":
                self._end(f"The browser cannot read it: {said['why']}")
            elif said["offset"] == len(self._arrival.data):
                self._arrival.data += buffers[0]
                self._go_on(self._arrival)

    def _go_on(self, arrival: Arrival) -> None:
        if arrival.size > LIMIT:
            self._end(
                f"It has {arrival.size / (1 << 20):.1f} MB, and at most {LIMIT >> 20} MB can be "
                "uploaded; type its path instead, or make it smaller."
            )
        elif len(arrival.data) < arrival.size:
            self.send({"id": arrival.id, "offset": len(arrival.data)})
        else:
            self._end()

    def _end(self, why: str = "") -> None:
        arrival = self._arrival
        self.drop()
        if arrival and why:
            self._refuse(arrival.name, why)
        elif arrival:
            self._take(arrival.name, bytes(arrival.data))
