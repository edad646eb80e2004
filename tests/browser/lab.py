"""A JupyterLab with copies of the notebooks, apart from the settings and files of the user."""

import json
import os
import secrets
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import requests

from tests.support.poll import poll_until

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
START_SECONDS = 120
PERSONAL = ("JUPYTER", "IPYTHON", "XDG_", "MPL")
"""The beginnings of variables that lead a kernel into folders of the user."""

NOTIFICATIONS = "@jupyterlab/apputils-extension/notification.jupyterlab-settings"
OPTIONS = (
    "--no-browser",
    "--allow-root",
    "--ip=127.0.0.1",
    "--port=0",
    "--LabApp.expose_app_in_browser=True",  # for the state of the cells
    "--LabApp.news_url=None",
)


class Lab:
    """The real `jupyter lab` on a loopback port, in a folder with copies of the notebooks.

    Attributes:
        notebooks: The folder of the copies.
        url: The address without a last slash.
        token: The token of all requests.
    """

    def __init__(self, folder: Path) -> None:
        """Use an empty folder."""
        self.notebooks = folder / "files" / "notebooks"
        self.token, self.url = secrets.token_hex(), ""
        self._home, self._log = folder / "home", folder / "lab.log"

    def __enter__(self) -> Self:
        shutil.copytree(NOTEBOOKS, self.notebooks, ignore=shutil.ignore_patterns(".*"))
        settings = self._home / ".jupyter/lab/user-settings" / NOTIFICATIONS
        settings.parent.mkdir(parents=True)
        settings.write_text('{"checkForUpdates": false, "fetchNews": "false"}')
        kept = {name: text for name, text in os.environ.items() if not name.startswith(PERSONAL)}
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyterlab", *OPTIONS],
                cwd=self.notebooks.parent,
                env=kept | {"HOME": str(self._home), "JUPYTER_TOKEN": self.token},
                stdout=log,
                stderr=log,
            )
        self.url = poll_until(self._address, START_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self.close_sessions()
        self._process.terminate()
        self._process.wait(timeout=60)

    def cells(self, name: str) -> list[dict[str, Any]]:
        """Return the code cells of a notebook as JupyterLab has last saved it."""
        cells = json.loads((self.notebooks / name).read_text(encoding="utf-8"))["cells"]
        return [cell for cell in cells if cell["cell_type"] == "code"]

    def clear_outputs(self, name: str) -> None:
        """Remove the outputs of a notebook: saved widgets ask for a kernel that has ended."""
        content = json.loads((self.notebooks / name).read_text(encoding="utf-8"))
        for cell in content["cells"]:
            if cell["cell_type"] == "code":
                cell |= {"outputs": [], "execution_count": None}
        (self.notebooks / name).write_text(json.dumps(content), encoding="utf-8")

    def close_sessions(self) -> None:
        """End all kernels, so that their memory is free for the next notebook."""
        for session in self._request("GET", "sessions").json():
            self._request("DELETE", f"sessions/{session['id']}")

    def _request(self, method: str, path: str) -> requests.Response:
        headers = {"Authorization": f"token {self.token}"}
        response = requests.request(method, f"{self.url}/api/{path}", headers=headers, timeout=60)
        response.raise_for_status()
        return response

    def _address(self) -> str:
        """Return the address in the file that a Jupyter server writes, or "" if it is not ready."""
        assert self._process.poll() is None, self._log.read_text()[-2000:]
        for file in self._home.glob(".local/share/jupyter/runtime/jpserver-*.json"):
            with suppress(ValueError, requests.ConnectionError):
                url = str(json.loads(file.read_text(encoding="utf-8"))["url"]).rstrip("/")
                if requests.get(f"{url}/api", timeout=10).ok:
                    return url
        return ""
