"""What a rollout was after its N-th event: a pure fold of its events, the same for a page, a test and a programme.

An event tells what changed (`observed`, `phase`, `planned`, `step-done`, …); the last one of each change also tells
under `now` how the row stood after it. A key that is not there is not known, and stays what it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, Protocol

from slipway.engine.phases import Phase


class Fact(Protocol):
    """An event, stored or not."""

    @property
    def number(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def kind(self) -> str: ...
    @property
    def body(self) -> Any: ...


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
    # Changed in place while it folds, and copied once: a long rollout has thousands of events.
    now: dict[str, Any] = {name: getattr(past, name) for name in _FIELDS}
    for name in _SEEN:
        now[name] = dict(now[name])
    for event in events:
        body: Mapping[str, Any] = event.body
        now["number"], now["at"], now["told"] = event.number, event.at, False
        if event.kind == "observed":
            for name, gone in _SEEN.items():
                now[name].update(body.get(name, {}))
                for key in body.get(gone, ()):
                    now[name].pop(key, None)
        else:
            _happened(now, event.kind, body, event.at)
        if (told := body.get("now")) is not None:
            _as_told(now, told, event.at)
    return Past(**now)


_FIELDS = tuple(field.name for field in fields(Past))
_SEEN = {"objects": "gone_objects", "pods": "gone_pods", "warnings": "gone_warnings"}


def _happened(now: dict[str, Any], kind: str, body: Mapping[str, Any], at: datetime) -> None:
    if kind == "requested":
        now["phase_since"] = at
    elif kind == "phase":
        _enter(now, str(body.get("phase", now["phase"])), at)
        now["sentence"] = str(body.get("sentence", ""))
    elif kind in {"planned", "plan-changed"}:
        now["plan_digest"] = str(body.get("digest" if kind == "planned" else "after", ""))
        now["plans"] += 1
    elif kind == "step-done":
        now["step"] = int(body.get("step", now["step"])) + 1
    elif kind in {"pause", "resume"}:
        now["paused"] = kind == "pause"
    elif kind == "cluster-silent":
        now["unreachable_since"] = at
    elif kind == "cluster-answers":
        now["unreachable_since"] = None


def _as_told(now: dict[str, Any], told: Mapping[str, Any], at: datetime) -> None:
    if "phase" in told:
        _enter(now, str(told["phase"]), at)
    if "sentence" in told:
        now["sentence"], now["told"] = str(told["sentence"]), True
    if "reasons" in told:
        now["reasons"] = tuple(told["reasons"])
    if "step" in told:
        now["step"] = int(told["step"])
    if "plan" in told:
        now["plan_digest"] = str(told["plan"])
    for name in ("plans", "approvals_needed", "paused"):
        if name in told:
            now[name] = told[name]


def _enter(now: dict[str, Any], phase: str, at: datetime) -> None:
    if phase != now["phase"]:
        now["phase"], now["phase_since"] = phase, at
