"""By a real provider in another process: who comes in, as whom, and what that opens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.test import Client

from apps.core import scopes
from tests.people import PASSWORD, People, actor
from tests.sso.provider import Provider, connect, go, own_domain

pytestmark = pytest.mark.django_db


def _home(client: Client, organization: Any) -> int:
    return client.get(f"/o/{organization.slug}/activity/").status_code


def _role(user: Any, organization: Any) -> str:
    return str(actor(user, organization).role)


def _person(email: str) -> Any:
    from apps.organizations.models import User

    return User.objects.filter(email=email).first()


def test_a_new_person_of_a_verified_domain_comes_in_with_the_default_role(
    people: People, acme_provider: Provider
) -> None:
    connection = connect(people.ana, people.acme, acme_provider)
    own_domain(people.ana, people.acme, "new.example")
    login = acme_provider.hire("nia@new.example", name="Nia")
    client = Client()
    answer = go(client, people.acme, connection, acme_provider, login)
    assert (answer.status_code, answer["Location"]) == (302, "/o/acme/")
    nia = _person("nia@new.example")
    assert (_role(nia, people.acme), nia.name, nia.has_usable_password()) == ("viewer", "Nia", False)
    assert _home(client, people.acme) == 200
    account = SocialAccount.objects.get(user=nia)
    assert (account.provider, account.extra_data) == (connection.key, {})
    assert (SocialApp.objects.count(), SocialToken.objects.count()) == (0, 0)


def test_the_second_time_the_same_person_comes_in(people: People, acme_provider: Provider) -> None:
    from apps.organizations.models import User

    connection = connect(people.ana, people.acme, acme_provider)
    own_domain(people.ana, people.acme, "new.example")
    login = acme_provider.hire("nia@new.example")
    go(Client(), people.acme, connection, acme_provider, login)
    acme_provider.claim(login, "other@new.example")  # she is her subject, whatever her address is today
    before = User.objects.count()
    client = Client()
    assert go(client, people.acme, connection, acme_provider, login).status_code == 302
    assert User.objects.count() == before
    assert client.session["_auth_user_id"] == str(_person("nia@new.example").pk)


def test_groups_give_a_role_and_teams_and_take_them_again(people: People, acme_provider: Provider) -> None:
    from apps.organizations.connections import services
    from apps.organizations.models import Team, TeamMember

    connection = connect(people.ana, people.acme, acme_provider)
    own_domain(people.ana, people.acme, "new.example")
    ana = actor(people.ana, people.acme)
    with scopes.organization(people.acme.id):
        Team.objects.create(organization_id=people.acme.id, slug="payments", name="Payments")
        services.change_mapping(
            ana,
            connection.id,
            admits_new=True,
            default_role="viewer",
            groups_claim="groups",
            role_of_group={"devs": "developer", "ops": "releaser"},
            team_of_group={"pay": "payments"},
        )
    login = acme_provider.hire("nia@new.example", groups=["devs", "ops", "pay"])

    def now() -> tuple[str, int]:
        go(Client(), people.acme, connection, acme_provider, login)
        with scopes.organization(people.acme.id):
            teams = TeamMember.objects.filter(team__slug="payments").count()
        return _role(_person("nia@new.example"), people.acme), teams

    assert now() == ("releaser", 1)
    acme_provider.claim(login, "nia@new.example", groups=["devs"])
    assert now() == ("developer", 0)
    acme_provider.claim(login, "nia@new.example", groups="nonsense")
    assert now() == ("viewer", 0)


@pytest.mark.parametrize(
    ("email", "verified"),
    [("nia@else.example", True), ("nia@sub.new.example", True), ("nia@new.example", False), ("", True)],
)
def test_an_address_that_is_not_the_organizations_lets_nobody_in(
    email: str, verified: bool, people: People, acme_provider: Provider
) -> None:
    from apps.organizations.models import User

    connection = connect(people.ana, people.acme, acme_provider)
    own_domain(people.ana, people.acme, "new.example")
    login = acme_provider.hire(email or "x@y.example", verified=verified)
    acme_provider.control(claims={login: {"email": email, "email_verified": verified}})
    before = User.objects.count()
    client = Client()
    answer = go(client, people.acme, connection, acme_provider, login)
    assert answer.status_code == 403
    assert "gave no verified address" in answer.content.decode()
    assert "_auth_user_id" not in client.session
    assert User.objects.count() == before


def test_a_person_of_that_address_is_not_reached_but_links_when_signed_in(
    people: People, acme_provider: Provider
) -> None:
    connection = connect(people.ana, people.acme, acme_provider)
    own_domain(people.ana, people.acme, "acme.example")
    login = acme_provider.hire("bo@acme.example")
    stranger = Client()
    answer = go(stranger, people.acme, connection, acme_provider, login)
    assert answer.status_code == 409
    assert "_auth_user_id" not in stranger.session
    assert not SocialAccount.objects.exists()

    bo = Client()
    bo.force_login(people.bo)
    assert go(bo, people.acme, connection, acme_provider, login)["Location"] == "/o/acme/"
    assert SocialAccount.objects.get().user == people.bo
    again = Client()
    assert go(again, people.acme, connection, acme_provider, login).status_code == 302
    assert again.session["_auth_user_id"] == str(people.bo.pk)
    assert _role(people.bo, people.acme) == "releaser"


def test_a_provider_that_is_down_is_said_to_be_down(
    people: People, start_provider: Callable[[str], Provider]
) -> None:
    provider = start_provider("down")
    connection = connect(people.ana, people.acme, provider)
    provider.process.kill()
    provider.process.wait()
    answer = Client().post("/sso/acme/", {"connection": connection.key})
    assert answer.status_code == 503
    assert f"{connection.name} does not answer as it should" in answer.content.decode()


def test_a_rotated_secret_works_and_the_old_one_does_not(people: People, acme_provider: Provider) -> None:
    from apps.organizations.connections import services

    connection = connect(people.ana, people.acme, acme_provider)
    own_domain(people.ana, people.acme, "new.example")
    login = acme_provider.hire("nia@new.example")
    redirects = [f"http://testserver/accounts/oidc/{connection.key}/login/callback/"]
    acme_provider.control(client={"id": connection.client_id, "secret": "another", "redirects": redirects})
    refused = go(Client(), people.acme, connection, acme_provider, login)
    assert (refused.status_code, _person("nia@new.example")) == (503, None)
    with scopes.organization(people.acme.id):
        services.rotate_secret(actor(people.ana, people.acme), connection.id, secret="another")
    assert go(Client(), people.acme, connection, acme_provider, login).status_code == 302
    assert _person("nia@new.example") is not None


def test_signed_out_is_out(people: People, acme_provider: Provider) -> None:
    connection = connect(people.ana, people.acme, acme_provider)
    own_domain(people.ana, people.acme, "new.example")
    client = Client()
    go(client, people.acme, connection, acme_provider, acme_provider.hire("nia@new.example"))
    assert _home(client, people.acme) == 200
    client.post("/accounts/logout/")
    assert client.get("/o/acme/activity/")["Location"] == "/accounts/login/?next=/o/acme/activity/"
    assert "account_authentication_methods" not in client.session


def test_the_start_page_alone_may_lead_to_the_provider(people: People, acme_provider: Provider) -> None:
    connect(people.ana, people.acme, acme_provider)
    policy = Client().get("/sso/acme/").headers["Content-Security-Policy"]
    assert f"form-action 'self' {acme_provider.address}" in policy
    assert acme_provider.address not in Client().get("/accounts/login/").headers["Content-Security-Policy"]
    nothing = Client().get("/sso/globex/")
    assert (nothing.status_code, Client().get("/sso/nobody/").status_code) == (404, 404)


def test_a_removed_member_does_not_come_back_by_the_provider(people: People, acme_provider: Provider) -> None:
    from apps.organizations.models import Membership
    from apps.organizations.services import remove_member

    connection = connect(people.ana, people.acme, acme_provider)
    own_domain(people.ana, people.acme, "new.example")
    login = acme_provider.hire("nia@new.example")
    go(Client(), people.acme, connection, acme_provider, login)
    with scopes.organization(people.acme.id):
        row = Membership.objects.get(user=_person("nia@new.example"))
        remove_member(actor(people.ana, people.acme), row.id)
    client = Client()
    assert go(client, people.acme, connection, acme_provider, login).status_code == 403
    assert "_auth_user_id" not in client.session


def test_the_test_button_shows_the_claims_and_signs_nobody_in(
    people: People, acme_provider: Provider
) -> None:
    connection = connect(people.ana, people.acme, acme_provider, on=False)
    owner = Client()
    assert (
        owner.post("/accounts/login/", {"login": people.ana.email, "password": PASSWORD}).status_code == 302
    )
    page = f"/o/acme/settings/connections/{connection.id}/"
    assert owner.post(page, {"act": "on"}).status_code == 409
    start = owner.post(f"{page}test/")
    answer = acme_provider.sign_in(owner, start, acme_provider.hire("tess@new.example", groups=["ops"]))
    assert answer["Location"] == page
    shown = owner.get(page).content.decode()
    assert "tess@new.example" in shown
    assert "ops" in shown
    assert owner.session["_auth_user_id"] == str(people.ana.pk)
    assert (_person("tess@new.example"), SocialAccount.objects.count()) == (None, 0)
    assert owner.post(page, {"act": "on"}).status_code == 302
    with scopes.organization(people.acme.id):
        connection.refresh_from_db()
    assert connection.status == "on"


def test_who_starts_too_often_waits(people: People, acme_provider: Provider, settings: Any) -> None:
    connection = connect(people.ana, people.acme, acme_provider)
    settings.API_STRANGERS_PER_MINUTE = 0
    answer = Client().post("/sso/acme/", {"connection": connection.key})
    assert answer.status_code == 429
    assert "Wait a minute" in answer.content.decode()


def test_a_token_without_the_nonce_of_this_question_is_refused(
    people: People, acme_provider: Provider
) -> None:
    """A token that was made for another browser's sign-in, or that carries none."""
    connection = connect(people.ana, people.acme, acme_provider)
    own_domain(people.ana, people.acme, "new.example")
    login = acme_provider.hire("nia@new.example")
    client = Client()
    start = client.post("/sso/acme/", {"connection": connection.key})
    session = client.session
    for state in session["socialaccount_states"].values():
        state[0]["data"]["nonce"] = "of another question"
    session.save()
    answer = acme_provider.sign_in(client, start, login)
    assert answer.status_code == 403
    assert "another question" in answer.content.decode()
    assert "_auth_user_id" not in client.session


def test_the_short_name_leads_to_the_start_page(people: People) -> None:
    assert Client().get("/sso/").status_code == 200
    assert Client().get("/sso/?organization=Acme")["Location"] == "/sso/acme/"
    wrong = Client().get("/sso/?organization=//evil.example")
    assert wrong.status_code == 422
    assert "That is no short name" in wrong.content.decode()
