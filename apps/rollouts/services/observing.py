"""What was seen of a target's objects and pods, stored by difference: an event only where something changed.

Two see pods: the worker, which looks at everything at once, and the watcher, which tells a pod's change the moment it
comes. Either may be behind the other, so each pod's version is kept and an older sight never replaces a newer one.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.core import scopes
from apps.environments.choices import TargetHealthState
from apps.environments.models import Target
from apps.rollouts.models import Rollout, TargetHealth
from apps.rollouts.services.recording import record_observation
from apps.rollouts.services.warnings import warned
from slipway.engine.health import Assessment, Health
from slipway.engine.health.pods import VAGUE, pod_state
from slipway.engine.health.values import PodHealth
from slipway.engine.objects import Manifest, is_terminating, resource_version_of, uid_of
from slipway.engine.phases import ACTIVE
from slipway.engine.state import EngineEvent

Picture = dict[str, Any]
"""One pod as pages show it."""

_STATES = {
    Health.HEALTHY: TargetHealthState.HEALTHY,
    Health.SUSPENDED: TargetHealthState.HEALTHY,
    Health.PROGRESSING: TargetHealthState.PROGRESSING,
    Health.UNKNOWN: TargetHealthState.UNKNOWN,
}


def progress_of(rollout: Rollout, assessment: Assessment) -> tuple[dict[str, Any], list[EngineEvent]]:
    """The picture as stored on the rollout, and events for what differs from the stored one."""
    objects = {
        str(item.key): {
            "health": item.health.word,
            "sentence": item.sentence,
            "ready": item.ready,
            "wanted": item.wanted,
        }
        for item in assessment.objects
    }
    before = {"objects": {}, "pods": {}, "versions": {}, "gone": [], "warnings": {}, **rollout.progress}
    # A look that began before a pod went still shows it; a uid never comes back.
    gone = {pod.uid for pod in assessment.pods if pod.uid in before["gone"]}
    pods: dict[str, Picture] = {}
    versions: dict[str, str] = {}
    for pod in assessment.pods:
        if pod.uid in gone:
            continue
        known, version = before["pods"].get(pod.uid), before["versions"].get(pod.uid, "")
        pods[pod.uid], versions[pod.uid] = _pictured(pod), pod.version
        if known is not None and _is_older(pod.version, version):
            kin = {name: pods[pod.uid][name] for name in ("owner", "set", "new")}
            pods[pod.uid], versions[pod.uid] = {**known, **kin}, version
    changed_objects = {key: seen for key, seen in objects.items() if before["objects"].get(key) != seen}
    changed_pods = {uid: seen for uid, seen in pods.items() if before["pods"].get(uid) != seen}
    gone_pods = sorted(set(before["pods"]) - set(pods))
    gone_objects = sorted(set(before["objects"]) - set(objects))
    warnings, news, gone_warnings = warned(before["warnings"], assessment.warnings, rollout.created_at)
    events = []
    if changed_objects or changed_pods or gone_pods or gone_objects or news:
        event = _observed(
            changed_objects, changed_pods, gone_pods, turned(before["objects"], changed_objects)
        )
        rare = {"gone_objects": gone_objects, "warnings": news, "gone_warnings": gone_warnings}
        events.append(
            EngineEvent(event.kind, {**event.body, **{name: told for name, told in rare.items() if told}})
        )
    progress = {"objects": objects, "pods": pods, "versions": versions, "gone": sorted(gone)}
    return {**progress, "warnings": warnings}, events


def observe_pods(
    organization_id: UUID, target_id: UUID, pods: Sequence[Manifest], *, gone: Collection[str] = ()
) -> int:
    """Pods of the target as a watch has just told them, and the uids of those that are gone. For viewers: what
    follows from it is the worker's to decide, which is woken as well.

    A pod that the target's active rollout does not know yet is left to the worker, who finds out whose it is.
    Answers the number of the event that was written, 0 where nothing differs.
    """
    with scopes.organization(organization_id):
        rollout = (
            Rollout.objects.select_for_update(no_key=True)
            .filter(target_id=target_id, phase__in=[str(phase) for phase in ACTIVE])
            .only("organization_id", "progress", "event_number", "sentence")
            .first()
        )
        if rollout is None or not rollout.progress:
            return 0
        progress = {"versions": {}, "gone": [], **rollout.progress}
        known: Mapping[str, Picture] = progress["pods"]
        versions = dict(progress["versions"])
        changed: dict[str, Picture] = {}
        for pod in pods:
            uid, version = uid_of(pod), resource_version_of(pod)
            if uid not in known or uid in gone or version == versions.get(uid):
                continue
            if not _is_older(version, versions.get(uid, "")):
                versions[uid] = version
                if (picture := _repictured(known[uid], pod)) != known[uid]:
                    changed[uid] = picture
        gone_pods = sorted(uid for uid in gone if uid in known)
        if not changed and not gone_pods:
            return 0
        rollout.progress = {
            **progress,
            "pods": {uid: seen for uid, seen in {**known, **changed}.items() if uid not in gone},
            "versions": {uid: version for uid, version in versions.items() if uid not in gone},
            "gone": sorted({*progress["gone"], *gone_pods}),
        }
        record_observation(rollout, [_observed({}, changed, gone_pods)], at=timezone.now())
        number: int = rollout.event_number
        return number


def note_health(rollout: Rollout, assessment: Assessment, at: datetime) -> None:
    """A row per change of the target's health, and the copy on the target."""
    state = _STATES.get(assessment.worst, TargetHealthState.DEGRADED)
    target = Target.objects.select_for_update(no_key=True).get(id=rollout.target_id)
    if target.health == state:
        return
    target.health, target.health_since = state, at
    target.health_number += 1
    target.save(update_fields=["health", "health_since", "health_number"])
    worst = max(assessment.objects, key=lambda item: item.health, default=None)
    TargetHealth.objects.create(
        organization_id=rollout.organization_id,
        target_id=target.id,
        number=target.health_number,
        since=at,
        health=state,
        reason=f"{worst.key.label}: {worst.sentence}"[:500] if worst else "",
    )


def turned(before: Mapping[str, Any], changed: Mapping[str, Any]) -> dict[str, str]:
    """Key → health before, of the objects whose turn is worth a line of the story: one pod more that is ready is none,
    another trouble is one."""
    found = {}
    for key, seen in changed.items():
        known = before.get(key)
        if known is None or known["health"] != seen["health"]:
            found[key] = known["health"] if known else ""
        elif seen["health"] == "degraded" and _shape(known["sentence"]) != _shape(seen["sentence"]):
            found[key] = seen["health"]
    return found


def _observed(
    objects: Mapping[str, Any],
    pods: Mapping[str, Picture],
    gone_pods: Sequence[str],
    turned: Mapping[str, str] | None = None,
) -> EngineEvent:
    """`turned` is always there in what is written today; where it is not, nobody knows."""
    return EngineEvent(
        "observed", {"objects": objects, "pods": pods, "gone_pods": gone_pods, "turned": turned or {}}
    )


def _shape(sentence: str) -> str:
    return re.sub(r"\d+", "#", sentence)


def _pictured(pod: PodHealth) -> Picture:
    return {
        "name": pod.name,
        "owner": str(pod.owner) if pod.owner else "",
        "set": pod.replica_set,
        "new": pod.is_new,
        "health": pod.health.word,
        "sentence": pod.sentence,
        "restarts": pod.restarts,
        "node": pod.node,
        "ending": pod.terminating,
    }


def _repictured(known: Picture, pod: Manifest) -> Picture:
    """As the worker would picture it, but for what Events tell: those are not at hand here, so a sentence that may
    have come from one stays until the worker looks. Otherwise the two would contradict each other in turns."""
    state = pod_state(pod, ())
    sentence, health = state.sentence, state.health.word
    if sentence in VAGUE and known["health"] == health and known["sentence"] not in VAGUE:
        sentence = known["sentence"]
    return {
        **known,
        "health": health,
        "sentence": sentence,
        "restarts": state.restarts,
        "node": (pod.get("spec") or {}).get("nodeName", ""),
        "ending": is_terminating(pod),
    }


def _is_older(version: str, than: str) -> bool:
    """Of one and the same pod. Kubernetes' own servers count; where a version is no number, the last word holds."""
    return version.isdecimal() and than.isdecimal() and int(version) < int(than)
