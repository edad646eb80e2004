"""Check what MyBinder builds from this repository, and what it opens: `make binder`.

A copy of the tracked files replaces MyBinder's clone, and a virtual environment replaces conda's.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from pathlib import Path
from typing import Any

import nbformat
import psutil
import requests
import yaml
from jupyter_client import BlockingKernelClient
from jupyter_server.serverapp import list_running_servers

ROOT = Path(__file__).parents[1]
ENVIRONMENT = "binder/environment.yml"
REPO2DOCKER = "repo2docker --no-build --debug --Repo2Docker.default_buildpack=None ."
PIP = "python -m pip install --quiet --no-input -U -r condaenv.txt"
POST_BUILD = "chmod +x binder/postBuild && ./binder/postBuild"
NBVAL = "pytest --quiet --color=no -rfE --nbval --nbval-cell-timeout=120 notebooks"
LAB = "jupyter lab --allow-root --no-browser --ip=127.0.0.1 --ServerApp.base_url=/user/check/"
RUNTIME = ".local/share/jupyter/runtime"
MEMORY_LIMIT = 1400
"""Megabytes; MyBinder ends a kernel at 2,000."""
OPEN_NOTEBOOKS = 3
KEPT = re.compile(r"(?i)PIP_.*|SSL_CERT_.*|REQUESTS_CA_BUNDLE|.*_PROXY|TZ|LANG|LC_ALL")
"""Variables that pip needs to reach its index; the image has no other variable of this run."""
Server = dict[str, Any]
"""The URL and the token of a running JupyterLab."""


def copy_tracked(tree: Path, home: Path) -> None:
    """Copy the files that git tracks, with their uncommitted changes."""
    listed = subprocess.check_output(["git", "ls-files", "-z"], cwd=tree, text=True)
    for name in listed.split("\0"):
        if (tree / name).is_file():
            (home / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(tree / name, home / name)


def check_build(home: Path) -> tuple[str, list[str]]:
    """Return the version of Python and the list for pip that repo2docker would install."""
    command = [sys.executable, "-m", *REPO2DOCKER.split()]
    ended = subprocess.run(command, cwd=home, capture_output=True, encoding="utf-8", timeout=120)
    python = re.search(r"conda environment for python=(\S+)", ended.stderr)
    if not python or f'--file "{ENVIRONMENT}"' not in ended.stdout:
        raise ValueError(f"repo2docker does not build {ENVIRONMENT}: {ended.stderr[-400:]}")
    listed = yaml.safe_load((home / ENVIRONMENT).read_text(encoding="utf-8"))["dependencies"]
    if f"python={python[1]}" not in listed:  # it guesses without a warning
        raise ValueError(f"Invalid python in {listed}: write python=3.N, without a comparison")
    return python[1], [line for each in listed if isinstance(each, dict) for line in each["pip"]]


def interpreter(version: str) -> str:
    """Return the path of a Python, or of this one; a file of this name can be a shim that fails."""
    found = shutil.which(f"python{version}")
    works = found and subprocess.run([found, "-c", ""], capture_output=True).returncode == 0
    return found if found and works else sys.executable


def variables(home: Path) -> dict[str, str]:
    """Return the environment variables of a process in the image."""
    kept = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)}
    path = os.pathsep.join([f"{home}/.venv/bin", os.defpath])
    return kept | {"HOME": str(home), "TMPDIR": str(home.parent), "PATH": path}


def run(home: Path, command: str, folder: str = ".") -> None:
    """Run a line of the shell in the image, and end what it started, as Docker does."""
    print(f"$ {command}", flush=True)
    cwd, env = home / folder, variables(home)
    subprocess.run(command, shell=True, cwd=cwd, env=env, check=True, timeout=1800)  # noqa: S602
    end_processes(home)


def processes(home: Path) -> list[psutil.Process]:
    """Return every process with this HOME, such as a service that has left its parent."""
    found = psutil.process_iter(["environ"])
    return [each for each in found if (each.info["environ"] or {}).get("HOME") == str(home)]


def memory(home: Path) -> float:
    """Return the megabytes of all processes; pages that they share count once (PSS)."""
    total = 0
    for process in processes(home):
        with suppress(psutil.Error):
            total += process.memory_full_info().pss
    return total / 1e6


def end_processes(home: Path) -> None:
    """Kill every process, and those that they start meanwhile."""
    deadline = time.monotonic() + 10
    while (running := processes(home)) and time.monotonic() < deadline:
        for process in running:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(running, timeout=1)


def start_lab(home: Path) -> Server:
    """Start JupyterLab below a path, as MyBinder does for each visitor."""
    print(f"$ {LAB}", flush=True)
    log = home.parent / "lab.txt"
    with log.open("wb") as output:
        lab = subprocess.Popen(LAB.split(), cwd=home, env=variables(home), stderr=output)
    deadline = time.monotonic() + 120
    while not (servers := list(list_running_servers(str(home / RUNTIME)))):
        if lab.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"JupyterLab does not start: {log.read_text()[-400:]}")
        time.sleep(0.2)
    return dict(servers[0])


def ask(server: Server, method: str, path: str, body: object = None) -> requests.Response:
    """Return JupyterLab's response to a request, which is no error."""
    headers = {"Authorization": f"token {server['token']}"}
    url = server["url"] + path
    response = requests.request(method, url, headers=headers, json=body, timeout=60)
    response.raise_for_status()
    return response


def check_links(server: Server, readme: str) -> str:
    """Return the path that the badge opens; it and every other link to MyBinder has a notebook."""
    paths = re.findall(r"mybinder\.org/v2/\S+?\?urlpath=([^)\s]+)", readme)
    if not paths:
        raise ValueError("README.md has no link that opens a path on mybinder.org")
    for path in paths:
        ask(server, "GET", path)  # which returns a page for any file
        ask(server, "GET", f"api/contents/{path.removeprefix('lab/tree/')}?content=0")
    return f"links of README.md to MyBinder: {paths[0]} and {len(paths) - 1} more"


def execute_all(home: Path, server: Server) -> None:
    """Open every notebook in JupyterLab, and run its cells; the last notebooks stay open."""
    opened: list[str] = []
    for notebook in sorted((home / "notebooks").glob("*.ipynb")):
        if len(opened) == OPEN_NOTEBOOKS:
            ask(server, "DELETE", f"api/sessions/{opened.pop(0)}")
        path = f"notebooks/{notebook.name}"
        body = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        session = ask(server, "POST", "api/sessions", body).json()
        opened.append(session["id"])
        kernel = BlockingKernelClient()
        kernel.load_connection_file(str(home / RUNTIME / f"kernel-{session['kernel']['id']}.json"))
        kernel.start_channels(hb=False)  # a busy machine may miss a heartbeat
        for cell in nbformat.read(notebook, 4).cells:
            if cell.cell_type == "code":
                reply = kernel.execute(cell.source, reply=True, timeout=120)["content"]
                if reply["status"] != "ok":
                    raise RuntimeError(f"{path}: {reply['ename']}: {reply['evalue']}")
        kernel.stop_channels()


def check_memory(home: Path, server: Server, limit: int = MEMORY_LIMIT) -> str:
    """Return the most memory of JupyterLab, the service and the notebooks that are open at once."""
    peak = 0.0
    with ThreadPoolExecutor(1) as pool:
        executed = pool.submit(execute_all, home, server)
        while wait([executed], timeout=0.5).not_done:
            peak = max(peak, memory(home))
    executed.result()
    if peak > limit:
        raise RuntimeError(f"{peak:.0f} MB of memory, and the limit is {limit} MB")
    return f"{OPEN_NOTEBOOKS} notebooks open at once: {peak:.0f} MB, the limit is {limit} MB"


def check(home: Path) -> None:
    """Run every step."""
    copy_tracked(ROOT, home)
    python, listed = check_build(home)
    found = interpreter(python)
    print(f"{ENVIRONMENT}: python={python}, and for pip: {', '.join(listed)}")
    print("not run: the image's Debian packages and user; this machine's replace them")
    print(f"not run: conda and its Jupyter; venv, {found} and the list for pip replace them")
    for path in (home / "binder").iterdir():
        if path.name not in ("constraints.txt", "environment.yml", "postBuild"):
            print(f"not run: binder/{path.name}; this check does not use it")
    run(home, f"{found} -m venv .venv")
    # conda writes the list beside the environment file too: paths count from there
    (home / "binder/condaenv.txt").write_text("\n".join(listed), encoding="utf-8")
    run(home, PIP, "binder")
    run(home, POST_BUILD)
    run(home, f"taskset -c {min(os.sched_getaffinity(0))} {NBVAL}")
    server = start_lab(home)
    print(check_links(server, (home / "README.md").read_text(encoding="utf-8")), flush=True)
    print(check_memory(home, server))


def main() -> None:
    """Check in a temporary folder, and leave no process and no file."""
    if sys.platform != "linux":
        raise SystemExit(f"make binder needs Linux, as MyBinder does; this is {sys.platform}")
    with tempfile.TemporaryDirectory(prefix="visionhelpers-binder-") as folder:
        home = Path(folder) / "home"
        try:
            check(home)
        except (OSError, RuntimeError, ValueError, subprocess.SubprocessError) as error:
            raise SystemExit(f"make binder failed: {error}") from error
        finally:
            end_processes(home)


if __name__ == "__main__":
    main()
