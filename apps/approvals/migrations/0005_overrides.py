import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import apps.core.ids
from apps.core.tenancy import Wall


class Migration(migrations.Migration):
    dependencies = [("approvals", "0004_decisions"), ("rollouts", "0003_events")]

    operations = [
        migrations.CreateModel(
            name="Override",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("break-glass", "Break-glass"), ("emergency", "Emergency lane")],
                        max_length=20,
                    ),
                ),
                ("plan_digest", models.CharField(blank=True, max_length=80)),
                ("by_id", models.UUIDField()),
                ("by_label", models.CharField(max_length=200)),
                ("reason", models.TextField()),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("review_due_at", models.DateTimeField()),
                ("reviewed_at", models.DateTimeField(null=True)),
                ("reviewed_by_id", models.UUIDField(null=True)),
                ("reviewed_by_label", models.CharField(blank=True, max_length=200)),
                ("justified", models.BooleanField(null=True)),
                ("review", models.TextField(blank=True)),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
                (
                    "rollout",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="overrides",
                        to="rollouts.rollout",
                    ),
                ),
            ],
            options={
                "db_table": "override",
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "rollout", "kind"), name="override_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("kind", "break-glass"), ("reviewed_at__isnull", True)),
                        fields=("organization",),
                        name="override_waits_for_review",
                    ),
                ],
                "indexes": [
                    models.Index(
                        condition=models.Q(("reviewed_at__isnull", True)),
                        fields=["organization", "review_due_at"],
                        name="override_open",
                    )
                ],
            },
        ),
        Wall("Override"),
    ]
