from django.db import migrations

from apps.core.tenancy import TenantReference, Wall


class Migration(migrations.Migration):
    dependencies = [
        ("core", "0002_grants"),
        ("organizations", "0002_walls"),
        ("environments", "0003_walls"),
        ("releases", "0001_initial"),
    ]

    operations = [
        Wall("Release"),
        Wall("RenderedSet"),
        Wall("Artifact"),
        Wall("ReleaseArtifact"),
        Wall("Committer"),
        Wall("ReleaseCommit"),
        Wall("ReleaseIssue", identified=False),
        TenantReference("environments.Target", "live_release_id", "releases.Release"),
    ]
