"""What was seen of a target's objects and pods, stored by difference: an event only where something changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from apps.environments.choices import TargetHealthState
from apps.environments.models import Target
from apps.rollouts.models import Rollout, TargetHealth
from slipway.engine.health import Assessment, Health
from slipway.engine.state import EngineEvent

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
    pods = {
        pod.uid: {
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
        for pod in assessment.pods
    }
    before = rollout.progress or {"objects": {}, "pods": {}}
    changed_objects = {key: seen for key, seen in objects.items() if before["objects"].get(key) != seen}
    changed_pods = {uid: seen for uid, seen in pods.items() if before["pods"].get(uid) != seen}
    gone_pods = sorted(set(before["pods"]) - set(pods))
    events = []
    if changed_objects or changed_pods or gone_pods:
        events.append(
            EngineEvent(
                "observed", {"objects": changed_objects, "pods": changed_pods, "gone_pods": gone_pods}
            )
        )
    return {"objects": objects, "pods": pods}, events


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
