"""What a plain installation can do, and what it prints where a package of an extra is missing."""

from __future__ import annotations

import subprocess
import sys

import pytest

import visionhelpers as vh

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
