"""What home, its filters and the page of activity ask, explained as the application's log-in on a large tenant: the
rows that are read are about those that are shown."""

from __future__ import annotations

import json
import re
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.core import scopes
from tests.people import People
from tests.servers.run import current
from tests.tenancy.test_lists_use_their_indexes import _nodes
from tests.tenancy.world import World, make_world

MANY = 4_000
_FILL = {
    "application": """
        INSERT INTO application SELECT made.* FROM generate_series(1, {many}) n, application base,
          jsonb_populate_record(base, jsonb_build_object('id', gen_random_uuid(), 'slug', 'app-' || n,
            'name', 'app-' || n)) made
        WHERE base.organization_id = '{organization}' AND base.slug = 'shop'""",
    "application_label": """
        INSERT INTO application_label (id, organization_id, application_id, key, value)
        SELECT gen_random_uuid(), '{organization}', id, 'team', 'team-' || (right(slug, 2)) FROM application
        WHERE organization_id = '{organization}' AND slug LIKE 'app-%'""",
    "target": """
        INSERT INTO target (id, organization_id, application_id, environment_id, cluster_id, namespace, created_namespace,
          image_overrides, health, health_number, needs_person_sentence, needs_person_since)
        SELECT gen_random_uuid(), a.organization_id, a.id, t.environment_id, t.cluster_id, 'n', false, '{{}}', 'healthy', 0,
          '',
          CASE WHEN a.slug LIKE '%77' THEN now() END
        FROM application a, target t
        WHERE t.id = '{target}' AND a.organization_id = '{organization}' AND a.slug LIKE 'app-%'""",
    "rollout": """
        INSERT INTO rollout SELECT made.* FROM
          (SELECT row_number() OVER () n, id, application_id FROM target WHERE organization_id = '{organization}') t,
          rollout base,
          jsonb_populate_record(base, jsonb_build_object('number', 1000 + t.n, 'target_id', t.id,
            'id', overlay(gen_random_uuid()::text placing left(base.id::text, 15) from 1 for 15),
            'application_id', t.application_id, 'phase', CASE WHEN t.n % 90 = 0 THEN 'progressing' ELSE 'succeeded' END,
            'ended_at', CASE WHEN t.n % 90 = 0 THEN NULL ELSE now() END)) made
        WHERE base.id = '{rollout}' AND t.id <> base.target_id""",
    "activity": """
        INSERT INTO activity (organization_id, number, at, kind, phase, rollout_id, application_id, environment_id, actor_id,
          actor_label, body)
        SELECT '{organization}', 1000 + n, now(), 'rollout.phase', 'succeeded', gen_random_uuid(), gen_random_uuid(),
          gen_random_uuid(), gen_random_uuid(), 'x', '{{}}' FROM generate_series(1, {many} * 5) n""",
}

# Page → (table, an index that must be among those that answer it).
PAGES = {
    "": ("application", "application_name"),
    "?only=moving": ("rollout", "rollout_active"),
    "?only=bad": ("target", "target_troubled"),
    "?label=team%3Dteam-42": ("application_label", "application_label_value"),
    "activity/": ("activity", "activity_pkey"),
    "activity/?person={person}": ("activity", "activity_actor"),
    "activity/?environment=production": ("activity", "activity_environment"),
    "activity/?kind=decisions": ("activity", "activity_kind"),
    "activity/?application=shop": ("activity", "activity_application"),
}


@pytest.fixture
def large(people: People, transactional_database: str, valkey: str) -> World:
    world = make_world(people)
    place = {
        "organization": people.acme.id,
        "rollout": world.rollout.id,
        "target": world.target.id,
        "many": MANY,
    }
    with psycopg.connect(
        current().postgres().superuser_url(connection.settings_dict["NAME"]), autocommit=True
    ) as superuser:
        superuser.execute("SET session_replication_role = replica")  # keys are not what is tried here
        for table, sql in _FILL.items():
            superuser.execute(sql.format(**place))
            superuser.execute(f"VACUUM ANALYZE {table}")
    return world


def test_each_page_reads_about_what_it_shows(large: World) -> None:
    people = large.people
    client = Client()
    client.force_login(people.ana)
    wrong = []
    for path, (table, index) in PAGES.items():
        url = f"/o/acme/{path.format(person=people.bo.pk)}"
        assert client.get(url).status_code == 200
        with CaptureQueriesContext(connection) as captured:
            client.get(url)
        used: set[str] = set()
        for query in captured.captured_queries:
            if query["sql"].startswith(("SELECT", "\nSELECT")) and f'"{table}"' in query["sql"]:
                found, complaints = _explained(people, query["sql"], table)
                used |= found
                wrong += [f"{url}: {said}: {query['sql'][:160]}" for said in complaints]
        if index not in used:
            wrong.append(f"{url}: answered by {sorted(used)}, not by {index}")
    assert wrong == [], "\n".join(wrong)


def _explained(people: People, sql: str, table: str) -> tuple[set[str], list[str]]:
    with scopes.organization(people.acme.id), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        found = cursor.fetchone()[0]
    plan: dict[str, Any] = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    used, complaints = set(), []
    for node in _nodes(plan):
        used.add(re.sub(r"_\d{6}", "", node.get("Index Name", "")))
        dropped = node.get("Rows Removed by Filter", 0) * node.get("Actual Loops", 1)
        if node.get("Relation Name") == table and dropped > 500:
            complaints.append(f"{dropped} rows of {table} read and dropped")
    return used - {""}, complaints
