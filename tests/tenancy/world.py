"""One organization with something of everything in it, and whoever might knock at its door."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from apps.core import scopes
from tests.people import (
    People,
    actor,
    make_application,
    make_cluster,
    make_environment,
    make_release,
    target_of,
)

MANIFESTS = """
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {a: b}
"""
SEEN = {
    "objects": {},
    "pods": {
        "pod-1": {
            "name": "settings-1",
            "owner": "",
            "set": "",
            "new": True,
            "health": "healthy",
            "sentence": "ready",
            "restarts": 0,
            "node": "",
            "ending": False,
        }
    },
}
EVERY_SCOPE = ("read", "release", "deploy", "approve", "admin")


@dataclass(frozen=True, slots=True)
class World:
    people: People
    rollout: Any  # of 1.0 in production, started by the policy; it waits for one approval
    target: Any
    digest: str
    member: Any  # vic's membership
    other: Any  # eve's, a viewer more
    invitation: Any
    token: Any  # one of eve's
    grant: Any
    team: Any  # vic is in it


def make_world(people: People) -> World:
    from apps.audit.services import POLICY, By
    from apps.environments.services import grant
    from apps.organizations.choices import Role
    from apps.organizations.models import Membership, User
    from apps.organizations.services import add_member, create_token, invite
    from apps.rollouts.models import PlanRecord, Rollout
    from apps.rollouts.services.starting import start_automatically
    from slipway.engine.objects import ObjectKey
    from slipway.engine.plans import Plan, PlannedObject, Verb

    eve = User.objects.create_user("eve@acme.example", "nothing", name="Eve")
    add_member(By("operator", "the tests"), people.acme, eve, Role.VIEWER)
    ana = actor(people.ana, people.acme)
    cluster = make_cluster(ana, slug="main")
    make_environment(ana, "dev", [cluster])
    production = make_environment(ana, "production", [cluster], approvals_needed=1)
    application = make_application(ana, slug="shop")
    release = make_release(ana, application, "1.0", MANIFESTS)
    make_release(ana, application, "1.1", MANIFESTS)
    target = target_of(ana, application, production)
    with scopes.organization(people.acme.id):
        rollout = start_automatically(POLICY, target, release, why="the world begins").rollout
        settings = PlannedObject(ObjectKey("", "ConfigMap", target.namespace, "settings"), Verb.CREATE)
        plan = Plan(str(target.id), "sha256:r", "", "", ("Apply",), (settings,))
        PlanRecord.objects.create(
            organization_id=people.acme.id,
            rollout=rollout,
            number=1,
            digest=plan.digest,
            body={"plan": plan.to_json(), "steps": []},
        )
        Rollout.objects.filter(id=rollout.id).update(phase="waiting", plan_digest=plan.digest, progress=SEEN)
        memberships = {row.user_id: row for row in Membership.objects.select_related("user")}
        return World(
            people=people,
            rollout=rollout,
            target=target,
            digest=plan.digest,
            member=memberships[people.vic.pk],
            other=memberships[eve.pk],
            invitation=invite(ana, email="new@example.org", role="viewer").row,
            token=create_token(actor(eve, people.acme), name="eve's", token_scopes=["read"]).row,
            team=_team(ana, memberships[people.vic.pk]),
            grant=grant(ana, production, memberships[eve.pk], "approve"),  # type: ignore[arg-type]  # the word of the choice
        )


def _team(by: Any, member: Any) -> Any:
    from apps.organizations.services import add_to_team, create_team

    team = create_team(by, slug="web", name="Web")
    add_to_team(by, team, member.id)
    return team


def token(user: Any, organization: Any, *token_scopes: str, dead: str = "") -> str:
    from apps.organizations.models import ApiToken
    from apps.organizations.services import create_token, digest_of

    with scopes.organization(organization.id):
        secret = create_token(
            actor(user, organization), name="walk", token_scopes=token_scopes or EVERY_SCOPE
        ).secret
        long_ago = timezone.now() - timedelta(minutes=1)
        if dead:
            ApiToken.objects.filter(digest=digest_of(secret)).update(**{dead: long_ago})
    return secret
