"""A shop whose rollouts wait for people: PostgreSQL and its commits are real, the cluster is not asked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from apps.approvals.services import decide
from apps.core import scopes
from apps.rollouts.models import Rollout
from apps.rollouts.services import advancing, leases, looking, planning, starting
from slipway.engine.objects import ObjectKey
from slipway.engine.plans import Plan, PlannedObject, Verb
from slipway.engine.steps import CHECK, Step, StepKind
from tests.people import (
    People,
    actor,
    make_application,
    make_cluster,
    make_environment,
    make_release,
    target_of,
)
from tests.rollouts.driver import of

MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: greeting}\ndata: {hello: world}\n"
KEY = ObjectKey("", "ConfigMap", "shop-production", "greeting")


@dataclass
class Bench:
    people: People
    cluster: Any
    application: Any
    production: Any = None
    target: Any = None
    drift: list[str] = field(default_factory=list)  # what stands in the cluster besides: another plan

    def scope(self) -> Any:
        return scopes.organization(self.people.acme.id)

    def by(self, name: str) -> Any:
        return actor(getattr(self.people, name), self.people.acme)

    def policy(self, *, approvals_needed: int = 1, **rules: Any) -> None:
        owner = self.by("ana")
        self.production = make_environment(
            owner, "production", [self.cluster], approvals_needed=approvals_needed, approval_rules=rules
        )
        self.target = target_of(owner, self.application, self.production)

    def release(self, version: str, *people: str, committed_by: str = "") -> Any:
        """One commit by each of these; by address, or by the name of one of acme's."""
        addresses = [person if "@" in person else f"{person}@acme.example" for person in people]
        commits = [
            {
                "sha": hashlib.sha1(f"{version}{address}".encode(), usedforsecurity=False).hexdigest(),
                "message": "Say hello",
                "author": f"Somebody <{address}>",
                **({"committer": f"Somebody <{committed_by}>"} if committed_by else {}),
            }
            for address in addresses
        ]
        return make_release(self.by("ana"), self.application, version, MANIFEST, commits=commits)

    def start(self, release: Any, *, by: str = "bo", waiting: bool = True) -> Rollout:
        starter = self.by(by)
        with self.scope():
            rollout = starting.start_rollout(starter, self.target, release).rollout
        if waiting:
            self.advance(rollout)
            assert of(rollout).phase == "waiting"
        return of(rollout)

    def live(self, release: Any) -> None:
        """As if it had been rolled out."""
        with self.scope():
            type(self.target).objects.filter(id=self.target.id).update(
                live_release_id=release.id,
                live_number=release.number,
                live_version=release.version,
                live_since=release.created_at,
            )

    def advance(self, rollout: Rollout) -> Rollout:
        advancing.advance(rollout.organization_id, rollout.id)
        return of(rollout)

    def decide(self, name: str, rollout: Rollout, *, approved: bool = True, **more: Any) -> Any:
        decider = self.by(name)
        with self.scope():
            digest = more.pop("plan_digest", "") or of(rollout).plan_digest
            return decide(decider, rollout.id, plan_digest=digest, approved=approved, **more)

    def gate(self, rollout: Rollout, name: str = "approval") -> dict[str, Any]:
        (found,) = [reason for reason in self.advance(rollout).reasons if reason["gate"] == name]
        return found


def make_bench(people: People, monkeypatch: pytest.MonkeyPatch) -> Bench:
    owner = actor(people.ana, people.acme)
    bench = Bench(people, make_cluster(owner), make_application(owner, slug="shop"))

    def look(lease: leases.Lease, rollout: Rollout, cluster: Any) -> looking.Seen:
        with scopes.organization(lease.organization_id):
            Rollout.objects.filter(id=lease.rollout_id, fence=lease.fence).update(
                plan_wanted=False, planned_at=None
            )
            version, live = rollout.release.version, rollout.target.live_release_id
            back = starting.last_good_release(rollout.target) if live else None
            number = rollout.target.live_number
        objects: Sequence[PlannedObject] = (
            PlannedObject(KEY, Verb.CREATE),
            *(PlannedObject(ObjectKey("", "ConfigMap", "x", name), Verb.CHANGE) for name in bench.drift),
        )
        plan = Plan(
            target=str(rollout.target_id),
            release_digest=version,
            way_back_digest=bytes(back.digest).hex() if back else "",
            way_back_label=back.version if back else "",
            step_titles=("Check the plan", "Configuration"),
            objects=tuple(objects),
        )
        source: Any = type("Source", (), {"live": back, "live_number": number, "way_back": back})
        steps = (CHECK, Step(StepKind.APPLY, "Configuration", (KEY,)))
        planned = planning.Planned(plan, steps, (), source)
        return looking.Seen(looking.Observation(plan=planned.facts), planned=planned)

    held = looking.Seen(looking.Observation(remaining=1, waiting="the test holds it"))
    monkeypatch.setattr(looking, "connect", lambda cluster: None)
    monkeypatch.setattr(looking, "_look_at_plan", look)
    monkeypatch.setattr(looking, "_apply", lambda *arguments: held)
    monkeypatch.setattr(looking, "_look_at_health", lambda *arguments: held)
    return bench
