"""The environment that every process of an embedded Slipway gets."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from slipway.embedded.data import DataFolder, Ports
from slipway.embedded.errors import CannotStart

# Their `_FILE` twins say the same, read from a file.
_DATABASE = ("DATABASE_URL", "DATABASE_OWNER_URL")
_REDIS = ("SLIPWAY_REDIS_URL",)


@dataclass(frozen=True, slots=True)
class OwnServers:
    """What the person brings instead of an embedded server, as they wrote it into the environment."""

    database: Mapping[str, str]
    redis: Mapping[str, str]


def own_servers(environment: Mapping[str, str] = os.environ) -> OwnServers:
    """CannotStart when one of the two database log-ins is named without the other."""
    database = _given(environment, _DATABASE)
    if len(database) == 1:
        raise CannotStart(
            "Your own PostgreSQL needs two log-ins: DATABASE_URL, the application's, and DATABASE_OWNER_URL, "
            "the owner's, who migrates. `slipway database-roles` prints the SQL that makes them."
        )
    return OwnServers(database, _given(environment, _REDIS))


def _given(environment: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    found = {}
    for name in names:
        for spelled in (f"{name}_FILE", name):
            if environment.get(spelled):
                found[spelled] = environment[spelled]
                break
    return found


def for_every_process(
    folder: DataFolder,
    ports: Ports,
    *,
    application_url: Mapping[str, str],
    redis_url: Mapping[str, str],
    networks: Sequence[str],
    given: Mapping[str, str] = os.environ,
) -> dict[str, str]:
    """The owner's log-in is not in it: only what migrates gets that."""
    dropped = {spelled for name in (*_DATABASE, *_REDIS) for spelled in (name, f"{name}_FILE")}
    allowed = [*networks, *(part for part in given.get("SLIPWAY_CLUSTER_NETWORKS", "").split(",") if part)]
    return {
        **{name: value for name, value in given.items() if name not in dropped},
        **application_url,
        **redis_url,
        "DJANGO_SETTINGS_MODULE": "slipway.settings.embedded",
        "SLIPWAY_SECRET_KEY_FILE": str(folder.secret_key_file),
        "SLIPWAY_ENCRYPTION_KEY_FILE": str(folder.encryption_key_file),
        "SLIPWAY_INSTALLATION_ID": folder.installation_id,
        "SLIPWAY_DATA_DIR": str(folder.path),
        "SLIPWAY_STATIC_ROOT": str(folder.static),
        "SLIPWAY_PUBLIC_URL": f"http://localhost:{ports.web}",
        "SLIPWAY_ALLOWED_HOSTS": "localhost,127.0.0.1",
        "SLIPWAY_CLUSTER_NETWORKS": ",".join(dict.fromkeys(allowed)),
        # Workers and the watcher say at INFO that they are ready, which is what the start waits for.
        "SLIPWAY_LOG_LEVEL": "DEBUG" if given.get("SLIPWAY_LOG_LEVEL", "").upper() == "DEBUG" else "INFO",
        "PYTHONUNBUFFERED": "1",
    }
