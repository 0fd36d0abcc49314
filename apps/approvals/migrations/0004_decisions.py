import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("approvals", "0003_walls")]

    operations = [
        migrations.AddField("approval", "for_person_id", models.UUIDField(null=True)),
        migrations.AddField("approval", "for_person_label", models.CharField(blank=True, max_length=200)),
        migrations.AddField(
            "approval",
            "teams",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=60), default=list, size=None
            ),
        ),
        migrations.AddField("approval", "plan_number", models.PositiveIntegerField(null=True)),
        migrations.AddField("approval", "plan_facts", models.JSONField(default=dict)),
        migrations.AddField("approval", "expired_at", models.DateTimeField(null=True)),
        migrations.RemoveConstraint("approval", "approval_once_per_plan"),
        migrations.AddConstraint(
            "approval",
            models.UniqueConstraint(
                condition=models.Q(("expired_at__isnull", True)),
                fields=("organization", "rollout", "plan_digest", "person_id"),
                name="approval_once_per_plan",
            ),
        ),
    ]
