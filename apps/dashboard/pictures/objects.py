"""A rollout's objects with their health, and its pods, old and new, by workload."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from apps.dashboard.marks import Mark, health_mark
from apps.dashboard.words import count
from apps.rollouts.choices import JournalState
from apps.rollouts.models import JournalEntry, Rollout
from slipway.engine.objects import ObjectKey
from slipway.engine.plans import Plan, Verb

MOST_OBJECTS = 300
MOST_PODS_A_ROW = 60

_TODO = Mark("todo", "not yet")
_DONE = Mark("healthy", "applied")
_GONE = Mark("aborted", "removed")


@dataclass(frozen=True, slots=True)
class Replicas:
    name: str
    new: bool
    ready: int
    pods: int
    state: Mark


@dataclass(frozen=True, slots=True)
class ObjectLine:
    id: str
    kind: str
    name: str
    state: Mark
    words: str
    sets: tuple[Replicas, ...] = ()


@dataclass(frozen=True, slots=True)
class Pod:
    uid: str
    name: str
    new: bool
    state: Mark
    words: str


@dataclass(frozen=True, slots=True)
class PodRow:
    id: str
    name: str
    pods: tuple[Pod, ...]
    more: int
    ready: str
    trouble: str  # of the first pod that cannot live


@dataclass(frozen=True, slots=True)
class Objects:
    lines: tuple[ObjectLine, ...]
    more: int
    pod_rows: tuple[PodRow, ...]
    new_pods: int
    old_pods: int
    unchanged: int


def objects_of(rollout: Rollout, plan: Plan | None) -> Objects:
    seen: Mapping[str, Any] = (rollout.progress or {}).get("objects", {})
    pods: Mapping[str, Any] = (rollout.progress or {}).get("pods", {})
    if rollout.ended_at is not None:
        # What was going when it ended is gone by now: nobody looks any more, so nobody would take it away here.
        pods = {uid: pod for uid, pod in pods.items() if not pod["ending"]}
    by_owner: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for uid, pod in pods.items():
        by_owner.setdefault(pod["owner"], []).append((uid, pod))
    entries = JournalEntry.objects.filter(rollout_id=rollout.id)
    if rollout.as_of is not None:
        entries = entries.filter(Q(applied_at__lte=rollout.as_of) | Q(applied_at__isnull=True))
    journal = dict(entries.values_list("key", "state"))
    planned = plan.objects if plan else ()
    lines = [
        _line(
            item.key,
            item.verb,
            seen.get(str(item.key)),
            journal,
            by_owner.get(str(item.key), ()),
            over=rollout.ended_at is not None,
        )
        for item in planned
    ]
    rows = [_pod_row(owner, found, seen.get(owner)) for owner, found in sorted(by_owner.items())]
    return Objects(
        lines=tuple(lines[:MOST_OBJECTS]),
        more=max(0, len(lines) - MOST_OBJECTS),
        pod_rows=tuple(rows),
        new_pods=sum(1 for pod in pods.values() if pod["new"]),
        old_pods=sum(1 for pod in pods.values() if not pod["new"]),
        unchanged=plan.counts[Verb.UNCHANGED] if plan else 0,
    )


def _line(
    key: ObjectKey,
    verb: Verb,
    seen: Mapping[str, Any] | None,
    journal: Mapping[str, str],
    pods: Sequence[tuple[str, Mapping[str, Any]]],
    *,
    over: bool,
) -> ObjectLine:
    written = journal.get(str(key)) == JournalState.APPLIED
    if verb is Verb.PRUNE:
        state, words = (
            (_GONE, "removed") if written else (_TODO, "not removed" if over else "will be removed")
        )
    elif verb is Verb.REFUSE:
        state, words = Mark("failed", "refused"), "refused"
    elif verb.writes and not written:
        state, words = _TODO, "not written" if over else "not yet"
    elif seen is not None:
        state, words = health_mark(seen["health"]), seen["sentence"]
    else:
        state, words = _DONE, "applied" if verb.writes else "as it should be"
    return ObjectLine(_id("object", str(key)), key.kind, key.name, state, words, _sets(pods))


def _sets(pods: Sequence[tuple[str, Mapping[str, Any]]]) -> tuple[Replicas, ...]:
    """Only while more than one generation stands: otherwise they would say what the line above says."""
    by_set: dict[str, list[Mapping[str, Any]]] = {}
    for _, pod in pods:
        if pod["set"]:
            by_set.setdefault(pod["set"], []).append(pod)
    if len(by_set) < 2:
        return ()
    found = [
        Replicas(
            name=name,
            new=members[0]["new"],
            ready=sum(1 for pod in members if pod["health"] == "healthy"),
            pods=len(members),
            state=_set_mark(members),
        )
        for name, members in by_set.items()
    ]
    return tuple(sorted(found, key=lambda replicas: (not replicas.new, replicas.name)))


def _set_mark(members: Sequence[Mapping[str, Any]]) -> Mark:
    if not members[0]["new"]:
        return Mark("todo", "old")
    healths = {pod["health"] for pod in members}
    worst = next(
        (word for word in ("degraded", "missing", "unknown", "progressing") if word in healths), "healthy"
    )
    return health_mark(worst)


def _pod_row(
    owner: str, found: Sequence[tuple[str, Mapping[str, Any]]], seen: Mapping[str, Any] | None
) -> PodRow:
    key = ObjectKey.parse(owner) if owner else None
    ordered = sorted(found, key=lambda pair: (not pair[1]["new"], pair[1]["name"]))
    pods = tuple(_pod(uid, pod) for uid, pod in ordered[:MOST_PODS_A_ROW])
    healthy = sum(1 for _, pod in ordered if pod["health"] == "healthy" and pod["new"])
    wanted = seen.get("wanted") if seen else None
    trouble = next((pod for _, pod in ordered if pod["health"] == "degraded"), None)
    return PodRow(
        id=_id("pods", owner or "none"),
        name=key.name if key else "pods of their own",
        pods=pods,
        more=max(0, len(ordered) - MOST_PODS_A_ROW),
        ready=f"{healthy}/{wanted if wanted is not None else len([1 for _, pod in ordered if pod['new']])}",
        trouble=_trouble(trouble) if trouble else "",
    )


def _pod(uid: str, pod: Mapping[str, Any]) -> Pod:
    age = "new" if pod["new"] else "old"
    words = f"{pod['name']}: {age}, {pod['sentence']}"
    if pod["node"]:
        words += f", on {pod['node']}"
    if pod["restarts"]:
        words += f", {count(pod['restarts'], 'restart')}"
    state = Mark("aborted", "ending") if pod["ending"] else health_mark(pod["health"])
    return Pod(_id("pod", uid), pod["name"], pod["new"], state, words)


def _trouble(pod: Mapping[str, Any]) -> str:
    restarts = f" ({count(pod['restarts'], 'restart')})" if pod["restarts"] else ""
    return f"{pod['name']}: {pod['sentence']}{restarts}"


def _id(prefix: str, text: str) -> str:
    """An element's id: stable, so that a push changes the element and does not replace it."""
    return f"{prefix}-{''.join(letter if letter.isalnum() else '-' for letter in text)}"
