from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0003_seals"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["organization_id", "action", "number"], name="audit_entry_action"),
        ),
    ]
