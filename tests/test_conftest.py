"""The root conftest: what a run collects, and which variables of the developer reach it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.request import getproxies_environment

import pytest

from visionservice.server import default_gallery

pytestmark = pytest.mark.timeout(300)  # a run of pytest

ROOT = Path(__file__).parents[1]
HOSTILE = {
    "VISION_ENDPOINT": "http://127.0.0.1:9",
    "VISION_KEY": "x",
    "VISION_API_VERSION": "v3.2",
    "VISION_GALLERY": "/nowhere/gallery",
    "VISION_STATE_DIR": "/nowhere/state",
    "http_proxy": "http://127.0.0.1:9",
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "no_proxy": "example.org",
}
NO_TESTS = f"--ignore-glob={ROOT}/tests/*"
NOTEBOOKS = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
PROBE = """
import os
def pytest_report_header():
    return [f"{name}={os.environ.get(name)}" for name in ("%s")]
""" % '", "'.join(HOSTILE)  # noqa: UP031  braces are Python here


def run(*arguments: str, **variables: str) -> str:
    """Run pytest in the root as its own process; return what it prints."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "nbval.plugin"]
    variables = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | variables
    done = subprocess.run(
        [*command, *arguments], cwd=ROOT, env=variables, capture_output=True, text=True, timeout=120
    )
    return done.stdout + done.stderr


def collected(tmp_path: Path, *arguments: str, **variables: str) -> tuple[dict[str, str], set[str]]:
    """Return the variables that a run with --nbval sees, and the notebooks that it collects."""
    (tmp_path / "probe.py").write_text(PROBE)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    collect = ("-p", "probe", "--nbval", "--collect-only", NO_TESTS)
    said = run(*collect, *arguments, PYTHONPATH=path, **variables)
    seen = [line for line in said.splitlines() if line.startswith(tuple(HOSTILE))]
    assert len(seen) == len(HOSTILE), said
    return dict(line.split("=", 1) for line in seen), set(re.findall(r"<IPyNbFile (.+)>", said))


def test_nbval_from_the_root_runs_every_notebook_without_the_service_of_the_developer(
    tmp_path: Path,
) -> None:
    assert len(NOTEBOOKS) >= 10
    seen, notebooks = collected(tmp_path, **HOSTILE)
    assert notebooks == NOTEBOOKS
    assert seen.pop("VISION_STATE_DIR") not in ("None", HOSTILE["VISION_STATE_DIR"])
    assert set(seen.values()) == {"None"}


def test_the_tests_see_no_service_and_no_proxy_of_the_developer() -> None:
    chosen = {name: value for name, value in os.environ.items() if name.startswith("VISION_")}
    assert chosen.keys() - {"VISION_SPECS"} == {"VISION_MODEL_CACHE", "VISION_STATE_DIR"}
    assert default_gallery().is_relative_to(chosen["VISION_STATE_DIR"])
    assert getproxies_environment().keys() <= {"no"}
    assert os.environ["NO_PROXY"].startswith("127.0.0.1,localhost")


def test_the_tests_pass_whatever_the_developer_has_set_and_collect_no_notebook() -> None:
    own = test_the_tests_see_no_service_and_no_proxy_of_the_developer.__name__
    server = "tests/service/test_errors.py::test_a_wrong_key_returns_the_realm_of_the_api"
    said = run("-v", "--tb=line", f"{Path(__file__)}::{own}", server, "notebooks", **HOSTILE)
    assert "collected 2 items" in said, said
    assert "2 passed" in said, said


def test_a_run_of_notebooks_alone_asks_the_service_that_the_developer_names(
    tmp_path: Path,
) -> None:
    seen, notebooks = collected(tmp_path, "notebooks/index.ipynb", **HOSTILE)
    assert (seen, notebooks) == (HOSTILE, {"index.ipynb"})


def test_a_run_of_notebooks_alone_keeps_the_version_for_its_own_service(tmp_path: Path) -> None:
    version = {"VISION_API_VERSION": "v3.2", "VISION_ENDPOINT": "", "VISION_STATE_DIR": ""}
    seen, notebooks = collected(tmp_path, "notebooks", **HOSTILE | version)
    assert notebooks == NOTEBOOKS
    assert (seen["VISION_API_VERSION"], seen["VISION_GALLERY"]) == ("v3.2", "None")
    assert Path(seen["VISION_STATE_DIR"]).name.startswith("visionhelpers-")
