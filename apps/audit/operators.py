"""An operator who opens an organization's row is in that organization's audit."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest

from apps.audit.services import Audit, By, record
from apps.core import scopes
from apps.core.addresses import address_of
from apps.core.operators.pages import ReadOnlyAdmin


class TenantAdmin(ReadOnlyAdmin):
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        response = super().change_view(request, object_id, form_url, extra_context)
        row = self.get_object(request, object_id)
        if row is not None:
            record_look(request, self.organization_of(row), str(self.opts.verbose_name), row)
        return response

    def organization_of(self, row: Any) -> UUID:
        organization_id: UUID = row.organization_id
        return organization_id


def record_look(request: HttpRequest, organization_id: UUID, kind: str, row: Any) -> None:
    with scopes.organization(organization_id):
        record(
            operator_of(request), audits=[Audit("operator.look", kind[:40], str(row)[:300], _uuid(row.pk))]
        )


def operator_of(request: HttpRequest) -> By:
    user: Any = request.user
    return By("operator", str(user), user.pk, channel="admin", address=address_of(request.META))


def _uuid(key: Any) -> UUID | None:
    return key if isinstance(key, UUID) else None
