"""Migration operations that build the second and the third wall around a tenant table (row-level security,
composite foreign keys). `tests/tenancy` enumerates the models and fails on one without them."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations.base import Operation

APP = "slipway_app"
SYSTEM = "slipway_system"
PERSON = "slipway_person"

_ORGANIZATION = "current_setting('slipway.organization')::uuid"


class Wall(Operation):
    """Put after CreateModel. `column` names the organization's column; `append_only` grants no UPDATE or DELETE."""

    reversible = True
    reduces_to_sql = True

    def __init__(
        self,
        model: str,
        *,
        column: str = "organization_id",
        append_only: bool = False,
        identified: bool = True,
    ) -> None:
        self.model = model
        self.column = column
        self.append_only = append_only
        self.identified = identified  # has an `id` that composite foreign keys may point at

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        keywords = {"column": self.column, "append_only": self.append_only, "identified": self.identified}
        return (self.__class__.__qualname__, [self.model], keywords)

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The walls are the database's alone."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model = to_state.apps.get_model(app_label, self.model)
        table = model._meta.db_table
        for statement in wall_statements(table, self.column, append_only=self.append_only):
            schema_editor.execute(statement)
        if self.identified and self.column == "organization_id":
            schema_editor.execute(f'CREATE UNIQUE INDEX "{table}_tenant" ON "{table}" (organization_id, id)')
        for field in model._meta.local_fields:
            target = field.remote_field and field.remote_field.model
            if target is None or field.column == self.column or not _is_tenant(target):
                continue
            schema_editor.execute(
                f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_{field.column}_tenant" '
                f'FOREIGN KEY (organization_id, "{field.column}") '
                f'REFERENCES "{target._meta.db_table}" (organization_id, id) DEFERRABLE INITIALLY DEFERRED'
            )

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        table = from_state.apps.get_model(app_label, self.model)._meta.db_table
        schema_editor.execute(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')

    def describe(self) -> str:
        return f"Put {self.model} behind the tenant wall"


class TenantReference(Operation):
    """A composite foreign key for a plain id column or a field added after the table's `Wall`."""

    reversible = True
    reduces_to_sql = True

    def __init__(self, model: str, column: str, target: str) -> None:
        self.model = model
        self.column = column
        self.target = target  # "app_label.Model"

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return (self.__class__.__qualname__, [self.model, self.column, self.target], {})

    def state_forwards(self, app_label: str, state: Any) -> None:
        """The constraint is the database's alone."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model_label, _, model_name = self.model.rpartition(".")
        table = to_state.apps.get_model(model_label or app_label, model_name)._meta.db_table
        target = to_state.apps.get_model(*self.target.split("."))._meta.db_table
        schema_editor.execute(
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{table}_{self.column}_tenant" FOREIGN KEY '
            f'(organization_id, "{self.column}") REFERENCES "{target}" (organization_id, id) DEFERRABLE INITIALLY DEFERRED'
        )

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        model_label, _, model_name = self.model.rpartition(".")
        table = from_state.apps.get_model(model_label or app_label, model_name)._meta.db_table
        schema_editor.execute(f'ALTER TABLE "{table}" DROP CONSTRAINT "{table}_{self.column}_tenant"')

    def describe(self) -> str:
        return f"Tie {self.model}.{self.column} to its organization"


def _is_tenant(model: Any) -> bool:
    return any(field.column == "organization_id" for field in model._meta.local_fields)


def wall_statements(table: str, column: str, *, append_only: bool) -> list[str]:
    verbs = "SELECT, INSERT" if append_only else "SELECT, INSERT, UPDATE, DELETE"
    return [
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'CREATE POLICY wall ON "{table}" TO {APP} USING ("{column}" = {_ORGANIZATION})',
        f'CREATE POLICY system ON "{table}" TO {SYSTEM} USING (true)',
        f'REVOKE ALL ON "{table}" FROM {APP}, {SYSTEM}, {PERSON}',
        f'GRANT {verbs} ON "{table}" TO {APP}, {SYSTEM}',
    ]
