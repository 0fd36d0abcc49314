"""All objects of a target and their pods, assessed together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from slipway.engine.health.kinds import RULES, Family, Verdict, by_conditions
from slipway.engine.health.pods import PodState, pod_state
from slipway.engine.health.values import Assessment, Health, ObjectHealth, PodHealth
from slipway.engine.health.warnings import warnings_of
from slipway.engine.objects import (
    Manifest,
    ObjectKey,
    is_terminating,
    owner_uids,
    resource_version_of,
    uid_of,
)

_REVISION = "deployment.kubernetes.io/revision"


def assess(
    objects: Mapping[ObjectKey, Manifest | None],
    children: Sequence[Manifest],
    events: Sequence[Manifest],
    *,
    wait_for_addresses: bool = False,
) -> Assessment:
    """`children` descend from `objects` by ownerReferences; `events` are about any of them."""
    by_uid = {
        uid_of(item): item for item in (*children, *(live for live in objects.values() if live is not None))
    }
    keys = {uid_of(live): key for key, live in objects.items() if live is not None}
    new_sets = _new_replica_sets(objects, children)
    pods: list[PodHealth] = []
    states: dict[str, list[tuple[str, PodState]]] = {}
    for child in children:
        if child.get("kind") != "Pod":
            continue
        root, through = _root(child, by_uid, keys)
        state = pod_state(child, events)
        is_new = through is None or through.get("kind") != "ReplicaSet" or uid_of(through) in new_sets
        owner = keys.get(root)
        if is_new and not is_terminating(child):
            states.setdefault(root, []).append((child["metadata"]["name"], state))
        pods.append(
            PodHealth(
                namespace=child["metadata"].get("namespace", ""),
                name=child["metadata"]["name"],
                uid=uid_of(child),
                owner=owner,
                replica_set=through["metadata"]["name"] if through is not None else "",
                is_new=is_new,
                health=state.health,
                sentence=state.sentence,
                restarts=state.restarts,
                node=(child.get("spec") or {}).get("nodeName", ""),
                terminating=is_terminating(child),
                version=resource_version_of(child),
            )
        )
    wanted_claims = _claims_waited_for(children)
    found = []
    for key, live in sorted(objects.items(), key=lambda pair: pair[0]):
        family = Family(
            pods=states.get(uid_of(live), ()) if live is not None else (),
            events=events,
            wait_for_addresses=wait_for_addresses,
            unbound_wanted=(key.namespace, key.name) in wanted_claims,
        )
        verdict = _judge(key, live, family)
        found.append(
            ObjectHealth(
                key, verdict.health, verdict.sentence, verdict.cannot_heal, verdict.ready, verdict.wanted
            )
        )
    pods.sort(key=lambda pod: (str(pod.owner), pod.name))
    return Assessment(tuple(found), tuple(pods), warnings_of(events))


def _judge(key: ObjectKey, live: Manifest | None, family: Family) -> Verdict:
    if live is None:
        return Verdict(Health.MISSING, "is not there")
    if is_terminating(live):
        return Verdict(Health.PROGRESSING, "is being deleted")
    return RULES.get((key.group, key.kind), by_conditions)(live, family)


def _root(
    pod: Manifest, by_uid: Mapping[str, Manifest], keys: Mapping[str, ObjectKey]
) -> tuple[str, Manifest | None]:
    """The uid of the workload at the top, and the object directly above the pod if that is another one."""
    current, through = pod, None
    for _ in range(8):
        above = next((by_uid[uid] for uid in owner_uids(current) if uid in by_uid), None)
        if above is None:
            break
        if through is None and uid_of(above) not in keys:
            through = above
        current = above
        if uid_of(above) in keys:
            break
    return uid_of(current), through


def _new_replica_sets(objects: Mapping[ObjectKey, Manifest | None], children: Sequence[Manifest]) -> set[str]:
    """Of each Deployment the ReplicaSet with the highest revision: the one of its present template."""
    newest: dict[str, tuple[int, str]] = {}
    wanted = {uid_of(live) for key, live in objects.items() if live is not None and key.kind == "Deployment"}
    for child in children:
        if child.get("kind") != "ReplicaSet":
            continue
        revision = _integer((child["metadata"].get("annotations") or {}).get(_REVISION))
        for uid in owner_uids(child) & wanted:
            newest[uid] = max(newest.get(uid, (-1, "")), (revision, uid_of(child)))
    return {uid for _, uid in newest.values()}


def _claims_waited_for(children: Sequence[Manifest]) -> set[tuple[str, str]]:
    waiting = set()
    for child in children:
        if child.get("kind") == "Pod" and (child.get("status") or {}).get("phase") == "Pending":
            for volume in (child.get("spec") or {}).get("volumes") or ():
                claim = (volume.get("persistentVolumeClaim") or {}).get("claimName")
                if claim:
                    waiting.add((child["metadata"].get("namespace", ""), claim))
    return waiting


def _integer(value: Any) -> int:
    return int(value) if isinstance(value, str) and value.isdigit() else 0
