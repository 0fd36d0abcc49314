"""An organization's single sign-on, set up by its owners: draft, test, see what it says, switch on, require."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from apps.core import scopes
from apps.core.problems import Invalid, NotFound, Problem
from apps.dashboard.forms.fields import Field, Form, filled, refused
from apps.dashboard.views.settings.page import SettingsPage, beside_the_form
from apps.dashboard.views.sso import lead_to, may_lead_to
from apps.organizations.access import Right, authorize
from apps.organizations.choices import ConnectionStatus, Role
from apps.organizations.connections import services
from apps.organizations.connections.adapter import TESTED
from apps.organizations.connections.claims import MAPPED_ROLES
from apps.organizations.models import Connection, Membership, Organization, Team, VerifiedDomain


class _Connections(SettingsPage):
    """Opens its own scopes: providers and the name system are asked while no transaction is open."""

    section = "settings-connections"
    opens_scope = False
    asks_again = frozenset({"POST"})

    def inside(self) -> AbstractContextManager[scopes.Scope]:
        return scopes.organization(self.actor.organization_id)


class Connections(_Connections):
    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        with self.inside():
            authorize(self.actor, Right.MANAGE_OWNERS)
            return self._page(Form(()))

    def post(self, request: HttpRequest, organization: str) -> HttpResponse:
        act = request.POST.get("act", "")
        fields = (Field("domain", "Domain"), Field("glass_breaker", "Who"))
        form = Form(filled(fields, request.POST))
        try:
            self._act(act, form)
        except Problem as problem:
            with self.inside():
                return self._page(refused(form, beside_the_form(problem)), status=problem.status)
        return redirect("settings-connections", organization)

    def _act(self, act: str, form: Form) -> None:
        if act == "check-domain":
            identifier = _id(self.request.POST.get("id", ""))
            with self.inside():
                row = services.access_domain(self.actor, identifier)
            shown = services.domain_shows(row.domain, row.proof)
            with self.inside():
                services.record_domain(self.actor, identifier, shown=shown)
            if not shown:
                raise Invalid(
                    f"No such record at {services.PROOF_NAME}.{row.domain} yet. It can take an hour to be seen."
                )
            return
        with self.inside():
            authorize(self.actor, Right.MANAGE_OWNERS)
            if act == "add-domain":
                services.add_domain(self.actor, domain=form["domain"].value)
            elif act == "remove-domain":
                services.remove_domain(self.actor, _id(self.request.POST.get("id", "")))
            elif act == "require":
                services.require_connection(self.actor, glass_breaker=_id(form["glass_breaker"].value))
            elif act == "release":
                services.release_connection(self.actor)
            else:
                raise Invalid("There is no such act.")

    def _page(self, form: Form, *, status: int = 200) -> HttpResponse:
        organization = Organization.objects.get(id=self.actor.organization_id)
        owners = Membership.objects.select_related("user").filter(role=Role.OWNER).order_by("user__email")
        breaker = next((row for row in owners if row.breaks_glass), None)
        choices = tuple((str(row.id), str(row.user)) for row in owners)
        domain_hint = "Persons with an address in it come in by themselves, once it is shown to be yours."
        errors = {one.name: one.error for one in form.fields}
        context = {
            "form": form,
            "connections": list(Connection.objects.order_by("name")),
            "domains": list(VerifiedDomain.objects.order_by("domain")),
            "proof_name": services.PROOF_NAME,
            "required_from": organization.connection_from,
            "breaker": breaker,
            "sign_in": settings.PUBLIC_URL + reverse("sso", args=[organization.slug]),
            "domain_field": Field(
                "domain", "Domain", most=253, hint=domain_hint, mono=True, error=errors.get("domain", "")
            ),
            "breaker_field": Field(
                "glass_breaker",
                "Who gets in when it is broken",
                "select",
                choices=choices,
                hint="An owner with a password of their own, for an hour at a time, with a reason that is audited.",
                error=errors.get("glass_breaker", ""),
            ),
            "require_why_not": "" if self.actor.opened_by else "Sign in by a connection yourself first.",
        }
        return self.settings_page("connections", context, status=status)


class NewConnection(_Connections):
    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        with self.inside():
            authorize(self.actor, Right.MANAGE_OWNERS)
            return self._page(Form(_fields()))

    def post(self, request: HttpRequest, organization: str) -> HttpResponse:
        form = Form(filled(_fields(), request.POST))
        try:
            with self.inside():
                authorize(self.actor, Right.MANAGE_OWNERS)
            metadata = services.read_metadata(form["metadata_url"].value)
            with self.inside():
                row = services.add_connection(
                    self.actor,
                    name=form["name"].value,
                    client_id=form["client_id"].value,
                    secret=form["secret"].value,
                    metadata=metadata,
                )
        except Problem as problem:
            with self.inside():
                return self._page(refused(form, beside_the_form(problem)), status=problem.status)
        return redirect("settings-connection", organization, row.id)

    def _page(self, form: Form, *, status: int = 200) -> HttpResponse:
        return self.settings_page("connection_new", {"form": form}, status=status)


class ConnectionPage(_Connections):
    def get(self, request: HttpRequest, organization: str, connection: UUID) -> HttpResponse:
        with self.inside():
            row = services.access_connection(self.actor, connection)
            return self._page(row, Form(_mapping_fields(row)))

    def post(self, request: HttpRequest, organization: str, connection: UUID) -> HttpResponse:
        with self.inside():
            row = services.access_connection(self.actor, connection)
        form = Form(filled(_mapping_fields(row), request.POST))
        secret = Form(filled((Field("secret", "Secret"),), request.POST))
        try:
            with self.inside():
                self._act(request.POST.get("act", ""), row, form, secret["secret"].value)
        except Problem as problem:
            with self.inside():
                return self._page(row, refused(form, beside_the_form(problem)), problem=problem)
        return redirect("settings-connection", organization, connection)

    def _act(self, act: str, row: Connection, form: Form, secret: str) -> None:
        if act == "on":
            services.switch_on(self.actor, row.id)
        elif act == "off":
            services.switch_off(self.actor, row.id)
        elif act == "secret":
            services.rotate_secret(self.actor, row.id, secret=secret)
        elif act == "mapping":
            teams = _pairs("teams", form["teams"].value)
            known = set(Team.objects.filter(slug__in=teams.values()).values_list("slug", flat=True))
            unknown = sorted(set(teams.values()) - known)
            if unknown:
                sentence = f"There is no team {unknown[0]}."
                raise Invalid(sentence, fields={"teams": sentence})
            services.change_mapping(
                self.actor,
                row.id,
                admits_new=bool(form["admits_new"].value),
                default_role=form["default_role"].value,
                groups_claim=form["groups_claim"].value,
                role_of_group=_pairs("roles", form["roles"].value),
                team_of_group=teams,
            )
        else:
            raise Invalid("There is no such act.")

    def _page(self, row: Connection, form: Form, *, problem: Problem | None = None) -> HttpResponse:
        tested = self.request.session.get(TESTED) or {}
        wrong = problem.fields.get("secret", "") if problem else ""
        context = {
            "row": row,
            "on": row.status == ConnectionStatus.ON,
            "form": form,
            "callback": settings.PUBLIC_URL + reverse("openid_connect_callback", args=[row.key]),
            "claims": tested.get("claims") if tested.get("connection") == str(row.id) else None,
            "ready": row.tested_at is not None and row.tested_at >= row.changed_at,
            "secret_field": Field("secret", "New secret", "password", required=True, error=wrong),
        }
        return self.settings_page("connection", context, status=problem.status if problem else 200)


class TestConnection(_Connections):
    """Leads to the provider and back to the connection's page, which then shows what it said. Signs nobody in."""

    def get(self, request: HttpRequest, organization: str, connection: UUID) -> HttpResponse:
        with self.inside():
            row = services.access_connection(self.actor, connection)
            return may_lead_to(self.settings_page("connection_test", {"row": row}), [row])

    def post(self, request: HttpRequest, organization: str, connection: UUID) -> HttpResponse:
        with self.inside():
            row = services.access_connection(self.actor, connection)
        return lead_to(request, row, purpose="test", back="/")


def _fields() -> tuple[Field, ...]:
    return (
        Field("name", "Name", required=True, most=40, hint="On the button: Acme's Keycloak"),
        Field(
            "metadata_url",
            "Issuer or metadata address",
            required=True,
            most=500,
            mono=True,
            hint="https://idp.example.com/realms/acme: its /.well-known/openid-configuration is read.",
        ),
        Field("client_id", "Client ID", required=True, most=300, mono=True),
        Field(
            "secret",
            "Client secret",
            "password",
            required=True,
            most=500,
            hint="Kept encrypted, never shown again.",
        ),
    )


def _mapping_fields(row: Connection) -> tuple[Field, ...]:
    return (
        Field(
            "admits_new",
            "Let in persons whom nobody invited, with an address in a verified domain",
            "check",
            value="on" if row.admits_new else "",
        ),
        Field(
            "default_role",
            "Role",
            "select",
            value=row.default_role,
            choices=tuple((str(role), role.label) for role in MAPPED_ROLES),
            hint="Of who brings no group that says otherwise.",
        ),
        Field("groups_claim", "Claim that lists groups", value=row.groups_claim, most=60, mono=True),
        Field(
            "roles",
            "Roles by group",
            "lines",
            value=_text(row.role_of_group),
            mono=True,
            hint="platform-admins = admin, one per line. At each sign-in; owners are never changed.",
        ),
        Field(
            "teams",
            "Teams by group",
            "lines",
            value=_text(row.team_of_group),
            mono=True,
            hint="payments-devs = payments, one per line: the team's short name.",
        ),
    )


def _text(pairs: dict[str, Any]) -> str:
    return "\n".join(f"{group} = {what}" for group, what in sorted(pairs.items()))


def _pairs(name: str, text: str) -> dict[str, str]:
    found = {}
    for line in text.splitlines():
        group, _, what = (part.strip() for part in line.rpartition("="))
        if not line.strip():
            continue
        if not group or not what or len(group) > 200:
            sentence = f"“{line.strip()[:60]}” is not: group = what it brings."
            raise Invalid(sentence, fields={name: sentence})
        found[group] = what
    if len(found) > 200:
        raise Invalid("At most 200 groups.", fields={name: "At most 200 groups."})
    return found


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("There is no such thing.") from None
