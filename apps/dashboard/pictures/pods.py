"""A rollout's pods as a grid: a row per workload, new ones first, room kept for those to come, old ones last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from zlib import crc32

from apps.dashboard.marks import Mark, health_mark
from apps.dashboard.words import count
from slipway.engine.objects import ObjectKey

Seen = Mapping[str, Any]
"""A pod or an object as `rollout.progress` holds it."""

GROUP = 48  # pods that are pushed together: one that changes sends its group, not the whole grid
MOST_A_ROW = 600


@dataclass(frozen=True, slots=True)
class Pod:
    id: str
    uid: str
    name: str
    new: bool
    state: Mark
    words: str  # everything that is known of it, as it is read aloud
    restarts: int
    first: bool = False  # of its row: where the keyboard enters it

    @property
    def place(self) -> str:
        """Its own address, below the rollout's."""
        return f"pods/{quote(self.uid, safe='')}/"


@dataclass(frozen=True, slots=True)
class PodGroup:
    id: str
    pods: tuple[Pod, ...]


@dataclass(frozen=True, slots=True)
class PodRow:
    id: str
    name: str
    place: str  # of the workload; "" for pods of their own
    new: tuple[PodGroup, ...]
    to_come: int
    old: tuple[PodGroup, ...]
    spare: int  # places that stay empty, so that nothing moves when pods come before others have gone
    more: int
    ready: str
    says: str  # the same in words
    trouble: str  # of the first pod that cannot live
    dense: bool
    moves: bool  # the plan changes its workload

    @property
    def to_comes(self) -> range:
        return range(self.to_come)

    @property
    def spares(self) -> range:
        return range(self.spare)


@dataclass(frozen=True, slots=True)
class Pods:
    rows: tuple[PodRow, ...]
    quiet: tuple[PodRow, ...]  # of workloads that the plan leaves as they are
    new: int
    old: int

    @property
    def quiet_pods(self) -> int:
        return sum(len(group.pods) for row in self.quiet for group in (*row.new, *row.old))

    @property
    def quiet_troubles(self) -> int:
        return sum(1 for row in self.quiet if row.trouble)


def pods_by_owner(pods: Mapping[str, Seen]) -> dict[str, list[tuple[str, Seen]]]:
    """Owner's key, "" for none → (uid, pod), by name."""
    found: dict[str, list[tuple[str, Seen]]] = {}
    for uid, pod in sorted(pods.items(), key=lambda pair: str(pair[1]["name"])):
        found.setdefault(pod["owner"], []).append((uid, pod))
    return found


def pods_of(
    by_owner: Mapping[str, Sequence[tuple[str, Seen]]],
    objects: Mapping[str, Seen],
    order: Mapping[str, int],
    changed: frozenset[str],
) -> Pods:
    """`order` is where an object stands in the plan, `changed` which ones the plan writes."""
    owners = {*by_owner, *(key for key, seen in objects.items() if seen.get("wanted"))}
    ordered = sorted(owners, key=lambda owner: (order.get(owner, len(order)), owner))
    rows = [
        _row(owner, by_owner.get(owner, ()), objects.get(owner), owner in changed or owner not in order)
        for owner in ordered
    ]
    flat = [pod for pods in by_owner.values() for _, pod in pods]
    return Pods(
        rows=tuple(row for row in rows if row.moves),
        quiet=tuple(row for row in rows if not row.moves),
        new=sum(1 for pod in flat if pod["new"]),
        old=sum(1 for pod in flat if not pod["new"]),
    )


def pod_words(pod: Seen) -> str:
    age = "new" if pod["new"] else "old"
    ending = " and going" if pod["ending"] else ""
    words = f"{pod['name']}: {age}{ending}, {pod['sentence']}"
    if pod["node"]:
        words += f", on {pod['node']}"
    if pod["restarts"]:
        words += f", {count(pod['restarts'], 'restart')}"
    return words


def short_name(name: str, *owners: str) -> str:
    """What is the pod's own of its name, beside its owner's: x2jq4 of frontend-7c9f-x2jq4."""
    for owner in owners:
        if owner and name.startswith(f"{owner}-"):
            return name.removeprefix(f"{owner}-")
    return name


def pod_mark(pod: Seen) -> Mark:
    return Mark("aborted", "going") if pod["ending"] else health_mark(pod["health"])


def object_place(key: ObjectKey) -> str:
    """An object's own address, below the rollout's. What has no namespace has a dash there: no name is one."""
    kind = f"{key.kind}.{key.group}" if key.group else key.kind
    return "/".join(quote(part, safe="") for part in ("objects", kind, key.namespace or "-", key.name)) + "/"


def _row(owner: str, found: Sequence[tuple[str, Seen]], seen: Seen | None, changed: bool) -> PodRow:
    key = ObjectKey.parse(owner) if owner else None
    new = [(uid, pod) for uid, pod in found if pod["new"]]
    old = [(uid, pod) for uid, pod in found if not pod["new"]]
    wanted = seen.get("wanted") if seen else None
    wanted = len(new) if wanted is None else int(wanted)
    ready = sum(1 for _, pod in new if pod["health"] == "healthy" and not pod["ending"])
    to_come = max(0, min(wanted, MOST_A_ROW) - sum(1 for _, pod in new if not pod["ending"]))
    # Kubernetes' own default: a quarter more while pods are replaced. A Deployment that allows more grows by a line.
    surge = -(-wanted // 4) if key and key.kind == "Deployment" else 0
    groups = 1 + wanted // GROUP
    shown_new, shown_old = new[:MOST_A_ROW], old[: max(0, MOST_A_ROW - len(new))]
    trouble = next((pod for _, pod in (*new, *old) if pod["health"] == "degraded"), None)
    identifier = f"rollout-pods:{owner or 'none'}"
    name = key.name if key else "pods of their own"
    first = (shown_new or shown_old)[0][0] if found else ""
    return PodRow(
        id=identifier,
        name=name,
        place=object_place(key) if key else "",
        new=_groups(f"{identifier}+new", shown_new, groups, first),
        to_come=to_come,
        old=_groups(f"{identifier}+old", shown_old, groups, first),
        spare=max(0, min(wanted + surge, MOST_A_ROW) - len(found) - to_come),
        more=len(found) - len(shown_new) - len(shown_old),
        ready=f"{ready}/{wanted}",
        says=f"{ready} of {wanted} new pods ready{f', {len(old)} old' if old else ''}",
        trouble=_trouble(trouble, name) if trouble else "",
        dense=wanted > GROUP,
        moves=changed,
    )


def _groups(
    identifier: str, pods: Sequence[tuple[str, Seen]], groups: int, first: str
) -> tuple[PodGroup, ...]:
    """By uid, not by position: a pod that comes or goes leaves all other groups as they are."""
    found: list[list[Pod]] = [[] for _ in range(groups)]
    for uid, pod in pods:
        place = crc32(uid.encode()) % groups if groups > 1 else 0
        found[place].append(_pod(uid, pod, first=uid == first))
    return tuple(PodGroup(f"{identifier}{index}", tuple(group)) for index, group in enumerate(found))


def _pod(uid: str, pod: Seen, *, first: bool) -> Pod:
    return Pod(
        f"pod-{uid}", uid, pod["name"], pod["new"], pod_mark(pod), pod_words(pod), pod["restarts"], first
    )


def _trouble(pod: Seen, owner: str) -> str:
    restarts = f" ({count(pod['restarts'], 'restart')})" if pod["restarts"] else ""
    return f"{short_name(pod['name'], pod['set'], owner)}: {pod['sentence']}{restarts}"
