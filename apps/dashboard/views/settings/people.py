"""Who is in the organization: invited by a link, given a role, given more in single environments, removed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.core.problems import Conflict, Invalid, NotFound, Problem
from apps.dashboard.forms.fields import Field, Form, filled, refused
from apps.dashboard.pictures.settings import ROLE_WORDS, member_line, member_lines, open_invitations
from apps.dashboard.views.settings.page import SettingsPage, beside_the_form
from apps.environments.access import access_environment, environments_of
from apps.environments.services import grant, take_back_grant
from apps.organizations import services
from apps.organizations.access import Right, authorize, decide
from apps.organizations.choices import GrantedRight, Role
from apps.organizations.models import ApiToken, Membership
from apps.organizations.signing_in.addresses import link_to_copy


class People(SettingsPage):
    section = "settings-people"
    asks_again = frozenset({"POST"})  # owners come and go here

    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        authorize(self.actor, Right.MANAGE_PEOPLE)
        return self._page(Form(self._fields()))

    def post(self, request: HttpRequest, organization: str) -> HttpResponse:
        """The link is on the answer, this once."""
        authorize(self.actor, Right.MANAGE_PEOPLE)
        form = Form(filled(self._fields(), request.POST))
        email, role = form["email"].value, form["role"].value
        try:
            if "@" not in email.strip("@") or " " in email:
                raise Invalid("This is no address.", fields={"email": "This is no address."})
            if Membership.objects.filter(user__email=email.lower()).exists():
                raise Conflict("", fields={"email": "This person is here already; change their role below."})
            shown = services.invite(self.actor, email=email, role=role)
        except Problem as problem:
            return self._page(refused(form, beside_the_form(problem)), status=problem.status)
        link = f"{settings.PUBLIC_URL}/invitations/{shown.secret}/"
        return self._page(Form(self._fields()), link=link, invited=email, days=services.INVITATION_DAYS)

    def _fields(self) -> tuple[Field, ...]:
        return (
            Field("email", "E-mail", "email", required=True, most=254),
            Field("role", "Role", "select", value=str(Role.DEVELOPER), choices=self._roles()),
        )

    def _roles(self) -> tuple[tuple[str, str], ...]:
        owners = decide(self.actor, Right.MANAGE_OWNERS).allowed
        return tuple(
            (str(role), f"{role.label}: {ROLE_WORDS[role]}") for role in Role if owners or role != Role.OWNER
        )

    def _page(self, form: Form, *, status: int = 200, **more: Any) -> HttpResponse:
        sought = self.request.GET.get("name", "").strip()[:120]
        page, members = member_lines(self.actor, page=self.request.GET.get("page", "1"), sought=sought)
        context = {"form": form, "page": page, "members": members, "sought": sought, **more}
        return self.settings_page("people", {**context, "invitations": open_invitations()}, status=status)


class Withdraw(SettingsPage):
    http_method_names = ("post",)

    def post(self, request: HttpRequest, organization: str, invitation: UUID) -> HttpResponse:
        services.withdraw_invitation(self.actor, invitation)
        return redirect("settings-people", organization)


class Person(SettingsPage):
    """One member: role, grants, and the way out."""

    section = "settings-people"
    asks_again = frozenset({"POST"})

    def get(self, request: HttpRequest, organization: str, member: UUID) -> HttpResponse:
        authorize(self.actor, Right.MANAGE_PEOPLE)
        return self._page(self._member(member))

    def post(self, request: HttpRequest, organization: str, member: UUID) -> HttpResponse:
        row = self._member(member)
        act = request.POST.get("act", "")
        try:
            if act == "role":
                services.change_role(self.actor, row.id, role=self._role())
            elif act == "grant":
                self._grant(row)
            elif act == "take":
                take_back_grant(self.actor, self._grant_id())
            elif act == "remove":
                services.remove_member(self.actor, row.id)
                return redirect(
                    "chooser" if row.user_id == self.actor.user_id else "settings-people", *self._there(row)
                )
            else:
                raise NotFound("There is no such act.")
        except Problem as problem:
            return self._page(row, mistake=beside_the_form(problem).sentence, act=act, status=problem.status)
        return redirect("settings-person", organization, row.id)

    def _there(self, row: Membership) -> tuple[str, ...]:
        return () if row.user_id == self.actor.user_id else (self.actor.organization_slug,)

    def _role(self) -> str:
        role = self.request.POST.get("role", "")
        if role not in Role.values:
            raise Invalid(f"A role is one of {', '.join(Role.values)}.")
        return role

    def _grant(self, row: Membership) -> None:
        right = self.request.POST.get("right", "")
        if right not in GrantedRight.values:
            raise Invalid(f"A grant is to {' or '.join(GrantedRight.values)}.")
        place = access_environment(self.actor, self.request.POST.get("environment", ""))
        grant(self.actor, place, row, GrantedRight(right))

    def _grant_id(self) -> UUID:
        try:
            return UUID(self.request.POST.get("grant", ""))
        except ValueError:
            raise NotFound("There is no such grant.") from None

    def _member(self, identifier: UUID) -> Membership:
        row: Membership | None = Membership.objects.select_related("user").filter(id=identifier).first()
        if row is None:
            raise NotFound("There is no such member.")
        return row

    def _page(self, row: Membership, *, mistake: str = "", act: str = "", status: int = 200) -> HttpResponse:
        owners = decide(self.actor, Right.MANAGE_OWNERS)
        oneself = row.user_id == self.actor.user_id
        tokens = ApiToken.objects.filter(user_id=row.user_id, revoked_at__isnull=True).count()
        context = {
            "line": member_line(self.actor, row),
            "roles": [
                (str(role), role.label, ROLE_WORDS[role])
                for role in Role
                if owners.allowed or role != Role.OWNER
            ],
            "role_why_not": "Somebody else changes your role."
            if oneself
            else owners.why
            if row.role == Role.OWNER and not owners.allowed
            else "",
            "remove_why_not": self._remove_why_not(row, oneself=oneself),
            "grant_why_not": "A grant is given by somebody else." if oneself else "",
            "rights": GrantedRight.choices,
            "places": list(environments_of(self.actor)),
            "tokens": tokens,
            "address_link": link_to_copy(self.actor, row.user) if owners.allowed else "",
            "mistake": mistake,
            "act": act,
        }
        return self.settings_page("person", context, status=status)

    def _remove_why_not(self, row: Membership, *, oneself: bool) -> str:
        if row.role != Role.OWNER:
            return ""
        owners = decide(self.actor, Right.MANAGE_OWNERS)
        if not owners.allowed and not oneself:
            return owners.why
        if not Membership.objects.filter(role=Role.OWNER).exclude(id=row.id).exists():
            return "The last owner cannot leave; make somebody else an owner first."
        return ""
