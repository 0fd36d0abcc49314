"""The two log-ins and two roles that Slipway needs in PostgreSQL, as SQL.

The embedded server runs it; people with a PostgreSQL of their own are shown the same text.
"""

from __future__ import annotations

from dataclasses import dataclass

OWNER = "slipway_owner"
APPLICATION = "slipway_app"
SYSTEM = "slipway_system"
PERSON = "slipway_person"


@dataclass(frozen=True, slots=True)
class Statement:
    sql: str
    creates_role: str | None = None  # skip it where this role exists
    creates_database: str | None = None  # skip it where this database exists
    inside_database: bool = False  # run connected to Slipway's database, not to the maintenance one


def role_statements(
    *, owner_password: str, application_password: str, database: str = "slipway"
) -> list[Statement]:
    """In order, as a superuser (or a role with CREATEROLE and CREATEDB), PostgreSQL 15 or newer.

    The application neither owns nor inherits anything: it enters `slipway_system` and `slipway_person` by
    SET LOCAL ROLE alone, and row-level security binds it everywhere else.
    """
    return [
        Statement(
            f"CREATE ROLE {OWNER} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS"
            f" PASSWORD {_literal(owner_password)}",
            creates_role=OWNER,
        ),
        Statement(
            f"CREATE ROLE {APPLICATION} LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS"
            f" PASSWORD {_literal(application_password)}",
            creates_role=APPLICATION,
        ),
        Statement(f"CREATE ROLE {SYSTEM} NOLOGIN NOBYPASSRLS", creates_role=SYSTEM),
        Statement(f"CREATE ROLE {PERSON} NOLOGIN NOBYPASSRLS", creates_role=PERSON),
        Statement(f"GRANT {SYSTEM}, {PERSON} TO {APPLICATION}"),
        # A plan made under one tenant must not be reused for another: their sizes differ by thousands.
        Statement(f"ALTER ROLE {APPLICATION} SET plan_cache_mode = force_custom_plan"),
        Statement(
            f"CREATE DATABASE {_name(database)} OWNER {OWNER} ENCODING 'UTF8' TEMPLATE template0",
            creates_database=database,
        ),
        *access_statements(database),
    ]


def access_statements(database: str) -> list[Statement]:
    """What a database that exists already needs, copies of it included (a copy forgets its own grants)."""
    name = _name(database)
    return [
        Statement(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC"),
        Statement(f"GRANT CONNECT ON DATABASE {name} TO {APPLICATION}"),
        Statement("REVOKE CREATE ON SCHEMA public FROM PUBLIC", inside_database=True),
        Statement(f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER}", inside_database=True),
        Statement(f"GRANT USAGE ON SCHEMA public TO {APPLICATION}, {SYSTEM}, {PERSON}", inside_database=True),
    ]


def as_script(statements: list[Statement], database: str = "slipway") -> str:
    """For psql: the same statements, `\\connect` where they change to Slipway's own database."""
    outside = [statement.sql for statement in statements if not statement.inside_database]
    inside = [statement.sql for statement in statements if statement.inside_database]
    return (
        "".join(f"{line};\n" for line in outside)
        + f"\\connect {database}\n"
        + "".join(f"{line};\n" for line in inside)
    )


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
