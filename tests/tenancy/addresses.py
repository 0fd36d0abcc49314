"""The one table: each address of the API, what it takes, and the right it needs. Written by hand, from the design;
nothing here is computed from the code that it tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from tests.people import NOBODY
from tests.tenancy.world import MANIFESTS, World

PUBLIC, PERSON = "anybody", "a person"  # not in any organization yet
SEE, SEE_AUDIT = "see", "see the audit"
MAKE_RELEASE, START, START_UNAPPROVED = "make a release", "start", "start where no approval is needed"
NOBODY_BY_TOKEN = "nobody by a token"
STEER, APPROVE, CONFIGURE, PEOPLE = "steer", "approve", "configure", "people"
BREAK_GLASS = "break the glass"

_DEVELOPER = {SEE, MAKE_RELEASE, START_UNAPPROVED}
_RELEASER = _DEVELOPER | {START, STEER, APPROVE}
_ADMIN = {SEE, SEE_AUDIT, CONFIGURE, PEOPLE}
ROLES = {  # DESIGN.md, 1
    "viewer": {SEE},
    "auditor": {SEE, SEE_AUDIT},
    "developer": _DEVELOPER,
    "releaser": _RELEASER,
    "admin": _ADMIN,
    "owner": _RELEASER | _ADMIN | {BREAK_GLASS},
}
TOKEN_SCOPES = {
    "read": {SEE, SEE_AUDIT},
    "release": {SEE, MAKE_RELEASE},
    "deploy": {SEE, START, START_UNAPPROVED, STEER},
    "approve": {SEE, APPROVE, BREAK_GLASS},
    "admin": {SEE, CONFIGURE, PEOPLE, SEE_AUDIT},
}


@dataclass(frozen=True, slots=True)
class Address:
    name: str
    method: str
    needs: str
    ok: int = 200  # what somebody with the right is answered
    body: Callable[[World], Any] | None = None
    kwargs: tuple[tuple[str, str], ...] = ()
    alike: str = ""  # tells two rows of one address and method apart

    @property
    def label(self) -> str:
        return f"{self.method} {self.name}{f' {self.alike}' if self.alike else ''}"


def _start(environment: str, **more: Any) -> Callable[[World], Any]:
    return lambda world: {
        "application": "shop",
        "environment": environment,
        "release": "1.1",
        **more,
    }


def _action(name: str, ok: int) -> Address:
    return Address(
        "api-rollout-action", "POST", STEER, ok, lambda world: {}, kwargs=(("action", name),), alike=name
    )


API = [
    Address("api-schema", "GET", PUBLIC),
    Address("api-docs", "GET", PUBLIC),
    Address("api-organizations", "GET", PERSON),
    Address("api-organization", "GET", SEE),
    Address("api-organization", "PATCH", CONFIGURE, body=lambda world: {"name": "Acme Two"}),
    Address("api-members", "GET", SEE),
    Address("api-member", "PATCH", PEOPLE, body=lambda world: {"role": "developer"}),
    Address("api-member", "DELETE", PEOPLE, 204),
    Address("api-member-suspension", "PUT", PEOPLE, body=lambda world: {}),
    Address("api-member-suspension", "DELETE", PEOPLE),
    Address("api-leave", "POST", NOBODY_BY_TOKEN, body=lambda world: {}),
    Address("api-service-accounts", "GET", SEE),
    Address("api-service-accounts", "POST", PEOPLE, 201, lambda world: {"name": "ci", "role": "viewer"}),
    Address("api-ownership", "GET", SEE, 404),
    Address(
        "api-ownership",
        "POST",
        NOBODY_BY_TOKEN,
        body=lambda world: {"member": str(world.other.id), "giver_becomes": "admin"},
    ),
    Address("api-ownership", "DELETE", SEE, 404),  # none is open
    Address("api-ownership-accept", "POST", SEE, 404, lambda world: {}),
    Address("api-teams", "GET", SEE),
    Address("api-teams", "POST", PEOPLE, 201, lambda world: {"slug": "two"}),
    Address("api-team", "GET", SEE),
    Address("api-team", "PATCH", PEOPLE, body=lambda world: {"name": "Two"}),
    Address("api-team", "DELETE", PEOPLE, 204),
    Address("api-team-members", "POST", PEOPLE, 201, lambda world: {"member": str(world.other.id)}),
    Address("api-team-member", "DELETE", PEOPLE, 204),
    Address("api-invitations", "GET", PEOPLE),
    Address("api-invitations", "POST", PEOPLE, 201, lambda world: {"email": "x@y.example", "role": "viewer"}),
    Address("api-invitation", "DELETE", PEOPLE, 204),
    Address("api-tokens", "GET", SEE),
    Address("api-tokens", "POST", SEE, 201, lambda world: {"name": "t", "scopes": ["read"]}),
    Address("api-token", "DELETE", PEOPLE),
    Address("api-activity", "GET", SEE),
    Address("api-audit", "GET", SEE_AUDIT),
    Address("api-audit-verify", "GET", SEE_AUDIT),
    Address("api-audit-export", "GET", SEE_AUDIT),
    Address("api-audit-keys", "GET", SEE_AUDIT),
    Address("api-clusters", "GET", SEE),
    Address("api-clusters", "POST", CONFIGURE, 201, lambda world: {"slug": "two", "kubeconfig": NOBODY}),
    Address("api-cluster", "GET", SEE),
    Address("api-cluster", "PATCH", CONFIGURE, body=lambda world: {"kubeconfig": NOBODY}),
    Address("api-cluster-check", "POST", SEE),
    Address("api-applications", "GET", SEE),
    Address("api-applications", "POST", CONFIGURE, 201, lambda world: {"slug": "two"}),
    Address("api-application", "GET", SEE),
    Address("api-application", "PATCH", CONFIGURE, body=lambda world: {"name": "Two"}),
    Address("api-environments", "GET", SEE),
    Address("api-environments", "POST", CONFIGURE, 201, lambda world: {"slug": "test", "clusters": ["main"]}),
    Address("api-environment", "GET", SEE),
    Address("api-environment", "PATCH", CONFIGURE, body=lambda world: {"bake_seconds": 5}),
    Address("api-environment-move", "POST", CONFIGURE, body=lambda world: {"position": 1}),
    Address("api-environment-clusters", "POST", CONFIGURE, 409, lambda world: {"cluster": "main"}),
    Address("api-environment-cluster", "DELETE", CONFIGURE, 409),  # its only one
    Address("api-grants", "GET", SEE),
    Address(
        "api-grants",
        "POST",
        PEOPLE,
        201,
        lambda world: {"member": str(world.other.id), "right": "deploy"},
    ),
    Address("api-grant", "DELETE", PEOPLE, 204),
    Address("api-all-grants", "GET", SEE),
    Address(
        "api-all-grants",
        "POST",
        PEOPLE,
        201,
        lambda world: {"team": "web", "right": "deploy", "application": "shop"},
    ),
    Address("api-access-explain", "GET", SEE, 422),  # asks for what is not said here
    Address("api-releases", "GET", SEE),
    Address(
        "api-releases", "POST", MAKE_RELEASE, 201, lambda world: {"version": "2.0", "manifests": MANIFESTS}
    ),
    Address("api-release", "GET", SEE),
    Address("api-rollouts", "GET", SEE),
    Address("api-rollouts", "POST", START_UNAPPROVED, 201, _start("dev"), alike="in dev"),
    Address("api-rollouts", "POST", START, 201, _start("production"), alike="in production"),
    Address("api-rollouts", "POST", STEER, 422, _start("dev", rollback=True), alike="back"),
    Address("api-rollout", "GET", SEE),
    Address("api-rollout-plan", "GET", SEE),
    Address("api-rollout-explain", "GET", SEE),
    Address("api-rollout-events", "GET", SEE),
    Address("api-approvals", "GET", SEE),
    Address(
        "api-approvals",
        "POST",
        APPROVE,
        201,
        lambda world: {"plan_digest": world.digest, "approved": True},
    ),
    Address("api-delegations", "GET", SEE),
    Address(
        "api-delegations",
        "POST",
        APPROVE,
        201,
        lambda world: {
            "email": world.people.vic.email,
            "ends_at": (timezone.now() + timedelta(days=3)).isoformat(),
        },
    ),
    Address("api-delegation", "DELETE", APPROVE, 404),  # none of one's own
    Address("api-overrides", "GET", SEE),
    Address(
        "api-break-glass",
        "POST",
        BREAK_GLASS,
        201,
        lambda world: {"plan_digest": world.digest, "reason": "it burns", "environment": "production"},
    ),
    Address(  # there is no such lane
        "api-emergency", "POST", START, 409, lambda world: {"reason": "it burns", "environment": "production"}
    ),
    Address(  # none is owed
        "api-after-review", "POST", APPROVE, 409, lambda world: {"justified": True, "comment": "right so"}
    ),
    _action("abort", 200),
    _action("stop", 200),
    _action("pause", 409),  # it waits; there is nothing to pause
    _action("resume", 409),
    _action("retry", 409),
    Address("api-rollout-confirm-deletions", "POST", START, body=lambda world: {"deletions": 0}),
    Address("api-targets", "GET", SEE),
    Address("api-target", "GET", SEE),
    Address("api-target", "PATCH", CONFIGURE, body=lambda world: {"image_overrides": {}}),
    Address("api-target-reapply", "POST", STEER, 422, lambda world: {}),  # nothing is live yet
    Address("api-target-lift-mark", "POST", STEER, body=lambda world: {}),
]


LEADS_ON = ("settings/",)  # pages that send one on to another, by their ends
# Pages that a viewer is refused, by their ends; every other one is open to every member.
NOT_FOR_VIEWERS = (
    "/pods/<str:pod>/log/",
    "/audit/",
    "settings/organization/",
    "settings/second-factor/",
    "settings/connections/",
    "settings/connections/new/",
    "settings/connections/<uuid:connection>/",
    "settings/connections/<uuid:connection>/test/",
    "/break-glass/",
    "settings/people/",
    "settings/people/<uuid:member>/",
    "settings/people/service-account/",
    "settings/teams/",
    "settings/teams/<slug:team>/",
    "settings/environments/",
    "settings/environments/new/",
    "settings/environments/edit/<slug:environment>/",
    "settings/clusters/",
    "settings/clusters/new/",
    "settings/clusters/edit/<slug:cluster>/",
)


def kwargs_of(world: World) -> dict[str, Any]:
    """What stands in the holes of addresses, of the API and of pages alike. A hole that is not here fails the walk."""
    return {
        "organization": "acme",
        "application": "shop",
        "environment": "production",
        "cluster": "main",
        "version": "1.0",
        "versions": "1.0...1.1",
        "rollout": str(world.rollout.id),
        "number": world.rollout.number,
        "action": "abort",
        "name": "abort",
        "target": world.target.id,
        "member": world.member.id,
        "invitation": world.invitation.id,
        "token": world.token.id,
        "grant": world.grant.id,
        "team": "web",
        "secret": "no-such-secret",
        "delegation": world.rollout.id,  # no delegation's
        "sign_in": "no-such-sign-in",  # an organization's short name, asked before anybody is signed in
        "provider_id": "no-such-connection",
        "connection": "00000000-0000-7000-8000-000000000001",  # refused before it is looked for
        "kind": "ConfigMap",
        "space": "shop-production",
        "named": "settings",
        "pod": "pod-1",
        "at": 1,
        "session": 1,
        "key": "no-such-key",
        "view": "no-such-view",
    }
