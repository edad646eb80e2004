"""Run Microsoft's own clients against the service, each in an environment of its own.

    python tests/sdk/run.py [--captioner] [ci | NAME ...]

With --captioner, a loopback server with the Chat Completions API writes the captions. Prints the
matrix of clients and operations; the exit status is 1 when anything failed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import environments
from captioner import captioner
from clients import CLASSIC, NEWEST, WITHOUT_PICTURE, Client, chosen

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "visionhelpers" / "samples"
START_SECONDS = 60.0
SCRIPT_SECONDS = 300.0
ABSENT = "-"
Results = Mapping[str, str]
"""By operation: "ok", "-" for one that the client has not, else why it failed."""


def main(names: list[str]) -> int:
    """Install, run, print; return the exit status."""
    began = monotonic()
    other = [name for name in names if name != "--captioner"]
    try:
        clients = chosen(other)
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    with ThreadPoolExecutor(2) as pool:
        one_of_each = {client.environment: client for client in clients}
        made = dict(zip(one_of_each, pool.map(_made, one_of_each.values()), strict=True))
        installed = monotonic()
        with captioner() as url, service(url if other != names else "") as variables:
            jobs = [(client, made[client.environment], variables) for client in clients]
            results = dict(zip(clients, pool.map(lambda job: _run(*job), jobs), strict=True))
    sys.stdout.write(matrix(results))
    sys.stdout.write(
        f"{installed - began:.0f} s of installing, {monotonic() - installed:.0f} s of running\n"
    )
    return int(bool(failures(results)))


def _made(client: Client) -> list[str] | environments.InstallError:
    try:
        return environments.make(client)
    except environments.InstallError as error:
        return error


@contextmanager
def service(captioner: str = "") -> Iterator[dict[str, str]]:
    """Serve with a gallery of its own; give the variables that tell a script where."""
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "service.json"
        command = [sys.executable, "-m", "visionservice", "--state-file", str(state)]
        command += ["--gallery", str(Path(folder) / "gallery")]
        if captioner:
            command += ["--captioner", captioner, "--captioner-model", "loopback"]
        process = subprocess.Popen(command, cwd=ROOT)
        try:
            deadline = monotonic() + START_SECONDS
            while not state.exists():
                if process.poll() is not None or monotonic() > deadline:
                    raise RuntimeError("The service did not start; what it said is above.")
                sleep(0.05)
            known = json.loads(state.read_text())
            endpoint = {"VISION_ENDPOINT": known["url"], "VISION_KEY": known["key"]}
            least = {"VISION_LEAST_CONFIDENCE": "0"} if captioner else {}
            yield endpoint | {"VISION_SAMPLES": str(SAMPLES)} | least
        finally:
            process.terminate()
            process.wait(20)


def _run(
    client: Client, command: list[str] | environments.InstallError, variables: Mapping[str, str]
) -> Results:
    if isinstance(command, environments.InstallError):
        return dict.fromkeys(client.operations, f"not installed: {command}")
    process = subprocess.Popen(
        command,
        env=os.environ | variables | {"PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        said, complaint = process.communicate(timeout=SCRIPT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        said, complaint = process.communicate()
        complaint += f"\nThe script took more than {SCRIPT_SECONDS:.0f} s."
    return judge(client, said.splitlines(), complaint)


def judge(client: Client, said: Iterable[str], complaint: str = "") -> Results:
    """Return what came of each operation, given what a client's script printed.

    What the script does not speak of has failed, and so has what the client is known to have and
    the script did not find, or the other way round.
    """
    told = [json.loads(line) for line in said if line.startswith("{")]
    last = (complaint.strip().splitlines() or ["it ended too early"])[-1]
    results = {}
    for operation in client.operations:
        ways = {line["way"]: line for line in told if line["operation"] == operation}
        expected = {""} if operation in WITHOUT_PICTURE else {"url", "stream"}
        absent = [way for way, line in ways.items() if line["absent"]]
        failed = [f"{way} {line['failure']}" for way, line in ways.items() if line["failure"]]
        if ways.keys() != expected:
            results[operation] = f"not tried: {last}"
        elif operation in client.lacks and len(absent) == len(expected):
            results[operation] = ABSENT
        elif absent or operation in client.lacks:
            results[operation] = "not as the table of clients says"
        else:
            results[operation] = "; ".join(failed).strip() or "ok"
    return results


def failures(results: Mapping[Client, Results]) -> list[str]:
    """Return a line for each operation of a client that failed."""
    return [
        f"{client.name} {operation}: {outcome}"
        for client, outcomes in results.items()
        for operation, outcome in outcomes.items()
        if outcome not in ("ok", ABSENT)
    ]


def matrix(results: Mapping[Client, Results]) -> str:
    """Return the clients by their operations as text, and why what failed did so."""
    lines = []
    for operations in (CLASSIC, NEWEST):
        rows = [client for client in results if client.operations == operations]
        if rows:
            lines += [*_table(rows, operations, results), ""]
    lines.append("ok: by address and as a stream; -: not in this version")
    failed = failures(results)
    lines += ["", "FAILED:", *failed] if failed else []
    return "\n".join(lines) + "\n"


def _table(
    rows: list[Client], operations: tuple[str, ...], results: Mapping[Client, Results]
) -> Iterator[str]:
    widths = [max(len(operation), 6) for operation in operations]
    yield _line("client", "api", operations, widths)
    for client in rows:
        outcomes = [results[client][operation] for operation in operations]
        cells = [text if text in ("ok", ABSENT) else "FAILED" for text in outcomes]
        yield _line(client.name, client.api, cells, widths)


def _line(name: str, api: str, cells: Iterable[str], widths: Iterable[int]) -> str:
    padded = (f"{cell:{width}}" for cell, width in zip(cells, widths, strict=True))
    return f"{name:16} {api:5} {' '.join(padded)}".rstrip()


if __name__ == "__main__":
    sys.exit(main([name for given in sys.argv[1:] for name in given.split(",") if name]))
