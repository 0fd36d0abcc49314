from django.db import migrations

from apps.core.tenancy import Wall


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0002_grants"),
        ("organizations", "0002_walls"),
        ("releases", "0002_walls"),
        ("rollouts", "0001_initial"),
    ]

    operations = [
        Wall("Rollout"),
        Wall("PlanRecord"),
        Wall("AppliedSet"),
        Wall("JournalEntry"),
        Wall("InventoryItem"),
        Wall("TargetRelease"),
        Wall("TargetHealth", identified=False),
    ]
