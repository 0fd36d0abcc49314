from django.db import migrations, models

# The rows that are there. As the owner, whom the walls do not bind.
_FILL = """
UPDATE target SET last_rollout_number = last.number, last_phase = last.phase
FROM (SELECT DISTINCT ON (target_id) target_id, number, phase FROM rollout ORDER BY target_id, number DESC) last
WHERE last.target_id = target.id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("applications", "0004_labels"),
        ("clusters", "0003_walls"),
        ("environments", "0003_walls"),
        ("organizations", "0002_walls"),
        ("rollouts", "0003_events"),
    ]

    operations = [
        migrations.AddField(
            model_name="target",
            name="last_phase",
            field=models.CharField(max_length=20, null=True),
        ),
        migrations.AddField(
            model_name="target",
            name="last_rollout_number",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
        migrations.AddField(
            model_name="target",
            name="troubled",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Q(  # type: ignore[arg-type]  # the stubs know no condition here
                    ("removed_at__isnull", True),
                    models.Q(
                        ("needs_person_since__isnull", False),
                        ("health__in", ["degraded", "missing"]),
                        models.Q(("last_phase__in", ["failed", "errored"]), ("last_phase__isnull", False)),
                        _connector="OR",
                    ),
                ),
                output_field=models.BooleanField(),
            ),
        ),
        migrations.AddIndex(
            model_name="target",
            index=models.Index(
                condition=models.Q(("troubled", True)),
                fields=["organization", "application"],
                name="target_troubled",
            ),
        ),
        migrations.AddIndex(
            model_name="target",
            index=models.Index(
                condition=models.Q(("live_number__isnull", False), ("removed_at__isnull", True)),
                fields=["organization", "application", "environment"],
                include=("live_number",),
                name="target_numbers",
            ),
        ),
    ]
