"""Microsoft's own package for v1.0, run against the service: every operation, URL and stream.

The tests' environment has this package; `make sdk` runs the same script with the later ones.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from visionservice import LocalService

FOLDER = Path(__file__).parents[1] / "sdk"
sys.path.insert(0, str(FOLDER))

import clients  # noqa: E402  tests/sdk is no package: its scripts run in the clients' environments
import run  # noqa: E402


def test_every_operation_of_the_package_succeeds(service: LocalService) -> None:
    package = clients.CLIENTS[0]
    variables = {"VISION_ENDPOINT": service.url, "VISION_KEY": service.key}
    done = subprocess.run(
        [sys.executable, FOLDER / package.script],
        env=os.environ | variables | {"VISION_SAMPLES": str(run.SAMPLES)},
        capture_output=True,
        text=True,
        check=True,
    )
    outcomes = run.judge(package, done.stdout.splitlines(), done.stderr)
    assert outcomes == {
        operation: run.ABSENT if operation in package.lacks else "ok"
        for operation in package.operations
    }
