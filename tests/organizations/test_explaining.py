"""`access explain` says what the decision says, and why."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.test import Client

from apps.core import scopes
from tests.people import People, actor, make_application, make_cluster, make_environments


@pytest.fixture
def granted(people: People) -> People:
    from apps.environments.services import grant
    from apps.organizations.models import Membership
    from apps.organizations.services import add_to_team, create_team

    ana = actor(people.ana, people.acme)
    environments = make_environments(ana, [make_cluster(ana)])
    shop = make_application(ana, slug="shop")
    with scopes.organization(people.acme.id):
        team = create_team(ana, slug="payments", name="Payments")
        add_to_team(ana, team, Membership.objects.get(user_id=people.vic.pk).id)
        grant(ana, environments["production"], team, "deploy", application=shop)  # type: ignore[arg-type]  # the choice's word
    return people


def _ask(by: Any, **query: str) -> Any:
    client = Client()
    client.force_login(by)
    return client.get("/api/v1/organizations/acme/access/explain/", query)


def test_it_names_role_team_and_grant(granted: People) -> None:
    answer = _ask(granted.ana, person="vic@acme.example", action="start", object="shop/production").json()
    assert answer == {
        "allowed": True,
        "sentence": "Vic may start a rollout (shop in production).",
        "because": [
            "Role: viewer does not let them start a rollout.",
            "Teams: Payments.",
            "Grant (team Payments): deploy shop in production; it counts here.",
        ],
    }
    elsewhere = _ask(granted.ana, person="vic@acme.example", action="start", object="shop/dev").json()
    assert elsewhere["allowed"] is False
    assert (
        elsewhere["because"][-1]
        == "Grant (team Payments): deploy shop in production; it does not reach here."
    )


def test_it_says_what_decide_says_for_everybody_everywhere(granted: People) -> None:
    from apps.applications.models import Application
    from apps.environments.models import Environment
    from apps.organizations.access import Right, decide
    from apps.organizations.explaining import ACTIONS, Place, explain
    from apps.organizations.models import Membership
    from apps.organizations.standing import with_standing

    users = [granted.ana, granted.bo, granted.dee, granted.ada, granted.olu, granted.vic]
    with scopes.organization(granted.acme.id):
        environments = [None, *Environment.objects.values_list("id", flat=True)]
        applications = [None, *Application.objects.values_list("id", flat=True)]
        members = {
            row.user_id: row
            for row in with_standing(Membership.objects.select_related("user", "organization"))
        }
        asked = 0
        for user in users:
            by = actor(user, granted.acme)
            for right, where, what in itertools.product(Right, environments, applications):
                place = Place("there", where, what)
                said = explain(members[user.pk], right, place, names={})
                assert said.allowed is decide(by, right, environment_id=where, application_id=what).allowed
                asked += 1
    assert asked == len(users) * len(Right) * 4 * 2
    assert set(ACTIONS.values()) == set(Right)


def test_it_says_when_somebody_is_suspended(granted: People) -> None:
    from apps.organizations.models import Membership
    from apps.organizations.services import suspend_member

    with scopes.organization(granted.acme.id):
        member = Membership.objects.get(user_id=granted.bo.pk).id
        suspend_member(actor(granted.ana, granted.acme), member)
    answer = _ask(granted.ana, person=str(member), action="approve", object="production").json()
    assert answer["sentence"] == "Bo may not approve (in production)."
    assert answer["because"][0].startswith("Suspended: since ")


def test_a_tokens_scopes_are_said(granted: People) -> None:
    from apps.organizations.services import create_token

    with scopes.organization(granted.acme.id):
        row = create_token(actor(granted.bo, granted.acme), name="ci", token_scopes=["read"]).row
    answer = _ask(granted.ana, person="bo@acme.example", action="start", token=str(row.id)).json()
    assert answer["allowed"] is False
    assert answer["because"][0] == "Token: the scopes of ci (read) do not let it start a rollout."


@pytest.mark.parametrize(
    ("who", "about", "status"),
    [("vic", "vic", 200), ("vic", "bo", 403), ("olu", "bo", 200), ("ada", "bo", 200), ("vic", "no", 403)],
)
def test_one_asks_about_oneself_or_as_who_manages_people_or_audits(
    granted: People, who: str, about: str, status: int
) -> None:
    assert _ask(getattr(granted, who), person=f"{about}@acme.example", action="see").status_code == status


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ({"action": "fly"}, 422, "There is no action called fly"),
        (
            {"action": "start", "object": "nowhere"},
            404,
            "There is no application or environment of that name.",
        ),
        ({"action": "start", "object": "shop/nowhere"}, 404, "There is no such environment."),
    ],
)
def test_what_it_does_not_know_it_says(
    granted: People, query: dict[str, str], status: int, words: str
) -> None:
    answer = _ask(granted.ana, person="bo@acme.example", **query)
    assert (answer.status_code, words in answer.json()["detail"]) == (status, True)
