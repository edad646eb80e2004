from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of `make sdk CLIENTS=`."""
    parser.addoption("--clients", default="", help="ci, or names of clients; all by default")
    parser.addoption("--captioner", action="store_true", help="caption with a loopback server")
