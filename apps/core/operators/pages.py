"""How a tenant's row is shown to operators: everything but its secrets, and to be read only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # one class for every model
    """Sealed values and digests are binary, so no binary field is shown at all."""

    hidden: tuple[str, ...] = ()
    show_full_result_count = False
    list_per_page = 50

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [
            field.name
            for field in self.model._meta.concrete_fields
            if not isinstance(field, models.BinaryField) and field.name not in self.hidden
        ] + [name for name in self.readonly_fields if isinstance(name, str)]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return self.get_fields(request, obj)

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        return list(self.ordering or self.model._meta.ordering or ["-pk"])

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
