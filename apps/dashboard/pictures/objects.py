"""A rollout's objects as a tree: object, old and new ReplicaSet, and every pod that is not ready by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from django.db.models import Q

from apps.dashboard.marks import Mark, health_mark
from apps.dashboard.pictures.pods import (
    Pods,
    Seen,
    object_place,
    pods_by_owner,
    pods_of,
    short_name,
)
from apps.dashboard.words import count
from apps.rollouts.choices import JournalState
from apps.rollouts.models import JournalEntry, Rollout
from slipway.engine.objects import ObjectKey
from slipway.engine.plans import Plan, Verb

MOST_OBJECTS = 300
MOST_PODS_NAMED = 4  # for one reason
MOST_NOTES = 6

_TODO = Mark("todo", "not yet")
_DONE = Mark("healthy", "applied")
_GONE = Mark("aborted", "removed")

_TROUBLE = {"failed", "errored"}
_RANKS = {"failed": 0, "errored": 0, "progressing": 1, "unknown": 1, "todo": 2}  # the rest is done: 3
_VERBS = {
    Verb.CREATE: "created",
    Verb.CHANGE: "changed",
    Verb.REPLACE: "replaced",
    Verb.PRUNE: "deleted",
    Verb.KEEP: "kept",
    Verb.REFUSE: "refused",
    Verb.UNCHANGED: "unchanged",
}


@dataclass(frozen=True, slots=True)
class NamedPod:
    place: str
    name: str  # without its owner's
    whole: str


@dataclass(frozen=True, slots=True)
class PodNote:
    """Pods that are not ready for the same reason, said by name."""

    state: Mark
    pods: tuple[NamedPod, ...]
    more: int
    words: str


@dataclass(frozen=True, slots=True)
class Replicas:
    id: str
    name: str  # without its owner's
    new: bool
    ready: int
    count: int
    state: Mark
    words: str
    notes: tuple[PodNote, ...]


@dataclass(frozen=True, slots=True)
class ObjectLine:
    id: str
    key: str
    place: str
    kind: str
    name: str
    namespace: str
    verb: str
    state: Mark
    words: str
    ready: int | None = None
    wanted: int | None = None
    sets: tuple[Replicas, ...] = ()  # while two generations stand, or one is in trouble
    notes: tuple[PodNote, ...] = ()  # of an object without sets to show

    @property
    def rank(self) -> int:
        return _RANKS.get(self.state.look, 3)


@dataclass(frozen=True, slots=True)
class Objects:
    lines: tuple[ObjectLine, ...]  # trouble first, then what moves, what is to come, what is done
    quiet: tuple[ObjectLine, ...]  # the plan leaves them as they are, and they are well
    rest: tuple[ObjectLine, ...]  # of the first, what a tree of hundreds leaves to the table
    pods: Pods

    @property
    def unchanged(self) -> int:
        return len(self.quiet)

    @property
    def everything(self) -> tuple[ObjectLine, ...]:
        return (*self.lines, *self.rest, *self.quiet)

    @property
    def folded(self) -> tuple[ObjectLine, ...]:
        return self.quiet[:MOST_OBJECTS]


def objects_of(rollout: Rollout, plan: Plan | None) -> Objects:
    progress = rollout.progress or {}
    seen: Mapping[str, Seen] = progress.get("objects", {})
    pods: Mapping[str, Seen] = progress.get("pods", {})
    if rollout.ended_at is not None:
        # What was going when it ended is gone by now: nobody looks any more, so nobody would take it away here.
        pods = {uid: pod for uid, pod in pods.items() if not pod["ending"]}
    by_owner = pods_by_owner(pods)
    planned = plan.objects if plan else ()
    journal = _journal(rollout) if planned else {}
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
    moving = sorted(
        (line for line in lines if line.verb != "unchanged" or line.state.look in _TROUBLE),
        key=lambda line: (line.rank, line.wanted is None),
    )
    order = {str(item.key): position for position, item in enumerate(planned)}
    changed = frozenset(str(item.key) for item in planned if item.verb is not Verb.UNCHANGED)
    return Objects(
        lines=tuple(moving[:MOST_OBJECTS]),
        quiet=tuple(line for line in lines if line.verb == "unchanged" and line.state.look not in _TROUBLE),
        rest=tuple(moving[MOST_OBJECTS:]),
        pods=pods_of(by_owner, seen, order, changed),
    )


def _journal(rollout: Rollout) -> dict[str, str]:
    entries = JournalEntry.objects.filter(rollout_id=rollout.id)
    if rollout.as_of is not None:
        entries = entries.filter(Q(applied_at__lte=rollout.as_of) | Q(applied_at__isnull=True))
    return dict(entries.values_list("key", "state"))


def share_of(line: ObjectLine) -> float:
    """How much of it is there: by ready pods where it has any."""
    if line.rank == 3:
        return 1
    if line.rank == 2 or not line.wanted:
        return 0
    return min(0.99, (line.ready or 0) / line.wanted)


def _line(
    key: ObjectKey,
    verb: Verb,
    seen: Seen | None,
    journal: Mapping[str, str],
    pods: Sequence[tuple[str, Seen]],
    *,
    over: bool,
) -> ObjectLine:
    state, words = _state(verb, seen, journal.get(str(key)) == JournalState.APPLIED, over=over)
    sets = _sets(key, pods)
    return ObjectLine(
        id=f"rollout-objects:{key}",
        key=str(key),
        place=object_place(key),
        kind=key.kind,
        name=key.name,
        namespace=key.namespace,
        verb=_VERBS[verb],
        state=state,
        words=words,
        ready=seen.get("ready") if seen else None,
        wanted=seen.get("wanted") if seen else None,
        sets=sets,
        notes=() if sets else _notes(key, pods),
    )


def _state(verb: Verb, seen: Seen | None, written: bool, *, over: bool) -> tuple[Mark, str]:
    if verb is Verb.PRUNE:
        return (_GONE, "removed") if written else (_TODO, "not removed" if over else "will be removed")
    if verb is Verb.REFUSE:
        return Mark("failed", "refused"), "refused"
    if verb.writes and not written:
        return _TODO, "not written" if over else "not yet"
    if seen is not None:
        return health_mark(seen["health"]), seen["sentence"]
    return _DONE, "applied" if verb.writes else "as it should be"


def _sets(key: ObjectKey, pods: Sequence[tuple[str, Seen]]) -> tuple[Replicas, ...]:
    """Only while more than one generation stands: otherwise they would say what the line above says."""
    by_set: dict[str, list[tuple[str, Seen]]] = {}
    for uid, pod in pods:
        if pod["set"]:
            by_set.setdefault(pod["set"], []).append((uid, pod))
    if len(by_set) < 2:
        return ()
    found = [_replicas(key, name, members) for name, members in by_set.items()]
    return tuple(sorted(found, key=lambda replicas: (not replicas.new, replicas.name)))


def _replicas(key: ObjectKey, name: str, members: Sequence[tuple[str, Seen]]) -> Replicas:
    new = bool(members[0][1]["new"])
    ready = sum(1 for _, pod in members if pod["health"] == "healthy")
    going = sum(1 for _, pod in members if pod["ending"])
    left = f"{len(members)} left{f', {going} going' if going else ''}"
    return Replicas(
        id=f"rollout-objects:{key}+{name}",
        name=name.removeprefix(f"{key.name}-"),
        new=new,
        ready=ready,
        count=len(members),
        state=_set_mark(members),
        words=f"{ready} of {len(members)} ready" if new else left,
        notes=_notes(key, members),
    )


def _set_mark(members: Sequence[tuple[str, Seen]]) -> Mark:
    if not members[0][1]["new"]:
        return Mark("todo", "old")
    healths = {pod["health"] for _, pod in members}
    worst = next(
        (word for word in ("degraded", "missing", "unknown", "progressing") if word in healths), "healthy"
    )
    return health_mark(worst)


def _notes(key: ObjectKey, pods: Sequence[tuple[str, Seen]]) -> tuple[PodNote, ...]:
    """The new ones that are not ready, what cannot live before what is only starting, and old ones in trouble."""
    found = [
        (uid, pod)
        for uid, pod in pods
        if not pod["ending"] and pod["health"] != "healthy" and (pod["new"] or pod["health"] == "degraded")
    ]
    found.sort(key=lambda pair: (pair[1]["health"] != "degraded", not pair[1]["new"], str(pair[1]["name"])))
    alike: dict[tuple[str, str], list[tuple[str, Seen]]] = {}
    for uid, pod in found:
        words = pod["sentence"]
        if pod["restarts"]:
            words += f" · {count(pod['restarts'], 'restart')}"
        alike.setdefault((pod["health"], words), []).append((uid, pod))
    return tuple(
        PodNote(
            health_mark(health),
            tuple(_named(key, uid, pod) for uid, pod in members[:MOST_PODS_NAMED]),
            max(0, len(members) - MOST_PODS_NAMED),
            words,
        )
        for (health, words), members in list(alike.items())[:MOST_NOTES]
    )


def _named(key: ObjectKey, uid: str, pod: Seen) -> NamedPod:
    whole = str(pod["name"])
    return NamedPod(f"pods/{quote(uid, safe='')}/", short_name(whole, pod["set"], key.name), whole)
