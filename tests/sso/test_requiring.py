"""An organization that opens to nobody but who came by its own connection, and the glass beside it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.audit.services import By
from apps.core import scopes
from apps.core.problems import Conflict, Forbidden, Invalid
from tests.people import PASSWORD, People, actor
from tests.sso.provider import Provider, connect, go

pytestmark = pytest.mark.django_db

_REQUIRE = "/o/acme/settings/connections/"


def _signed_in(person: Any) -> Client:
    client = Client()
    assert client.post("/accounts/login/", {"login": person.email, "password": PASSWORD}).status_code == 302
    return client


def _membership(person: Any, organization: Any) -> Any:
    from apps.organizations.models import Membership

    with scopes.organization(organization.id):
        return Membership.objects.get(user=person)


@pytest.fixture
def required(people: People, acme_provider: Provider) -> tuple[Any, Client]:
    """Acme requires its connection; Ana, who asked for that, came by it and may break the glass."""
    connection = connect(people.ana, people.acme, acme_provider)
    ana = _signed_in(people.ana)
    breaker = str(_membership(people.ana, people.acme).id)
    refused = ana.post(_REQUIRE, {"act": "require", "glass_breaker": breaker})
    assert (refused.status_code, "Sign in by the connection yourself first" in refused.content.decode()) == (
        409,
        True,
    )
    go(ana, people.acme, connection, acme_provider, acme_provider.hire("ana@acme.example"))
    assert ana.post(_REQUIRE, {"act": "require", "glass_breaker": breaker}).status_code == 302
    assert ana.get("/o/acme/activity/").status_code == 200
    return connection, ana


def test_a_password_alone_leads_to_the_step_up_page_and_the_connection_to_the_organization(
    required: tuple[Any, Client], people: People, acme_provider: Provider
) -> None:
    connection, _ = required
    bo = _signed_in(people.bo)
    page = bo.get("/o/acme/activity/?page=2")
    assert page.status_code == 403
    assert 'href="/sso/acme/?next=/o/acme/activity/%3Fpage%3D2"' in page.content.decode()
    assert "Break the glass" not in page.content.decode()
    refusal = bo.get("/api/v1/organizations/acme/applications/")
    assert (refusal.status_code, refusal.json()["type"]) == (403, "urn:slipway:problem:step-up")
    login = acme_provider.hire("bo@acme.example")
    back = go(bo, people.acme, connection, acme_provider, login, next="/o/acme/activity/")
    assert back["Location"] == "/o/acme/activity/"
    assert bo.get("/o/acme/activity/").status_code == 200
    assert bo.get("/api/v1/organizations/acme/applications/").status_code == 200


def test_other_organizations_of_the_person_are_as_open_as_before(
    required: tuple[Any, Client], people: People
) -> None:
    from apps.organizations.choices import Role
    from apps.organizations.services import add_member

    add_member(By("operator", "the tests"), people.globex, people.bo, Role.VIEWER)
    bo = _signed_in(people.bo)
    assert (bo.get("/o/globex/activity/").status_code, bo.get("/o/acme/activity/").status_code) == (200, 403)
    chooser = bo.get("/").content.decode()
    assert "Acme" in chooser
    assert "Globex" in chooser


def test_a_socket_is_refused_and_an_open_one_is_lost(required: tuple[Any, Client], people: People) -> None:
    from django.conf import settings

    from apps.live.rights import Knock, lost, take_seat
    from apps.organizations.connections import services
    from apps.organizations.signing_in.proofs import StepUp

    connection, ana = required

    def knock(client: Client) -> Knock:
        name = settings.SESSION_COOKIE_NAME
        return Knock("acme", {name: client.cookies[name].value}, None, "")

    with pytest.raises(StepUp):
        take_seat(knock(_signed_in(people.bo)))
    _, seat = take_seat(knock(ana))
    assert lost([seat]) == {}
    owner = actor(people.ana, people.acme)
    with scopes.organization(people.acme.id):
        services.release_connection(owner)
        services.switch_off(owner, connection.id)
    assert list(lost([seat])) == [seat]


def test_a_socket_that_a_password_opened_is_lost_once_the_connection_is_required(
    people: People, acme_provider: Provider
) -> None:
    from django.conf import settings
    from django.utils import timezone

    from apps.live.rights import Knock, lost, take_seat
    from apps.organizations.models import Organization

    bo = _signed_in(people.bo)
    name = settings.SESSION_COOKIE_NAME
    _, seat = take_seat(Knock("acme", {name: bo.cookies[name].value}, None, ""))
    assert lost([seat]) == {}
    with scopes.organization(people.acme.id):
        Organization.objects.filter(id=people.acme.id).update(
            connection_from=timezone.now()
            - timedelta(minutes=1)  # the test is one transaction, whose clock stands
        )
    assert [(seat, loss.signed_out) for seat, loss in lost([seat]).items()] == [(seat, False)]


def test_the_named_owner_breaks_the_glass_for_an_hour_with_a_reason_that_is_audited(
    required: tuple[Any, Client], people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apps.audit.models import AuditEntry
    from apps.organizations.connections import shown

    ana = _signed_in(people.ana)
    page = ana.get("/o/acme/activity/")
    assert (page.status_code, 'href="/sso/acme/break-glass/"' in page.content.decode()) == (403, True)
    assert ana.post("/sso/acme/break-glass/", {"why": " "}).status_code == 422
    assert ana.get("/o/acme/activity/").status_code == 403
    assert ana.post("/sso/acme/break-glass/", {"why": "the provider is down"}).status_code == 302
    assert ana.get("/o/acme/activity/").status_code == 200
    assert _signed_in(people.ana).get("/o/acme/activity/").status_code == 403  # this session alone
    with scopes.organization(people.acme.id):
        entry = AuditEntry.objects.get(action="connection.break-glass")
    assert (entry.actor_label, entry.why) == ("Ana", "the provider is down")
    monkeypatch.setattr(shown, "GLASS_LASTS", -shown.GLASS_LASTS)
    assert ana.get("/o/acme/activity/").status_code == 403


def test_nobody_else_breaks_it(required: tuple[Any, Client], people: People) -> None:
    bo = _signed_in(people.bo)
    assert bo.post("/sso/acme/break-glass/", {"why": "let me in"}).status_code == 403
    assert _signed_in(people.gil).post("/sso/acme/break-glass/", {"why": "me too"}).status_code == 404
    assert bo.get("/o/acme/activity/").status_code == 403


def test_a_forged_mark_in_a_session_of_somebody_else_breaks_nothing(
    required: tuple[Any, Client], people: People
) -> None:
    from django.utils import timezone

    from apps.organizations.connections.shown import GLASS

    bo = _signed_in(people.bo)
    session = bo.session
    session[GLASS] = {str(people.acme.id): timezone.now().timestamp()}
    session.save()
    assert bo.get("/o/acme/activity/").status_code == 403


def test_the_last_connection_stays_on_while_it_is_required(
    required: tuple[Any, Client], people: People
) -> None:
    from apps.organizations.connections import services

    connection, _ = required
    with scopes.organization(people.acme.id), pytest.raises(Conflict, match="by this connection alone"):
        services.switch_off(actor(people.ana, people.acme), connection.id)


def test_only_an_owner_sets_any_of_it_up(people: People, acme_provider: Provider) -> None:
    from apps.organizations.connections import services

    connection = connect(people.ana, people.acme, acme_provider)
    for person in (people.ada, people.bo, people.vic):
        whom = actor(person, people.acme)
        with scopes.organization(people.acme.id):
            for act in (services.switch_on, services.switch_off, services.access_connection):
                with pytest.raises(Forbidden):
                    act(whom, connection.id)
            with pytest.raises(Forbidden):
                services.add_domain(whom, domain="acme.example")
            with pytest.raises(Forbidden):
                services.release_connection(whom)


@pytest.mark.parametrize("role", ["ada", "bo", "vic"])
def test_its_pages_are_an_owners(role: str, people: People) -> None:
    assert _signed_in(getattr(people, role)).get(_REQUIRE).status_code == 403


def test_a_connection_makes_nobody_an_owner(people: People, acme_provider: Provider) -> None:
    from apps.organizations.connections import services

    connection = connect(people.ana, people.acme, acme_provider)
    same = {"admits_new": True, "groups_claim": "groups", "team_of_group": {}}
    with scopes.organization(people.acme.id):
        ana = actor(people.ana, people.acme)
        with pytest.raises(Invalid):
            services.change_mapping(ana, connection.id, default_role="owner", role_of_group={}, **same)
        with pytest.raises(Invalid):
            services.change_mapping(
                ana, connection.id, default_role="viewer", role_of_group={"boss": "owner"}, **same
            )
