"""Names in the service: one meaning for each constant."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "visionservice"


def constants(path: Path) -> dict[str, str]:
    """Return the module constants of a file, and their values as source."""
    found = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        for target in targets:
            names = target.elts if isinstance(target, ast.Tuple) else [target]
            values = getattr(node.value, "elts", []) if len(names) > 1 else [node.value]
            if len(names) == len(values):
                for name, value in zip(names, values, strict=True):
                    if isinstance(name, ast.Name) and name.id.isupper():
                        found[name.id] = ast.unparse(value)
    return found


def test_no_two_constants_have_one_name_and_different_values() -> None:
    values: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for path in sorted(PACKAGE.rglob("*.py")):
        for name, value in constants(path).items():
            values[name][str(path.relative_to(PACKAGE))] = value
    assert len(values) > 100
    different = {name: where for name, where in values.items() if len(set(where.values())) > 1}
    assert not different
