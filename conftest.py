"""Keep the environment of the developer out of a test run.

A run that names only notebooks, such as `VISION_ENDPOINT=… pytest --nbval notebooks`, keeps it:
the notebooks then use that service.
"""

from __future__ import annotations

import os
from contextlib import ExitStack

import pytest

from benchmarks.own_service import own_state

pytest.register_assert_rewrite("tests.support")


def pytest_configure(config: pytest.Config) -> None:
    """Give the tests and the kernels an empty state folder, and no endpoint, gallery or proxy."""
    if patterns := config.getoption("nbval_sanitize_with"):
        config.option.nbval_sanitize_with = str(config.rootpath / patterns)  # from any folder
    # Kept between runs, so that only the first one compiles the models.
    os.environ.setdefault("VISION_MODEL_CACHE", str(config.rootpath / ".pytest_cache" / "models"))
    if hasattr(config, "workerinput"):
        return  # pytest-xdist: the environment of the first process is inherited
    only_notebooks = _names_only_notebooks(config)
    if only_notebooks and (os.environ.get("VISION_ENDPOINT") or os.environ.get("VISION_STATE_DIR")):
        return
    stack = ExitStack()
    config.add_cleanup(stack.close)  # stops the service that the kernels have started
    keep = "VISION_API_VERSION" if only_notebooks else "VISION_SPECS"  # Microsoft's descriptions
    stack.enter_context(own_state([keep]))


def _names_only_notebooks(config: pytest.Config) -> bool:
    notebooks, here = config.rootpath / "notebooks", config.invocation_params.dir
    paths = [(here / argument.partition("::")[0]).resolve() for argument in config.args]
    return all(path.is_relative_to(notebooks) for path in paths)
