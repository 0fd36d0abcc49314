"""How a tenant's row is shown to operators: everything but its secrets, and to be read only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from apps.core.operators.groups import PLURALS


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

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Without the sealed columns, of the row and of what its line names: they can be megabytes."""
        sealed = list(_sealed(self.model))
        for name in self.get_list_select_related(request):
            related = self.model._meta.get_field(name).related_model
            sealed += [f"{name}__{column}" for column in _sealed(related)]
        return super().get_queryset(request).defer(*sealed)

    def get_list_select_related(self, request: HttpRequest) -> tuple[str, ...]:
        """What a line of the list names, in the list's own query, and no more."""
        columns = {
            field.name for field in self.model._meta.concrete_fields if isinstance(field, models.ForeignKey)
        }
        return tuple(name for name in self.list_display if isinstance(name, str) and name in columns)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Titled by what is listed: "Select rollout to view" names a way of working that nobody has here."""
        name = PLURALS.get(self.model.__name__, str(self.opts.verbose_name_plural))
        title = {"title": name[:1].upper() + name[1:]}
        return super().changelist_view(request, {**title, **(extra_context or {})})

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def asked_first(
        self, request: HttpRequest, rows: QuerySet[Any], *, title: str, what_happens: str, button: str
    ) -> HttpResponse | None:
        """A page that says what will happen; None once that was read and pressed."""
        if request.POST.get("confirmed"):
            return None
        found = list(rows)
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "what_happens": what_happens,
            "button": button,
            "action": request.POST.get("action", ""),
            "rows": found,
            "keys": [row.pk for row in found],
            "back": request.path,
        }
        return TemplateResponse(request, "admin/confirm_action.html", context)


def _sealed(model: Any) -> list[str]:
    return [field.name for field in model._meta.concrete_fields if isinstance(field, models.BinaryField)]
