from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from apps.audit.operators import TenantAdmin, operator_of
from apps.audit.services import Audit, record
from apps.core import scopes
from apps.core.operators.pages import ReadOnlyAdmin
from apps.core.problems import Conflict
from apps.organizations.models import (
    ApiToken,
    Connection,
    Grant,
    Invitation,
    Membership,
    Organization,
    OwnershipTransfer,
    Team,
    TeamMember,
    User,
    VerifiedDomain,
)
from apps.organizations.services.ownership import check_may_be_shut_out


class ShutOutForm(forms.ModelForm):  # type: ignore[type-arg]  # not subscriptable at run time
    """Refuses to shut out who is some organization's last owner; the locks hold until the form is saved."""

    def clean_is_active(self) -> bool:
        active = bool(self.cleaned_data["is_active"])
        if not active and self.instance.is_active:
            try:
                check_may_be_shut_out(self.instance)
            except Conflict as problem:
                raise forms.ValidationError(problem.sentence) from problem
        return active


@admin.register(User)
class UserAdmin(ReadOnlyAdmin):
    """People come by invitations; here one is only named, shut out, let in again or made an operator."""

    list_display = ("email", "name", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    ordering = ("email",)
    hidden = ("password",)
    changeable = ("name", "is_active", "is_staff")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [name for name in super().get_readonly_fields(request, obj) if name not in self.changeable]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        user: Any = request.user
        return bool(user.has_perm("organizations.change_user"))

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return super().get_form(request, obj, change, form=ShutOutForm, **kwargs)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """In the audit of every organization that the person is in."""
        after = {name: form.cleaned_data[name] for name in form.changed_data}
        before = {name: form.initial.get(name) for name in form.changed_data}
        super().save_model(request, obj, form, change)
        if not after:
            return
        audit = Audit("person.change", "person", str(obj), obj.pk, before=before, after=after)
        for organization_id in Membership.objects.filter(user_id=obj.pk).values_list(
            "organization_id", flat=True
        ):
            with scopes.organization(organization_id):
                record(operator_of(request), audits=[audit])


@admin.register(Organization)
class OrganizationAdmin(TenantAdmin):
    list_display = ("slug", "name", "simulated", "created_at")
    search_fields = ("slug", "name")
    ordering = ("slug",)

    def organization_of(self, row: Any) -> UUID:
        organization_id: UUID = row.pk
        return organization_id


@admin.register(Membership)
class MembershipAdmin(TenantAdmin):
    list_display = ("organization", "user", "role", "suspended_at", "created_at")
    list_filter = ("role",)


@admin.register(Grant)
class GrantAdmin(TenantAdmin):
    list_display = ("organization", "membership", "team", "right", "given_by", "created_at")
    list_filter = ("right",)


@admin.register(Team)
class TeamAdmin(TenantAdmin):
    list_display = ("organization", "slug", "name", "created_at")


@admin.register(TeamMember)
class TeamMemberAdmin(TenantAdmin):
    list_display = ("organization", "team", "membership", "created_at")


@admin.register(OwnershipTransfer)
class OwnershipTransferAdmin(TenantAdmin):
    list_display = ("organization", "giver", "taker", "giver_becomes", "expires_at")


@admin.register(Invitation)
class InvitationAdmin(TenantAdmin):
    list_display = ("organization", "email", "role", "invited_by_label", "expires_at", "accepted_at")


@admin.register(ApiToken)
class ApiTokenAdmin(TenantAdmin):
    list_display = (
        "organization",
        "user",
        "name",
        "hint",
        "scopes",
        "expires_at",
        "last_used_at",
        "revoked_at",
    )


@admin.register(Connection)
class ConnectionAdmin(TenantAdmin):
    list_display = ("organization", "name", "issuer", "client_id", "status", "tested_at", "changed_at")
    hidden = ("secret",)


@admin.register(VerifiedDomain)
class VerifiedDomainAdmin(TenantAdmin):
    list_display = ("organization", "domain", "verified_at")
