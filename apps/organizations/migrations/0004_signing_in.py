import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("mfa", "0003_authenticator_type_uniq"),
        ("organizations", "0003_teams"),
    ]

    operations = [
        migrations.AddField(
            model_name="organization",
            name="second_factor_from",
            field=models.DateTimeField(null=True),
        ),
        migrations.CreateModel(
            name="UsedCode",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("step", models.BigIntegerField()),
            ],
            options={"db_table": "used_code"},
        ),
        migrations.CreateModel(
            name="FailedSignIns",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject", models.BinaryField(max_length=32)),
                ("account", models.BinaryField(max_length=32)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("last_at", models.DateTimeField()),
            ],
            options={
                "db_table": "failed_sign_ins",
                "constraints": [
                    models.UniqueConstraint(fields=("subject", "account"), name="failed_sign_ins_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="AddressChange",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                ("email", models.EmailField(max_length=254)),
                ("asked_at", models.DateTimeField()),
            ],
            options={"db_table": "address_change"},
        ),
        # The door reads, with a membership, whether its person has a second factor; not which, nor its secret.
        migrations.RunSQL(
            "GRANT SELECT (user_id, type) ON mfa_authenticator TO slipway_person",
            "REVOKE SELECT (user_id, type) ON mfa_authenticator FROM slipway_person",
        ),
    ]
