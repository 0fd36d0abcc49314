from __future__ import annotations

import pytest

from apps.core import scopes
from apps.core.problems import NotFound
from apps.environments.models import Target
from apps.organizations.access import Right, decide
from tests.people import (
    People,
    actor,
    make_application,
    make_cluster,
    make_environments,
    make_release,
    target_of,
)

MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: greeting}\ndata: {hello: world}\n"


def test_a_release_makes_a_target_in_each_environment(people: People) -> None:
    ana, dee = actor(people.ana, people.acme), actor(people.dee, people.acme)
    cluster = make_cluster(ana)
    environments = make_environments(ana, [cluster])
    application = make_application(ana, slug="shop")
    release = make_release(dee, application, "1.0.0", MANIFEST)
    assert release.number == 1
    assert target_of(ana, application, environments["dev"]).namespace == "shop-dev"
    with scopes.organization(people.acme.id):
        assert Target.objects.count() == 3


def test_a_stranger_finds_no_door(people: People) -> None:
    with pytest.raises(NotFound):
        actor(people.gil, people.acme)
    assert decide(actor(people.gil, people.globex), Right.START).allowed


def test_the_people_are_there_when_commits_are_real(transactional_database: str, people: People) -> None:
    assert actor(people.bo, people.acme).role == "releaser"
