"""The one folder in which an embedded Slipway keeps everything: databases, passwords, keys, ports, logs."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import secrets
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from slipway.embedded import loopback
from slipway.embedded.errors import CannotStart

DEFAULT_WEB_PORT = 8000


@dataclass(frozen=True, slots=True)
class Ports:
    web: int
    postgres: int
    valkey: int
    sandbox: int


@dataclass(frozen=True, slots=True)
class Secrets:
    postgres_superuser: str
    postgres_owner: str
    postgres_application: str
    valkey: str


def default_folder() -> Path:
    """SLIPWAY_DATA_DIR; in a checkout var/slipway; else the user's own data folder."""
    if named := os.environ.get("SLIPWAY_DATA_DIR"):
        return Path(named)
    root = Path(__file__).resolve().parents[3]
    if (root / "pyproject.toml").is_file() and (root / "manage.py").is_file():
        return root / "var" / "slipway"
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "slipway"


class DataFolder:
    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    def create(self) -> None:
        """CannotStart when it cannot be written."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            self.path.chmod(0o700)
            for name in ("secrets", "logs"):
                (self.path / name).mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise CannotStart(f"The data folder {self.path} cannot be used: {error.strerror}.") from error

    @property
    def is_ours(self) -> bool:
        """Whether a Slipway made it: nothing else has both."""
        return (self.path / "secrets" / "installation_id").is_file() and (self.path / "ports.json").is_file()

    @property
    def postgres(self) -> Path:
        return self.path / "postgres"

    @property
    def valkey(self) -> Path:
        return self.path / "valkey"

    @property
    def sandbox(self) -> Path:
        return self.path / "sandbox"

    @property
    def static(self) -> Path:
        return self.path / "static"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def run_file(self) -> Path:
        """Which processes run, for whoever wants to find them."""
        return self.path / "run.json"

    @property
    def secret_key_file(self) -> Path:
        return self._secret_file("secret_key", lambda: secrets.token_urlsafe(64))

    @property
    def encryption_key_file(self) -> Path:
        return self._secret_file("encryption_key", _thirty_two_bytes)

    @property
    def installation_id(self) -> str:
        return self._secret_file("installation_id", lambda: uuid.uuid4().hex).read_text()

    def secrets(self) -> Secrets:
        """Made once, then always the same."""
        names = ("postgres_superuser", "postgres_owner", "postgres_application", "valkey")
        return Secrets(
            *(self._secret_file(name, lambda: secrets.token_urlsafe(24)).read_text() for name in names)
        )

    def _secret_file(self, name: str, make: Callable[[], str]) -> Path:
        path = self.path / "secrets" / name
        if not path.exists():
            write_private(path, make())
        return path

    def ports(self, *, web: int | None = None) -> Ports:
        """The ports of the last start where they are free still; `web` insists on one (CannotStart when taken).

        Call it under `lock()`, before anything is started.
        """
        path = self.path / "ports.json"
        try:
            before = Ports(**json.loads(path.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            before = Ports(web=DEFAULT_WEB_PORT, postgres=0, valkey=0, sandbox=0)
        if web is not None and not loopback.is_free(web):
            raise CannotStart(f"Port {web} is taken by another program. Choose another with --port.")
        chosen = Ports(
            web=web or _kept_or_free(before.web),
            postgres=_kept_or_free(before.postgres),
            valkey=_kept_or_free(before.valkey),
            sandbox=_kept_or_free(before.sandbox),
        )
        write_private(path, json.dumps(asdict(chosen)))
        return chosen

    @contextmanager
    def lock(self) -> Iterator[None]:
        """One Slipway per folder; the kernel lets go of it however its holder ends."""
        with (self.path / "lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CannotStart(self._already_running()) from None
            yield

    def _already_running(self) -> str:
        where = ""
        with contextlib.suppress(OSError, ValueError, KeyError):
            state = json.loads(self.run_file.read_text())
            where = f" at {state['url']} (process {state['supervisor']['pid']})"
        return (
            f"Slipway already runs on {self.path}{where}. Stop it with Ctrl-C where it runs, "
            "or name another folder with --data."
        )


def write_private(path: Path, text: str) -> None:
    """Whole or not at all, readable by its owner alone."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)


def _kept_or_free(port: int) -> int:
    return port if port and loopback.is_free(port) else loopback.free_port()


def _thirty_two_bytes() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
