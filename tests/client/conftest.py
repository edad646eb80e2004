"""Scripted services, and what a client uses to reach them."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from time import time
from types import SimpleNamespace

import pytest
import requests

from tests.support.scripted_server import ScriptedServer, scripted_server


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as server:
        yield server


@pytest.fixture
def other_server() -> Iterator[ScriptedServer]:
    with scripted_server() as server:
        yield server


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@pytest.fixture
def session() -> requests.Session:
    """A session that ignores the proxies and certificates of the environment."""
    session = requests.Session()
    session.trust_env = False
    return session


class Credential:
    """A credential with the method of azure-identity.

    Attributes:
        lifetimes: Seconds for which its tokens are valid, the last one for each further token.
        scopes: The arguments of each call.
    """

    def __init__(self) -> None:
        self.lifetimes, self.scopes = [3600.0], []

    def get_token(self, *scopes: str) -> SimpleNamespace:
        self.scopes.append(scopes)
        lifetime = self.lifetimes.pop(0) if len(self.lifetimes) > 1 else self.lifetimes[0]
        token = f"token-number-{len(self.scopes)}-of-the-credential"
        return SimpleNamespace(token=token, expires_on=time() + lifetime)


@pytest.fixture
def credential() -> Credential:
    return Credential()
