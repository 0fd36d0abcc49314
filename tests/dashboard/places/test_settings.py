"""Settings: people, tokens, environments, the organization. Every rule is the service's; the page shows it in place."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from apps.core import scopes
from tests.dashboard.conftest import Costs
from tests.dashboard.reading import browser
from tests.people import PASSWORD, People, actor, make_cluster, make_environment, make_environments

pytestmark = pytest.mark.usefixtures("transactional_database")  # a refusal rolls its transaction back


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def audited() -> list[tuple[str, str, str]]:
    from apps.audit.models import AuditEntry

    rows = AuditEntry.objects.exclude(channel="test").exclude(channel="command")
    return list(rows.order_by("number").values_list("action", "object_label", "actor_label"))


def membership(people: People, name: str) -> Any:
    from apps.organizations.models import Membership

    with scopes.organization(people.acme.id):
        return Membership.objects.get(user=getattr(people, name))


def test_the_rail_shows_settings_to_who_may_change_something_and_tokens_are_everybodys(
    people: People,
) -> None:
    seen = {}
    for name in ("ana", "ada", "bo", "dee", "olu", "vic"):
        client = browser(getattr(people, name))
        rail = words(client.get("/o/acme/environments/")).partition("</nav>")[0]
        first = client.get("/o/acme/settings/")["Location"]
        seen[name] = ("Settings</a>" in rail, first.removeprefix("/o/acme/settings/"))
    manages, sees = (True, "people/"), (False, "tokens/")
    assert seen == {"ana": manages, "ada": manages, "bo": sees, "dee": sees, "olu": sees, "vic": sees}


def test_who_may_not_is_refused_and_it_is_written_down(people: People) -> None:
    client = browser(people.bo)
    for path in (
        "people/",
        "environments/",
        "environments/new/",
        "clusters/",
        "clusters/new/",
        "organization/",
    ):
        answer = client.get(f"/o/acme/settings/{path}")
        assert answer.status_code == 403, path
        assert b"Your role (releaser) does not let you" in answer.content
    with scopes.organization(people.acme.id):
        assert {action for action, _, _ in audited()} == {"access.refused"}


def test_a_person_comes_by_the_link_that_the_page_shows_once(people: People) -> None:
    client = browser(people.ada)
    page = words(client.post("/o/acme/settings/people/", {"email": "Kim@acme.example", "role": "releaser"}))
    link = re.search(r"http://\S+?(/invitations/[\w-]+/)", page)
    assert link is not None
    assert link[1] not in words(client.get("/o/acme/settings/people/"))
    assert "kim@acme.example" in words(client.get("/o/acme/settings/people/"))
    joined = Client().post(link[1], {"name": "Kim", "password": PASSWORD})
    assert joined.status_code == 302
    page = words(client.get("/o/acme/settings/people/?name=kim"))
    assert "starts, stops, rolls back and approves everywhere" in page
    assert ">Withdraw" not in page
    again = client.post("/o/acme/settings/people/", {"email": "kim@acme.example", "role": "viewer"})
    assert (again.status_code, "This person is here already; change their role below." in words(again)) == (
        409,
        True,
    )
    with scopes.organization(people.acme.id):
        assert [entry[0] for entry in audited()] == ["member.invite", "member.join"]


def test_mistakes_stand_beside_their_fields_and_what_was_typed_is_kept(people: People) -> None:
    client = browser(people.ada)
    answer = client.post("/o/acme/settings/people/", {"email": "nobody", "role": "viewer"})
    page = words(answer)
    assert answer.status_code == 422
    assert 'id="field-email-error">This is no address.' in page
    assert 'value="nobody"' in page
    assert '<option value="viewer" selected>' in page
    assert (
        client.post("/o/acme/settings/people/", {"email": "o@x.example", "role": "owner"}).status_code == 403
    )


def test_an_invitation_is_withdrawn(people: People) -> None:
    from apps.organizations.models import Invitation

    client = browser(people.ana)
    client.post("/o/acme/settings/people/", {"email": "kim@acme.example", "role": "viewer"})
    with scopes.organization(people.acme.id):
        row = Invitation.objects.get()
    client.post(f"/o/acme/settings/invitations/{row.id}/withdraw/")
    assert "kim@acme.example" not in words(client.get("/o/acme/settings/people/"))


def test_roles_and_grants_are_given_and_taken_by_somebody_else(people: People) -> None:
    ana = actor(people.ana, people.acme)
    make_environments(ana, [make_cluster(ana)])
    client = browser(people.ada)
    vic = membership(people, "vic")
    path = f"/o/acme/settings/people/{vic.id}/"
    assert client.post(path, {"act": "role", "role": "developer"}).status_code == 302
    assert (
        client.post(path, {"act": "grant", "right": "approve", "environment": "production"}).status_code
        == 302
    )
    page = words(client.get(path))
    assert 'value="developer" checked' in page
    assert "Approve in production</span>" in page
    grant = re.search(r'name="grant" value="([\w-]+)"', page)
    assert grant is not None
    client.post(path, {"act": "take", "grant": grant[1]})
    assert "No grants: what the role lets them do is all." in words(client.get(path))
    with scopes.organization(people.acme.id):
        assert [entry[0] for entry in audited()] == ["member.role", "grant.give", "grant.take"]
    own = f"/o/acme/settings/people/{membership(people, 'ada').id}/"
    assert "Somebody else changes your role." in words(client.get(own))
    assert client.post(own, {"act": "role", "role": "owner"}).status_code == 403
    assert client.post(own, {"act": "grant", "right": "deploy", "environment": "dev"}).status_code == 403
    owner = f"/o/acme/settings/people/{membership(people, 'ana').id}/"
    assert client.post(owner, {"act": "remove"}).status_code == 403


def test_the_last_owner_stays_and_another_is_removed_with_their_tokens(people: People) -> None:
    from apps.organizations.models import ApiToken
    from apps.organizations.services import create_token

    client = browser(people.ana)
    own = f"/o/acme/settings/people/{membership(people, 'ana').id}/"
    assert "The last owner cannot leave; make somebody else an owner first." in words(client.get(own))
    refused = client.post(own, {"act": "remove"})
    assert (refused.status_code, "The last owner cannot leave" in words(refused)) == (409, True)
    with scopes.organization(people.acme.id):
        create_token(actor(people.dee, people.acme), name="ci", token_scopes=["read"])
    path = f"/o/acme/settings/people/{membership(people, 'dee').id}/"
    assert "Dee loses access within 10 seconds, and 1 token ends with it." in words(client.get(path))
    assert client.post(path, {"act": "remove"})["Location"] == "/o/acme/settings/people/"
    assert browser(people.dee).get("/o/acme/").status_code == 404
    with scopes.organization(people.acme.id):
        assert ApiToken.objects.get().revoked_at is not None
        assert audited() == [("member.remove", "Dee", "Ana")]


def test_a_token_is_shown_once_works_within_its_scopes_and_ends_when_it_is_revoked(people: People) -> None:
    client = browser(people.dee)
    path = "/o/acme/settings/tokens/"
    made = client.post(path, {"name": "ci", "days": "30", "scopes": ["read", "release"]})
    secret = re.search(r'id="secret">(slp_[\w-]+)<', words(made))
    assert secret is not None
    assert made["Cache-Control"] == "private, no-store"
    assert secret[1] not in words(client.get(path))
    headers = {"Authorization": f"Bearer {secret[1]}"}
    assert Client().get("/api/v1/organizations/acme/", headers=headers).status_code == 200
    page = words(client.get(path))
    assert "just now" not in page
    token = re.search(r"/settings/tokens/([\w-]+)/revoke/", page)
    assert token is not None
    client.post(f"/o/acme/settings/tokens/{token[1]}/revoke/")
    assert Client().get("/api/v1/organizations/acme/", headers=headers).status_code == 401
    assert "revoked <time" in words(client.get(path))
    with scopes.organization(people.acme.id):
        assert audited() == [("token.create", "ci", "Dee"), ("token.revoke", "ci", "Dee")]


def test_a_token_without_name_or_scope_is_none_and_says_why_in_place(people: People) -> None:
    client = browser(people.dee)
    nameless = client.post("/o/acme/settings/tokens/", {"name": "", "days": "30", "scopes": ["read"]})
    assert "A name tells it from the others" in words(nameless)
    scopeless = client.post("/o/acme/settings/tokens/", {"name": "ci", "days": ""})
    page = words(scopeless)
    assert scopeless.status_code == 422
    assert "Scopes are one or more of read, release, deploy, approve, admin." in page
    assert '<option value="" selected>never' in page
    assert client.get("/o/acme/settings/tokens/?whose=everybody").status_code == 403


def test_a_person_revokes_nobody_elses_token_unless_they_manage_people(people: People) -> None:
    from apps.organizations.services import create_token

    with scopes.organization(people.acme.id):
        row = create_token(actor(people.dee, people.acme), name="ci", token_scopes=["read"]).row
    path = f"/o/acme/settings/tokens/{row.id}/revoke/"
    assert browser(people.bo).post(path).status_code == 403
    answer = browser(people.ada).post(path)
    assert answer["Location"] == "/o/acme/settings/tokens/?whose=everybody"


def test_an_environment_is_made_by_the_form(people: People) -> None:
    ana = actor(people.ana, people.acme)
    make_cluster(ana, slug="one")
    client = browser(people.ada)
    path = "/o/acme/settings/environments/new/"
    assert 'value="one" checked' in words(client.get(path))
    said = {
        "slug": "qa",
        "name": "",
        "clusters": ["one"],
        "delivery_mode": "approve",
        "approvals_needed": "0",
        "strategy": "rolling",
        "bake_seconds": "60",
        "progress_deadline_seconds": "600",
        "namespace_template": "{application}-{environment}",
        "allowed_namespaces": "shared\nmonitoring",
        "allowed_cluster_kinds": "",
        "delete_limit": "10",
    }
    wrong = client.post(path, said)
    assert wrong.status_code == 422
    assert 'id="field-approvals_needed-error">Delivery by approval needs at least one approval.' in words(
        wrong
    )
    assert "shared\nmonitoring" in wrong.content.decode()
    many = words(client.post(path, said | {"bake_seconds": "soon", "delete_limit": "1e9"}))
    assert 'id="field-bake_seconds-error">A whole number, please.' in many
    assert 'id="field-delete_limit-error">A whole number, please.' in many
    made = client.post(path, said | {"approvals_needed": "2"})
    assert made["Location"] == "/o/acme/environments/qa/"
    page = words(client.get(made["Location"]))
    assert "<li>Then it waits for 2 approvals; nobody approves their own.</li>" in page
    assert "<li>At the end health must hold for 1 min.</li>" in page


def test_an_environment_that_somebody_else_changed_meanwhile_is_not_overwritten_unseen(
    people: People,
) -> None:
    from apps.environments.models import Environment
    from apps.environments.services import change_environment

    ana = actor(people.ana, people.acme)
    place = make_environment(ana, "dev", [make_cluster(ana)], bake_seconds=10)
    client = browser(people.ada)
    path = "/o/acme/settings/environments/edit/dev/"
    fields = dict(
        re.findall(
            r'<input type="text" id="\S+" name="(\w+)" value="([^"]*)"', client.get(path).content.decode()
        )
    )
    said = fields | {"revision": "1", "delivery_mode": "manual", "strategy": "rolling", "bake_seconds": "30"}
    said |= {"allowed_namespaces": "", "allowed_cluster_kinds": ""}
    with scopes.organization(people.acme.id):
        change_environment(ana, place, bake_seconds=20)
    late = client.post(path, said)
    page = words(late)
    assert late.status_code == 412
    assert "you have revision 1, it is at 2. What you typed is kept below" in page
    assert '<p class="now" id="field-bake_seconds-now">Now: 20</p>' in page
    assert 'name="bake_seconds" value="30"' in page
    assert client.post(path, said | {"revision": "2"}).status_code == 302
    with scopes.organization(people.acme.id):
        assert Environment.objects.get(slug="dev").bake_seconds == 30
        assert audited() == [("environment.change", "dev", "Ada")]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("namespace_template", "{nothing}", "A namespace template may hold {application} and {environment}."),
        ("namespace_template", "Shop {application}", "“Shop a” would be no name for a namespace."),
        ("allowed_namespaces", "Not One", "“Not One” is no name for a namespace."),
        ("allowed_cluster_kinds", "clusterroles", "“clusterroles” is no kind"),
        ("approvals_needed", "21", "From 0 to 20."),
        ("progress_deadline_seconds", "1", "From 5 to 86,400."),
        ("name", "", "A name has 1 to 120 characters."),
    ],
)
def test_the_services_rules_stand_beside_the_field(
    people: People, field: str, value: str, sentence: str
) -> None:
    ana = actor(people.ana, people.acme)
    make_environment(ana, "dev", [make_cluster(ana)])
    said = {
        "name": "dev",
        "revision": "1",
        "delivery_mode": "manual",
        "approvals_needed": "0",
        "strategy": "rolling",
        "bake_seconds": "0",
        "progress_deadline_seconds": "600",
        "namespace_template": "{application}-{environment}",
        "allowed_namespaces": "",
        "allowed_cluster_kinds": "",
        "delete_limit": "10",
    }
    answer = browser(people.ada).post("/o/acme/settings/environments/edit/dev/", said | {field: value})
    assert answer.status_code == 422
    beside = re.search(rf'id="field-{field}-error">([^<]*)', answer.content.decode())
    assert beside is not None
    assert beside[1].startswith(sentence)


def test_a_cluster_more_and_a_cluster_less_by_the_page(people: People) -> None:
    ana = actor(people.ana, people.acme)
    make_environment(ana, "dev", [make_cluster(ana, slug="one")])
    make_cluster(ana, slug="two")
    client = browser(people.ada)
    path = "/o/acme/settings/environments/edit/dev/"
    assert 'title="It is the only one; add another first."' in words(client.get(path))
    alone = client.post(path, {"act": "remove-cluster", "cluster": "one"})
    assert (alone.status_code, "one is the only cluster of dev" in words(alone)) == (409, True)
    assert client.post(path, {"act": "add-cluster", "cluster": "two"}).status_code == 302
    assert client.post(path, {"act": "remove-cluster", "cluster": "one"}).status_code == 302
    with scopes.organization(people.acme.id):
        assert [entry[0] for entry in audited()] == ["environment.add-cluster", "environment.remove-cluster"]


def test_the_organization_gets_another_name_and_keeps_its_address(people: People) -> None:
    client = browser(people.ada)
    path = "/o/acme/settings/organization/"
    empty = client.post(path, {"name": "  "})
    assert (empty.status_code, "A name has 1 to 120 characters." in words(empty)) == (422, True)
    assert client.post(path, {"name": "Acme Shipping"}).status_code == 302
    assert "<b>Acme Shipping</b>" in words(client.get("/o/acme/environments/"))
    with scopes.organization(people.acme.id):
        assert audited() == [("organization.rename", "Acme Shipping", "Ada")]


def test_pages_cost_as_much_for_many_as_for_few(people: People, costs: Costs) -> None:
    from apps.environments.services import grant
    from apps.organizations.choices import GrantedRight, Role
    from apps.organizations.models import User
    from apps.organizations.services import add_member, create_token, invite

    ana = actor(people.ana, people.acme)
    place = make_environment(ana, "dev", [make_cluster(ana)])
    client = browser(people.ana)
    vic = membership(people, "vic")
    pages = {
        "settings-people": "/o/acme/settings/people/",
        "settings-person": f"/o/acme/settings/people/{vic.id}/",
        "settings-tokens": "/o/acme/settings/tokens/",
    }

    def grow(number: int) -> None:
        user = User.objects.create_user(f"more{number}@acme.example", None, name=f"More {number}")
        member = add_member(ana.by, people.acme, user, Role.VIEWER)
        with scopes.organization(people.acme.id):
            grant(ana, place, member, GrantedRight.DEPLOY)
            invite(ana, email=f"later{number}@acme.example", role="viewer")
            create_token(ana, name=f"token {number}", token_scopes=["read"])

    grow(0)
    for name, url in pages.items():
        costs(client, name, url)
    for number in range(1, 4):
        grow(number)
    for name, url in pages.items():
        costs(client, name, url)
