"""Names: one meaning for each constant of the service, and a file for each test that is named."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "visionservice"


def test_no_two_constants_have_one_name_and_different_values() -> None:
    values: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            for target in node.targets if isinstance(node, ast.Assign) else []:
                pairs = [(target, node.value)]
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = list(zip(target.elts, node.value.elts, strict=True))
                for name, value in pairs:
                    if isinstance(name, ast.Name) and name.id.isupper():
                        values[name.id][str(path)] = ast.unparse(value)
    assert len(values) > 100
    different = {name: where for name, where in values.items() if len(set(where.values())) > 1}
    assert not different


def test_every_test_file_that_is_named_exists() -> None:
    found = subprocess.check_output(["git", "grep", "-ohE", r"\btests/[a-z0-9_/]+\.py"], cwd=ROOT)
    names = set(re.findall(r"\S+", found.decode()))
    assert len(names) > 10
    assert not [name for name in names if not (ROOT / name).exists()]
