"""The people of every test, and builders for what they work with.

`acme` has one person of each role; `globex` is somebody else's organization, whose owner must see none of it.
Works with `django_db` and with `transactional_database` alike.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

PASSWORD = "a long enough pass phrase"

# Parsed and sealed like any other, and nothing answers there: for tests that never ask a cluster.
NOBODY = """
apiVersion: v1
kind: Config
current-context: nobody
clusters: [{name: nobody, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: nobody, user: {token: nothing}}]
contexts: [{name: nobody, context: {cluster: nobody, user: nobody}}]
"""

_names = itertools.count(1)


@dataclass(frozen=True, slots=True)
class People:
    acme: Any  # Organization
    globex: Any
    ana: Any  # owner of acme
    bo: Any  # releaser
    dee: Any  # developer
    ada: Any  # admin
    olu: Any  # auditor
    vic: Any  # viewer
    gil: Any  # owner of globex, a stranger to acme


@pytest.fixture
def people(request: pytest.FixtureRequest) -> People:
    request.getfixturevalue(
        "transactional_database" if "transactional_database" in request.fixturenames else "db"
    )
    return make_people()


def make_people() -> People:
    from apps.audit.services import By
    from apps.organizations.choices import Role
    from apps.organizations.models import User
    from apps.organizations.services import add_member, create_organization

    by = By("operator", "the tests", channel="command")
    acme = create_organization(by, slug="acme", name="Acme")
    globex = create_organization(by, slug="globex", name="Globex")
    roles = {
        "ana": Role.OWNER,
        "bo": Role.RELEASER,
        "dee": Role.DEVELOPER,
        "ada": Role.ADMIN,
        "olu": Role.AUDITOR,
        "vic": Role.VIEWER,
    }
    found = {
        name: User.objects.create_user(f"{name}@acme.example", PASSWORD, name=name.capitalize())
        for name in roles
    }
    gil = User.objects.create_user("gil@globex.example", PASSWORD, name="Gil")
    for name, role in roles.items():
        add_member(by, acme, found[name], role)
    add_member(by, globex, gil, Role.OWNER)
    return People(acme=acme, globex=globex, gil=gil, **found)


def actor(user: Any, organization: Any) -> Any:
    """The person in that organization, as the door lets them in."""
    from apps.organizations.access import access_organization

    return access_organization(user, organization.slug, channel="test")


def make_cluster(owner: Any, kubeconfig: str = NOBODY, *, slug: str = "") -> Any:
    from apps.clusters.services import add_cluster
    from apps.core import scopes

    with scopes.organization(owner.organization_id):
        return add_cluster(owner, slug=slug or f"cluster-{next(_names)}", name="", kubeconfig=kubeconfig)


def make_application(owner: Any, *, slug: str = "", **settings: Any) -> Any:
    from apps.applications.services import create_application
    from apps.core import scopes

    with scopes.organization(owner.organization_id):
        return create_application(owner, slug=slug or f"shop-{next(_names)}", **settings)


def make_environment(owner: Any, slug: str, clusters: Sequence[Any], **policy: Any) -> Any:
    """Manual, no approvals, no bake, unless `policy` says otherwise."""
    from apps.core import scopes
    from apps.environments.services import create_environment

    with scopes.organization(owner.organization_id):
        return create_environment(owner, slug=slug, clusters=list(clusters), **policy)


def make_environments(owner: Any, clusters: Sequence[Any], **policy: Any) -> dict[str, Any]:
    """dev and staging by themselves, production by one approval, in this order."""
    return {
        "dev": make_environment(owner, "dev", clusters, delivery_mode="auto", **policy),
        "staging": make_environment(owner, "staging", clusters, delivery_mode="auto", **policy),
        "production": make_environment(
            owner,
            "production",
            clusters,
            delivery_mode="approve",
            approvals_needed=1,
            production=True,
            **policy,
        ),
    }


def make_release(
    maker: Any, application: Any, version: str, bundle: str | Mapping[str, bytes], **facts: Any
) -> Any:
    """`bundle` is the text of one YAML file, or a whole bundle."""
    from apps.core import scopes
    from apps.releases.services.creation import create_release

    files = {"app.yaml": bundle.encode()} if isinstance(bundle, str) else bundle
    with scopes.organization(maker.organization_id):
        return create_release(maker, application, version=version, bundle=files, **facts).release


def target_of(viewer: Any, application: Any, environment: Any) -> Any:
    """The one target of an application in an environment, as its door hands it out."""
    from apps.core import scopes
    from apps.environments.models import Target
    from apps.rollouts.access import access_target

    with scopes.organization(viewer.organization_id):
        row = Target.objects.get(application_id=application.id, environment_id=environment.id)
        return access_target(viewer, row.id)
