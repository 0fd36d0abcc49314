from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("environments", "0004_last_rollout")]

    operations = [
        migrations.AddField("environment", "approval_rules", models.JSONField(blank=True, default=dict)),
    ]
