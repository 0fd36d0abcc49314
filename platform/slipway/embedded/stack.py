"""Which processes make up an embedded Slipway, and what each waits for."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from slipway.embedded import postgres as postgres_server
from slipway.embedded import probes, variables
from slipway.embedded import valkey as valkey_server
from slipway.embedded.clusters import ChosenCluster
from slipway.embedded.data import DataFolder, Ports
from slipway.embedded.databases import Database
from slipway.embedded.loopback import ADDRESS
from slipway.embedded.postgres import EmbeddedPostgres
from slipway.embedded.preparing import stamp
from slipway.embedded.supervision.specs import Job, Service, Unit
from slipway.embedded.supervision.supervisor import Supervisor
from slipway.embedded.valkey import EmbeddedValkey

# Django checks itself while it migrates; once more in each of three processes would cost seconds at every start.
_CELERY = ("celery", "-A", "slipway", "--quiet", "--skip-checks")
# The worker's chatter between workers serves a fleet; here it would only cost a second at every start.
_ALONE = ("--without-gossip", "--without-mingle", "--loglevel", "INFO")
_HARMLESS = (
    # On one's own machine, in one terminal, root is what a container makes everybody.
    "ignore:You're running the worker with superuser privileges",
    # Static files: small, and read by a thread.
    "ignore:StreamingHttpResponse must consume synchronous iterators",
)


class Stack:
    """Made once per start, under the data folder's lock. `speed` divides the sandbox's simulated delays."""

    def __init__(
        self,
        folder: DataFolder,
        ports: Ports,
        cluster: ChosenCluster,
        *,
        speed: float = 1.0,
    ) -> None:
        self.folder = folder
        self.ports = ports
        self.cluster = cluster
        self._speed = speed
        secrets = folder.secrets()
        own = variables.own_servers()
        self._postgres = (
            None
            if own.database
            else EmbeddedPostgres(folder.postgres, port=ports.postgres, password=secrets.postgres_superuser)
        )
        self._valkey = (
            None if own.redis else EmbeddedValkey(folder.valkey, port=ports.valkey, password=secrets.valkey)
        )
        self.database = Database(
            own.database, self._postgres, secrets, stamp.Stamp(folder.path / "prepared.json")
        )
        self.environment = variables.for_every_process(
            folder,
            ports,
            application_url=self.database.application,
            redis_url=own.redis if self._valkey is None else {"SLIPWAY_REDIS_URL": self._valkey.url()},
            networks=cluster.networks,
        )

    @property
    def url(self) -> str:
        return f"http://localhost:{self.ports.web}"

    @property
    def facts(self) -> Mapping[str, object]:
        """For the run file: what somebody who finds it wants to know."""
        return {"url": self.url, "kubeconfig": str(self.cluster.kubeconfig), "ports": {"web": self.ports.web}}

    def python(self, *module: str) -> list[str]:
        quietly = [part for warning in _HARMLESS for part in ("-W", warning)]
        return [sys.executable, *quietly, "-m", *module]

    def units(self, supervisor: Supervisor) -> list[Unit]:
        """Servers first: they are stopped in the reverse of this order."""
        units: list[Unit] = []
        if self._postgres is not None:
            units.append(self._postgres_service(self._postgres))
        if self._valkey is not None:
            units.append(self._valkey_service(self._valkey))
        if self.cluster.is_sandbox:
            units.append(self._sandbox())
        running = tuple(unit.name for unit in units)
        servers = tuple(name for name in ("postgres", "valkey") if name in running)
        units.append(Job("migrate", lambda: self._migrate(supervisor), servers[:1] if self._postgres else ()))
        units.append(Job("assets", lambda: self._collect_assets(supervisor)))
        prepared = (*servers, "migrate")
        return [
            *units,
            self._web((*prepared, "assets")),
            self._worker("worker", "slipway", prepared, "--concurrency", "2"),
            # Abort has a slot of its own, so that it never queues behind what it is to stop.
            self._worker("abort-worker", "abort", prepared, "--pool", "solo"),
            Service(
                name="beat",
                # Its own handler for TERM saves through the connection that it may be using at that moment, and then
                # waits for itself. It has nothing to save: a tick too many finds nothing to do.
                stop_signal=signal.SIGHUP,
                command=self.python(*_CELERY, "beat", "--loglevel", "INFO", "--pidfile", ""),
                environment=self.environment,
                depends_on=prepared,
            ),
            self._watcher(prepared),
        ]

    def _postgres_service(self, server: EmbeddedPostgres) -> Service:
        return Service(
            name="postgres",
            command=server.command(),
            environment=self.environment,
            prepare=server.prepare,
            is_ready=server.is_ready,
            stop_signal=postgres_server.STOP_SIGNAL,
            last_resort=postgres_server.LAST_RESORT,
            grace_seconds=15,
            account=server.account,
        )

    def _valkey_service(self, server: EmbeddedValkey) -> Service:
        return Service(
            name="valkey",
            command=server.command(),
            environment=self.environment,
            prepare=server.prepare,
            is_ready=server.is_ready,
            stop_signal=valkey_server.STOP_SIGNAL,
            last_resort=valkey_server.LAST_RESORT,
        )

    def _sandbox(self) -> Service:
        return Service(
            name="sandbox",
            command=self.python(
                "slipway.sandbox",
                *("--data", str(self.folder.sandbox), "--port", str(self.ports.sandbox)),
                *("--kubeconfig", str(self.cluster.kubeconfig), "--speed", f"{self._speed:g}"),
            ),
            environment=self.environment,
            says_when_ready="sandbox ready",
        )

    def _web(self, depends_on: tuple[str, ...]) -> Service:
        return Service(
            name="web",
            command=self.python(
                "uvicorn",
                "slipway.asgi:application",
                *("--host", ADDRESS, "--port", str(self.ports.web), "--lifespan", "off"),
                *("--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "3"),
                # A page says a few words; uvicorn alone would take in 16 MB of them before anybody looks.
                *("--ws-max-size", "65536"),
            ),
            environment={**self.environment, "SLIPWAY_DATABASE_POOL": "true"},
            depends_on=depends_on,
            is_ready=lambda: probes.answers_http(self.ports.web, "/healthz"),
        )

    def _worker(self, name: str, queue: str, depends_on: tuple[str, ...], *pool: str) -> Service:
        return Service(
            name=name,
            command=self.python(
                *_CELERY, "worker", "--queues", queue, "--hostname", f"{name}@slipway", *pool, *_ALONE
            ),
            environment=self.environment,
            depends_on=depends_on,
            says_when_ready=" ready.",
            grace_seconds=20,  # the task in hand is finished; what is cut short is delivered again
        )

    def _watcher(self, depends_on: tuple[str, ...]) -> Service:
        return Service(
            name="watcher",
            command=self.python("slipway.watcher"),
            environment=self.environment,
            depends_on=depends_on,
            says_when_ready="watcher_ready",
        )

    async def _migrate(self, supervisor: Supervisor) -> None:
        if self._postgres is not None:
            await asyncio.to_thread(self.database.make_roles)
        if await asyncio.to_thread(self.database.is_migrated):
            return
        await supervisor.run_to_end(
            "migrate",
            self.python("slipway.embedded.preparing.migrate"),
            {**self.environment, **self.database.owner},
        )
        await asyncio.to_thread(self.database.note_migrated)

    async def _collect_assets(self, supervisor: Supervisor) -> None:
        """Into a folder beside its place, which is then put there whole."""
        from slipway.settings import paths

        noted = stamp.Stamp(self.folder.path / "prepared.json")
        digest = stamp.of_assets(paths.STATIC)
        if noted.read("assets") == digest and self.folder.static.is_dir():
            return
        fresh = Path(f"{self.folder.static}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        await supervisor.run_to_end(
            "assets",
            self.python("django", "collectstatic", "--no-input", "--verbosity", "0"),
            {**self.environment, "SLIPWAY_STATIC_ROOT": str(fresh)},
        )
        _put(fresh, self.folder.static)
        noted.write("assets", digest)


def _put(fresh: Path, place: Path) -> None:
    shutil.rmtree(place, ignore_errors=True)
    fresh.rename(place)
