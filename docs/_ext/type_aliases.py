"""Show the name of a type alias that is part of a union, where Sphinx shows its own class."""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

ALIAS = re.compile(r"TypeAliasForwardRef\('([\w.]+)'\)")


def name_aliases(
    _app: Sphinx, _what: str, _name: str, _object: Any, _options: Any, arguments: str, returns: str
) -> tuple[str, str] | None:
    if not ALIAS.search(f"{arguments} {returns}"):
        return None
    return ALIAS.sub(r"\1", arguments), ALIAS.sub(r"\1", returns)


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("autodoc-process-signature", name_aliases)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
