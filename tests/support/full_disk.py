"""A full disk: a file system of one page, mounted where only one command sees it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

_APART = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
_FILL = 'mount -t tmpfs -o size=4k,mode=700 tmpfs "$0" && head -c 4096 /dev/zero >"$0/fill"'


def on_full_disk(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a command while a folder is full; then list what is in it, hidden files too."""
    script = f'{_FILL} && {{ "$@"; code=$?; ls -A "$0"; exit $code; }}'
    return subprocess.run(
        [*_APART, script, str(folder), *command],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def _can_mount() -> bool:
    if not shutil.which("unshare"):
        return False
    attempt = [*_APART, "mount -t tmpfs tmpfs /mnt"]
    return not subprocess.run(attempt, capture_output=True, check=False).returncode


FULL_DISK = pytest.mark.skipif(not _can_mount(), reason="this system mounts no disk for a test")
