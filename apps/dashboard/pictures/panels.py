"""One object or one pod by itself: what is known of it, since when, and its own story in this rollout."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.urls import reverse

from apps.core.problems import NotFound
from apps.dashboard.marks import Mark, health_mark
from apps.dashboard.pictures.objects import ObjectLine, objects_of
from apps.dashboard.pictures.planned import planned_of
from apps.dashboard.pictures.pods import Seen, object_place, pod_mark
from apps.dashboard.words import count
from apps.organizations.access import Actor, Right, decide
from apps.rollouts.models import Event, JournalEntry, Rollout
from slipway.engine.objects import ObjectKey
from slipway.engine.plans import Plan

MOST_EVENTS = 40
MOST_PODS = 200
MOST_CHANGES = 8


@dataclass(frozen=True, slots=True)
class Moment:
    number: int
    at: datetime
    words: str
    look: str


@dataclass(frozen=True, slots=True)
class PodLine:
    place: str
    name: str
    set: str
    new: bool
    state: Mark
    words: str
    restarts: int
    node: str
    log: str  # its address, "" where there is none


@dataclass(frozen=True, slots=True)
class Change:
    path: str
    before: object
    after: object
    was_there: bool
    stays: bool


@dataclass(frozen=True, slots=True)
class ObjectPanel:
    line: ObjectLine
    since: datetime | None
    written_at: datetime | None
    said: str  # by the server, as it was written
    changes: tuple[Change, ...]
    more: int
    pods: tuple[PodLine, ...]
    more_pods: int
    story: tuple[Moment, ...]
    command: str


@dataclass(frozen=True, slots=True)
class PodPanel:
    uid: str
    name: str
    state: Mark
    sentence: str
    new: bool
    ending: bool
    gone_at: datetime | None
    restarts: int
    node: str
    set: str
    owner: ObjectKey | None
    owner_place: str
    since: datetime | None
    story: tuple[Moment, ...]
    command: str
    log: str


def object_panel(actor: Actor, rollout: Rollout, key: ObjectKey) -> ObjectPanel:
    """Raises NotFound for an object that is not in the plan in force."""
    planned = planned_of(rollout)
    plan = planned.plan if planned else None
    objects = objects_of(rollout, plan)
    line = next((line for line in objects.everything if line.key == str(key)), None)
    if line is None:
        raise NotFound(f"{key.label} is not in the plan of rollout {rollout.number}.")
    entry = JournalEntry.objects.filter(rollout_id=rollout.id, key=str(key)).order_by("-position").first()
    events = _events(rollout, Q(body__objects__has_key=str(key)))
    told = [(number, at, body["objects"][str(key)]) for number, at, body in events]
    found = sorted(
        ((uid, pod) for uid, pod in _pods(rollout).items() if pod["owner"] == str(key)),
        key=lambda pair: (pair[1]["health"] == "healthy", not pair[1]["new"], str(pair[1]["name"])),
    )
    changes, more = _changes(plan, key)
    return ObjectPanel(
        line=line,
        since=_since(told),
        written_at=entry.applied_at if entry else None,
        said=entry.sentence if entry else "",
        changes=changes,
        more=more,
        pods=tuple(_pod_line(actor, rollout, uid, pod) for uid, pod in found[:MOST_PODS]),
        more_pods=max(0, len(found) - MOST_PODS),
        story=_story(told),
        command=_command(
            "describe", key.namespace, f"{key.kind.lower()}{f'.{key.group}' if key.group else ''}/{key.name}"
        ),
    )


def pod_panel(actor: Actor, rollout: Rollout, uid: str) -> PodPanel:
    """Of a pod that is there or was. Raises NotFound for one that this rollout never saw."""
    events = _events(rollout, Q(body__pods__has_key=uid))
    told = [(number, at, body["pods"][uid]) for number, at, body in events]
    pod = _pods(rollout).get(uid)
    gone_at = None
    if pod is None:
        if not told:
            raise NotFound(f"Rollout {rollout.number} has seen no such pod.")
        pod = told[0][2]
        gone = _events(rollout, Q(body__gone_pods__contains=[uid]))
        gone_at = gone[0][1] if gone else rollout.ended_at
    owner = ObjectKey.parse(pod["owner"]) if pod["owner"] else None
    return PodPanel(
        uid=uid,
        name=pod["name"],
        state=Mark("aborted", "gone") if gone_at else pod_mark(pod),
        sentence=pod["sentence"],
        new=pod["new"],
        ending=pod["ending"],
        gone_at=gone_at,
        restarts=pod["restarts"],
        node=pod["node"],
        set=pod["set"],
        owner=owner,
        owner_place=object_place(owner) if owner else "",
        since=_since(told),
        story=_story(told),
        command=_command(
            "describe", owner.namespace if owner else rollout.target.namespace, f"pod/{pod['name']}"
        ),
        log="" if gone_at else _log(actor, rollout, uid),
    )


def _pods(rollout: Rollout) -> Mapping[str, Seen]:
    pods: Mapping[str, Seen] = (rollout.progress or {}).get("pods", {})
    if rollout.ended_at is not None:
        return {uid: pod for uid, pod in pods.items() if not pod["ending"]}
    return pods


def _events(rollout: Rollout, about: Q) -> list[tuple[int, datetime, Any]]:
    """The newest first."""
    rows = Event.objects.filter(
        about, rollout_id=rollout.id, number__lte=rollout.event_number, kind="observed"
    )
    return list(rows.order_by("-number").values_list("number", "at", "body")[:MOST_EVENTS])


def _since(told: Sequence[tuple[int, datetime, Seen]]) -> datetime | None:
    """When it became what it is; None where its story is longer than what is looked at."""
    since = None
    for _, at, seen in told:
        if seen["health"] != told[0][2]["health"]:
            return since
        since = at
    return since if len(told) < MOST_EVENTS else None


def _story(told: Sequence[tuple[int, datetime, Seen]]) -> tuple[Moment, ...]:
    moments = []
    for number, at, seen in told:
        words = seen["sentence"]
        if seen.get("restarts"):
            words += f", {count(seen['restarts'], 'restart')}"
        if seen.get("ending"):
            words += ", going"
        look = health_mark(seen["health"]).look
        moments.append(Moment(number, at, words, look if look in {"failed", "errored", "healthy"} else ""))
    return tuple(moments)


def _changes(plan: Plan | None, key: ObjectKey) -> tuple[tuple[Change, ...], int]:
    item = next((item for item in plan.objects if item.key == key), None) if plan else None
    if item is None or item.verb.name == "CREATE":
        return (), 0
    found = tuple(
        Change(
            change.path or "the whole object",
            change.before,
            change.after,
            change.before is not None,
            change.after is not None,
        )
        for change in item.changes[:MOST_CHANGES]
    )
    return found, max(0, len(item.changes) - MOST_CHANGES)


def _pod_line(actor: Actor, rollout: Rollout, uid: str, pod: Seen) -> PodLine:
    return PodLine(
        place=f"pods/{uid}/",
        name=pod["name"],
        set=pod["set"],
        new=pod["new"],
        state=pod_mark(pod),
        words=pod["sentence"],
        restarts=pod["restarts"],
        node=pod["node"],
        log=_log(actor, rollout, uid),
    )


def _log(actor: Actor, rollout: Rollout, uid: str) -> str:
    """ "" for who may not read it."""
    if not decide(
        actor, Right.READ_LOGS, environment_id=rollout.environment_id, application_id=rollout.application_id
    ).allowed:
        return ""
    return reverse("pod-log", args=[actor.organization_slug, rollout.number, uid])


def _command(verb: str, namespace: str, what: str) -> str:
    return " ".join(
        part for part in ("kubectl", verb, f"--namespace {namespace}" if namespace else "", what) if part
    )
