"""What tools/check_wheel.py refuses; make wheel builds and installs the real wheel."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from tools import check_wheel


def wheel_of(folder: Path, changed: dict[str, bool]) -> Path:
    """Return a wheel with the files of the package; True adds a file, False leaves it out."""
    tracked = check_wheel.run(["git", "ls-files", "--", *check_wheel.PACKAGES], check_wheel.ROOT)
    names = {name for name in tracked.splitlines() if (check_wheel.ROOT / name).is_file()}
    assert len(names) > 140
    names |= {name for name, added in changed.items() if added}
    names -= {name for name, added in changed.items() if not added}
    wheel = folder / "visionhelpers-1.2.3-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in [*names, "visionhelpers-1.2.3.dist-info/METADATA"]:
            archive.writestr(name, "")
    return wheel


def test_a_wheel_with_the_files_of_the_package_passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    check_wheel.check_content(wheel_of(tmp_path, {}))
    assert "no tests" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "added"),
    [
        ("tests/client/test_client.py", True),
        ("visionhelpers/samples/coffee_cup.jpg", False),
        ("visionhelpers/client.py", False),
        ("visionhelpers/py.typed", False),
    ],
)
def test_a_wheel_with_a_file_more_or_less_is_refused(
    name: str, added: bool, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit, match=Path(name).name):
        check_wheel.check_content(wheel_of(tmp_path, {name: added}))


def test_a_tag_has_to_be_the_version(tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path, {})
    check_wheel.check_version(wheel, "v1.2.3")
    with pytest.raises(SystemExit, match=r"v1\.2\.4"):
        check_wheel.check_version(wheel, "v1.2.4")


def test_a_command_that_fails_ends_the_check_with_its_errors() -> None:
    with pytest.raises(SystemExit, match="No module named"):
        check_wheel.run([sys.executable, "-m", "missing_module"], check_wheel.ROOT)
