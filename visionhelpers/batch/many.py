"""Many pictures: a folder, a list or a cluster of them, and nothing lost when things break."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Iterable
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from ..client import VisionClient
from ..errors import VisionError
from .run import Run
from .sources import Source, listed
from .worker import Envoy

OPERATIONS = (
    "analyze", "describe", "tag", "celebrities", "landmarks", "thumbnail", "ocr", "recognize_text",
)  # fmt: skip


def run_batch(
    client: VisionClient,
    operation: str,
    pictures: Source | Iterable[Source],
    *,
    results: str | os.PathLike[str] | None = None,
    executor: Executor | None = None,
    **options: Any,
) -> Run:
    """Ask one operation about many pictures; iterate over what it returns to have it done.

    A picture that fails does not stop the others. With a file of `results`, each answer is on disk
    as soon as it arrives, and the same call made again goes on where the last one ended, however
    it ended: answered pictures are passed over unless their file has changed, failed ones are
    tried again. A picture that is listed twice is asked about once. A list is read as pictures are
    needed, so that a generator will do; the answers are not kept in memory.

    Set `client.rate` to keep under a service's rate. One that is met is waited out, by all threads
    together. In an executor of processes, each keeps the rate by itself.

    Args:
        client: The client to ask with. In other processes one like it is made; that of the local
            service starts one service on each machine.
        operation: The method of the client: analyze, describe, tag, celebrities, landmarks,
            thumbnail, ocr or recognize_text.
        pictures: A folder, a pattern such as "scans/*.png", or paths, addresses and bytes.
        results: A file for the answers, a line of JSON each.
        executor: What runs the requests; four threads by default.
        options: The operation's own, such as `features=["Tags"]`.

    Raises:
        VisionError: An argument makes no sense; in iterating: the file cannot be written, or the
            executor has broken down.
    """
    if operation not in OPERATIONS:
        raise VisionError(f"operation is one of {', '.join(OPERATIONS)}, not {operation!r:.80}")
    try:
        inspect.signature(getattr(VisionClient, operation)).bind(None, b"", **options)
        options = json.loads(json.dumps(options, default=sorted))
    except TypeError as error:
        raise VisionError(f"These options are not for {operation} of many: {error}") from None
    path = None if results is None else Path(os.path.expanduser(results)).absolute()  # noqa: PTH111
    return Run(Envoy(client), operation, listed(pictures), path, executor, options)
