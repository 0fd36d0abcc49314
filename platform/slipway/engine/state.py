"""What `decide` is told and what it answers. Values only; the shell fills them from rows and writes them back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from slipway.engine.gates import GateAnswer
from slipway.engine.phases import Kind, Phase
from slipway.engine.steps import Step
from slipway.engine.transitions import Trigger


@dataclass(frozen=True, slots=True)
class RolloutState:
    phase: Phase
    kind: Kind
    steps: tuple[Step, ...] = ()  # of the plan in force; empty before the first plan
    step: int = 0
    plan_digest: str = ""
    plan_wanted: bool = True
    approval_binds: bool = False  # a changed plan sends it back to waiting
    phase_since: datetime | None = None
    step_since: datetime | None = None
    slot_at: datetime | None = None
    first_write_at: datetime | None = None
    deadline_at: datetime | None = None
    bake_until: datetime | None = None
    standing_still_since: datetime | None = None
    unreachable_since: datetime | None = None
    progress_deadline_seconds: int = 600
    bake_seconds: int = 0
    way_back: str = ""  # the release to go back to, in words; "" when there is none
    abort_requested_by: str = ""
    stop_requested: bool = False
    pause_requested: bool = False
    paused_because: str = ""  # the sentence it was paused with
    superseded_by: str = ""

    @property
    def progress_deadline(self) -> timedelta:
        return timedelta(seconds=self.progress_deadline_seconds)

    @property
    def has_written(self) -> bool:
        return self.first_write_at is not None


@dataclass(frozen=True, slots=True)
class PlanFacts:
    digest: str
    sentence: str  # "11 objects change, 2 are deleted"
    steps: tuple[Step, ...]
    refusals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HealthFacts:
    """Of the objects written so far."""

    all_healthy: bool
    sentence: str
    cannot_heal: str = ""  # the sentence of the first object that cannot
    degraded: str = ""  # the sentence of the first that is worse than progressing


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen before the transaction. None of a part means it was not looked at."""

    plan: PlanFacts | None = None
    checked: PlanFacts | None = (
        None  # a plan of this very look, already adopted: the last comparison has been made
    )
    health: HealthFacts | None = None
    step: int | None = None  # which step was carried out or looked at; None: the one in force
    remaining: int | None = None  # journal entries of the current step that are not applied
    written: int | None = None  # how many objects this very look has written; None: it did not come to that
    trouble: str = ""  # the cluster does not answer: why
    rejected: str = ""  # the cluster refuses us: why
    refused: str = ""  # a write was refused: the server's words
    waiting: str = ""  # a write has to wait for something that goes away first
    namespace_gone: str = (
        ""  # the target's namespace went, or is going, under the plan: what was written goes with it
    )
    conflict: str = ""  # an object is at neither its before nor its after: who changed what


@dataclass(frozen=True, slots=True)
class Facts:
    """Read under the rollout's lock. No gates: nobody was asked, and so nothing begins."""

    gates: tuple[GateAnswer, ...] = ()
    about: str | None = (
        None  # the digest that the gates were asked about; None: the one in force before the look
    )
    newer: str = ""  # the release of a newer rollout that is queued on the same target


class Command(StrEnum):
    """What the shell does after the commit. NONE: wait for a wake-up or for `check_again_at`."""

    NONE = "none"
    PLAN = "plan"
    APPLY = "apply"
    OBSERVE = "observe"


@dataclass(frozen=True, slots=True)
class EngineEvent:
    kind: str
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    state: RolloutState
    sentence: str
    command: Command = Command.NONE
    triggers: tuple[Trigger, ...] = ()
    reasons: tuple[GateAnswer, ...] = ()
    check_again_at: datetime | None = None
    events: tuple[EngineEvent, ...] = ()
    begins_way_back: bool = False
    needs_person: str = ""  # the mark to put on the target
    end_reason: str = ""

    @property
    def ends(self) -> bool:
        return self.state.phase.is_terminal
