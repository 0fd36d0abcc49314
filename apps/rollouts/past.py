"""What a rollout was after its N-th event: a pure fold of its events, the same for a page, a test and a programme.

An event tells what changed (`observed`, `phase`, `planned`, `step-done`, …); the last one of each change also tells
under `now` how the row stood after it. A key that is not there is not known, and stays what it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from slipway.engine.phases import Phase


class Fact(Protocol):
    """An event, stored or not."""

    number: int
    at: datetime
    kind: str
    body: Any


@dataclass(frozen=True, slots=True)
class Past:
    number: int = 0
    at: datetime | None = None
    phase: str = str(Phase.PENDING)
    phase_since: datetime | None = None
    sentence: str = ""
    told: bool = False  # the sentence is the one of this very event; else that of the last phase
    reasons: tuple[Mapping[str, Any], ...] = ()
    step: int = 0
    plan_digest: str = ""
    plans: int = 0
    approvals_needed: int | None = None  # None: not told
    paused: bool = False
    unreachable_since: datetime | None = None
    objects: Mapping[str, Any] = field(default_factory=dict)
    pods: Mapping[str, Any] = field(default_factory=dict)
    warnings: Mapping[str, Any] = field(default_factory=dict)


def fold(events: Iterable[Fact], start: Past | None = None) -> Past:
    """In number order. `fold(all) == fold(later, fold(earlier))`."""
    past = start or Past()
    # One copy of each for the whole fold: copying them at every event would make a long rollout's replay quadratic.
    objects, pods, warnings = dict(past.objects), dict(past.pods), dict(past.warnings)
    for event in events:
        past = _after(past, event)
        if event.kind == "observed":
            _take(objects, event.body, "objects", "gone_objects")
            _take(pods, event.body, "pods", "gone_pods")
            _take(warnings, event.body, "warnings", "gone_warnings")
    return replace(past, objects=objects, pods=pods, warnings=warnings)


def _take(known: dict[str, Any], body: Mapping[str, Any], seen: str, gone: str) -> None:
    known.update(body.get(seen, {}))
    for key in body.get(gone, ()):
        known.pop(key, None)


def _after(past: Past, event: Fact) -> Past:
    body: Mapping[str, Any] = event.body
    past = replace(past, number=event.number, at=event.at, told=False)
    if event.kind == "requested":
        past = replace(past, phase_since=event.at)
    elif event.kind == "phase":
        past = _in_phase(past, str(body.get("phase", past.phase)), event.at)
        past = replace(past, sentence=str(body.get("sentence", "")))
    elif event.kind == "planned":
        past = replace(past, plan_digest=str(body.get("digest", "")), plans=past.plans + 1)
    elif event.kind == "plan-changed":
        past = replace(past, plan_digest=str(body.get("after", "")), plans=past.plans + 1)
    elif event.kind == "step-done":
        past = replace(past, step=int(body.get("step", past.step)) + 1)
    elif event.kind in {"pause", "resume"}:
        past = replace(past, paused=event.kind == "pause")
    elif event.kind == "cluster-silent":
        past = replace(past, unreachable_since=event.at)
    elif event.kind == "cluster-answers":
        past = replace(past, unreachable_since=None)
    return _as_told(past, body.get("now") or {}, event.at)


def _in_phase(past: Past, phase: str, at: datetime) -> Past:
    return past if phase == past.phase else replace(past, phase=phase, phase_since=at)


def _as_told(past: Past, now: Mapping[str, Any], at: datetime) -> Past:
    past = _in_phase(past, str(now.get("phase", past.phase)), at)
    return replace(
        past,
        sentence=str(now.get("sentence", past.sentence)),
        told="sentence" in now,
        reasons=tuple(now.get("reasons", past.reasons)),
        step=int(now.get("step", past.step)),
        plan_digest=str(now.get("plan", past.plan_digest)),
        plans=int(now.get("plans", past.plans)),
        approvals_needed=now.get("approvals_needed", past.approvals_needed),
        paused=bool(now.get("paused", past.paused)),
    )
