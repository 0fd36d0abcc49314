"""One rule per kind: (object, its pods' worst trouble, settings) → health and sentence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slipway.engine.health.pods import PodState
from slipway.engine.health.values import Health
from slipway.engine.objects import Manifest, uid_of


@dataclass(frozen=True, slots=True)
class Verdict:
    health: Health
    sentence: str
    cannot_heal: bool = False
    ready: int | None = None
    wanted: int | None = None


@dataclass(frozen=True, slots=True)
class Family:
    """What belongs to the object: its new pods with their states, and the events among which its own are."""

    pods: Sequence[tuple[str, PodState]] = ()
    events: Sequence[Manifest] = ()
    wait_for_addresses: bool = False
    unbound_wanted: bool = False

    def trouble(self) -> tuple[str, PodState] | None:
        bad = [
            pair for pair in self.pods if pair[1].health > Health.SUSPENDED and pair[1].sentence != "starting"
        ]
        return max(bad, key=lambda pair: (pair[1].cannot_heal, pair[1].health, pair[0]), default=None)

    def refused(self, live: Manifest) -> str:
        """Why its controller may not make pods (quota, admission); kinds without a condition say it in events."""
        own = [
            event
            for event in self.events
            if event.get("reason") == "FailedCreate"
            and (event.get("involvedObject") or {}).get("uid") == uid_of(live)
        ]
        return f"pods are refused: {_why_forbidden(own[-1].get('message'))}" if own else ""


Rule = Callable[[Manifest, Family], Verdict]


def _why_forbidden(message: Any) -> str:
    """Without the pod's random name in front, so that each further try reads the same."""
    text = str(message or "").strip().split("\n", 1)[0]
    return (text.partition(" is forbidden: ")[2] or text)[:300]


def _counted(
    live: Manifest, ready: int, wanted: int, family: Family, *, updated: int | None = None
) -> Verdict:
    trouble = family.trouble()
    if updated is not None and updated < wanted:
        words = f"{updated} of {wanted} pods are of the new version"
    else:
        words = f"{ready} of {wanted} pods ready"
    if trouble is None:
        if len(family.pods) < wanted and (refused := family.refused(live)):
            words = f"{words}; {refused}"
        return Verdict(Health.PROGRESSING, words, ready=ready, wanted=wanted)
    name, state = trouble
    health = Health.DEGRADED if state.health is Health.DEGRADED else Health.PROGRESSING
    return Verdict(health, f"{words}; {name}: {state.sentence}", state.cannot_heal, ready, wanted)


def deployment(live: Manifest, family: Family) -> Verdict:
    spec, status = live.get("spec") or {}, live.get("status") or {}
    wanted = int(spec.get("replicas", 1))
    if int(status.get("observedGeneration", 0)) < int(live["metadata"].get("generation", 0)):
        return Verdict(
            Health.PROGRESSING, "the controller has not seen the change yet", ready=0, wanted=wanted
        )
    if spec.get("paused"):
        return Verdict(
            Health.SUSPENDED, "paused", ready=int(status.get("availableReplicas", 0)), wanted=wanted
        )
    updated, available = int(status.get("updatedReplicas", 0)), int(status.get("availableReplicas", 0))
    total = int(status.get("replicas", 0))
    for condition in status.get("conditions") or ():
        if condition.get("type") == "ReplicaFailure" and condition.get("status") == "True":
            sentence = f"pods are refused: {_why_forbidden(condition.get('message'))}"
            return Verdict(Health.PROGRESSING, sentence, ready=available, wanted=wanted)
    if updated < wanted or available < wanted:
        return _counted(live, available, wanted, family, updated=updated)
    if total > updated:
        old = total - updated
        words = "1 old pod remains" if old == 1 else f"{old} old pods remain"
        return Verdict(Health.PROGRESSING, words, ready=available, wanted=wanted)
    return Verdict(Health.HEALTHY, f"{available} of {wanted} pods ready", ready=available, wanted=wanted)


def replica_set(live: Manifest, family: Family) -> Verdict:
    wanted = int((live.get("spec") or {}).get("replicas", 1))
    ready = int((live.get("status") or {}).get("availableReplicas", 0))
    if ready < wanted:
        return _counted(live, ready, wanted, family)
    return Verdict(Health.HEALTHY, f"{ready} of {wanted} pods ready", ready=ready, wanted=wanted)


def stateful_set(live: Manifest, family: Family) -> Verdict:
    spec, status = live.get("spec") or {}, live.get("status") or {}
    wanted, ready = int(spec.get("replicas", 1)), int(status.get("readyReplicas", 0))
    if int(status.get("observedGeneration", 0)) < int(live["metadata"].get("generation", 0)):
        return Verdict(
            Health.PROGRESSING, "the controller has not seen the change yet", ready=ready, wanted=wanted
        )
    if ready < wanted:
        return _counted(live, ready, wanted, family)
    update = spec.get("updateStrategy") or {}
    partition = int((update.get("rollingUpdate") or {}).get("partition", 0))
    if update.get("type") == "OnDelete":
        return Verdict(
            Health.HEALTHY,
            f"{ready} of {wanted} pods ready; changed when deleted",
            ready=ready,
            wanted=wanted,
        )
    if status.get("updateRevision") != status.get("currentRevision"):
        updated = int(status.get("updatedReplicas", 0))
        if updated < wanted - partition:
            return _counted(live, ready, wanted, family, updated=updated)
        if not partition:
            return Verdict(Health.PROGRESSING, "finishing the update", ready=ready, wanted=wanted)
    return Verdict(Health.HEALTHY, f"{ready} of {wanted} pods ready", ready=ready, wanted=wanted)


def daemon_set(live: Manifest, family: Family) -> Verdict:
    status = live.get("status") or {}
    wanted, ready = int(status.get("desiredNumberScheduled", 0)), int(status.get("numberAvailable", 0))
    if int(status.get("observedGeneration", 0)) < int(live["metadata"].get("generation", 0)):
        return Verdict(
            Health.PROGRESSING, "the controller has not seen the change yet", ready=ready, wanted=wanted
        )
    updated = int(status.get("updatedNumberScheduled", 0))
    on_delete = ((live.get("spec") or {}).get("updateStrategy") or {}).get("type") == "OnDelete"
    if ready < wanted or (updated < wanted and not on_delete):
        return _counted(live, ready, wanted, family, updated=wanted if on_delete else updated)
    return Verdict(Health.HEALTHY, f"{ready} of {wanted} pods ready", ready=ready, wanted=wanted)


def job(live: Manifest, family: Family) -> Verdict:
    conditions = {entry.get("type"): entry for entry in (live.get("status") or {}).get("conditions") or ()}
    if (conditions.get("Complete") or {}).get("status") == "True":
        return Verdict(Health.HEALTHY, "completed", ready=1, wanted=1)
    if (conditions.get("Failed") or {}).get("status") == "True":
        why = str(conditions["Failed"].get("message") or conditions["Failed"].get("reason") or "failed")
        return Verdict(Health.DEGRADED, f"failed: {why}", True, 0, 1)
    if (live.get("spec") or {}).get("suspend"):
        return Verdict(Health.SUSPENDED, "suspended", ready=0, wanted=1)
    trouble = family.trouble()
    refused = "" if family.pods else family.refused(live)
    words = f"running; {trouble[0]}: {trouble[1].sentence}" if trouble else refused or "running"
    return Verdict(Health.PROGRESSING, words, ready=0, wanted=1)


def cron_job(live: Manifest, family: Family) -> Verdict:
    if (live.get("spec") or {}).get("suspend"):
        return Verdict(Health.SUSPENDED, "suspended")
    return Verdict(Health.HEALTHY, "scheduled")


def pod(live: Manifest, family: Family) -> Verdict:
    from slipway.engine.health.pods import pod_state

    state = pod_state(live, family.events)
    done = 1 if state.health is Health.HEALTHY else 0
    return Verdict(state.health, state.sentence, state.cannot_heal, done, 1)


def service(live: Manifest, family: Family) -> Verdict:
    if (live.get("spec") or {}).get("type") == "LoadBalancer":
        return _addressed(live, family)
    return Verdict(Health.HEALTHY, "present")


def ingress(live: Manifest, family: Family) -> Verdict:
    return _addressed(live, family)


def _addressed(live: Manifest, family: Family) -> Verdict:
    entries = ((live.get("status") or {}).get("loadBalancer") or {}).get("ingress") or ()
    if entries:
        return Verdict(Health.HEALTHY, f"at {entries[0].get('hostname') or entries[0].get('ip')}")
    if family.wait_for_addresses:
        return Verdict(Health.PROGRESSING, "has no address yet")
    return Verdict(Health.HEALTHY, "no address yet; not waited for")


def claim(live: Manifest, family: Family) -> Verdict:
    phase = (live.get("status") or {}).get("phase", "Pending")
    if phase == "Bound":
        return Verdict(Health.HEALTHY, "bound")
    if phase == "Lost":
        return Verdict(Health.DEGRADED, "its volume is gone")
    if family.unbound_wanted:
        return Verdict(Health.PROGRESSING, "not bound yet, and a pod waits for it")
    return Verdict(Health.HEALTHY, "not bound yet; no pod waits for it")


def autoscaler(live: Manifest, family: Family) -> Verdict:
    for condition in (live.get("status") or {}).get("conditions") or ():
        if condition.get("type") == "AbleToScale" and condition.get("status") == "False":
            return Verdict(Health.PROGRESSING, str(condition.get("message", "cannot scale"))[:300])
    return Verdict(Health.HEALTHY, "present")


def namespace(live: Manifest, family: Family) -> Verdict:
    if (live.get("status") or {}).get("phase") == "Terminating":
        return Verdict(Health.PROGRESSING, "is being deleted")
    return Verdict(Health.HEALTHY, "active")


def custom_resource_definition(live: Manifest, family: Family) -> Verdict:
    for condition in (live.get("status") or {}).get("conditions") or ():
        if condition.get("type") == "Established" and condition.get("status") == "True":
            return Verdict(Health.HEALTHY, "established")
        if condition.get("type") == "NamesAccepted" and condition.get("status") == "False":
            return Verdict(Health.DEGRADED, str(condition.get("message", "its names are taken"))[:300], True)
    return Verdict(Health.PROGRESSING, "not established yet")


def by_conditions(live: Manifest, family: Family) -> Verdict:
    """Kinds we do not know, by the conventions that most controllers follow."""
    found = live.get("status")
    status: Mapping[str, Any] = found if isinstance(found, dict) else {}
    generation, seen = live["metadata"].get("generation"), status.get("observedGeneration")
    if isinstance(seen, int) and isinstance(generation, int) and seen < generation:
        return Verdict(Health.PROGRESSING, "its controller has not seen the change yet")
    listed = status.get("conditions")
    conditions = {
        str(entry.get("type")): entry
        for entry in (listed if isinstance(listed, list) else ())
        if isinstance(entry, dict)
    }
    for name, bad in (("Stalled", "True"), ("Failed", "True"), ("Degraded", "True")):
        if (conditions.get(name) or {}).get("status") == bad:
            return Verdict(Health.DEGRADED, f"{name}: {str(conditions[name].get('message', ''))[:300]}")
    if (conditions.get("Reconciling") or {}).get("status") == "True":
        return Verdict(
            Health.PROGRESSING, str(conditions["Reconciling"].get("message") or "reconciling")[:300]
        )
    for name in ("Ready", "Available", "Healthy", "Synced"):
        entry = conditions.get(name)
        if entry is not None and entry.get("status") != "True":
            return Verdict(Health.PROGRESSING, f"not {name.lower()}: {str(entry.get('message', ''))[:300]}")
    return Verdict(Health.HEALTHY, "present")


RULES: dict[tuple[str, str], Rule] = {
    ("apps", "Deployment"): deployment,
    ("apps", "ReplicaSet"): replica_set,
    ("apps", "StatefulSet"): stateful_set,
    ("apps", "DaemonSet"): daemon_set,
    ("batch", "Job"): job,
    ("batch", "CronJob"): cron_job,
    ("", "Pod"): pod,
    ("", "Service"): service,
    ("networking.k8s.io", "Ingress"): ingress,
    ("", "PersistentVolumeClaim"): claim,
    ("autoscaling", "HorizontalPodAutoscaler"): autoscaler,
    ("", "Namespace"): namespace,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): custom_resource_definition,
}
