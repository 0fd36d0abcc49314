"""Which Slipway, which organization, whose token: from options, the environment, then the file of `slipway login`."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from slipway.cli.outcomes import CommandFailed, Outcome


@dataclass(frozen=True, slots=True)
class Account:
    url: str
    organization: str
    token: str


@dataclass(frozen=True, slots=True)
class Wishes:
    """Options before the command; "" where not given."""

    url: str = ""
    organization: str = ""


def file_path(environment: Mapping[str, str] = os.environ) -> Path:
    base = environment.get("XDG_CONFIG_HOME") or os.path.join(environment.get("HOME", ""), ".config")
    return Path(base) / "slipway" / "account.json"


def read() -> Account | None:
    """None: nobody logged in. CommandFailed when the file is not what `write` left."""
    path = file_path()
    try:
        return Account(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError):
        raise CommandFailed(f"{path} cannot be read. `slipway login` writes it anew.") from None


def write(account: Account) -> Path:
    """For its owner alone; whole or not at all."""
    path = file_path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(
        os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        json.dump(asdict(account), file, indent=1)
    fresh.replace(path)
    return path


def forget() -> bool:
    try:
        file_path().unlink()
    except FileNotFoundError:
        return False
    return True


def find(wishes: Wishes, environment: Mapping[str, str] = os.environ) -> Account:
    """Raises CommandFailed with what is missing. A stored token goes to the address it was stored for, no other."""
    stored = read()
    url = (wishes.url or environment.get("SLIPWAY_URL", "") or (stored.url if stored else "")).rstrip("/")
    token = environment.get("SLIPWAY_TOKEN", "")
    if not token and stored is not None and stored.url == url:
        token = stored.token
    organization = wishes.organization or environment.get("SLIPWAY_ORGANIZATION", "")
    if not organization and stored is not None and stored.url == url:
        organization = stored.organization
    if not url or not token:
        where = f" at {url}" if url else ""
        raise CommandFailed(
            f"You are not logged in{where}. Run `slipway login`, or set SLIPWAY_URL and SLIPWAY_TOKEN.",
            Outcome.ERROR,
        )
    return Account(url, organization, token)
