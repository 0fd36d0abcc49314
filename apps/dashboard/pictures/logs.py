"""A pod whose output is looked at: what is known of it without asking its cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.core.problems import NotFound
from apps.dashboard.marks import Mark
from apps.dashboard.pictures.pods import pod_mark
from apps.rollouts.models import Event, Rollout
from slipway.engine.objects import ObjectKey


@dataclass(frozen=True, slots=True)
class PodPicture:
    uid: str
    name: str
    namespace: str
    state: Mark
    words: str
    age: str  # new, old
    restarts: int
    node: str
    here: bool  # it was there when its cluster was last looked at
    workload: str
    command: str  # the same without us


def pod_of(rollout: Rollout, uid: str) -> PodPicture:
    """Raises NotFound for one that this rollout never saw."""
    seen = (rollout.progress or {}).get("pods", {}).get(uid)
    here = seen is not None
    if seen is None:
        seen = _as_it_was_last(rollout, uid)
    owner = ObjectKey.parse(seen["owner"]) if seen["owner"] else None
    namespace = (owner.namespace if owner else "") or rollout.target.namespace
    return PodPicture(
        uid=uid,
        name=seen["name"],
        namespace=namespace,
        state=pod_mark(seen) if here else Mark("aborted", "gone"),
        words=seen["sentence"],
        age="new" if seen["new"] else "old",
        restarts=seen["restarts"],
        node=seen["node"],
        here=here,
        workload=owner.label if owner else "",
        command=f"kubectl logs --namespace {namespace} {seen['name']} --follow --tail 500",
    )


def _as_it_was_last(rollout: Rollout, uid: str) -> Mapping[str, Any]:
    event = (
        Event.objects.filter(rollout_id=rollout.id, kind="observed", body__pods__has_key=uid)
        .order_by("-number")
        .first()
    )
    if event is None:
        raise NotFound(f"Rollout {rollout.number} never saw such a pod.")
    found: Mapping[str, Any] = event.body["pods"][uid]
    return found
