"""The database of an embedded Slipway: its log-ins, and whether it is migrated already."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg

from slipway.embedded.data import Secrets
from slipway.embedded.postgres import EmbeddedPostgres
from slipway.embedded.preparing import stamp
from slipway.embedded.roles import APPLICATION, OWNER, role_statements

NAME = "slipway"


class Database:
    """`application` and `owner` are environment variables: the two log-ins' addresses."""

    def __init__(
        self,
        own: Mapping[str, str],
        server: EmbeddedPostgres | None,
        secrets: Secrets,
        noted: stamp.Stamp,
    ) -> None:
        self._server = server
        self._secrets = secrets
        self._noted = noted
        if server is None:
            self.owner = {name: value for name, value in own.items() if "OWNER" in name}
            self.application = {name: value for name, value in own.items() if "OWNER" not in name}
        else:
            self.owner = {"DATABASE_OWNER_URL": server.url(OWNER, secrets.postgres_owner, NAME)}
            self.application = {"DATABASE_URL": server.url(APPLICATION, secrets.postgres_application, NAME)}

    def make_roles(self) -> None:
        """What is there already is left as it is."""
        if self._server is not None:
            statements = role_statements(
                owner_password=self._secrets.postgres_owner,
                application_password=self._secrets.postgres_application,
                database=NAME,
            )
            self._server.apply(statements, NAME)

    def is_migrated(self) -> bool:
        """By exactly this Slipway. Another person's server is always asked by Django itself.

        Makes the coming months' event tables too: the daily tick that does it may not have run for months.
        """
        if self._server is None or self._noted.read("migrated") != self._now():
            return False
        with psycopg.connect(self._server.superuser_url(NAME), autocommit=True) as connection:
            connection.execute("SELECT slipway_make_event_months(3)")
        return True

    def note_migrated(self) -> None:
        if self._server is not None:
            self._noted.write("migrated", self._now())

    def _now(self) -> list[object]:
        """This Slipway's migrations, and what the database says of those it has had."""
        if self._server is None:
            return []
        with psycopg.connect(self._server.superuser_url(NAME), autocommit=True) as connection:
            if connection.execute("SELECT to_regclass('django_migrations')").fetchone() == (None,):
                return []
            row = connection.execute("SELECT count(*), max(id) FROM django_migrations").fetchone()
        return [stamp.of_migrations(), *(row or ())]
