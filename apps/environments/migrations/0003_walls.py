from django.db import migrations

from apps.core.tenancy import TenantReference, Wall


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0002_grants"),
        ("organizations", "0002_walls"),
        ("clusters", "0003_walls"),
        ("applications", "0003_walls"),
        ("environments", "0002_initial"),
    ]

    operations = [
        Wall("Environment"),
        Wall("EnvironmentCluster"),
        Wall("Target"),
        TenantReference("organizations.Grant", "environment_id", "environments.Environment"),
    ]
