"""What the application's two roles may do with tables that hold no tenant's rows (people, sessions, schedules).
Tenant tables are taken back and granted one by one by their `Wall`."""

from django.db import migrations

from apps.core.tenancy import Wall

_ROLES = "slipway_app, slipway_system"


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.RunSQL(
            [
                f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {_ROLES}",
                f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO {_ROLES}",
                f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {_ROLES}",
                f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {_ROLES}",
            ],
            [
                f"ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM {_ROLES}",
                f"ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM {_ROLES}",
            ],
        ),
        Wall("OutboxMessage", identified=False),
        Wall("IdempotencyKey", identified=False),
    ]
