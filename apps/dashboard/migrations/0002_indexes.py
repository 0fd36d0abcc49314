"""Indexes for what home and the page of activity ask. The tables are of apps below, whose own code needs none of these."""

from django.db import migrations

_INDEXES = {
    # What somebody asked for and is not done with: waiting for others, or failed.
    "rollout_own": (
        "rollout (organization_id, requested_by_id, number DESC) WHERE phase IN ('pending', 'waiting', 'failed', 'errored')"
    ),
    # The feed by who, where and what: without them a rare one walks everything that ever happened.
    "activity_actor": "activity (organization_id, actor_id, number) WHERE actor_id IS NOT NULL",
    "activity_environment": "activity (organization_id, environment_id, number) WHERE environment_id IS NOT NULL",
    "activity_kind": "activity (organization_id, kind, number)",
}


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_walls"),
        ("dashboard", "0001_saved_views"),
        ("rollouts", "0003_events"),
    ]

    operations = [
        migrations.RunSQL(
            [f"CREATE INDEX {name} ON {on}" for name, on in _INDEXES.items()],
            [f"DROP INDEX {name}" for name in _INDEXES],
        )
    ]
