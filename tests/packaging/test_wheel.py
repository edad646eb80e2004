"""What tools/check_wheel.py refuses; make wheel builds and installs the real wheel."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from tools import check_wheel


def wheel_of(folder: Path, added: tuple[str, ...] = (), missing: tuple[str, ...] = ()) -> Path:
    """Return a wheel with the files of the package, some added and some left out."""
    tracked = check_wheel.run(["git", "ls-files", "--", *check_wheel.PACKAGES], check_wheel.ROOT)
    names = {name for name in tracked.splitlines() if (check_wheel.ROOT / name).is_file()}
    assert len(names) > 140
    wheel = folder / "visionhelpers-1.2.3-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in (names | set(added)) - set(missing):
            archive.writestr(name, "")
        archive.writestr("visionhelpers-1.2.3.dist-info/METADATA", "")
    return wheel


def test_a_wheel_with_the_files_and_the_version_of_the_package_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wheel = wheel_of(tmp_path)
    check_wheel.check_content(wheel)
    assert "no tests" in capsys.readouterr().out
    check_wheel.check_version(wheel, "v1.2.3")
    with pytest.raises(SystemExit, match=r"v1\.2\.4"):
        check_wheel.check_version(wheel, "v1.2.4")


def test_a_wheel_with_another_file_is_refused(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path, added=("tests/client/test_client.py",))
    with pytest.raises(SystemExit, match=r"does not track: tests/client/test_client\.py"):
        check_wheel.check_content(wheel)


@pytest.mark.parametrize("name", ["samples/coffee_cup.jpg", "client.py", "py.typed"])
def test_a_wheel_without_a_file_is_refused(name: str, tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path, missing=(f"visionhelpers/{name}",))
    with pytest.raises(SystemExit, match=f"misses visionhelpers/{name}"):
        check_wheel.check_content(wheel)


def test_a_command_that_fails_ends_the_check_with_its_errors() -> None:
    with pytest.raises(SystemExit, match="No module named"):
        check_wheel.run([sys.executable, "-m", "missing_module"], check_wheel.ROOT)
