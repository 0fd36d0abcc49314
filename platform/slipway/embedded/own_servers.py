"""A PostgreSQL or a Valkey that the person brings: asked before anything starts on it, and refused in words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from slipway.embedded.errors import CannotStart
from slipway.embedded.roles import PERSON, SYSTEM

_HOW = "`slipway database-roles` prints the SQL that makes both."
_WAIT_SECONDS = 5


def check_database(urls: Mapping[str, str]) -> None:
    """`DATABASE_URL` and `DATABASE_OWNER_URL`, each itself or as a `_FILE`. CannotStart."""
    import psycopg

    for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        url = _value(urls, name)
        try:
            with psycopg.connect(url, connect_timeout=_WAIT_SECONDS) as connection:
                version = connection.info.server_version // 10_000
                # What a member may do by SET ROLE got a name of its own in 16.
                may_enter = "SET" if version >= 16 else "MEMBER"
                row = connection.execute(
                    "SELECT rolsuper OR rolbypassrls, (SELECT count(*) FROM pg_roles AS entered"
                    " WHERE entered.rolname = ANY(%s) AND pg_has_role(entered.oid, %s))"
                    " FROM pg_roles WHERE rolname = current_user",
                    [[SYSTEM, PERSON], may_enter],
                ).fetchone()
        except psycopg.Error as error:
            why = str(error).strip().splitlines()[-1]
            raise CannotStart(
                f"{name}: PostgreSQL at {_place(url)} does not let Slipway in: {why}"
            ) from error
        if version < 15:
            raise CannotStart(f"{name}: PostgreSQL {version} is too old; Slipway needs 15 or newer.")
        privileged, roles = row or (True, 0)
        if name == "DATABASE_URL" and privileged:
            raise CannotStart(
                f"{name}: this log-in would see every organization's rows: it must be no superuser and have no "
                f"BYPASSRLS. {_HOW}"
            )
        if name == "DATABASE_URL" and roles < 2:
            raise CannotStart(f"{name}: this log-in may not enter the roles {SYSTEM} and {PERSON}. {_HOW}")


def check_redis(urls: Mapping[str, str]) -> None:
    """CannotStart where it does not answer or is too old."""
    import redis

    url = _value(urls, "SLIPWAY_REDIS_URL")
    try:
        with redis.Redis.from_url(
            url, socket_connect_timeout=_WAIT_SECONDS, socket_timeout=_WAIT_SECONDS
        ) as client:
            facts = client.info("server")
    except (redis.RedisError, ValueError) as error:
        raise CannotStart(
            f"SLIPWAY_REDIS_URL: nothing at {_place(url)} answers as Valkey or Redis: {error}"
        ) from error
    kind, least = ("Valkey", (7, 2)) if "valkey_version" in facts else ("Redis", (6, 2))
    version = str(facts.get("valkey_version") or facts["redis_version"])
    major, minor = (int(part) for part in version.split(".")[:2])
    if (major, minor) < least:
        raise CannotStart(f"{kind} {version} is too old; Slipway needs {least[0]}.{least[1]} or newer.")


def _value(urls: Mapping[str, str], name: str) -> str:
    if path := urls.get(f"{name}_FILE"):
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise CannotStart(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.") from error
    return urls[name]


def _place(url: str) -> str:
    """Without the password."""
    parts = urlsplit(url)
    return f"{parts.hostname or '?'}:{parts.port or '?'}"
