"""Compare the results of several services, or of several settings, for one image."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Thread
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from PIL import Image

from ..client import VisionClient
from ..drawing.draw import draw_caption, extend_figure, figure_size
from ..drawing.fonts import FontStack
from ..drawing.labels import text_size
from ..images import ImageInput, load_image
from .diff import TaskDiff, diff_task, to_html, to_text
from .query import Query, QueryCancelled, QueryResult, materialize
from .tasks import DEFAULTS, TASKS, find_task

DEFAULT_TASKS = ("Describe", "Tags", "Categories", "Faces", "Color and image type")
"""Tasks that give a result for any image."""

LONG_SIDE, GAP = 5.0, 0.15
"""Inches in a new figure: the long side of each image, and the gap between images."""


@dataclass(frozen=True, repr=False, eq=False)
class Comparison:
    """The results of several services for one image, shown as a table and printed as text.

    Attributes:
        image: The upright image.
        results: The `QueryResult` of each task, by the name of the service and of the task.
    """

    image: Image.Image
    results: Mapping[str, Mapping[str, QueryResult]]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the services, in the order of the columns."""
        return tuple(self.results)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The names of the tasks, in the order of the rows."""
        return tuple(next(iter(self.results.values())))

    @property
    def diffs(self) -> tuple[TaskDiff, ...]:
        """The differences in each task."""
        services = self.results.items()
        return tuple(
            diff_task(task, {name: of[task] for name, of in services}) for task in self.tasks
        )

    def __or__(self, other: "Comparison") -> "Comparison":
        """Append the columns of another comparison of the same image and tasks."""
        if shared := [name for name in self.names if name in other.names]:
            raise ValueError(f"Both comparisons contain {shared[0]!r}: use different names.")
        if self.tasks != other.tasks:
            tasks = " and ".join(", ".join(each.tasks) for each in (self, other))
            raise ValueError(f"The comparisons have different tasks, {tasks}: use the same.")
        if self.image != other.image:
            raise ValueError("The comparisons have different images: use the same.")
        return Comparison(self.image, {**self.results, **other.results})

    def __repr__(self) -> str:
        return to_text(self.diffs)

    def _repr_html_(self) -> str:
        return to_html(self.diffs)

    def draw(self, task: str, axes: Sequence[Axes] | None = None) -> list[Axes]:
        """Draw the results of one task side by side; an error is the caption of its image.

        Args:
            task: One of `tasks`.
            axes: An Axes for each service, such as `plt.subplots` returns; by default those of a
                new figure.

        Raises:
            ValueError: The task is not part of the comparison, or the number of Axes is wrong.
        """
        if task not in self.tasks:
            raise ValueError(f"Invalid task {task!r}: use one of {', '.join(self.tasks)}.")
        chosen = list(np.ravel(self._new_axes() if axes is None else axes))  # type: ignore[arg-type]
        if len(chosen) != len(self.names):
            raise ValueError(f"Invalid axes: use {len(self.names)} Axes, not {len(chosen)}.")
        for ax, (name, results) in zip(chosen, self.results.items(), strict=True):
            found, draw = results[task], TASKS[task].draw
            if draw and not found.error:
                draw(self.image, found.result, ax=ax)
            else:  # an error, or a thumbnail without a caption
                draw_caption(self.image if found.error else found.result, found.error, ax=ax)
            _draw_name(name, ax)
        if axes is None:
            extend_figure(chosen[0].figure)
        return chosen

    def _new_axes(self) -> Any:
        import matplotlib.pyplot as plt  # slow to load, and not needed for given Axes

        (width, height), count = figure_size(self.image, LONG_SIDE), len(self.names)
        size = count * (width + GAP) - GAP, height + 3 * GAP
        place = {"left": 0, "right": 1, "bottom": 0, "top": height / size[1], "wspace": GAP / width}
        return plt.subplots(1, count, figsize=size, gridspec_kw=place, layout="none")[1]


def compare(
    image: ImageInput,
    clients: Mapping[str, VisionClient],
    tasks: str | Iterable[str] = DEFAULT_TASKS,
    *,
    on_task: Callable[[str], None] | None = None,
    **options: Any,
) -> Comparison:
    """Send an image to several services and compare their results.

    All services get the image at the same time. An error of one is shown in its column. To compare
    one service at two times or with two settings, join two comparisons: `before | after`.

    Args:
        image: A URL, a path, bytes, an open binary file or a Pillow image.
        clients: The clients by name: `{"local": vision, "Azure": cloud}`.
        tasks: One or more of Describe, Tags, Categories, Faces, Celebrities, Landmarks, Thumbnail,
            OCR, Recognize text, Color and image type.
        on_task: Called with the name of each finished task; its exceptions propagate.
        options: Arguments of the client's methods: `max_candidates`, `width`, `height`, `smart`,
            `language`, `detect_orientation`, `handwriting`.

    Raises:
        ImageError: The image cannot be read.
        ValueError: There is no client, no task, or no such task or option.
    """
    chosen = [find_task(name) for name in ([tasks] if isinstance(tasks, str) else tasks)]
    if not clients or not chosen:
        raise ValueError("Invalid clients or tasks: use at least one of each.")
    if unknown := [name for name in options if name not in DEFAULTS]:
        raise ValueError(f"Invalid option {unknown[0]!r}: use one of {', '.join(DEFAULTS)}.")
    query = Query(chosen[0], materialize(image), DEFAULTS | options, decode=False)
    results: dict[str, dict[str, QueryResult]] = {name: {} for name in clients}
    comparison = Comparison(load_image(query.image), results)
    try:
        for task in chosen:
            futures = [_start(replace(query, task=task), client) for client in clients.values()]
            for name, future in zip(clients, futures, strict=True):
                results[name][task.name] = future.result()
            if on_task:
                on_task(task.name)
    finally:
        query.cancelled.set()
    return comparison


def _start(query: Query, client: VisionClient) -> Future[QueryResult]:
    """Send a query on a daemon thread: Ctrl-C and the exit of Python do not wait for it."""
    future: Future[QueryResult] = Future()

    def run() -> None:
        with suppress(QueryCancelled):
            future.set_result(query.send(client, lambda _: None))

    Thread(target=run, daemon=True).start()
    return future


def _draw_name(name: str, ax: Axes) -> None:
    """Write a name above the image on the left; the caption is the title of the Axes."""
    text = ax.annotate("", (0, 1), (0, 4), "axes fraction", "offset points")
    FontStack().set_text(text, name)
    text.set(fontweight="bold", fontsize=text_size(ax) * 1.1)
