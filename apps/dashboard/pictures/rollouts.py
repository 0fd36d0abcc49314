"""Everything that the rollout page shows and that is the same for every viewer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from apps.dashboard.marks import Mark, phase_mark
from apps.dashboard.pictures.objects import Objects, objects_of
from apps.dashboard.pictures.planned import planned_of
from apps.dashboard.pictures.plans import DecisionLine, PlanPicture, decisions_on
from apps.dashboard.pictures.rail import Stop, rail_of
from apps.dashboard.pictures.story import Story, story_of
from apps.dashboard.words import capital
from apps.rollouts.models import Rollout
from slipway.engine.phases import Kind, Phase


@dataclass(frozen=True, slots=True)
class Held:
    why: str  # "" where the sentence says it already
    unblocked_by: str


@dataclass(frozen=True, slots=True)
class RolloutPicture:
    rollout: Rollout
    slug: str  # the organization's
    mark: Mark
    lead: str
    sentence: str
    held: tuple[Held, ...]
    rail: tuple[Stop, ...]
    following: str  # what comes next
    following_at: datetime | None
    following_exactly: bool  # that moment is known; otherwise it is what is usual here
    percent: int | None
    objects: Objects
    plan: PlanPicture | None
    decisions: tuple[DecisionLine, ...]
    approved: int
    events: Story
    way_back: Rollout | None  # the rollout that undoes this one
    simulated: bool
    buttons: str  # changes when what one may press can have changed

    @property
    def title(self) -> str:
        verb = {Kind.ROLLBACK: "back to ", Kind.REAPPLY: "again "}.get(Kind(self.rollout.kind), "")
        return f"{verb}{self.rollout.release.version}"


def picture_of(rollout: Rollout, slug: str) -> RolloutPicture:
    """Inside the organization's scope; the rollout comes with its related rows."""
    planned = planned_of(rollout)
    plan, record = (planned.plan, planned.record) if planned else (None, None)
    decisions = decisions_on(rollout)
    approved = sum(1 for line in decisions if not line.void and line.mark.look == "healthy")
    objects = objects_of(rollout, plan)
    rail = rail_of(rollout, record, approved, objects)
    lead, sentence = _sentence(rollout)
    state = [rollout.phase, rollout.plan_digest, str(len(decisions)), str(bool(rollout.pause_requested_at))]
    state += [str(bool(rollout.abort_requested_at)), str(bool(rollout.stop_requested_at))]
    state += [reason["gate"] for reason in rollout.reasons if reason["answer"] != "pass"]
    return RolloutPicture(
        rollout=rollout,
        slug=slug,
        mark=phase_mark(rollout.phase, rollout.kind),
        lead=lead,
        sentence=sentence,
        held=_held(rollout),
        rail=rail.stops,
        following=rail.following,
        following_at=rail.following_at,
        following_exactly=rail.exact,
        percent=rail.percent,
        objects=objects,
        plan=planned.picture if planned else None,
        decisions=decisions,
        approved=approved,
        events=story_of(rollout),
        way_back=Rollout.objects.filter(undoes_id=rollout.id).order_by("-number").first(),
        simulated=rollout.target.cluster.simulated,
        buttons="|".join(state),
    )


def _sentence(rollout: Rollout) -> tuple[str, str]:
    """The first words carry the state; "Step 2 of 4: applying" speaks for itself."""
    text = rollout.sentence
    if text.startswith("Step ") and ": " in text:
        lead, _, rest = text.partition("; ")
        return (f"{lead}.", capital(rest)) if rest else (text, "")
    word = capital(phase_mark(rollout.phase, rollout.kind).word)
    if text.startswith(f"{word}: "):
        return f"{word}:", capital(text[len(word) + 2 :])
    if text.lower().startswith(word.lower()):
        return "", text
    if text.endswith(f" {word.lower()}."):
        return f"{word}:", f"{text[: -len(word) - 2]}."
    return f"{word}.", text


def _held(rollout: Rollout) -> tuple[Held, ...]:
    """Who can unblock what, where the sentence does not say it already."""
    if Phase(rollout.phase) is not Phase.WAITING:
        return ()
    return tuple(
        Held("" if reason["sentence"] in rollout.sentence else reason["sentence"], reason["unblocked_by"])
        for reason in rollout.reasons
        if reason["answer"] != "pass" and reason["unblocked_by"] not in rollout.sentence
    )
