"""Names in the service: one meaning for each constant."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "visionservice"


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
