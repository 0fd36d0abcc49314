"""What descends from whom, and how it is found: by ownerReferences, whatever the labels say."""

from __future__ import annotations

from collections.abc import Sequence

from slipway.engine.objects import Manifest, owner_uids, uid_of

CHILDREN = (("apps", "ReplicaSet"), ("apps", "ControllerRevision"), ("batch", "Job"), ("", "Pod"))
_POD, _SET, _REVISION = ("", "Pod"), ("apps", "ReplicaSet"), ("apps", "ControllerRevision")
BELOW = {
    "Deployment": (_SET, _POD),
    "ReplicaSet": (_POD,),
    "StatefulSet": (_REVISION, _POD),
    "DaemonSet": (_REVISION, _POD),
    "Job": (_POD,),
    "CronJob": (("batch", "Job"), _POD),
    "ReplicationController": (_POD,),
}  # what descends from whom: only that is listed


def descendants(roots: Sequence[Manifest], family: Sequence[Manifest]) -> list[Manifest]:
    by_owner: dict[str, list[Manifest]] = {}
    for item in family:
        for uid in owner_uids(item):
            by_owner.setdefault(uid, []).append(item)
    found: list[Manifest] = []
    queue = [uid_of(root) for root in roots]
    seen: set[str] = set()
    while queue:
        for child in by_owner.get(queue.pop(), ()):
            uid = uid_of(child)
            if uid not in seen:
                seen.add(uid)
                found.append(child)
                queue.append(uid)
    return found
