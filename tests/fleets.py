"""A rollout of many services, written as the worker writes it, without a cluster behind it: for pages that must stay
readable and quick with hundreds of pods."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

BOUTIQUE = {
    "frontend": 4,
    "cartservice": 8,
    "adservice": 8,
    "productcatalog": 16,
    "recommendation": 12,
    "checkoutservice": 3,
    "currencyservice": 4,
    "emailservice": 2,
    "paymentservice": 6,
    "shippingservice": 2,
    "redis-cart": 1,
    "loadgenerator": 1,
}


@dataclass
class Fleet:
    """Tells one rollout of `services` (name → replicas). Every method commits once, like `advance` does."""

    organization_id: Any
    rollout_id: Any
    services: Mapping[str, int] = field(default_factory=lambda: BOUTIQUE)
    unchanged: int = 24
    now: Callable[[], datetime] = timezone.now

    def plan(self) -> None:
        from apps.rollouts.models import PlanRecord
        from slipway.engine.diff import FieldChange
        from slipway.engine.objects import ObjectKey
        from slipway.engine.plans import Plan, PlannedObject, Verb
        from slipway.engine.state import EngineEvent

        def tell(row: Any) -> list[Any]:
            before = row.from_release.version if row.from_release else None
            verb = Verb.CHANGE if before else Verb.CREATE
            space = row.target.namespace
            moved = [
                PlannedObject(
                    ObjectKey("apps", "Deployment", space, name),
                    verb,
                    (
                        FieldChange(
                            "spec.template.spec.containers[name=server].image",
                            f"registry.example/shop/{name}:{before}" if before else None,
                            f"registry.example/shop/{name}:{row.release.version}",
                        ),
                    ),
                )
                for name in self.services
            ]
            kinds = ("Service", "ConfigMap", "ServiceAccount")
            still = [
                PlannedObject(
                    ObjectKey("", kinds[index % 3], space, f"{names[index // 3 % len(names)]}-{index}"),
                    Verb.UNCHANGED,
                )
                for names in (list(self.services),)
                for index in range(self.unchanged)
            ]
            titles = ("Check the plan", "Workloads")
            plan = Plan(
                target=str(row.target_id),
                release_digest="r",
                way_back_digest="w",
                way_back_label=before or "",
                step_titles=titles,
                objects=(*still, *moved),
            )
            steps = [
                {"kind": "check", "title": titles[0], "keys": [], "awaits": False},
                {
                    "kind": "apply",
                    "title": titles[1],
                    "keys": [str(item.key) for item in moved],
                    "awaits": True,
                },
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
            row.phase, row.phase_since, row.sentence = "waiting", self.now(), plan.sentence
            return [EngineEvent("planned", {"digest": plan.digest, "sentence": plan.sentence})]

        self._tell(tell)

    def begin(self) -> None:
        from apps.rollouts.models import JournalEntry, PlanRecord
        from slipway.engine.state import EngineEvent

        def tell(row: Any) -> list[Any]:
            now = self.now()
            row.phase, row.slot_at, row.phase_since = "progressing", now, now
            row.step_since = row.first_write_at = now
            row.step, row.reasons = 1, []
            row.policy = {**row.policy, "bake_seconds": 60}
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
                    applied_at=now,
                )
            return [
                EngineEvent("phase", {"phase": "progressing", "sentence": "Every gate passes."}),
                EngineEvent("step-done", {"step": 0, "title": "Check the plan"}),
            ]

        self._tell(tell)

    def observe(
        self, share: Mapping[str, float], *, crashing: Collection[str] = (), first: bool = False
    ) -> None:
        """`share` is how much of each service is new and ready; of what is not said, nothing."""
        from slipway.engine.state import EngineEvent

        def tell(row: Any) -> list[Any]:
            before = row.progress or {"objects": {}, "pods": {}}
            row.progress = self._progress(row.target.namespace, share, crashing, first=first)
            good = sum(1 for seen in row.progress["objects"].values() if seen["health"] == "healthy")
            row.sentence = f"Step 2 of 2: workloads; {good} of {len(self.services)} workloads healthy."
            changed = {
                part: {key: seen for key, seen in row.progress[part].items() if before[part].get(key) != seen}
                for part in ("objects", "pods")
            }
            return [
                EngineEvent(
                    "observed",
                    {**changed, "gone_pods": sorted(set(before["pods"]) - set(row.progress["pods"]))},
                )
            ]

        self._tell(tell)

    def restart(self, uid: str) -> None:
        """One pod, and nothing else."""
        from slipway.engine.state import EngineEvent

        def tell(row: Any) -> list[Any]:
            pods = {**row.progress["pods"]}
            pods[uid] = {**pods[uid], "restarts": pods[uid]["restarts"] + 1}
            row.progress = {**row.progress, "pods": pods}
            return [EngineEvent("observed", {"objects": {}, "pods": {uid: pods[uid]}, "gone_pods": []})]

        self._tell(tell)

    def bake(self) -> None:
        from slipway.engine.state import EngineEvent

        def tell(row: Any) -> list[Any]:
            row.phase, row.phase_since, row.step = "verifying", self.now(), 2
            row.bake_until = self.now() + timedelta(seconds=60)
            row.sentence = "Baking: everything is applied and healthy."
            return [
                EngineEvent("step-done", {"step": 1, "title": "Workloads"}),
                EngineEvent("phase", {"phase": "verifying", "sentence": row.sentence}),
            ]

        self._tell(tell)

    def succeed(self) -> None:
        from slipway.engine.state import EngineEvent

        def tell(row: Any) -> list[Any]:
            row.phase, row.phase_since, row.step = "succeeded", self.now(), 2
            row.ended_at, row.sentence = (
                self.now(),
                f"{len(self.services)} of {len(self.services)} workloads healthy.",
            )
            return [EngineEvent("phase", {"phase": "succeeded", "sentence": row.sentence})]

        self._tell(tell)

    def _progress(
        self, space: str, share: Mapping[str, float], crashing: Collection[str], *, first: bool
    ) -> Mapping[str, Any]:
        objects: dict[str, Any] = {}
        pods: dict[str, Any] = {}
        for name, wanted in self.services.items():
            key = f"Deployment.apps/{space}/{name}"
            ready = round(wanted * share.get(name, 0))
            started = min(wanted, ready + 2) if name in share else 0
            bad = name in crashing
            good = ready == wanted and not bad
            sentence = f"{ready} of {wanted} ready"
            if bad:
                sentence += "; 1 pod crashed 2 times: exit 137, out of memory"
            elif started > 0 and not good:
                sentence += f", {started - ready} starting"
            health = "degraded" if bad else "healthy" if good else "progressing"
            objects[key] = {"health": health, "sentence": sentence, "ready": ready, "wanted": wanted}
            for index in range(started):
                crashed = bad and index == started - 1
                state = "degraded" if crashed else "healthy" if index < ready else "progressing"
                words = {"degraded": "CrashLoopBackOff: exit 137, out of memory", "healthy": "ready"}
                pods[f"{name}-n{index}"] = {
                    **_pod(name, "7c9fb6c64d", index, key, new=True),
                    "health": state,
                    "sentence": words.get(state, "starting: waits for its readiness probe"),
                    "restarts": 2 * crashed,
                }
            for index in range(0 if first or good else wanted - ready):
                pods[f"{name}-o{index}"] = {
                    **_pod(name, "5d1e9a77f2", index, key, new=False),
                    "ending": bool(started) and index == 0,
                }
        return {"objects": objects, "pods": pods}

    def _tell(self, change: Any) -> None:
        from apps.audit.services import SYSTEM
        from apps.core import scopes
        from apps.rollouts.models import Rollout
        from apps.rollouts.services.recording import commit_rollout

        with scopes.organization(self.organization_id):
            row = (
                Rollout.objects.select_for_update(of=("self",))
                .select_related("application", "environment", "release", "from_release", "target__cluster")
                .get(id=self.rollout_id)
            )
            before = row.phase
            commit_rollout(row, by=SYSTEM, at=self.now(), before=before, events=change(row), needs_person="")


def _pod(name: str, replica_set: str, index: int, owner: str, *, new: bool) -> dict[str, Any]:
    return {
        "name": f"{name}-{replica_set}-{index * 7919 % 46656:05x}",
        "owner": owner,
        "set": f"{name}-{replica_set}",
        "new": new,
        "health": "healthy",
        "sentence": "ready",
        "restarts": 0,
        "node": f"node-{index % 5}",
        "ending": False,
    }
