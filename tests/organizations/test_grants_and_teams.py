"""Grants of people and teams, by environment and application, and that nobody gives themselves one by any way round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from apps.core import scopes
from apps.core.problems import Forbidden
from tests.people import People, actor, make_application, make_cluster, make_environments


@dataclass(frozen=True, slots=True)
class Place:
    people: People
    production: Any
    dev: Any
    shop: Any
    blog: Any


@pytest.fixture
def place(people: People) -> Place:
    ana = actor(people.ana, people.acme)
    environments = make_environments(ana, [make_cluster(ana)])
    shop, blog = make_application(ana, slug="shop"), make_application(ana, slug="blog")
    return Place(people, environments["production"], environments["dev"], shop, blog)


def _member(people: People, user: Any) -> Any:
    from apps.organizations.models import Membership

    return Membership.objects.select_related("user").get(user_id=user.pk)


def _give(place: Place, to: Any, right: str, *, environment: Any = None, application: Any = None) -> Any:
    from apps.environments.services import grant

    with scopes.organization(place.people.acme.id):
        ana = actor(place.people.ana, place.people.acme)
        return grant(ana, environment, to, right, application=application)  # type: ignore[arg-type]  # the choice's word


def _team(people: People, *members: Any) -> Any:
    from apps.organizations.services import add_to_team, create_team

    ana = actor(people.ana, people.acme)
    with scopes.organization(people.acme.id):
        team = create_team(ana, slug="payments", name="Payments")
        for user in members:
            add_to_team(ana, team, _member(people, user).id)
    return team


def _may(place: Place, user: Any, right: Any, environment: Any, application: Any) -> bool:
    from apps.organizations.access import decide

    by = actor(user, place.people.acme)
    return decide(
        by,
        right,
        environment_id=environment.id if environment else None,
        application_id=application.id if application else None,
    ).allowed


REACH = [  # the grant's environment and application, then where it holds
    (
        None,
        None,
        {
            "production/shop",
            "production/blog",
            "dev/shop",
            "dev/blog",
            "production/",
            "dev/",
            "/shop",
            "/blog",
        },
    ),
    ("production", None, {"production/shop", "production/blog", "production/"}),
    (None, "shop", {"production/shop", "dev/shop", "/shop"}),
    ("production", "shop", {"production/shop"}),
]


@pytest.mark.parametrize("through_team", [False, True])
@pytest.mark.parametrize(("environment", "application", "holds"), REACH)
def test_a_grant_holds_at_its_place_and_nowhere_else(
    place: Place, environment: str | None, application: str | None, holds: set[str], through_team: bool
) -> None:
    from apps.organizations.access import Right

    vic = place.people.vic
    with scopes.organization(place.people.acme.id):
        to = _member(place.people, vic)
    to = _team(place.people, vic) if through_team else to
    environments = {"production": place.production, "dev": place.dev, "": None}
    applications = {"shop": place.shop, "blog": place.blog, "": None}
    _give(
        place,
        to,
        "deploy",
        environment=environments[environment or ""],
        application=applications[application or ""],
    )
    found = {
        f"{where}/{what}"
        for where, there in environments.items()
        for what, one in applications.items()
        if _may(place, vic, Right.START, there, one)
    }
    assert found == holds
    assert not _may(place, vic, Right.APPROVE, place.production, place.shop)
    assert not _may(place, place.people.olu, Right.START, place.production, place.shop)


def test_who_leaves_a_team_or_whose_team_ends_holds_nothing_of_it(place: Place) -> None:
    from apps.organizations.access import Right
    from apps.organizations.services import delete_team, remove_from_team

    people = place.people
    team = _team(people, people.vic, people.olu)
    _give(place, team, "deploy")
    ana = actor(people.ana, people.acme)
    assert _may(place, people.vic, Right.START, place.production, place.shop)
    with scopes.organization(people.acme.id):
        remove_from_team(ana, team, _member(people, people.vic).id)
    assert not _may(place, people.vic, Right.START, place.production, place.shop)
    assert _may(place, people.olu, Right.START, place.production, place.shop)
    with scopes.organization(people.acme.id):
        delete_team(ana, team)
    assert not _may(place, people.olu, Right.START, place.production, place.shop)


def test_nobody_gives_their_own_team_a_grant_or_themselves_a_team(place: Place) -> None:
    from apps.environments.services import grant
    from apps.organizations.services import add_to_team

    people = place.people
    team = _team(people, people.ada)
    ada = actor(people.ada, people.acme)
    with scopes.organization(people.acme.id):
        with pytest.raises(Forbidden, match="You are in Payments: a grant is given by somebody else"):
            grant(ada, place.production, team, "deploy")  # type: ignore[arg-type]  # the choice's word
        with pytest.raises(Forbidden, match="A grant is given by somebody else"):
            grant(ada, place.production, _member(people, people.ada), "deploy")  # type: ignore[arg-type]  # as above
        with pytest.raises(Forbidden, match="Somebody else puts you into a team"):
            add_to_team(ada, team, _member(people, people.ada).id)


def test_who_edits_policy_does_not_deploy_by_it(place: Place) -> None:
    """An admin edits it and deploys nowhere; a developer whose grant is to configure deploys and does not edit it."""
    from apps.environments.services import change_environment
    from apps.organizations.access import Right

    people = place.people
    ada = actor(people.ada, people.acme)
    with scopes.organization(people.acme.id):
        change_environment(ada, place.dev, approvals_needed=0, delivery_mode="auto")
        to = _member(people, people.dee)
    for right in (Right.START, Right.START_UNAPPROVED, Right.STEER, Right.APPROVE):
        assert not _may(place, people.ada, right, place.dev, place.shop)
    _give(place, to, "configure", environment=place.production)
    dee = actor(people.dee, people.acme)
    with scopes.organization(people.acme.id):
        changed = change_environment(dee, place.production, bake_seconds=7, approvals_needed=1)
        assert changed.bake_seconds == 7
    for policy in (
        {"approvals_needed": 0, "delivery_mode": "manual"},
        {"delivery_mode": "auto"},
        {"production": False},
    ):
        with (
            scopes.organization(people.acme.id),
            pytest.raises(Forbidden, match="change what a rollout needs"),
        ):
            change_environment(dee, place.production, **policy)
    with scopes.organization(people.acme.id), pytest.raises(Forbidden):
        change_environment(dee, place.dev, bake_seconds=7)


def test_an_admin_gets_no_deploys_through_a_service_account(place: Place) -> None:
    """Not by its role, not by its token, not by a grant to it or to its team once they hold its token."""
    from apps.environments.services import grant
    from apps.organizations.services import (
        add_to_team,
        change_role,
        create_service_account,
        create_team,
        create_token,
    )

    people = place.people
    ada, ana = actor(people.ada, people.acme), actor(people.ana, people.acme)
    with scopes.organization(people.acme.id):
        with pytest.raises(Forbidden, match="so you make no account that may"):
            create_service_account(ada, name="ci", role="releaser")
        robot = create_service_account(ana, name="robot", role="releaser")
        with pytest.raises(Forbidden, match="which you may not yourself"):
            create_token(ada, name="mine", token_scopes=["deploy"], account_id=robot.id)
        own = create_service_account(ada, name="own", role="viewer")
        with pytest.raises(Forbidden, match="so you make no account that may"):
            change_role(ada, own.id, role="releaser")
        create_token(ada, name="mine", token_scopes=["read", "deploy"], account_id=own.id)
        with pytest.raises(Forbidden, match="You would hold a token"):
            grant(ada, place.production, own, "deploy")  # type: ignore[arg-type]  # the choice's word
        team = create_team(ana, slug="deployers")
        grant(ana, None, team, "deploy")  # type: ignore[arg-type]  # as above
        with pytest.raises(Forbidden, match="You would hold a token"):
            add_to_team(ada, team, own.id)
        grant(ana, place.production, own, "deploy")  # type: ignore[arg-type]  # by somebody else: fine
        with pytest.raises(Forbidden, match="which you may not yourself"):
            create_token(ada, name="again", token_scopes=["deploy"], account_id=own.id)


def test_the_door_asks_one_query_with_teams_and_grants_in_it(place: Place) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    people = place.people
    _give(place, _team(people, people.vic), "deploy")
    with CaptureQueriesContext(connection) as captured:
        vic = actor(people.vic, people.acme)
    asked = [query["sql"] for query in captured.captured_queries]
    real = [sql for sql in asked if not sql.startswith(("SAVEPOINT", "RELEASE", "SELECT set_config"))]
    assert len(real) == 1, real
    assert {team.slug for team in vic.teams} == {"payments"}
