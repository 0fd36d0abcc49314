from django.db import migrations

from apps.core.tenancy import Wall

_REFUSE = """
CREATE FUNCTION slipway_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'audit entries are never changed or removed' USING ERRCODE = 'insufficient_privilege';
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0002_grants"), ("audit", "0001_initial")]

    operations = [
        Wall("OrganizationHead", identified=False),
        Wall("AuditEntry", append_only=True),
        Wall("Activity", append_only=True, identified=False),
        # The grants keep the application out; the triggers keep out whoever has more rights and slips.
        migrations.RunSQL(
            [
                _REFUSE,
                (
                    "CREATE TRIGGER audit_entry_no_change BEFORE UPDATE OR DELETE ON audit_entry "
                    "FOR EACH ROW EXECUTE FUNCTION slipway_refuse_change()"
                ),
                (
                    "CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry "
                    "FOR EACH STATEMENT EXECUTE FUNCTION slipway_refuse_change()"
                ),
            ],
            [
                "DROP TRIGGER audit_entry_no_truncate ON audit_entry",
                "DROP TRIGGER audit_entry_no_change ON audit_entry",
                "DROP FUNCTION slipway_refuse_change()",
            ],
        ),
    ]
