from django.db import migrations

from apps.core.tenancy import Wall


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0002_grants"),
        ("organizations", "0002_walls"),
        ("rollouts", "0002_walls"),
        ("approvals", "0002_initial"),
    ]

    operations = [
        Wall("Approval"),
    ]
