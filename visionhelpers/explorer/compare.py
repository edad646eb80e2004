"""Compare the results of several services, or of several settings, for one image."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from PIL import Image

from ..client import VisionClient
from ..drawing import draw_caption
from ..drawing.draw import extend_figure, figure_size
from ..drawing.fonts import FontStack
from ..drawing.labels import text_size
from ..images import ImageInput, load_image
from ..transport import run_in_thread
from .diff import TaskDiff, diff_task, to_html, to_text
from .query import Query, QueryResult, materialize
from .tasks import DEFAULTS, TASKS, find_task

DEFAULT_TASKS = "Describe", "Tags", "Categories", "Faces", "Color and image type"  # for any image
LONG_SIDE, GAP = 5.0, 0.15  # inches in a new figure: long side of an image, gap between images


@dataclass(frozen=True, repr=False, eq=False)
class Comparison:
    """The results of several services for one image, shown as a table and printed as text.

    Attributes:
        image: The upright image.
        results: The `QueryResult` of each task, by the name of the task and of the service.
    """

    image: Image.Image
    results: Mapping[str, Mapping[str, QueryResult]]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the services, in the order of the columns."""
        return tuple(next(iter(self.results.values())))

    @property
    def diffs(self) -> tuple[TaskDiff, ...]:
        """The differences in each task."""
        return tuple(diff_task(task, found) for task, found in self.results.items())

    def __or__(self, other: "Comparison") -> "Comparison":
        """Append the columns of another comparison of the same image and tasks."""
        if shared := [name for name in self.names if name in other.names]:
            raise ValueError(f"Both comparisons contain {shared[0]!r}: use different names.")
        if list(self.results) != list(other.results):
            tasks = " and ".join(", ".join(each.results) for each in (self, other))
            raise ValueError(f"The comparisons have different tasks, {tasks}: use the same.")
        if self.image != other.image:
            raise ValueError("The comparisons have different images: use the same.")
        joined = {task: {**found, **other.results[task]} for task, found in self.results.items()}
        return Comparison(self.image, joined)

    def __repr__(self) -> str:
        return to_text(self.diffs)

    def _repr_html_(self) -> str:
        return to_html(self.diffs)

    def draw(self, task: str, axes: Sequence[Axes] | None = None) -> list[Axes]:
        """Draw the results of one task side by side; an error is the caption of its image.

        Args:
            task: A task of the comparison.
            axes: An Axes for each service, such as `plt.subplots` returns; by default those of a
                new figure.

        Raises:
            ValueError: The task is not part of the comparison, or the number of Axes is wrong.
        """
        if task not in self.results:
            raise ValueError(f"Invalid task {task!r}: use one of {', '.join(self.results)}.")
        chosen = list(np.ravel(self._new_axes() if axes is None else axes))  # type: ignore[arg-type]
        if len(chosen) != len(self.names):
            raise ValueError(f"Invalid axes: use {len(self.names)} Axes, not {len(chosen)}.")
        for ax, (name, found) in zip(chosen, self.results[task].items(), strict=True):
            draw = TASKS[task].draw
            if draw and not found.error:
                draw(self.image, found.result, ax=ax)
            else:  # an error, or a thumbnail without a caption
                draw_caption(self.image if found.error else found.result, found.error, ax=ax)
            text = ax.annotate("", (0, 1), (0, 4), "axes fraction", "offset points")
            FontStack().set_text(text, name)
            text.set(fontweight="bold", fontsize=text_size(ax) * 1.1)
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
    content = materialize(image)
    query = Query(chosen[0], content, DEFAULTS | options, decoded := load_image(content))
    results = {}
    try:
        for task in chosen:
            send = replace(query, task=task).send
            futures = [run_in_thread(send, each, lambda _: None) for each in clients.values()]
            found = [future.result() for future in futures]
            results[task.name] = dict(zip(clients, found, strict=True))
            if on_task:
                on_task(task.name)
    finally:
        query.cancelled.set()
    return Comparison(decoded, results)
