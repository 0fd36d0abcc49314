"""Anything that can hold a rollout, and what it answers: pass, wait or refuse, and why, who, and when next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


class Answer(IntEnum):
    """Ordered by severity, so that the worst is one `max`."""

    PASS = 0
    WAIT = 1
    REFUSE = 2

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """`unblocked_by` is who can lift it, in words; `asked_again_at` None means: when something changes."""

    gate: str
    answer: Answer
    sentence: str
    unblocked_by: str = ""
    asked_again_at: datetime | None = None
    since: datetime | None = None
    not_by: tuple[str, ...] = ()  # ids of people who may not, whatever their role


@dataclass(frozen=True, slots=True)
class ApprovalFacts:
    """Read under the rollout's lock. `approved_by` counts people whose newest decision names `plan_digest`."""

    needed: int
    plan_digest: str
    approved_by: tuple[str, ...]
    rejected_by: tuple[str, ...]
    may_approve: str  # "a releaser or an owner (not ana)"
    missing_teams: tuple[str, ...] = ()  # of which no approval has come yet
    unknown: str = ""  # why nobody can tell whose commits these are, where that must be known
    excluded: tuple[str, ...] = ()  # ids
    expires_at: datetime | None = None  # when the first of those that count no longer does
    broken_by: str = ""  # who broke the glass over this plan


def approvals(facts: ApprovalFacts) -> GateAnswer:
    if facts.broken_by:
        return GateAnswer("approval", Answer.PASS, f"{facts.broken_by} broke the glass")
    if facts.rejected_by:
        return GateAnswer(
            "approval", Answer.REFUSE, f"{_names(facts.rejected_by)} rejected this plan", "a new rollout"
        )
    if facts.unknown and facts.needed:
        return GateAnswer(
            "approval",
            Answer.WAIT,
            facts.unknown,
            unblocked_by="a release that names its commits, or an owner who breaks the glass",
            not_by=facts.excluded,
        )
    given = len(facts.approved_by)
    if given >= facts.needed and not facts.missing_teams:
        if not facts.needed:
            return GateAnswer("approval", Answer.PASS, "no approval is needed here")
        return GateAnswer(
            "approval",
            Answer.PASS,
            f"approved by {_names(facts.approved_by)}",
            asked_again_at=facts.expires_at,
        )
    if given >= facts.needed:
        sentence = f"no approval of {_names(facts.missing_teams)} yet"
        return GateAnswer(
            "approval",
            Answer.WAIT,
            sentence,
            unblocked_by=f"{facts.may_approve}, in {_names(facts.missing_teams)}",
            asked_again_at=facts.expires_at,
            not_by=facts.excluded,
        )
    among = f", one of {_names(facts.missing_teams)}" if facts.missing_teams else ""
    return GateAnswer(
        "approval",
        Answer.WAIT,
        "the plan is not approved yet"
        if facts.needed == 1
        else f"the plan has {given} of {facts.needed} approvals",
        unblocked_by=f"{facts.may_approve}{among}",
        asked_again_at=facts.expires_at,
        not_by=facts.excluded,
    )


def hours(*, opens_at: datetime | None, words: str, next_words: str) -> GateAnswer:
    """`opens_at` None: it is open. `words` say the hours, `next_words` that moment on the clock there."""
    if opens_at is None:
        return GateAnswer("hours", Answer.PASS, f"within the hours {words}")
    return GateAnswer(
        "hours",
        Answer.WAIT,
        f"rollouts begin here {words}; next at {next_words}",
        unblocked_by="the clock, or an owner who breaks the glass",
        asked_again_at=opens_at,
    )


def slot(*, taken_by: str) -> GateAnswer:
    """`taken_by` is the rollout that holds the target, "" when the slot is free."""
    if taken_by:
        return GateAnswer(
            "slot", Answer.WAIT, f"{taken_by} is on this target", unblocked_by="its end, or an abort"
        )
    return GateAnswer("slot", Answer.PASS, "the target is free")


def needs_person(*, sentence: str, automatic: bool) -> GateAnswer:
    if sentence and automatic:
        return GateAnswer(
            "needs a person",
            Answer.WAIT,
            sentence,
            unblocked_by="a person who starts a rollout or lifts the mark",
        )
    return GateAnswer("needs a person", Answer.PASS, "no mark on the target")


def deletions(*, deleted: int, limit: int, confirmed: int | None) -> GateAnswer:
    if deleted > limit and confirmed != deleted:
        return GateAnswer(
            "deletions",
            Answer.WAIT,
            f"the plan deletes {deleted} objects, more than the {limit} this environment allows unasked",
            unblocked_by=f"a person who may deploy here and types {deleted}",
        )
    return GateAnswer("deletions", Answer.PASS, f"{deleted} deletions")


def worst(answers: Iterable[GateAnswer]) -> Answer:
    return max((answer.answer for answer in answers), default=Answer.PASS)


def _names(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
