"""PostgreSQL refuses to run as root. Three ways round it, tried in this order.

1. Not root: nothing to do.
2. Root, and user namespaces are allowed: `unshare` maps root to an ordinary number inside a namespace. No account
   is made, the files stay root's, and folders that only root can enter stay usable.
3. Root without user namespaces (some containers): as another account that is there already. It cannot enter root's
   private folders, so programs and data go to a place that everybody can walk to.
"""

from __future__ import annotations

import functools
import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from slipway.embedded.errors import CannotStart

_UNSHARE = ("unshare", "--user", "--map-user=1000", "--map-group=1000", "--")
# initdb insists on an account with a name. None is made for it: the data folder is closed to all but its owner.
_ACCOUNTS = ("postgres", "nobody")
_SHELTER = Path("/var/lib/slipway-postgres")


@dataclass(frozen=True, slots=True)
class Account:
    user: int
    group: int


@dataclass(frozen=True, slots=True)
class Way:
    prefix: tuple[str, ...]  # goes before every command
    account: Account | None  # whom to run as, None: as we are
    installation: Path  # holds bin/, lib/, share/
    folder: Path  # where the data may stand


def way_for(installation: Path, folder: Path) -> Way:
    """How to run the programs under `installation` with their data in `folder`."""
    if os.geteuid() != 0:
        return Way((), None, installation, folder)
    if namespaces_work():
        return Way(_UNSHARE, None, installation, folder)
    return sheltered(installation, folder)


@functools.cache
def namespaces_work() -> bool:
    try:
        probe = subprocess.run([*_UNSHARE, "true"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return probe.returncode == 0


def sheltered(installation: Path, folder: Path, shelter: Path = _SHELTER) -> Way:
    """Programs copied beside each other, data in a folder named after the place it stands for."""
    home = installation.parent
    programs = shelter / hashlib.sha256(str(home).encode()).hexdigest()[:12]
    if not (programs / "complete").exists():
        shutil.rmtree(programs, ignore_errors=True)
        # libpq lives in the second folder, found relative to the first.
        for name in (home.name, f"{home.name}.libs"):
            if (home.parent / name).is_dir():
                shutil.copytree(home.parent / name, programs / name, symlinks=True)
        (programs / "complete").touch()
    for path in (shelter, programs):
        path.chmod(0o755)
    data = folder
    if not _all_may_walk_to(folder.parent):
        data = shelter / "data" / hashlib.sha256(str(folder).encode()).hexdigest()[:12]
        data.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    return Way((), _account(), programs / home.name / installation.name, data)


def _account() -> Account:
    for name in _ACCOUNTS:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(found.pw_uid, found.pw_gid)
    raise CannotStart(
        "PostgreSQL does not run as root, and this machine has neither user namespaces nor an account called "
        f"{' or '.join(_ACCOUNTS)}. Start Slipway as an ordinary user, or set DATABASE_URL to your own PostgreSQL."
    )


def _all_may_walk_to(folder: Path) -> bool:
    return all(path.stat().st_mode & 0o001 for path in (folder, *folder.parents))
