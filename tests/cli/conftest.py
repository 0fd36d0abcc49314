from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from uvicorn import Config

from tests.people import People, actor


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str


@pytest.fixture
def server(transactional_database: str, valkey: str) -> Iterator[str]:
    """The whole web process (HTTP and sockets) on the test's own database; yields its address."""
    from slipway.asgi import application

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        web = uvicorn.Server(Config(application, log_level="warning", lifespan="off", ws="websockets-sansio"))
        thread = threading.Thread(target=web.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 10
        while not web.started and time.monotonic() < deadline:
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}"
        web.should_exit = True
        thread.join(10)


@pytest.fixture
def slipway(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., Ran]:
    """Runs one command line in this process, with a home of its own."""
    for name in [
        name for name in os.environ if name in {"SLIPWAY_URL", "SLIPWAY_TOKEN", "SLIPWAY_ORGANIZATION"}
    ]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: object) -> Ran:
        from slipway.cli.main import execute

        capsys.readouterr()
        code = execute([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return run


@pytest.fixture
def token_of(people: People) -> Callable[..., str]:
    def make(user: Any, *scopes: str) -> str:
        from apps.core import scopes as core_scopes
        from apps.organizations.services import create_token

        wanted = scopes or ("read", "release", "deploy", "approve", "admin")
        with core_scopes.organization(people.acme.id):
            return create_token(actor(user, people.acme), name="tests", token_scopes=wanted).secret

    return make


@pytest.fixture
def login(
    server: str, token_of: Callable[..., str], monkeypatch: pytest.MonkeyPatch, slipway: Callable[..., Ran]
) -> Callable[..., None]:
    """Whoever logged in last is who the commands act as."""

    def as_(user: Any, *scopes: str) -> None:
        monkeypatch.setenv("SLIPWAY_TOKEN", token_of(user, *scopes))
        assert slipway("login", server).code == 0
        monkeypatch.delenv("SLIPWAY_TOKEN")

    return as_


DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: "registry.example/web:VERSION"}
"""


@pytest.fixture
def manifest(tmp_path: Path) -> Callable[[str], Path]:
    def write(version: str) -> Path:
        path = tmp_path / f"web-{version}.yaml"
        path.write_text(DEPLOYMENT.replace("VERSION", version))
        return path

    return write
