"""JupyterLab as MyBinder starts it, and notebooks executed through it."""

from __future__ import annotations

import secrets
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import requests
from binder_kernel import Kernel

BASE = "/user/rehearsal/"
"""The path of the server: MyBinder serves each visitor below a path, not at the root."""
START_SECONDS = 120
CELL_SECONDS = 120


class Server:
    """A Jupyter server on a loopback port, in a folder of files."""

    def __init__(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> None:
        """Take the command that starts JupyterLab, without the options for its host and port."""
        self._token = secrets.token_hex()
        self._port = _free_port()
        self._command = [*command, *self._options()]
        self._folder = folder
        self._environment = {**environment, "JUPYTER_TOKEN": self._token}
        self._log = folder / ".jupyter-server-log.txt"
        self.url = f"http://127.0.0.1:{self._port}{BASE}"

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._folder, env=self._environment, stdout=log, stderr=log
            )
        self._wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=60)

    def page(self, path: str) -> int:
        """Return the status of the response for a page of JupyterLab, below the base path."""
        return self._send("GET", path).status_code

    def has(self, path: str) -> bool:
        """Return True if a file exists; JupyterLab returns a page for any path."""
        return self._send("GET", f"api/contents/{path}?content=0").ok

    def execute(self, path: str) -> None:
        """Open a notebook and run all its cells; its kernel runs until `close()`."""
        session = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        kernel = self._api("POST", "sessions", session)["kernel"]["id"]
        cells = self._api("GET", f"contents/{path}")["content"]["cells"]
        with Kernel(f"{self.url}api/kernels/{kernel}", self._token, CELL_SECONDS) as running:
            for number, cell in enumerate(cells):
                if cell["cell_type"] == "code":
                    self._run(running, cell["source"], f"{path}, cell {number}")

    def _run(self, kernel: Kernel, code: str, where: str) -> None:
        try:
            error = kernel.run(code)
        except TimeoutError:
            error = f"no end after {CELL_SECONDS} s"
        if error:
            raise SystemExit(f"{where} fails when run through the server: {error}")

    def close(self, path: str) -> None:
        """End a notebook's kernel."""
        for session in self._api("GET", "sessions"):
            if session["path"] == path:
                self._send("DELETE", f"api/sessions/{session['id']}")

    def _api(self, method: str, path: str, body: object = None) -> Any:
        reply = self._send(method, f"api/{path}", body)
        reply.raise_for_status()
        return reply.json()

    def _send(self, method: str, path: str, body: object = None) -> requests.Response:
        headers = {"Authorization": f"token {self._token}"}
        return requests.request(method, self.url + path, headers=headers, json=body, timeout=60)

    def _options(self) -> list[str]:
        return [
            "--no-browser",
            "--ip=127.0.0.1",
            f"--port={self._port}",
            "--ServerApp.port_retries=0",
            f"--ServerApp.base_url={BASE}",
        ]

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if self._send("GET", "api").ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.2)
        self._process.kill()
        said = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise SystemExit(f"JupyterLab does not start; its last words: {(said or ['none'])[-1]}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
