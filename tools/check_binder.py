"""Check what MyBinder builds from this repository, and what it opens: `make binder`.

A copy of the tracked files replaces MyBinder's clone, and a virtual environment replaces conda's.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import psutil
import requests
import yaml
from jupyter_client import BlockingKernelClient

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
Ask = Callable[..., requests.Response]
"""Sends a request to JupyterLab's API: method, path, body."""
Result = TypeVar("Result")


def step(name: str, function: Callable[..., Result], *arguments: object) -> Result:
    """Call a function, and print its seconds and its text; end with a sentence if it fails.

    All exceptions become that sentence, because those of a library do not name the step.
    """
    begin = time.monotonic()
    try:
        result = function(*arguments)
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise SystemExit(f"Step '{name}' failed: {reason}") from error
    text = f": {result}" if result and isinstance(result, str) else ""
    print(f"{time.monotonic() - begin:5.1f} s: {name}{text}", flush=True)
    return result


def copy_tracked(tree: Path, home: Path) -> None:
    """Copy the files that git tracks, with their uncommitted changes."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=tree, capture_output=True, check=True)
    for name in filter(None, listed.stdout.decode().split("\0")):
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
    """Return the path of a Python; a file of this name can be a shim that only fails."""
    found = shutil.which(f"python{version}")
    if found and subprocess.run([found, "-c", ""], capture_output=True).returncode == 0:
        return found
    here = "{}.{}".format(*sys.version_info)
    print(f"not run: python={version} is not on this machine, python={here} replaces it")
    return sys.executable


def variables(home: Path) -> dict[str, str]:
    """Return the environment variables of a process in the image."""
    kept = {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)}
    path = os.pathsep.join([f"{home}/.venv/bin", os.defpath])
    return kept | {"HOME": str(home), "TMPDIR": str(home.parent), "PATH": path}


def run(home: Path, command: Sequence[str], folder: str = ".") -> str:
    """Run a command in the image, end what it started, and return its last line."""
    cwd, env = home / folder, variables(home)
    ended = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=1800)
    end_processes(home)
    lines = (ended.stderr + ended.stdout).strip().splitlines() or [""]
    if ended.returncode:
        print("\n".join(lines[-40:]), file=sys.stderr)
        errors = [line for line in lines if re.match(r"(ERROR|FAILED|[\w.]*Error)\b", line)]
        raise RuntimeError((errors or lines)[-1])
    return lines[-1]


def processes(home: Path) -> Iterator[psutil.Process]:
    """Give every process with this HOME, such as a service that has left its parent."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("HOME") == str(home):
                yield process


def memory(home: Path) -> float:
    """Return the megabytes of all processes; pages that they share count once (PSS)."""
    total = 0
    for process in processes(home):
        with suppress(psutil.Error):
            total += process.memory_full_info().pss
    return total / 1e6


def end_processes(home: Path) -> None:
    """Kill every process, as Docker does at the end of a line."""
    deadline = time.monotonic() + 10
    while (running := list(processes(home))) and time.monotonic() < deadline:
        for process in running:
            with suppress(psutil.Error):
                process.kill()
        time.sleep(0.05)


def start_lab(home: Path) -> Ask:
    """Start JupyterLab below a path, as MyBinder does for each visitor."""
    log = home.parent / "lab.txt"
    with log.open("wb") as output:
        lab = subprocess.Popen(LAB.split(), cwd=home, env=variables(home), stderr=output)
    deadline = time.monotonic() + 120
    while not any(path.stat().st_size for path in (home / RUNTIME).glob("jpserver-*.json")):
        if lab.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"JupyterLab does not start: {log.read_text()[-400:]}")
        time.sleep(0.2)
    server = json.loads(next((home / RUNTIME).glob("jpserver-*.json")).read_text())
    session = requests.Session()
    session.headers["Authorization"] = f"token {server['token']}"

    def ask(method: str, path: str, body: object = None) -> requests.Response:
        response = session.request(method, server["url"] + path, json=body, timeout=60)
        response.raise_for_status()
        return response

    return ask


def check_links(ask: Ask, readme: str) -> str:
    """Return the path that the badge opens; it and every other link to MyBinder has a notebook."""
    paths = re.findall(r"mybinder\.org/v2/\S+?\?urlpath=([^)\s]+)", readme)
    if not paths:
        raise ValueError("README.md has no link that opens a path on mybinder.org")
    for path in paths:
        ask("GET", path)  # which returns a page for any file
        ask("GET", f"api/contents/{path.removeprefix('lab/tree/')}?content=0")
    return f"{paths[0]} and {len(paths) - 1} more"


def execute(home: Path, ask: Ask, path: str) -> str:
    """Open a notebook in JupyterLab, run its cells, and return the path of its session."""
    body = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
    session = ask("POST", "api/sessions", body).json()
    connection = home / RUNTIME / f"kernel-{session['kernel']['id']}.json"
    kernel = BlockingKernelClient(connection_file=str(connection))
    kernel.load_connection_file()
    kernel.start_channels()
    kernel.wait_for_ready(timeout=60)
    cells = ask("GET", f"api/contents/{path}").json()["content"]["cells"]
    for code in [cell["source"] for cell in cells if cell["cell_type"] == "code"]:
        reply = kernel.execute_interactive(code, timeout=120, output_hook=lambda _: None)["content"]
        if reply["status"] != "ok":
            raise RuntimeError(f"{path}: {reply['ename']}: {reply['evalue']} in {code!r}")
    kernel.stop_channels()
    return f"api/sessions/{session['id']}"


def execute_all(home: Path, ask: Ask) -> None:
    """Execute every notebook; the last ones stay open."""
    opened: list[str] = []
    for notebook in sorted((home / "notebooks").glob("*.ipynb")):
        if len(opened) == OPEN_NOTEBOOKS:
            ask("DELETE", opened.pop(0))
        opened.append(execute(home, ask, f"notebooks/{notebook.name}"))


def check_memory(home: Path, ask: Ask, limit: int = MEMORY_LIMIT) -> str:
    """Return the most memory of JupyterLab, the service and the notebooks that are open at once."""
    peak = 0.0
    with ThreadPoolExecutor(1) as pool:
        executed = pool.submit(execute_all, home, ask)
        while not executed.done():
            peak = max(peak, memory(home))
            time.sleep(0.5)
    executed.result()
    if peak > limit:
        raise RuntimeError(f"{peak:.0f} MB of memory, and the limit is {limit} MB")
    return f"{peak:.0f} MB at most, the limit is {limit} MB"


def check(home: Path) -> None:
    """Run every step."""
    step("git ls-files", copy_tracked, ROOT, home)
    python, listed = step(REPO2DOCKER, check_build, home)
    print(f"         {ENVIRONMENT}, python={python}, and for pip: {', '.join(listed)}")
    print("not run: the image's Debian packages and user; this machine's replace them")
    print("not run: conda and its Jupyter; venv and the list for pip replace them")
    for path in sorted((home / "binder").iterdir()):
        if path.name not in ("environment.yml", "postBuild"):
            print(f"not run: binder/{path.name}; this check does not use it")
    venv = [interpreter(python), "-m", "venv", f"{home}/.venv"]
    step("python -m venv", run, home, venv)
    # conda writes the list beside the environment file too: paths count from there
    (home / "binder/condaenv.txt").write_text("\n".join(listed), encoding="utf-8")
    step(f"{PIP} in binder/", run, home, PIP.split(), "binder")
    step(POST_BUILD, run, home, ["sh", "-c", POST_BUILD])
    nbval = f"taskset -c {min(os.sched_getaffinity(0))} {NBVAL}"
    step(nbval, run, home, nbval.split())
    ask = step(LAB, start_lab, home)
    readme = (home / "README.md").read_text(encoding="utf-8")
    step("links of README.md to MyBinder", check_links, ask, readme)
    step(f"{OPEN_NOTEBOOKS} notebooks open at once", check_memory, home, ask)


def main() -> None:
    """Check in a temporary folder, and leave no process and no file."""
    if sys.platform != "linux":
        raise SystemExit(f"make binder needs Linux, as MyBinder does; this is {sys.platform}")
    with tempfile.TemporaryDirectory(prefix="visionhelpers-binder-") as folder:
        home = Path(folder) / "home"
        try:
            check(home)
        finally:
            end_processes(home)


if __name__ == "__main__":
    main()
