"""When events are worth asking for: most looks find nothing that they would say more about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from slipway.engine.health.assess import assess
from slipway.engine.health.pods import NOT_READY
from slipway.engine.health.values import Health
from slipway.engine.objects import Manifest, ObjectKey, is_terminating


def asks_for_events(objects: Mapping[ObjectKey, Manifest | None], children: Sequence[Manifest]) -> bool:
    """A pod in trouble or not ready says why in its events; so does what makes pods itself and has none made.

    A Deployment tells by its condition that pods are refused, and a pod that is merely starting has nothing to tell.
    """
    if any(_runs_before_it_is_ready(child) for child in children if child.get("kind") == "Pod"):
        return True
    seen = assess(objects, children, ())
    if any(
        pod.health >= Health.UNKNOWN or pod.sentence == NOT_READY for pod in seen.pods if not pod.terminating
    ):
        return True
    return any(
        item.health > Health.SUSPENDED and item.key.kind != "Deployment" and objects[item.key] is not None
        for item in seen.objects
    )


def _runs_before_it_is_ready(pod: Manifest) -> bool:
    """A container that runs in a pod that is not ready may be failing its probe."""
    status = pod.get("status") or {}
    if any(
        entry.get("type") == "Ready" and entry.get("status") == "True"
        for entry in status.get("conditions") or ()
    ):
        return False
    entries = [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]
    return not is_terminating(pod) and any(
        (entry.get("state") or {}).get("running") is not None for entry in entries
    )
