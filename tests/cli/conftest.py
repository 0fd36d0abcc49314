from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application

from slipway.embedded.lifeline import tied_to_this_process
from tests.people import People, actor


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    out: str
    err: str


class _Quiet(WSGIRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def server(transactional_database: str) -> Iterator[str]:
    """The web process's HTTP half on the test's own database, in threads of this process; yields its address."""
    web = ThreadedWSGIServer(("127.0.0.1", 0), _Quiet)
    web.set_app(get_wsgi_application())
    thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{web.server_port}"
    web.shutdown()
    web.server_close()
    thread.join(10)


@pytest.fixture
def whole_server(transactional_database: str, valkey: str) -> Iterator[str]:
    """The web process itself, sockets included."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "uvicorn",
            "slipway.asgi:application",
            "--port",
            str(port),
            "--log-level",
            "warning",
        ],
        env={
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "slipway.settings.test",
            "SLIPWAY_DATABASE_POOL": "1",
        },
        preexec_fn=tied_to_this_process(signal.SIGKILL),  # noqa: PLW1509  it takes no lock
    )
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            break
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(15)


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

    def as_(user: Any, *scopes: str, url: str = "") -> None:
        monkeypatch.setenv("SLIPWAY_TOKEN", token_of(user, *scopes))
        assert slipway("login", url or server).code == 0
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
