from django.db import migrations

from apps.core.tenancy import TenantReference


class Migration(migrations.Migration):
    """A grant may be for one application."""

    dependencies = [("applications", "0004_labels"), ("organizations", "0003_teams")]

    operations = [TenantReference("organizations.Grant", "application_id", "applications.Application")]
