"""A shop that is rolled out, written through the services as the worker writes it, without a cluster behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from django.utils import timezone

from tests.people import (
    People,
    actor,
    make_application,
    make_cluster,
    make_environments,
    make_release,
    target_of,
)

T = TypeVar("T")
SERVICES = {"frontend": 4, "cartservice": 3, "adservice": 2, "checkoutservice": 2}


def bundle(tag: str) -> str:
    return "---\n".join(
        f"""apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: {name}}}}}
  template:
    metadata: {{labels: {{app: {name}}}}}
    spec: {{containers: [{{name: server, image: "registry.example/boutique/{name}:{tag}"}}]}}
"""
        for name, replicas in SERVICES.items()
    )


def apart(function: Callable[[], T]) -> T:
    """On a thread without Playwright's event loop, where wake-ups can be sent as everywhere else."""

    def work() -> T:
        from django.db import connections

        try:
            return function()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work).result()


@dataclass
class Story:
    people: People
    boutique: Any
    environments: dict[str, Any]
    releases: dict[str, Any] = field(default_factory=dict)

    def actor(self, name: str) -> Any:
        return actor(getattr(self.people, name), self.people.acme)

    def release(self, version: str) -> Any:
        if version not in self.releases:
            commits = [
                {
                    "sha": f"{index + 1:02x}" * 20,
                    "message": f"SHOP-{410 + index} {subject}",
                    "author": "Dee <dee@acme.example>",
                }
                for index, subject in enumerate(("Show the cart's total", "Retry a failed payment once"))
            ]
            self.releases[version] = make_release(
                self.actor("dee"), self.boutique, version, bundle(version), commits=commits
            )
        return self.releases[version]

    def start(self, version: str, place: str, *, by: str = "ana") -> Teller:
        return apart(lambda: self._start(version, place, by=by))

    def _start(self, version: str, place: str, *, by: str) -> Teller:
        from apps.core import scopes
        from apps.rollouts.services.starting import start_rollout

        starter = self.actor(by)
        release = self.release(version)
        target = target_of(starter, self.boutique, self.environments[place])
        with scopes.organization(self.people.acme.id):
            rollout = start_rollout(starter, target, release, why="the cart shows its total").rollout
        return Teller(self, rollout.id, rollout.number)

    def live(self, version: str, place: str) -> Teller:
        """The whole way, at once."""
        teller = self.start(version, place)
        teller.plan()
        teller.begin()
        teller.observe(ready=1.0)
        teller.succeed()
        return teller


@dataclass(frozen=True)
class Teller:
    """Says what the worker would say about one rollout."""

    story: Story
    rollout_id: Any
    number: int

    @property
    def path(self) -> str:
        return f"/o/acme/rollouts/{self.number}/"

    def plan(self, *, image: str = "", also: Callable[[str], list[Any]] | None = None) -> None:
        """`also` says what else is planned in the target's namespace."""
        from apps.approvals.gates import approval_gate
        from apps.rollouts.conversions import gate_to_json
        from apps.rollouts.models import PlanRecord
        from slipway.engine.diff import FieldChange
        from slipway.engine.objects import ObjectKey
        from slipway.engine.plans import Plan, PlannedObject, Verb
        from slipway.engine.state import EngineEvent

        def tell(row: Any) -> list[Any]:
            before = row.from_release.version if row.from_release else None
            verb = Verb.CHANGE if before else Verb.CREATE
            space = row.target.namespace
            objects = [
                PlannedObject(
                    ObjectKey("apps", "Deployment", space, name),
                    verb,
                    (
                        FieldChange(
                            "spec.template.spec.containers[name=server].image",
                            f"registry.example/boutique/{name}:{before}" if before else None,
                            f"registry.example/boutique/{name}:{image or row.release.version}",
                        ),
                    ),
                )
                for name in SERVICES
            ]
            objects.append(PlannedObject(ObjectKey("", "Service", space, "frontend"), Verb.UNCHANGED))
            objects += also(space) if also else []
            if before:
                objects.append(PlannedObject(ObjectKey("", "ConfigMap", space, "flags-5d1e"), Verb.PRUNE))
            plan = Plan(
                target=str(row.target_id),
                release_digest="r",
                way_back_digest="w",
                way_back_label=before or "",
                step_titles=("Check the plan", "Workloads", "Remove what is gone"),
                objects=tuple(objects),
            )
            keys = [str(item.key) for item in objects if item.verb is verb]
            steps = [
                {"kind": "check", "title": "Check the plan", "keys": [], "awaits": False},
                {"kind": "apply", "title": "Workloads", "keys": keys, "awaits": True},
            ]
            row.plan_number += 1
            row.plan_digest = plan.digest
            PlanRecord.objects.create(
                organization_id=row.organization_id,
                rollout=row,
                number=row.plan_number,
                digest=plan.digest,
                body={"plan": plan.to_json(), "steps": steps},
            )
            row.phase, row.phase_since = "waiting", timezone.now()
            gates = approval_gate(row, timezone.now())
            row.reasons = [gate_to_json(gate) for gate in gates]
            held = [gate for gate in gates if gate.answer.word != "pass"]
            row.sentence = (
                f"Waiting: {held[0].sentence}; {held[0].unblocked_by} can lift it." if held else plan.sentence
            )
            return [
                EngineEvent("planned", {"digest": plan.digest, "sentence": plan.sentence}),
                EngineEvent("phase", {"phase": "waiting", "sentence": row.sentence}),
            ]

        self._tell(tell)

    def begin(self) -> None:
        from apps.rollouts.models import JournalEntry, PlanRecord
        from slipway.engine.state import EngineEvent

        def tell(row: Any) -> list[Any]:
            row.phase, row.slot_at = "progressing", timezone.now()
            row.phase_since = row.step_since = row.first_write_at = row.slot_at
            row.step, row.reasons = 1, []
            row.sentence = "Step 2 of 2: workloads; 0 of 4 workloads healthy."
            body = PlanRecord.objects.get(rollout_id=row.id, digest=row.plan_digest).body
            for position, key in enumerate(body["steps"][1]["keys"]):
                JournalEntry.objects.create(
                    organization_id=row.organization_id,
                    rollout=row,
                    position=position,
                    step=1,
                    key=key,
                    verb="change",
                    state="applied",
                )
            return [
                EngineEvent("phase", {"phase": "progressing", "sentence": "Every gate passes."}),
                EngineEvent("step-done", {"step": 0, "title": "Check the plan"}),
            ]

        self._tell(tell)

    def observe(self, *, ready: float, crashing: str = "") -> None:
        """`ready` is the share of new pods that are; `crashing` the service whose first pod is not."""
        from slipway.engine.state import EngineEvent

        def tell(row: Any) -> list[Any]:
            progress = _progress(row.target.namespace, ready, crashing, first=row.from_release is None)
            before = row.progress or {"objects": {}, "pods": {}}
            row.progress = progress
            healthy = sum(1 for seen in progress["objects"].values() if seen["health"] == "healthy")
            row.sentence = f"Step 2 of 2: workloads; {healthy} of {len(SERVICES)} workloads healthy."
            changed = {
                part: {key: seen for key, seen in progress[part].items() if before[part].get(key) != seen}
                for part in ("objects", "pods")
            }
            gone = sorted(set(before["pods"]) - set(progress["pods"]))
            return [EngineEvent("observed", {**changed, "gone_pods": gone})]

        self._tell(tell)

    def bake(self) -> None:
        self._move("verifying", "Everything is applied and healthy.", step=2, done="Workloads")

    def succeed(self) -> None:
        self._move("succeeded", "4 of 4 workloads healthy.", step=2, ends=True)
        apart(self._note_health)

    def _note_health(self) -> None:
        from apps.core import scopes
        from apps.environments.models import Target

        with scopes.organization(self.story.people.acme.id):
            Target.objects.filter(live_rollout_id=self.rollout_id).update(health="healthy")

    def fail(self, sentence: str) -> None:
        self._move("failed", sentence, ends=True, needs_person=sentence)

    def abort(self) -> None:
        """As `advance` carries out what a person asked for."""
        self._move("aborted", "Aborted by Ana.", ends=True)

    def say(self, sentence: str) -> None:
        """A sentence that changes without an event."""

        def tell(row: Any) -> list[Any]:
            row.sentence = sentence
            return []

        self._tell(tell)

    def _move(
        self,
        phase: str,
        sentence: str,
        *,
        step: int | None = None,
        ends: bool = False,
        done: str = "",
        needs_person: str = "",
    ) -> None:
        from slipway.engine.state import EngineEvent

        def tell(row: Any) -> list[Any]:
            row.phase, row.phase_since, row.sentence = phase, timezone.now(), sentence
            if step is not None:
                row.step = step
            if phase == "verifying":
                row.bake_until = timezone.now() + timedelta(seconds=60)
            if ends:
                row.ended_at, row.end_reason = timezone.now(), sentence
            events = [EngineEvent("step-done", {"step": 1, "title": done})] if done else []
            return [*events, EngineEvent("phase", {"phase": phase, "sentence": sentence})]

        self._tell(tell, needs_person=needs_person)

    def _tell(self, change: Any, *, needs_person: str = "") -> None:
        apart(lambda: self._commit(change, needs_person))

    def _commit(self, change: Any, needs_person: str) -> None:
        from apps.audit.services import SYSTEM
        from apps.core import scopes
        from apps.rollouts.models import Rollout
        from apps.rollouts.services.recording import commit_rollout

        with scopes.organization(self.story.people.acme.id):
            row = (
                Rollout.objects.select_for_update(of=("self",))
                .select_related("application", "environment", "release", "from_release", "target__cluster")
                .get(id=self.rollout_id)
            )
            before = row.phase
            events = change(row)
            commit_rollout(
                row, by=SYSTEM, at=timezone.now(), before=before, events=events, needs_person=needs_person
            )


def _progress(namespace: str, ready: float, crashing: str, *, first: bool) -> Mapping[str, Any]:
    objects, pods = {}, {}
    for name, wanted in SERVICES.items():
        key = f"Deployment.apps/{namespace}/{name}"
        good = round(wanted * ready) if name != crashing else max(0, round(wanted * ready) - 1)
        all_good = good == wanted
        objects[key] = {
            "health": "healthy" if all_good else "degraded" if name == crashing else "progressing",
            "sentence": f"{good} of {wanted} ready"
            if name != crashing
            else "1 pod crashed 2 times: exit 137, out of memory",
            "ready": good,
            "wanted": wanted,
        }
        for index in range(wanted):
            bad = name == crashing and index == 0
            health = (
                "degraded"
                if bad
                else "healthy"
                if index < good or (name == crashing and index <= good)
                else "progressing"
            )
            sentence = {"degraded": "CrashLoopBackOff", "healthy": "ready"}.get(health, "starting")
            pods[f"{name}-new-{index}"] = _pod(
                name, key, "7c9fb6c64d", index, True, health, sentence, restarts=2 * bad
            )
        for index in range(0 if first or all_good else wanted - good):
            pods[f"{name}-old-{index}"] = _pod(name, key, "5d1e9a77f2", index, False, "healthy", "ready")
    return {"objects": objects, "pods": pods}


def _pod(
    name: str,
    owner: str,
    replica_set: str,
    index: int,
    new: bool,
    health: str,
    sentence: str,
    *,
    restarts: int = 0,
) -> dict[str, Any]:
    return {
        "name": f"{name}-{replica_set}-x{index}",
        "owner": owner,
        "set": f"{name}-{replica_set}",
        "new": new,
        "health": health,
        "sentence": sentence,
        "restarts": restarts,
        "node": f"node-{index % 3}",
        "ending": False,
    }


def make_story(people: People) -> Story:
    owner = actor(people.ana, people.acme)
    environments = make_environments(owner, [make_cluster(owner, slug="harbour")])
    boutique = make_application(owner, slug="boutique", name="boutique")
    return Story(people, boutique, environments)
