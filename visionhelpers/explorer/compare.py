"""Side by side: what several services, or one asked in several ways, say of the same picture."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from ..drawing.draw import draw_caption
from ..drawing.fonts import typeface
from ..drawing.labels import letter_size
from ..images import Picture, load_image
from .diff import Row, as_table, in_words, marked
from .query import DroppedError, Finding, Inquiry, at_hand
from .tasks import TASKS, Options, Task

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..client import VisionClient

ANALYZE = ("Describe", "Tags", "Categories", "Faces", "Colours and type")
"""What can be said of any picture."""

INCHES, GAP = 5.0, 0.15
"""Of the longer side of each picture in a new figure, and between and above them."""


@dataclass(frozen=True, repr=False, eq=False)
class Comparison:
    """What services say of one picture: a table where it is shown, the same in words printed.

    Attributes:
        picture: The picture, upright.
        findings: What came of each task, its answer, facts or error, by the name of the service
            and then that of the task.
    """

    picture: Image.Image
    findings: Mapping[str, Mapping[str, Finding]]

    @property
    def names(self) -> tuple[str, ...]:
        """What the services are called, in the order of the columns."""
        return tuple(self.findings)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The names of the tasks, in the order of the rows."""
        return tuple(next(iter(self.findings.values())))

    @property
    def rows(self) -> tuple[Row, ...]:
        """A row for each task, with what differs marked."""
        found = self.findings.items()
        return tuple(
            marked(task, {name: each[task] for name, each in found}) for task in self.tasks
        )

    def __or__(self, other: Comparison) -> Comparison:
        """Set the columns of another comparison beside these.

        Raises:
            ValueError: It is of another picture or of other tasks, or a name stands in both.
        """
        if twice := [name for name in self.names if name in other.names]:
            raise ValueError(f"Both comparisons have a {twice[0]!r}: give one another name")
        if self.tasks != other.tasks:
            asked = " and ".join(", ".join(each.tasks) for each in (self, other))
            raise ValueError(f"The comparisons are of different tasks, {asked}: ask for the same")
        if _pixels(self.picture) != _pixels(other.picture):
            raise ValueError("The comparisons are of different pictures: ask about the same")
        return Comparison(self.picture, {**self.findings, **other.findings})

    def __repr__(self) -> str:
        return in_words(self.rows)

    def _repr_html_(self) -> str:
        return as_table(self.rows)

    def draw(self, task: str, axes: Sequence[Axes] | None = None) -> list[Axes]:
        """Draw what each service says of one task, side by side, under the names of the services.

        Where one refuses, its sentence stands under the picture.

        Args:
            task: One of those that were asked.
            axes: Where to draw, one for each service, as `plt.subplots` returns them; without them,
                on a new figure.

        Raises:
            ValueError: The task was not asked, or there are not as many axes as services.
        """
        if task not in self.tasks:
            raise ValueError(f"{task!r} was not asked here, but {', '.join(self.tasks)}")
        chosen = self._new_axes() if axes is None else list(np.ravel(axes))  # type: ignore[arg-type]
        if len(chosen) != len(self.names):
            raise ValueError(f"{len(self.names)} services need as many axes, and not {len(chosen)}")
        for ax, (name, found) in zip(chosen, self.findings.items(), strict=True):
            _draw(TASKS[task], self.picture, found[task], ax)
            _write_name(name, ax)
        return chosen

    def _new_axes(self) -> list[Axes]:
        import matplotlib.pyplot as plt  # slow to load, and not needed where Axes are given

        width, height = (side * INCHES / max(self.picture.size) for side in self.picture.size)
        count, above = len(self.names), 3 * GAP
        figure = plt.figure(figsize=(count * (width + GAP) - GAP, height + above))
        across, high = figure.get_size_inches()
        boxes = [((width + GAP) * place / across, 0) for place in range(count)]
        return [figure.add_axes((*box, width / across, height / high)) for box in boxes]


def compare(
    picture: Picture,
    clients: Mapping[str, VisionClient],
    tasks: str | Iterable[str] = ANALYZE,
    *,
    on_task: Callable[[str], None] | None = None,
    **options: Any,
) -> Comparison:
    """Ask services about the same picture, and set what they say side by side.

    All are sent the same picture at the same time. Where one refuses or does not answer, the
    sentence that says so stands in its column, and the others go on. What one service says at two
    times, or with two settings, is set side by side by joining: `before | after`.

    Args:
        picture: As `load_image` takes it.
        clients: What to call each service, and its client: `{"local": vision, "Azure": cloud}`.
        tasks: One or more of Describe, Tags, Categories, Faces, Celebrities, Landmarks, Thumbnail,
            Print, Handwriting, Colours and type.
        on_task: Called with the name of each task once all have answered; what it raises ends the
            comparison.
        options: Settings of the tasks: `captions`, `width`, `height`, `smart`, `language`,
            `orientation`, `handwriting`.

    Raises:
        ImageError: The picture cannot be read.
        ValueError: No client or no task is given, or there is no task or option of that name.
    """
    if not clients:
        raise ValueError('compare needs somebody to ask, as in clients={"local": vh.connect()}')
    chosen, settings = _chosen(tasks), _settings(options)
    picture = at_hand(picture)
    findings: dict[str, dict[str, Finding]] = {name: {} for name in clients}
    comparison = Comparison(load_image(picture), findings)
    dropped = Event()
    try:
        for task in chosen:
            inquiry = Inquiry(task, picture, settings, painted=False, dropped=dropped)
            asked = {name: _begun(inquiry, client) for name, client in clients.items()}
            for name, answer in asked.items():
                findings[name][task.name] = answer.result()
            if on_task:
                on_task(task.name)
    finally:
        dropped.set()
    return comparison


def _begun(inquiry: Inquiry, client: VisionClient) -> Future[Finding]:
    """Ask on a thread that neither an interrupted caller nor the end of Python waits for."""
    future: Future[Finding] = Future()

    def ask() -> None:
        with suppress(DroppedError):
            future.set_result(inquiry.ask(client, _pass))

    Thread(target=ask, daemon=True).start()
    return future


def _chosen(tasks: str | Iterable[str]) -> list[Task]:
    names = [tasks] if isinstance(tasks, str) else list(tasks)
    if unknown := [name for name in names if name not in TASKS] or ([] if names else [""]):
        raise ValueError(f"No task is called {unknown[0]!r}; there are {', '.join(TASKS)}")
    return [TASKS[name] for name in names]


def _settings(options: dict[str, Any]) -> Options:
    known = Options.__dataclass_fields__
    if unknown := [name for name in options if name not in known]:
        raise ValueError(f"No option is called {unknown[0]!r}; there are {', '.join(known)}")
    return Options(**options)


def _pass(_: str) -> None:
    """Let a status of an operation pass unheard."""


def _pixels(picture: Image.Image) -> tuple[tuple[int, int], bytes]:
    return picture.size, picture.tobytes()


def _write_name(name: str, ax: Axes) -> None:
    """Write over the picture on the left; a title would share the place of its caption."""
    face = typeface([name])
    ax.annotate(
        face.spell(name),
        (0, 1),
        xytext=(0, 4),
        xycoords="axes fraction",
        textcoords="offset points",
        fontsize=letter_size(ax) * 1.1,
        fontfamily=list(face.families),
        fontweight="bold",
        parse_math=False,
    )


def _draw(task: Task, picture: Image.Image, found: Finding, ax: Axes) -> None:
    if found.error:
        draw_caption(picture, found.error, ax)
    elif task.draw:
        task.draw(picture, found.answer, ax)
    else:
        draw_caption(found.answer, "", ax)
