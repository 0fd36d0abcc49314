from django.db import migrations

from apps.core.tenancy import Wall

# Look-ups before any scope: ids only, by a value that only its holder knows or by one's own identity.
_FIND_TOKEN = """
CREATE FUNCTION slipway_find_token(sought bytea) RETURNS TABLE (organization uuid, token uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS
$$ SELECT organization_id, id FROM api_token WHERE digest = sought $$
"""
_FIND_INVITATION = """
CREATE FUNCTION slipway_find_invitation(sought bytea) RETURNS TABLE (organization uuid, invitation uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS
$$ SELECT organization_id, id FROM invitation WHERE digest = sought $$
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0002_grants"), ("organizations", "0001_initial")]

    operations = [
        Wall("Organization", column="id"),
        Wall("Membership"),
        Wall("Grant"),
        Wall("Invitation"),
        Wall("ApiToken"),
        migrations.RunSQL(
            [
                (
                    "CREATE POLICY person ON membership TO slipway_person "
                    "USING (user_id = current_setting('slipway.person')::uuid)"
                ),
                (
                    "CREATE POLICY person ON organization TO slipway_person USING (EXISTS (SELECT 1 FROM membership m "
                    "WHERE m.organization_id = organization.id AND m.user_id = current_setting('slipway.person')::uuid))"
                ),
                "GRANT SELECT ON membership, organization TO slipway_person",
                _FIND_TOKEN,
                _FIND_INVITATION,
                "REVOKE ALL ON FUNCTION slipway_find_token(bytea), slipway_find_invitation(bytea) FROM PUBLIC",
                "GRANT EXECUTE ON FUNCTION slipway_find_token(bytea), slipway_find_invitation(bytea) TO slipway_app",
            ],
            [
                "DROP FUNCTION slipway_find_invitation(bytea)",
                "DROP FUNCTION slipway_find_token(bytea)",
                "DROP POLICY person ON organization",
                "DROP POLICY person ON membership",
            ],
        ),
    ]
