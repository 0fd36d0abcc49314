"""The parts of an installation, each asked whether it is ready, in one sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.core.ticks import seconds_since

SWEEP = "rollouts.sweep"
WATCHER = "watcher.heartbeat"
_LATE_SECONDS = 15  # the sweep runs every 2 s


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    ready: bool
    sentence: str


def own_parts() -> list[Part]:
    """What this process cannot answer without: PostgreSQL as its right log-in, and every migration."""
    return [*_asked("database", _database), *_asked("migrations", _migrations)]


def other_parts() -> list[Part]:
    """What the installation needs besides. A web process that waits for these would leave people without pages."""
    return [*_asked("valkey", _valkey), *_asked("worker", _worker), *_asked("watcher", _watcher)]


def _asked(name: str, question: Callable[[], str]) -> Iterator[Part]:
    """A question answers what is wrong, "" when nothing is."""
    try:
        wrong = question()
    except Exception as error:  # noqa: BLE001  whatever it is, the part is not ready
        # Only the kind: a driver's words can hold addresses and names.
        wrong = f"It does not answer ({type(error).__name__})."
    yield Part(name, not wrong, wrong or "ready")


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        privileged = cursor.fetchone()[0]
    return (
        "The application's log-in may see every organization; it must be no superuser and have no BYPASSRLS."
        if privileged
        else ""
    )


_migrated = False  # once true it stays true for this process's code


def _migrations() -> str:
    global _migrated  # noqa: PLW0603  asked at every probe, worked out once
    if not _migrated:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if missing:
            return f"{len(missing)} migrations are missing, {missing[0][0]} first."
        _migrated = True
    return ""


def _valkey() -> str:
    cache.set("ready", 1, 5)
    return ""


def _worker() -> str:
    """Beat sends the sweep, a worker takes it: this tells when either of them does not run."""
    since = seconds_since(SWEEP)
    if since is None:
        return "No sweep was seen: beat or the workers do not run."
    if since > _LATE_SECONDS:
        return f"The last sweep was {since:.0f} s ago: beat or the workers do not run."
    return ""


def _watcher() -> str:
    return (
        ""
        if cache.get(WATCHER)
        else "No watcher was seen in the last 15 s; changes are found by asking, later."
    )
