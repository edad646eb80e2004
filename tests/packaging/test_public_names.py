"""The public names, and what a plain installation prints where a package of an extra is missing."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

import visionhelpers as vh
from visionhelpers import errors

EXPECTED = [
    "ConfigurationError", "Explorer", "ImageError", "ImageInput", "OperationFailedError",
    "OperationTimeoutError", "ServiceError", "TransportError", "VisionClient", "VisionError",
    "VisionWarning", "compare", "connect", "draw_caption", "draw_faces", "draw_lines",
    "draw_objects", "draw_words", "load_image", "run_batch", "sample_credits", "sample_path",
    "text",
]  # fmt: skip
EXTRAS = "IPython anywidget distributed ipywidgets pandas pyarrow starlette traitlets uvicorn"
"""Modules that extras install."""
PLAIN = f"""
import runpy, sys
sys.modules.update(dict.fromkeys({EXTRAS.split()}))
import visionhelpers as vh
"""
TABLE = "vh.run_batch(vh.VisionClient('http://127.0.0.1', 'K'), 'tag', [], progress=False)"
SERVICE = "from visionhelpers.local_service import check_installed; check_installed()"


def run_plain(code: str) -> subprocess.CompletedProcess[str]:
    """Run code in a Python that cannot import the packages of extras."""
    command = [sys.executable, "-c", PLAIN + code]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_the_public_names_are_these_and_each_is_there() -> None:
    assert sorted(vh.__all__) == EXPECTED
    assert all(getattr(vh, name) is not None for name in EXPECTED)
    assert set(EXPECTED) <= set(dir(vh))
    with pytest.raises(AttributeError, match="'visionhelpers' has no attribute 'draw_cats'"):
        _ = vh.draw_cats
    assert vh.__version__ == version("visionhelpers")


def test_every_error_of_the_tree_is_public() -> None:
    kinds = [each for each in vars(errors).values() if isinstance(each, type)]
    own = {kind.__name__ for kind in kinds if kind.__module__ == errors.__name__}
    assert {"VisionError", "VisionWarning"} <= own <= set(vh.__all__)


def test_a_plain_installation_has_the_command_line_and_all_names_but_the_explorer() -> None:
    names = "for name in {*vh.__all__} - {'Explorer'}: getattr(vh, name)\n"
    command = "sys.argv[1:] = ['--version']; runpy.run_module('visionhelpers', run_name='__main__')"
    done = run_plain(names + command)
    assert done.stdout == f"visionhelpers {vh.__version__}\n", done.stderr


@pytest.mark.parametrize(
    ("code", "feature", "package", "extra"),
    [
        ("vh.Explorer", "The Explorer", "ipywidgets", "explorer"),
        (f"{TABLE}.to_dataframe()", "to_dataframe()", "pandas", "batch"),
        (SERVICE, "The local service", "starlette", "service"),
    ],
    ids=["explorer", "batch", "service"],
)
def test_a_missing_extra_is_named_with_its_command(
    code: str, feature: str, package: str, extra: str
) -> None:
    last = run_plain(code).stderr.splitlines()[-1]
    assert last == (
        f"visionhelpers.errors.ConfigurationError: {feature} is not installed ({package} is "
        f'missing): run pip install ".[{extra}]" in the checkout of visionhelpers'
    )
