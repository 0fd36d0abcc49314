"""Run inside a stack: an organization of many applications × 5 environments with their past, written in bulk as the
owner: `python -m tests.benchmarks.fleet SLUG APPLICATIONS EVENTS`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import quote, urlsplit

import django
import psycopg

from slipway.embedded.data import DataFolder
from slipway.embedded.roles import OWNER

ENVIRONMENTS = ("dev", "test", "staging", "production-eu", "production-us")
RELEASES = 8
ROLLOUTS = 2  # a target
PODS = 12

_RELEASES = """
INSERT INTO release SELECT made.* FROM fleet_application a, generate_series(1, {releases}) k, release base,
  jsonb_populate_record(base, jsonb_build_object('id', uuidv7(), 'application_id', a.id, 'number', k,
    'version', 'v1.' || k || '.' || a.n %% 7, 'line_position', k,
    'created_at', now() - (40 - k * 4) * interval '1 day')) made
WHERE base.id = %(release)s
"""
_APPLICATIONS = """
CREATE TEMPORARY TABLE fleet_application AS
SELECT n, uuidv7() AS id,
  (ARRAY['cart','search','ledger','billing','catalog','mail','orders','stock','login','edge'])[1 + n %% 10]
  || '-' || (ARRAY['api','web','worker','sync','gate'])[1 + n %% 5] || '-' || lpad(n::text, 4, '0') AS slug
FROM generate_series(1, {applications}) n;
INSERT INTO application SELECT made.* FROM fleet_application a, application base,
  jsonb_populate_record(base, jsonb_build_object('id', a.id, 'slug', a.slug, 'name', a.slug,
    'release_number', {releases})) made
WHERE base.id = %(application)s;
INSERT INTO application_label (id, organization_id, application_id, key, value)
SELECT uuidv7(), %(organization)s, id, 'team', 'team-' || n %% 25 FROM fleet_application
UNION ALL SELECT uuidv7(), %(organization)s, id, 'tier', (n %% 4)::text FROM fleet_application;
"""
# One target in a hundred moves, one waits for an approval, one failed; one application in five is not everywhere.
_TARGETS = """
CREATE TEMPORARY TABLE fleet_target AS
SELECT a.id AS application_id, a.n, e.id AS environment_id, e.position, uuidv7() AS id,
  greatest(1, {releases} - CASE WHEN a.n %% 5 = 0 THEN (e.position - 1) / 2 ELSE 0 END) AS live,
  CASE (a.n * 5 + e.position) %% 100 WHEN 7 THEN 'progressing' WHEN 29 THEN 'waiting' WHEN 61 THEN 'failed'
    ELSE 'succeeded' END AS phase
FROM fleet_application a, environment e WHERE e.organization_id = %(organization)s;
INSERT INTO target (id, organization_id, application_id, environment_id, cluster_id, namespace, created_namespace,
  image_overrides, live_release_id, live_number, live_version, live_since, live_by_label, health, health_since,
  health_number, needs_person_sentence, needs_person_since, last_rollout_number, last_phase)
SELECT t.id, %(organization)s, t.application_id, t.environment_id, %(cluster)s, 'n', false, '{{}}', r.id, r.number,
  r.version, now() - t.n * interval '7 minutes', 'Ana', CASE WHEN t.n %% 211 = 0 THEN 'degraded' ELSE 'healthy' END,
  now(), 1, CASE WHEN t.phase = 'failed' THEN 'Its pods crash: exit 137, out of memory' ELSE '' END,
  CASE WHEN t.phase = 'failed' THEN now() - t.n * interval '1 minute' END, 100, t.phase
FROM fleet_target t JOIN release r ON r.application_id = t.application_id AND r.number = t.live;
"""
_ROLLOUTS = """
CREATE TEMPORARY TABLE fleet_rollout AS
SELECT t.*, uuidv7() AS rollout_id, k, 100 + row_number() OVER (ORDER BY k, t.n, t.position) AS number,
  CASE WHEN k = {rollouts} THEN t.phase ELSE 'succeeded' END AS now_phase
FROM fleet_target t, generate_series(1, {rollouts}) k;
INSERT INTO rollout SELECT made.* FROM fleet_rollout f
JOIN release r ON r.application_id = f.application_id AND r.number = least({releases}, f.live + 1)
CROSS JOIN rollout base CROSS JOIN LATERAL
  jsonb_populate_record(base, jsonb_build_object('id', f.rollout_id, 'number', f.number, 'target_id', f.id,
    'application_id', f.application_id, 'environment_id', f.environment_id, 'release_id', r.id, 'phase', f.now_phase,
    'phase_since', now() - f.n * interval '1 minute',
    'created_at', now() - (f.n + 1440 * ({rollouts} - f.k)) * interval '1 minute',
    'ended_at', CASE WHEN f.now_phase IN ('succeeded', 'failed') THEN now() - f.n * interval '1 minute' END,
    'slot_at', now() - f.n * interval '1 minute', 'step', 2,
    'plan_number', 1, 'plan_digest', 'p' || f.number, 'approvals_needed', 2,
    'next_check_at', NULL, 'leased_until', now() + interval '1 day', 'requested_by_id', %(bo)s, 'requested_by_label', 'Bo',
    'sentence', 'Step 2 of 3: workloads; 7 of 12 workloads healthy.',
    'reasons', CASE WHEN f.now_phase = 'waiting' THEN jsonb_build_array(jsonb_build_object('gate', 'approval',
      'answer', 'wait', 'sentence', '1 of 2 approvals', 'unblocked_by', 'a releaser or an owner')) ELSE '[]' END,
    'progress', jsonb_build_object('objects', (SELECT jsonb_object_agg('Deployment.apps/n/s' || p, jsonb_build_object(
      'health', CASE WHEN p < 8 THEN 'healthy' ELSE 'progressing' END, 'sentence', '3 of 4 ready', 'ready', 3, 'wanted', 4))
      FROM generate_series(1, {pods}) p), 'pods', '{{}}'::jsonb))) made
WHERE base.id = %(rollout)s;
UPDATE target SET last_rollout_number = f.number,
  active_rollout_id = CASE WHEN f.phase = 'progressing' THEN f.rollout_id END,
  active_phase = CASE WHEN f.phase = 'progressing' THEN f.phase END
FROM fleet_rollout f WHERE f.id = target.id AND f.k = {rollouts};
INSERT INTO plan (id, organization_id, rollout_id, number, digest, body, made_at)
SELECT uuidv7(), %(organization)s, f.rollout_id, 1, 'p' || f.number, jsonb_build_object('plan', jsonb_build_object('objects',
  (SELECT jsonb_agg(jsonb_build_object('verb', 'change', 'key', 'Deployment.apps/n/s' || p, 'changes', '[]'::jsonb))
    FROM generate_series(1, {pods}) p)),
  'steps', '[{{}}, {{}}, {{}}, {{}}]'::jsonb), now()
FROM fleet_rollout f WHERE f.now_phase IN ('progressing', 'waiting');
INSERT INTO event (organization_id, rollout_id, number, at, kind, body)
SELECT %(organization)s, f.rollout_id, e, now() - (f.n * 60 - e) * interval '1 second', 'observed',
  '{{"objects": {{}}, "pods": {{"x": {{"health": "healthy", "sentence": "ready"}}}}, "gone_pods": []}}'
FROM fleet_rollout f, generate_series(1, {events}) e;
INSERT INTO activity (organization_id, number, at, kind, rollout_id, application_id, environment_id, phase,
  actor_id, actor_label, body)
SELECT %(organization)s, 1000 + row_number() OVER (ORDER BY f.number, p.place),
  now() - ({applications} - f.n) * interval '30 seconds',
  'rollout.phase', f.rollout_id, f.application_id, f.environment_id, p.phase, %(bo)s, 'Bo',
  jsonb_build_object('number', f.number, 'label', a.slug || ' v1.8.1 → staging', 'kind', 'forward',
    'sentence', 'Every gate passes.')
FROM fleet_rollout f JOIN fleet_application a ON a.n = f.n,
  (VALUES (1, 'pending'), (2, 'waiting'), (3, 'progressing'), (4, 'succeeded')) p(place, phase);
UPDATE organization_head SET activity_number = (SELECT max(number) FROM activity WHERE organization_id = %(organization)s)
WHERE organization_id = %(organization)s;
"""

MANIFEST = """
apiVersion: v1
kind: ConfigMap
metadata: {name: flags}
data: {colour: blue}
"""


def fill(slug: str, applications: int, events: int) -> None:
    """`events` for each rollout."""
    place = _base(slug)
    sizes = {
        "applications": applications,
        "events": events,
        "releases": RELEASES,
        "rollouts": ROLLOUTS,
        "pods": PODS,
    }
    with psycopg.connect(_owner_url(), autocommit=True) as owner:
        cursor = psycopg.ClientCursor(owner)  # many statements at once, with parameters
        for sql in (_APPLICATIONS, _RELEASES, _TARGETS, _ROLLOUTS):
            cursor.execute(sql.format(**sizes), place)
        for table in (
            "application",
            "application_label",
            "release",
            "target",
            "rollout",
            "plan",
            "event",
            "activity",
        ):
            cursor.execute(f"VACUUM ANALYZE {table}")


def _owner_url() -> str:
    """Only migrations are handed it; the stack keeps its password in the data folder."""
    application = urlsplit(os.environ["DATABASE_URL"])
    password = DataFolder(Path(os.environ["SLIPWAY_DATA_DIR"])).secrets().postgres_owner
    place = f"{OWNER}:{quote(password)}@{application.hostname}:{application.port}"
    return application._replace(netloc=place).geturl()


def _base(slug: str) -> dict[str, object]:
    """One row of each, made by the services, that the many are copies of."""
    from apps.audit.services import By
    from apps.core import scopes
    from apps.organizations.choices import Role
    from apps.organizations.models import User
    from apps.organizations.services import add_member, create_organization
    from apps.rollouts.services.starting import start_rollout
    from tests.people import actor, make_application, make_cluster, make_environment, make_release, target_of

    by = By("operator", "the benchmark", channel="command")
    ana, bo = (User.objects.get(email=f"{name}@acme.example") for name in ("ana", "bo"))
    organization = create_organization(by, slug=slug, name=slug)
    add_member(by, organization, ana, Role.OWNER)
    owner = actor(ana, organization)
    cluster = make_cluster(owner, slug="harbour")
    environments = [make_environment(owner, name, [cluster]) for name in ENVIRONMENTS]
    application = make_application(owner, slug="base")
    release = make_release(owner, application, "v1", MANIFEST)
    target = target_of(owner, application, environments[0])
    with scopes.organization(organization.id):
        rollout = start_rollout(owner, target, release).rollout
        type(rollout).objects.filter(id=rollout.id).update(phase="aborted", ended_at=rollout.created_at)
    return {
        "organization": organization.id,
        "cluster": cluster.id,
        "application": application.id,
        "release": release.id,
        "rollout": rollout.id,
        "bo": bo.pk,
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "slipway.settings.embedded")
    django.setup()
    fill(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
