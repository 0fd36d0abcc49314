import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import apps.core.ids
import apps.organizations.connections.models
from apps.core.tenancy import Wall

_ROLES = [
    ("owner", "Owner"),
    ("admin", "Admin"),
    ("releaser", "Releaser"),
    ("developer", "Developer"),
    ("auditor", "Auditor"),
    ("viewer", "Viewer"),
]

# Look-ups before any scope, ids only: a callback knows its connection's random key, who comes by single sign-on the
# organization's short name.
_FIND_CONNECTION = """
CREATE FUNCTION slipway_find_connection(sought text) RETURNS TABLE (organization uuid, connection uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS
$$ SELECT organization_id, id FROM connection WHERE key = sought $$
"""
_FIND_SIGN_IN = """
CREATE FUNCTION slipway_find_sign_in(sought text) RETURNS TABLE (organization uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public AS
$$ SELECT o.id FROM organization o WHERE o.slug = sought
   AND EXISTS (SELECT FROM connection c WHERE c.organization_id = o.id AND c.status = 'on') $$
"""
# The door asks, with a membership and in its person's scope, whether the session came by a living connection of this
# organization, and as an identity that is still this person's. It reads no more of either table than that.
_DOOR = [
    (
        "CREATE POLICY person ON connection TO slipway_person "
        "USING (organization_id IN (SELECT organization_id FROM membership))"
    ),
    "GRANT SELECT (id, organization_id, key, status, changed_at) ON connection TO slipway_person",
    "GRANT SELECT (provider, uid, user_id) ON socialaccount_socialaccount TO slipway_person",
]


class Migration(migrations.Migration):
    dependencies = [
        ("organizations", "0005_service_accounts"),
        ("socialaccount", "0006_alter_socialaccount_extra_data"),
    ]

    operations = [
        migrations.AddField("organization", "connection_from", models.DateTimeField(null=True)),
        migrations.AddField("membership", "breaks_glass", models.BooleanField(default=False)),
        migrations.CreateModel(
            name="Connection",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "key",
                    models.CharField(
                        default=apps.organizations.connections.models.random_key,
                        editable=False,
                        max_length=32,
                        unique=True,
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("metadata_url", models.CharField(max_length=500)),
                ("issuer", models.CharField(max_length=500)),
                ("authorization_origin", models.CharField(max_length=300)),
                ("client_id", models.CharField(max_length=300)),
                ("secret", models.BinaryField()),
                (
                    "status",
                    models.CharField(
                        choices=[("draft", "Draft"), ("on", "On")], default="draft", max_length=10
                    ),
                ),
                ("admits_new", models.BooleanField(default=True)),
                ("default_role", models.CharField(choices=_ROLES, default="viewer", max_length=20)),
                ("groups_claim", models.CharField(default="groups", max_length=60)),
                ("role_of_group", models.JSONField(default=dict)),
                ("team_of_group", models.JSONField(default=dict)),
                ("changed_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("tested_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "db_table": "connection",
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "name"), name="connection_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="VerifiedDomain",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=apps.core.ids.uuid7, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("domain", models.CharField(max_length=253)),
                (
                    "proof",
                    models.CharField(
                        default=apps.organizations.connections.models.random_proof,
                        editable=False,
                        max_length=60,
                    ),
                ),
                ("verified_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "organization",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="organizations.organization",
                    ),
                ),
            ],
            options={
                "db_table": "verified_domain",
                "abstract": False,
                "base_manager_name": "objects",
                "default_manager_name": "objects",
                "constraints": [
                    models.UniqueConstraint(fields=("organization", "domain"), name="verified_domain_once")
                ],
            },
        ),
        Wall("Connection"),
        Wall("VerifiedDomain"),
        migrations.RunSQL(
            [
                *_DOOR,
                _FIND_CONNECTION,
                _FIND_SIGN_IN,
                "REVOKE ALL ON FUNCTION slipway_find_connection(text), slipway_find_sign_in(text) FROM PUBLIC",
                "GRANT EXECUTE ON FUNCTION slipway_find_connection(text), slipway_find_sign_in(text) TO slipway_app",
            ],
            [
                "DROP FUNCTION slipway_find_sign_in(text)",
                "DROP FUNCTION slipway_find_connection(text)",
                "REVOKE SELECT (provider, uid, user_id) ON socialaccount_socialaccount FROM slipway_person",
                "REVOKE SELECT (id, organization_id, key, status, changed_at) ON connection FROM slipway_person",
                "DROP POLICY person ON connection",
            ],
        ),
    ]
