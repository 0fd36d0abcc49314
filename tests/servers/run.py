"""What this run's processes agree on: one folder, one PostgreSQL port, the log-ins."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from slipway.embedded import loopback
from slipway.embedded.postgres import EmbeddedPostgres
from slipway.embedded.roles import APPLICATION, OWNER
from slipway.embedded.valkey import EmbeddedValkey

CHECKOUT = Path(__file__).resolve().parents[2]
# Kept between runs: the log-ins' passwords and a migrated data folder.
CACHE = CHECKOUT / "var" / "testing"
TEMPLATE = "slipway_template"
_VARIABLE = "SLIPWAY_TEST_RUN"


@dataclass(frozen=True, slots=True)
class Passwords:
    superuser: str
    owner: str
    application: str


@dataclass(frozen=True, slots=True)
class Run:
    folder: Path
    controller_pid: int
    postgres_port: int
    passwords: Passwords
    worker: str  # "main", or "gw0" and so on under xdist
    valkey_port: int

    @property
    def database(self) -> str:
        return f"slipway_{self.worker}"

    def postgres(self) -> EmbeddedPostgres:
        return EmbeddedPostgres(
            self.folder / "postgres",
            port=self.postgres_port,
            password=self.passwords.superuser,
            durable=False,
        )

    def valkey(self) -> EmbeddedValkey:
        folder = self.folder / f"valkey-{self.worker}"
        return EmbeddedValkey(folder, port=self.valkey_port, password="tests", durable=False)

    def application_url(self, database: str) -> str:
        return self.postgres().url(APPLICATION, self.passwords.application, database)

    def owner_url(self, database: str) -> str:
        return self.postgres().url(OWNER, self.passwords.owner, database)


def describe_to_environment() -> None:
    """The controller (or a run without workers) makes the run's folder; its workers find it in their environment."""
    if "PYTEST_XDIST_WORKER" not in os.environ or _VARIABLE not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="slipway-"))
        shared = {"controller_pid": os.getpid(), "postgres_port": loopback.free_port()}
        (folder / "run.json").write_text(json.dumps(shared))
        os.environ[_VARIABLE] = str(folder)
    os.environ["SLIPWAY_TEST_VALKEY_PORT"] = str(loopback.free_port())
    run = current()
    os.environ["DATABASE_URL"] = run.application_url(run.database)
    os.environ["DATABASE_OWNER_URL"] = run.owner_url(run.database)
    os.environ["SLIPWAY_REDIS_URL"] = run.valkey().url()
    os.environ["SLIPWAY_DATA_DIR"] = str(run.folder / f"data-{run.worker}")


def current() -> Run:
    folder = Path(os.environ[_VARIABLE])
    return Run(
        folder=folder,
        passwords=passwords(),
        worker=os.environ.get("PYTEST_XDIST_WORKER", "main"),
        valkey_port=int(os.environ["SLIPWAY_TEST_VALKEY_PORT"]),
        **json.loads((folder / "run.json").read_text()),
    )


def passwords() -> Passwords:
    """One set per checkout, because the kept data folder knows them."""
    path = CACHE / "passwords.json"
    if not path.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        made = Passwords(*(secrets.token_urlsafe(18) for _ in range(3)))
        fresh = CACHE / f"passwords.{os.getpid()}"
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            json.dump(asdict(made), file)
        try:
            os.link(fresh, path)  # the first of several runs wins
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return Passwords(**json.loads(path.read_text()))
