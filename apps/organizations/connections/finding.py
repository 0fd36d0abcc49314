"""The look-ups before any scope: a connection by its random key, an organization's living ones by its short name."""

from __future__ import annotations

from django.db import connection as database

from apps.core import scopes
from apps.core.encryption import decrypt, encrypt
from apps.core.problems import NotFound
from apps.organizations.choices import ConnectionStatus
from apps.organizations.models import Connection, Organization


def find_connection(key: str) -> Connection | None:
    """Its organization with it; whatever its status."""
    with database.cursor() as cursor:
        cursor.execute("SELECT * FROM slipway_find_connection(%s)", [key])
        row = cursor.fetchone()
    if row is None:
        return None
    with scopes.organization(row[0]):
        found: Connection | None = Connection.objects.select_related("organization").filter(id=row[1]).first()
    return found


def sign_in_of(slug: str) -> tuple[Organization, list[Connection]]:
    """Raises NotFound, alike for no organization and for one without single sign-on."""
    with database.cursor() as cursor:
        cursor.execute("SELECT * FROM slipway_find_sign_in(%s)", [slug])
        row = cursor.fetchone()
    if row is None:
        raise NotFound("There is no single sign-on under this name.")
    with scopes.organization(row[0]):
        organization: Organization = Organization.objects.get(id=row[0])
        living = list(Connection.objects.filter(status=ConnectionStatus.ON).order_by("name"))
    return organization, living


def seal_secret(secret: str, key: str) -> bytes:
    return encrypt(secret.encode(), context=f"connection.secret:{key}")


def open_secret(row: Connection) -> str:
    return decrypt(bytes(row.secret), context=f"connection.secret:{row.key}").decode()
