"""A JupyterLab of the tests' own: the notebooks copied, nothing of the user's read or written."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import requests

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
START_SECONDS = 120
OWN = ("VISION_", "JUPYTER", "IPYTHON", "XDG_", "MPL")
"""The beginnings of variables that would lead a kernel into the user's own folders."""

SETTINGS = {
    "@jupyterlab/apputils-extension/notification": {"checkForUpdates": False, "fetchNews": "false"},
}


class Lab:
    """The real `jupyter lab` on a loopback port, in a folder that holds copies of the notebooks.

    Attributes:
        folder: What the file browser of JupyterLab shows; the notebooks stand in `notebooks/`.
        url: The address without a last slash.
        token: What opens it: without one, anybody on this machine could run code in it.
    """

    def __init__(self, folder: Path) -> None:
        """Take an empty folder."""
        self.folder = folder / "files"
        self._home = folder / "home"
        self._log = folder / "lab.log"
        self.url = ""
        self.token = secrets.token_hex()

    def __enter__(self) -> Self:
        self._copy_notebooks()
        self._write_settings()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", *self._options()],
                cwd=self.folder,
                env=self.environment(),
                stdout=log,
                stderr=log,
            )
        self.url = self._address()
        return self

    def __exit__(self, *_: object) -> None:
        for kernel in self.get("kernels"):
            self._ask("DELETE", f"kernels/{kernel['id']}")
        self._process.terminate()
        self._process.wait(timeout=60)
        self._end_service()

    def get(self, path: str) -> Any:
        """Return what JupyterLab's own API says of, for instance, `kernels`."""
        return self._ask("GET", path).json()

    def saved(self, name: str) -> list[dict[str, Any]]:
        """Return the cells of a notebook as JupyterLab has last saved it."""
        text = (self.folder / "notebooks" / name).read_text(encoding="utf-8")
        cells: list[dict[str, Any]] = json.loads(text)["cells"]
        return cells

    def close_sessions(self) -> None:
        """End all kernels, so that their memory is free for the next notebook."""
        for session in self.get("sessions"):
            self._ask("DELETE", f"sessions/{session['id']}")

    def _ask(self, method: str, path: str) -> requests.Response:
        headers = {"Authorization": f"token {self.token}"}
        reply = requests.request(method, f"{self.url}/api/{path}", headers=headers, timeout=60)
        reply.raise_for_status()
        return reply

    def environment(self) -> dict[str, str]:
        """Return the variables under which the notebooks run: as the user has them, elsewhere."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OWN)}
        own = {"HOME": str(self._home), "VISION_STATE_DIR": str(self._home / "vision")}
        return kept | own | {"JUPYTER_TOKEN": self.token}

    def restore(self, name: str) -> None:
        """Put a notebook back as it came: saved ones ask for widgets of a kernel that is gone."""
        source = NOTEBOOKS / name
        if source.exists():
            bare = _without_outputs(source.read_text(encoding="utf-8"))
            (self.folder / "notebooks" / name).write_text(bare, encoding="utf-8")

    def _copy_notebooks(self) -> None:
        """Copy what stands beside the notebooks too, and leave the notebooks' outputs out."""
        target = self.folder / "notebooks"
        shutil.copytree(NOTEBOOKS, target, ignore=shutil.ignore_patterns(".*"))
        for path in target.glob("*.ipynb"):
            self.restore(path.name)

    def _write_settings(self) -> None:
        for name, settings in SETTINGS.items():
            file = self._home / ".jupyter/lab/user-settings" / f"{name}.jupyterlab-settings"
            file.parent.mkdir(parents=True)
            file.write_text(json.dumps(settings), encoding="utf-8")

    def _options(self) -> list[str]:
        return [
            "--no-browser",
            "--allow-root",
            "--ip=127.0.0.1",
            "--port=0",
            "--LabApp.expose_app_in_browser=True",  # the tests ask it how far a notebook is
            "--LabApp.news_url=None",
        ]

    def _address(self) -> str:
        """Wait for the file in which a Jupyter server says where it listens."""
        deadline = time.monotonic() + START_SECONDS
        runtime = self._home / ".local/share/jupyter/runtime"
        while time.monotonic() < deadline and self._process.poll() is None:
            for file in runtime.glob("jpserver-*.json"):
                with suppress(ValueError, requests.ConnectionError):
                    url = str(json.loads(file.read_text(encoding="utf-8"))["url"]).rstrip("/")
                    if requests.get(f"{url}/api", timeout=10).ok:
                        return url
            time.sleep(0.1)
        raise RuntimeError(f"JupyterLab did not start: {self._log.read_text()[-2000:]}")

    def _end_service(self) -> None:
        """End the local service that the first notebook started; it outlives its kernel."""
        with suppress(FileNotFoundError, ProcessLookupError):
            said = json.loads((self._home / "vision/service.json").read_text(encoding="utf-8"))
            os.kill(said["pid"], signal.SIGTERM)


def _without_outputs(notebook: str) -> str:
    """Make sure that what the tests find was made by the run they watched."""
    content = json.loads(notebook)
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    return json.dumps(content)
