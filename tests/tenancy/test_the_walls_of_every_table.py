"""Row-level security and composite keys, read from the database itself for every tenant table there is."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from tests.tenancy.models import column_of, our_other_models, tenant_models

pytestmark = pytest.mark.django_db

# What the door reads with a membership, in the person's own scope.
_THROUGH_TEAMS = r"\(?team_id IN \( SELECT team_member.team_id FROM team_member\)\)?"
_THROUGH_MEMBERSHIP = r"\(?membership_id IN \( SELECT membership.id FROM membership\)\)?"
_READ_THROUGH_ONES_MEMBERSHIP = {
    "team_member": _THROUGH_MEMBERSHIP,
    "team": _THROUGH_TEAMS.replace("team_id", "id", 1),
    # Not by which the session came in, but which there are, and without their secrets.
    "connection": r"\(organization_id IN \( SELECT membership.organization_id FROM membership\)\)",
    "environment_grant": rf"\({_THROUGH_MEMBERSHIP} OR {_THROUGH_TEAMS}\)",
}
_READ_IN_COLUMNS = {"connection"}  # of which the rest, and so the secret, stays shut
_APPEND_ONLY = {"audit_entry", "audit_seal", "activity", "event"}
_ids = [model._meta.db_table for model in tenant_models()]


def rows(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def test_no_table_of_ours_is_without_an_organization_but_people_and_the_signing_keys() -> None:
    of_people = {"User", "UsedCode", "FailedSignIns", "AddressChange"}  # before there is an organization
    assert {model.__name__ for model in our_other_models()} == of_people | {"SigningKey"}
    assert len(tenant_models()) >= 30


@pytest.mark.parametrize("model", tenant_models(), ids=_ids)
def test_row_level_security_is_on_with_the_two_policies(model: Any) -> None:
    table = model._meta.db_table
    assert rows("SELECT relrowsecurity FROM pg_class WHERE oid = %s::regclass", table) == [(True,)]
    policies = {
        (name, tuple(roles), command, using)
        for name, roles, command, using in rows(
            "SELECT policyname, roles::text[], cmd, qual FROM pg_policies WHERE schemaname = 'public' AND tablename = %s",
            table,
        )
    }
    # Without missing_ok: no scope is an error, not an empty answer. Not wrapped in a SELECT: estimates hold.
    wall = f"({column_of(model)} = (current_setting('slipway.organization'::text))::uuid)"
    expected = {("wall", ("slipway_app",), "ALL", wall), ("system", ("slipway_system",), "ALL", "true")}
    if table == "membership":
        own = "(user_id = (current_setting('slipway.person'::text))::uuid)"
        expected.add(("person", ("slipway_person",), "ALL", own))
    if table in _READ_THROUGH_ONES_MEMBERSHIP:
        persons = [policy for policy in policies if policy[0] == "person"]
        assert [policy[1] for policy in persons] == [("slipway_person",)]
        assert re.fullmatch(_READ_THROUGH_ONES_MEMBERSHIP[table], " ".join(persons[0][3].split()))
        expected |= set(persons)
    if table == "organization":
        persons = [policy for policy in policies if policy[0] == "person"]
        assert [policy[1] for policy in persons] == [("slipway_person",)]
        assert "current_setting('slipway.person'" in persons[0][3]
        expected |= set(persons)
    assert policies == expected


@pytest.mark.parametrize("model", tenant_models(), ids=_ids)
def test_each_role_has_exactly_the_rights_it_needs(model: Any) -> None:
    table = model._meta.db_table
    verbs = {"SELECT", "INSERT"} if table in _APPEND_ONLY else {"SELECT", "INSERT", "UPDATE", "DELETE"}
    granted: dict[str, set[str]] = {}
    for role, verb in rows(
        "SELECT r.rolname, v.verb FROM pg_roles r CROSS JOIN unnest(%s::text[]) AS v(verb) "
        "WHERE r.rolname LIKE 'slipway%%' AND r.rolname <> 'slipway_owner' "
        "AND has_table_privilege(r.rolname, %s, v.verb)",
        ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"],
        table,
    ):
        granted.setdefault(role, set()).add(verb)
    expected = {"slipway_app": verbs, "slipway_system": verbs}
    if table in {"membership", "organization", *_READ_THROUGH_ONES_MEMBERSHIP} - _READ_IN_COLUMNS:
        expected["slipway_person"] = {"SELECT"}
    assert granted == expected


def _foreign_keys(table: str) -> set[tuple[tuple[str, ...], str]]:
    """(columns, the table they point at)"""
    return {
        (tuple(columns), target)
        for columns, target in rows(
            "SELECT array_agg(a.attname ORDER BY k.place)::text[], c.confrelid::regclass::text FROM pg_constraint c "
            "CROSS JOIN LATERAL unnest(c.conkey) WITH ORDINALITY AS k(number, place) "
            "JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number "
            "WHERE c.contype = 'f' AND c.conrelid = %s::regclass GROUP BY c.oid, c.confrelid",
            table,
        )
    }


@pytest.mark.parametrize("model", tenant_models(), ids=_ids)
def test_every_key_between_tenants_rows_carries_the_organization(model: Any) -> None:
    table = model._meta.db_table
    present = _foreign_keys(table)
    for field in model._meta.local_fields:
        target = field.remote_field and field.remote_field.model
        if target is None or column_of(target) is None or field.column == "organization_id":
            continue
        wanted = (("organization_id", field.column), target._meta.db_table)
        assert wanted in present, f"{table}.{field.column} can point at another organization's {wanted[1]}"


# Ids of other tenants' rows without any key: what outlives the row it names, or is its copy.
_NO_KEY = {
    "activity": {"rollout_id", "application_id", "environment_id", "actor_id"},
    "approval": {"person_id", "for_person_id"},
    "override": {"by_id", "reviewed_by_id"},
    "audit_entry": {"object_id", "actor_id"},
    "audit_seal": {"key_id"},  # the installation's
    "committer": {"person_id"},
    "event": {"rollout_id"},  # its partitions are detached whole
    "idempotency_key": {"actor_id"},
    "inventory_item": {"rollout_id"},
    "release": {"created_by_id"},
    "release_commit": {"application_id"},  # a copy of its release's
    "rollout": {"requested_by_id", "team_id", "abort_requested_by_id"},
    "saved_view": {"person_id"},
    "target": {"live_rollout_id", "live_by_id", "active_rollout_id"},  # rollouts stand above targets
    "target_release": {
        "application_id",
        "environment_id",
        "cluster_id",
        "from_release_id",
        "rollout_id",
        "by_id",
    },
}


@pytest.mark.parametrize("model", tenant_models(), ids=_ids)
def test_a_plain_id_has_a_composite_key_or_is_named_as_one_without(model: Any) -> None:
    table = model._meta.db_table
    held = {column for columns, _ in _foreign_keys(table) for column in columns}
    plain = {
        field.column
        for field in model._meta.local_fields
        if field.get_internal_type() == "UUIDField"
        and not field.primary_key
        and field.remote_field is None
        and field.column not in {"organization_id", "id"}
    }
    assert plain - held == _NO_KEY.get(table, set())


def test_nobody_may_touch_a_partition_of_events_directly() -> None:
    partitions = [
        row[0]
        for row in rows(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'event'::regclass"
        )
    ]
    assert len(partitions) >= 4
    for partition in partitions:
        for role in ("slipway_app", "slipway_system", "slipway_person"):
            for verb in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE"):
                assert rows("SELECT has_table_privilege(%s, %s, %s)", role, partition, verb) == [(False,)]


def test_the_application_is_no_owner_and_inherits_nothing() -> None:
    assert rows("SELECT current_user::text, session_user::text") == [("slipway_app", "slipway_app")]
    assert rows(
        "SELECT rolsuper, rolbypassrls, rolinherit, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = 'slipway_app'"
    ) == [(False, False, False, False, False)]
    # Holding is SET; inheriting would open the wall without a word.
    assert rows("SELECT pg_has_role('slipway_app', 'slipway_system', 'USAGE')") == [(False,)]
    assert rows("SELECT pg_has_role('slipway_app', 'slipway_person', 'USAGE')") == [(False,)]
    owners = {row[0] for row in rows("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")}
    assert owners == {"slipway_owner"}


def test_functions_that_see_more_than_their_caller_answer_ids_or_numbers() -> None:
    found = rows(
        "SELECT p.proname, pg_get_function_result(p.oid), p.proconfig::text[] FROM pg_proc p "
        "JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = 'public' AND p.prosecdef ORDER BY 1"
    )
    assert [(name, result) for name, result, _ in found] == [
        ("slipway_find_connection", "TABLE(organization uuid, connection uuid)"),
        ("slipway_find_invitation", "TABLE(organization uuid, invitation uuid)"),
        ("slipway_find_sign_in", "TABLE(organization uuid)"),
        ("slipway_find_token", "TABLE(organization uuid, token uuid)"),
        ("slipway_make_event_months", "integer"),
        ("slipway_search_applications", "TABLE(application uuid, matched integer)"),
        ("slipway_search_releases", "TABLE(release uuid, tier integer)"),
        ("slipway_search_releases_of", "TABLE(release uuid)"),
    ]
    for name, _, settings in found:
        assert settings == ["search_path=public"], name
        assert rows(
            "SELECT has_function_privilege('public', p.oid, 'EXECUTE') FROM pg_proc p WHERE p.proname = %s",
            name,
        ) == [(False,)]


def test_every_tenant_model_reads_through_a_manager_that_needs_a_scope() -> None:
    from apps.core.scopes import OutsideScope

    for model in tenant_models():
        for manager in (model._default_manager, model._base_manager):
            rows_of = manager.all()  # building one is fine, asking is not
            with pytest.raises(OutsideScope):
                rows_of.exists()
            with pytest.raises(OutsideScope):
                list(rows_of[:1])


def test_every_app_is_enumerated() -> None:
    assert {model._meta.app_label for model in tenant_models()} == {
        config.label for config in apps.get_app_configs() if config.name.startswith("apps.")
    } - {"pipelines", "live"}
