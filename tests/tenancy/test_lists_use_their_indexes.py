"""Under row-level security a condition that is not leakproof reads a whole tenant. So each list's own SQL is explained
as the application's log-in, on a large tenant beside a small one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from apps.core import scopes
from tests.people import People
from tests.servers.run import current
from tests.tenancy.world import World, make_world, token

MANY = 20_000

_FILL = {
    "audit_entry": """
        INSERT INTO audit_entry (id, organization_id, number, at, actor_kind, actor_id, actor_label, channel, address,
          action, object_kind, object_id, object_label, why, canonical, previous_hash, hash)
        SELECT gen_random_uuid(), '{organization}', 1000 + n, now() - n * interval '1 minute', 'person', gen_random_uuid(),
          'x', 'api', '', 'a', 'o', gen_random_uuid(), 'l', '', '', '', '' FROM generate_series(1, {many}) n""",
    "activity": """
        INSERT INTO activity (organization_id, number, at, kind, rollout_id, application_id, actor_label, body)
        SELECT '{organization}', 1000 + n, now() - ({many} - n) * interval '1 minute', 'k', gen_random_uuid(),
          gen_random_uuid(), 'x', '{{}}' FROM generate_series(1, {many}) n""",
    "event": """
        INSERT INTO event (organization_id, rollout_id, number, at, kind, body)
        SELECT '{organization}', '{rollout}', 1000 + n, now(), 'k', '{{}}' FROM generate_series(1, {many}) n""",
    "rollout": """
        INSERT INTO rollout SELECT made.* FROM generate_series(1, {many}) n, rollout base,
          jsonb_populate_record(base, jsonb_build_object(
            'id', overlay(gen_random_uuid()::text placing left(base.id::text, 15) from 1 for 15),
            'number', 1000 + n, 'phase', 'aborted', 'ended_at', now(),
            'created_at', now() - n * interval '1 minute')) made
        WHERE base.id = '{rollout}'""",
    "release": """
        INSERT INTO release SELECT made.* FROM generate_series(1, {many}) n, release base,
          jsonb_populate_record(base, jsonb_build_object(
            'id', gen_random_uuid(), 'number', 1000 + n, 'version', 'v' || n, 'line_position', 1000 + n,
            'created_at', now() - n * interval '1 minute')) made
        WHERE base.organization_id = '{organization}' AND base.number = 1""",
}


@pytest.fixture
def large(people: People, transactional_database: str, valkey: str) -> World:
    world = make_world(people)
    place = {"organization": people.acme.id, "rollout": world.rollout.id, "many": MANY}
    with psycopg.connect(
        current().postgres().superuser_url(connection.settings_dict["NAME"]), autocommit=True
    ) as superuser:
        superuser.execute(
            "SET session_replication_role = replica"
        )  # keys and triggers are not what is tried here
        for table, sql in _FILL.items():
            superuser.execute(sql.format(**place))
            superuser.execute(f"ANALYZE {table}")
    return world


# List → (its table, the index that must answer it).
LISTS = {
    "audit/": ("audit_entry", {"audit_entry_number"}),
    "audit/?actor_id={somebody}": ("audit_entry", {"audit_entry_actor", "audit_entry_object"}),
    "audit/?action=rollout.reject": ("audit_entry", {"audit_entry_action"}),
    "audit/?object_id={somebody}": ("audit_entry", {"audit_entry_object"}),
    "activity/": ("activity", {"activity_pkey"}),
    "activity/?rollout={rollout}": ("activity", {"activity_rollout"}),
    "rollouts/": ("rollout", {"rollout_number"}),
    "rollouts/?application=shop": ("rollout", {"rollout_application"}),
    "rollouts/?target={target}": ("rollout", {"rollout_target"}),
    "rollouts/{rollout}/events/?after=20500": ("event", {"event_pkey"}),
    "applications/shop/releases/": ("release", {"release_number"}),
}


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", ()):
        yield from _nodes(inner)


def test_each_list_is_answered_by_its_index_also_on_its_second_page(large: World) -> None:
    people = large.people
    headers = {"Authorization": f"Bearer {token(people.ana, people.acme)}"}
    holes = {"rollout": large.rollout.id, "target": large.target.id, "somebody": people.gil.pk}
    wrong = []
    for path, (table, indexes) in LISTS.items():
        url = f"/api/v1/organizations/acme/{path.format(**holes)}"
        first = Client().get(url, headers=headers)
        assert first.status_code == 200, first.content
        urls = [url]
        if isinstance(cursor := first.json()["next"], str):
            urls.append(f"{url}{'&' if '?' in url else '?'}cursor={cursor}")
        for asked in urls:
            with CaptureQueriesContext(connection) as captured:
                assert Client().get(asked, headers=headers).status_code == 200
            sql = next(
                query["sql"]
                for query in captured.captured_queries
                if query["sql"].startswith("SELECT")
                and f'FROM "{table}"' in query["sql"]
                and "LIMIT" in query["sql"]
            )
            wrong += [f"{asked}: {said}" for said in _explain(people, sql, table, indexes)]
    assert wrong == [], "\n".join(wrong)


def _explain(people: People, sql: str, table: str, indexes: set[str]) -> list[str]:
    with scopes.organization(people.acme.id), connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        found = cursor.fetchone()[0]
    plan = (json.loads(found) if isinstance(found, str) else found)[0]["Plan"]
    wrong, used = [], set()
    for node in _nodes(plan):
        # A partition's index carries the partition's name: event_202611_pkey. A bitmap's names no table.
        used.add(re.sub(r"_\d{6}", "", node.get("Index Name", "")))
        on = re.sub(r"_\d{6}", "", node.get("Relation Name", ""))
        if on != table:
            continue
        if (
            node["Node Type"] == "Seq Scan"
            and node.get("Actual Rows", 0) + node.get("Rows Removed by Filter", 0) > 500
        ):
            wrong.append(f"Seq Scan over {table}")
        if node.get("Rows Removed by Filter", 0) > 500:
            wrong.append(f"{node['Rows Removed by Filter']} rows read and dropped")
    if not used & indexes:
        wrong.append(f"answered by {sorted(used)}, not by {sorted(indexes)}")
    return wrong
