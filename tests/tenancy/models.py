"""Which tables are a tenant's. The tests enumerate; nobody has to remember a new one."""

from __future__ import annotations

from typing import Any

from django.apps import apps


def column_of(model: Any) -> str | None:
    """The column that names the organization; None: the table is no tenant's."""
    if model._meta.db_table == "organization":
        return "id"
    columns = {field.column for field in model._meta.local_fields}
    return "organization_id" if "organization_id" in columns else None


def tenant_models() -> list[Any]:
    return sorted(
        (model for model in apps.get_models(include_auto_created=True) if column_of(model)),
        key=lambda model: model._meta.db_table,
    )


def our_other_models() -> list[Any]:
    ours = [model for model in apps.get_models() if model.__module__.startswith("apps.")]
    return [model for model in ours if column_of(model) is None]
