"""What the database itself refuses, asked in plain SQL as the application's log-in: a query that forgot its tenant
shows nothing of another, and one without any scope is an error."""

# ruff: noqa: S608, PT012  tables are named by the models; a refusal stands inside its own transaction and scope
from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from apps.core import scopes
from tests.people import (
    People,
    actor,
    make_application,
    make_cluster,
    make_environment,
    make_release,
    target_of,
)
from tests.tenancy.models import column_of, tenant_models

MANIFESTS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {a: b}
"""
ON = "SELECT set_config('slipway.organization', %s, true)"


def fill(user: Any, organization: Any) -> None:
    from apps.core.models import OutboxMessage
    from apps.organizations.services import create_token, invite
    from apps.rollouts.services.starting import start_rollout

    owner = actor(user, organization)
    environment = make_environment(owner, "dev", [make_cluster(owner, slug="main")])
    application = make_application(owner, slug="shop")
    commits = [{"sha": "a" * 40, "message": "SHOP-1 begin"}]
    release = make_release(owner, application, "1.0", MANIFESTS, commits=commits)
    target = target_of(owner, application, environment)
    with scopes.organization(organization.id):
        create_token(owner, name="t", token_scopes=["read"])
        invite(owner, email="new@example.org", role="viewer")
        start_rollout(owner, target, release)
        OutboxMessage.objects.create(
            organization_id=organization.id, task="rollouts.sweep", not_before="2999-01-01T00:00:00Z"
        )


@pytest.fixture
def filled(people: People, transactional_database: str) -> People:
    """Rows of both organizations in most tables, committed."""
    fill(people.ana, people.acme)
    fill(people.gil, people.globex)
    return people


@pytest.fixture
def raw(filled: People, transactional_database: str) -> Iterator[psycopg.Connection[Any]]:
    """As the application's log-in, past Django and its managers."""
    with psycopg.connect(os.environ["DATABASE_URL"]) as connected:
        yield connected


_FILLED = {
    "activity",
    "api_token",
    "application",
    "audit_entry",
    "cluster",
    "committer",
    "environment",
    "environment_cluster",
    "event",
    "invitation",
    "membership",
    "organization",
    "organization_head",
    "outbox",
    "release",
    "release_commit",
    "release_issue",
    "rendered_set",
    "rollout",
    "target",
}


def test_in_one_organization_no_table_shows_a_row_of_another(
    raw: psycopg.Connection[Any], filled: People
) -> None:
    seen = set()
    for model in tenant_models():
        table, column = model._meta.db_table, column_of(model)
        with raw.transaction():
            raw.execute(ON, [str(filled.acme.id)])
            tenants = {row[0] for row in raw.execute(f'SELECT DISTINCT "{column}" FROM "{table}"')}
            assert tenants <= {filled.acme.id}, table
            named = raw.execute(
                f'SELECT count(*) FROM "{table}" WHERE "{column}" = %s', [filled.globex.id]
            ).fetchone()
            assert named == (0,), table
            if tenants:
                seen.add(table)
    assert seen == _FILLED


_NO_SCOPE = r"slipway\.organization|invalid input syntax for type uuid"


@pytest.mark.django_db
def test_without_a_scope_a_table_is_an_error_and_no_empty_answer(people: People) -> None:
    fill(people.ana, people.acme)
    for table in sorted(_FILLED):
        with (
            pytest.raises(DatabaseError, match=_NO_SCOPE),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f'SELECT * FROM "{table}"')


def test_a_row_cannot_be_written_into_another_organization(
    raw: psycopg.Connection[Any], filled: People
) -> None:
    sentence = "violates row-level security policy"
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match=sentence), raw.transaction():
        raw.execute(ON, [str(filled.acme.id)])
        raw.execute(
            'INSERT INTO environment_grant (id, organization_id, membership_id, environment_id, "right", given_by_id, '
            "created_at) SELECT gen_random_uuid(), %s, id, id, 'deploy', user_id, now() FROM membership LIMIT 1",
            [filled.globex.id],
        )
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match=sentence), raw.transaction():
        raw.execute(ON, [str(filled.acme.id)])
        raw.execute("UPDATE application SET organization_id = %s", [filled.globex.id])


def test_another_organizations_row_cannot_be_changed_or_deleted_by_its_id(
    raw: psycopg.Connection[Any], filled: People
) -> None:
    with raw.transaction():
        raw.execute(ON, [str(filled.globex.id)])
        row = raw.execute("SELECT id FROM application").fetchone()
    assert row is not None
    with raw.transaction():
        raw.execute(ON, [str(filled.acme.id)])
        assert raw.execute("UPDATE application SET name = 'taken' WHERE id = %s", [row[0]]).rowcount == 0
        assert raw.execute("DELETE FROM application WHERE id = %s", [row[0]]).rowcount == 0


def test_a_key_cannot_point_at_another_organizations_row(
    raw: psycopg.Connection[Any], filled: People
) -> None:
    """A plain foreign key could: integrity checks see past row-level security."""
    with raw.transaction():
        raw.execute(ON, [str(filled.globex.id)])
        foreign = raw.execute("SELECT id FROM cluster").fetchone()
    assert foreign is not None
    constraint = "environment_cluster_cluster_id_tenant"
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match=constraint), raw.transaction():
        raw.execute(ON, [str(filled.acme.id)])
        raw.execute("UPDATE environment_cluster SET cluster_id = %s", [foreign[0]])
        raw.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_the_application_sees_everything_only_after_saying_so(
    raw: psycopg.Connection[Any], filled: People
) -> None:
    with raw.transaction():
        raw.execute(ON, [str(filled.acme.id)])
        assert raw.execute("SELECT count(*) FROM organization").fetchone() == (1,)
        raw.execute("SET LOCAL ROLE slipway_system")
        assert raw.execute("SELECT count(*) FROM organization").fetchone() == (2,)
    with raw.transaction():  # SET LOCAL is over with its transaction
        raw.execute(ON, [str(filled.acme.id)])
        assert raw.execute("SELECT count(*) FROM organization").fetchone() == (1,)


def test_a_person_sees_their_own_memberships_and_nothing_else(
    raw: psycopg.Connection[Any], filled: People
) -> None:
    def as_person(user: Any, sql: str) -> list[Any]:
        with raw.transaction():
            raw.execute("SELECT set_config('slipway.person', %s, true)", [str(user.pk)])
            raw.execute("SET LOCAL ROLE slipway_person")
            return [row[0] for row in raw.execute(sql)]

    assert as_person(filled.vic, "SELECT user_id FROM membership") == [filled.vic.pk]
    assert as_person(filled.vic, "SELECT id FROM organization") == [filled.acme.id]
    assert as_person(filled.gil, "SELECT id FROM organization") == [filled.globex.id]
    for table in ("application", "api_token", "rollout", "audit_entry", "invitation", "person"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_person(filled.vic, f"SELECT * FROM {table}")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_person(filled.vic, "UPDATE membership SET role = 'owner' RETURNING id")


def test_a_scope_ends_with_its_transaction_also_on_a_connection_that_is_kept(filled: People) -> None:
    with scopes.organization(filled.acme.id):
        kept = connection.connection
    assert connection.connection is kept
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('slipway.organization', true), current_setting('role')")
        setting, role = cursor.fetchone()
    assert setting in (None, "")
    assert role == "none"


def test_scopes_nest_and_give_back_what_was_before_also_after_an_error(filled: People) -> None:
    def organizations() -> set[UUID]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM organization")
            return {row[0] for row in cursor.fetchall()}

    with scopes.organization(filled.acme.id):
        assert organizations() == {filled.acme.id}
        with scopes.system("the test"):
            assert organizations() == {filled.acme.id, filled.globex.id}
        assert organizations() == {filled.acme.id}
        with pytest.raises(ZeroDivisionError), scopes.organization(filled.globex.id):
            assert organizations() == {filled.globex.id}
            raise ZeroDivisionError
        assert organizations() == {filled.acme.id}
    assert scopes.current() is None


def test_the_managers_updates_and_deletes_stop_at_the_wall_too(filled: People) -> None:
    """An UPDATE is compiled past the manager's guard; without a scope the database refuses it."""
    from apps.applications.models import Application

    with pytest.raises(DatabaseError, match=_NO_SCOPE):
        Application.objects.all().update(name="taken")
    with scopes.organization(filled.acme.id):
        assert Application.objects.all().update(name="mine") == 1
    with scopes.organization(filled.globex.id):
        assert Application.objects.get().name == "shop"
