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
from apps.dashboard.views.settings import granting
from apps.dashboard.views.settings.page import SettingsPage, beside_the_form
from apps.environments.places import names_of_places, place_named
from apps.organizations import services
from apps.organizations.access import Right, authorize, decide
from apps.organizations.choices import Role
from apps.organizations.explaining import ACTIONS, explain, person_named, right_named
from apps.organizations.models import ApiToken, Membership
from apps.organizations.services.ownership import LAST_OWNER, able_owners, open_transfer
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
        context = {"form": form, "page": page, "members": members, "sought": sought, **self._asked(), **more}
        return self.settings_page("people", {**context, "invitations": open_invitations()}, status=status)

    def _asked(self) -> dict[str, Any]:
        """The answer to "may they …?", asked by three fields of the page's address."""
        query = self.request.GET
        asked = {name: query.get(name, "").strip()[:254] for name in ("person", "action", "object")}
        found: dict[str, Any] = {
            "asked": asked,
            "actions": [(name, str(right)) for name, right in ACTIONS.items()],
        }
        if not asked["person"]:
            return found
        try:
            member = person_named(self.actor, asked["person"])
            right = right_named(asked["action"])
            place = place_named(self.actor, asked["object"])
        except (Invalid, NotFound) as problem:
            return {**found, "asked_mistake": problem.sentence}
        return {**found, "answer": explain(member, right, place, names=names_of_places())}


class NewServiceAccount(SettingsPage):
    """A member without a person who signs in."""

    section = "settings-people"
    asks_again = frozenset({"POST"})

    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        authorize(self.actor, Right.MANAGE_PEOPLE)
        return self._page(Form(self._fields()))

    def post(self, request: HttpRequest, organization: str) -> HttpResponse:
        form = Form(filled(self._fields(), request.POST))
        try:
            made = services.create_service_account(
                self.actor, name=form["name"].value, role=form["role"].value
            )
        except Problem as problem:
            return self._page(refused(form, beside_the_form(problem)), status=problem.status)
        return redirect("settings-person", organization, made.id)

    def _fields(self) -> tuple[Field, ...]:
        roles = tuple((str(role), f"{role.label}: {ROLE_WORDS[role]}") for role in Role if role != Role.OWNER)
        return (
            Field("name", "Name", required=True, most=120, hint="What it is for: ci of boutique"),
            Field(
                "role",
                "Role",
                "select",
                value=str(Role.DEVELOPER),
                choices=roles,
                hint="At most what you may do yourself. Whatever its role, it approves nothing.",
            ),
        )

    def _page(self, form: Form, *, status: int = 200) -> HttpResponse:
        return self.settings_page("service_account_new", {"form": form}, status=status)


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
                granting.give(self.actor, row, request.POST)
            elif act == "take":
                granting.take_back(self.actor, request.POST)
            elif act == "suspend":
                services.suspend_member(self.actor, row.id, why=request.POST.get("why", "")[:4000])
            elif act == "restore":
                services.restore_member(self.actor, row.id)
            elif act == "offer":
                services.offer_ownership(
                    self.actor, row.id, giver_becomes=request.POST.get("giver_becomes", "")
                )
            elif act == "withdraw-offer":
                services.withdraw_ownership(self.actor)
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

    def _member(self, identifier: UUID) -> Membership:
        row: Membership | None = (
            Membership.objects.select_related("user")
            .prefetch_related("teams__team")
            .filter(id=identifier)
            .first()
        )
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
                if role != Role.OWNER or (owners.allowed and not row.user.is_service)
            ],
            "role_why_not": "Somebody else changes your role."
            if oneself
            else owners.why
            if row.role == Role.OWNER and not owners.allowed
            else "",
            "remove_why_not": self._remove_why_not(row, oneself=oneself),
            "grant_why_not": "A grant is given by somebody else." if oneself else "",
            **granting.choices(self.actor),
            "suspend_why_not": self._suspend_why_not(row, oneself=oneself),
            "offer": open_transfer(),
            "may_offer": owners.allowed and not oneself and self._able(row),
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
        if not able_owners(row.organization_id).exclude(id=row.id).exists():
            return LAST_OWNER
        return ""

    def _suspend_why_not(self, row: Membership, *, oneself: bool) -> str:
        return (
            "Somebody else suspends you; you may leave instead."
            if oneself
            else self._remove_why_not(row, oneself=oneself)
        )

    def _able(self, row: Membership) -> bool:
        return row.role != Role.OWNER and not row.user.is_service and row.suspended_at is None
