"""The heart: state + observation + facts + now → what to become and what to do next. Pure.

Order of judgement, highest first:
 1. a terminal rollout absorbs everything
 2. abort, stop here, supersede: a person's word wins over whatever was seen
 3. the cluster refuses us: errored; it does not answer: stand still, deadlines too
 4. the phase's own rule, repeated until something must be done or waited for
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from slipway.engine.gates import Answer, GateAnswer, worst
from slipway.engine.moving import GATE_POLL_SECONDS, HEALTH_POLL_SECONDS, Move, full_stop
from slipway.engine.phases import QUEUED, Phase
from slipway.engine.state import (
    Command,
    Decision,
    EngineEvent,
    Facts,
    HealthFacts,
    Observation,
    PlanFacts,
    RolloutState,
)
from slipway.engine.steps import StepKind
from slipway.engine.transitions import Trigger

UNREACHABLE_RETRY_SECONDS = 3
_LONG = 10_000  # more inner moves than any plan has steps: a bug, never a wait


def decide(state: RolloutState, observation: Observation, facts: Facts, now: datetime) -> Decision:
    if state.phase.is_terminal:
        return Decision(state, "")
    move = Move(state, now, asked_about=state.plan_digest if facts.about is None else facts.about)
    if _person(move) or _cluster_away(move, observation):
        return move.decision()
    move.stand_up()
    seen = observation
    for _ in range(_LONG):
        following = _PHASE_RULES[move.state.phase](move, seen, facts)
        if following is None or move.state.phase.is_terminal:
            return move.decision()
        seen = following
    raise AssertionError("decide does not come to rest")


def _person(move: Move) -> bool:
    state = move.state
    if state.abort_requested_by:
        move.end(Trigger.ABORT, f"Aborted by {state.abort_requested_by}.")
    elif state.stop_requested:
        move.end(Trigger.STOP_HERE, "Stopped here by a person; what was written stays.", undo=False)
    elif state.superseded_by:
        move.take(Trigger.SUPERSEDE, f"Superseded by {state.superseded_by}.")
    else:
        return False
    return True


def _cluster_away(move: Move, observation: Observation) -> bool:
    if observation.rejected:
        move.end(Trigger.CANNOT_ASK, full_stop(observation.rejected), undo=False)
        return True
    if observation.trouble:
        if move.state.unreachable_since is None:
            move.events.append(EngineEvent("cluster-silent", {"sentence": observation.trouble}))
            move.state = replace(move.state, unreachable_since=move.now)
        move.stand_still()
        move.wait(
            f"The cluster does not answer: {full_stop(observation.trouble)} Deadlines stand still.",
            seconds=UNREACHABLE_RETRY_SECONDS,
        )
        return True
    return False


def _queued(move: Move, seen: Observation, facts: Facts) -> Observation | None:
    state = move.state
    if seen.plan is not None:
        _adopt(move, seen.plan)
        if seen.plan.refusals:
            move.end(Trigger.PLAN_REFUSED, _refusals(seen.plan))
            return None
        move.take(Trigger.PLANNED, "Planned; asking what holds it.")
        return replace(seen, plan=None, checked=seen.plan)
    if state.plan_wanted or not state.plan_digest:
        move.do(Command.PLAN, "Planning: asking the cluster what would change.")
        return None
    if not facts.gates or move.state.plan_digest != move.asked_about:
        # The slot's gate always answers: no answer means that nobody was asked. Answers about an earlier plan are
        # none about this one, be they yes or no.
        move.wait("Asking what holds it.", seconds=1)
        return None
    verdict = worst(facts.gates)
    held = tuple(gate for gate in facts.gates if gate.answer is not Answer.PASS)
    if verdict is Answer.REFUSE:
        refusing = next(gate for gate in held if gate.answer is Answer.REFUSE)
        move.end(Trigger.ABORT, f"{_capital(refusing.sentence)}.")
        return None
    if verdict is Answer.WAIT:
        move.wait(_held(held), seconds=GATE_POLL_SECONDS)
        move.reasons = facts.gates
        soonest = min((gate.asked_again_at for gate in held if gate.asked_again_at), default=None)
        if soonest and move.check_again_at and soonest < move.check_again_at:
            # Never in the past: a gate that is late with its own answer must not make us spin.
            move.check_again_at = max(soonest, move.now + timedelta(seconds=1))
        return None
    move.state = replace(
        move.state,
        slot_at=move.now,
        step=0,
        step_since=move.now,
        deadline_at=move.now + state.progress_deadline,
    )
    move.take(Trigger.BEGIN, "Every gate passes; the plan is checked once more.")
    move.reasons = facts.gates
    return seen


def _progressing(move: Move, seen: Observation, facts: Facts) -> Observation | None:
    state = move.state
    if state.pause_requested and state.plan_digest:
        move.pause("Paused by a person; nothing is written until it is resumed.")
        return None
    if not state.steps or (state.steps[state.step :][:1] and state.steps[state.step].kind is StepKind.CHECK):
        return _check(move, seen, facts)
    if state.step >= len(state.steps):
        move.state = replace(state, bake_until=move.now + timedelta(seconds=state.bake_seconds))
        move.take(Trigger.APPLIED, "Everything is applied and healthy.")
        return seen
    step = state.steps[state.step]
    if seen.step is not None and seen.step != state.step:
        seen = Observation()  # it tells of another step; this one is looked at anew
    if seen.namespace_gone:
        _begin_anew(move, full_stop(_capital(seen.namespace_gone)))
        return None
    if seen.conflict:
        move.pause(f"Paused: {full_stop(seen.conflict)}")
        return None
    if seen.refused:
        move.end(Trigger.BAD, full_stop(seen.refused))
        return None
    if seen.written and _late(move):
        # It gets on, so it is not late but was left alone: by workers that were down for longer than the deadline.
        state = move.state = replace(state, deadline_at=move.now + state.progress_deadline)
    if seen.remaining is None or seen.remaining > 0:
        # Nobody is late who was not let try: a look that only looked is followed by one that writes.
        if _late(move) and (seen.written is not None or seen.waiting):
            move.end(Trigger.BAD, f"{step.title} was not done within {state.progress_deadline_seconds} s.")
            return None
        if seen.waiting:
            move.wait(f"{_position(state)}: {seen.waiting}.", seconds=1)
        else:
            move.do(Command.APPLY, f"{_position(state)}: {_lower(step.title)}.")
        return None
    if not step.awaits:
        move.next_step()
        return replace(seen, remaining=None)
    if seen.health is None:
        move.do(Command.OBSERVE, f"{_position(state)}: watching {_lower(step.title)}.")
        return None
    return _await_health(move, seen, seen.health)


def _check(move: Move, seen: Observation, facts: Facts) -> Observation | None:
    """The last comparison. A plan that was made in this very look, moments ago, is not asked for again."""
    state = move.state
    plan = seen.plan or seen.checked
    if plan is None:
        move.do(Command.PLAN, "Checking the plan once more before anything is written.")
        return None
    changed = bool(state.plan_digest) and plan.digest != state.plan_digest
    _adopt(move, plan)
    if plan.refusals:
        move.end(Trigger.PLAN_REFUSED, _refusals(plan))
        return None
    if changed and state.approval_binds:
        if facts.newer:
            # Its place in the queue is taken: it cannot go back there.
            move.take(
                Trigger.SUPERSEDE, f"The plan changed before anything was applied; {facts.newer} takes over."
            )
            return None
        move.state = replace(move.state, slot_at=None, deadline_at=None, step_since=None)
        sentence = "The plan changed since it was approved; nothing was applied."
        move.take(Trigger.PLAN_CHANGED, sentence)
        # The gates were not asked about this plan yet: that is the next pass's, whatever these facts say.
        move.wait(sentence, seconds=1)
        return None
    if move.state.deadline_at is None:
        move.state = replace(move.state, deadline_at=move.now + state.progress_deadline)
    move.next_step()
    return replace(seen, plan=None, checked=None, remaining=None)


def _begin_anew(move: Move, sentence: str) -> None:
    """Everything is to be made again: another plan. Before the first write it may go back to those who approve."""
    state = move.state
    if state.has_written and state.approval_binds:
        move.pause(f"Paused: {sentence} That is not what was approved.")
        return
    move.state = replace(state, step=0, step_since=move.now)
    move.do(Command.PLAN, f"{sentence} Planning anew.")


def _await_health(move: Move, seen: Observation, health: HealthFacts) -> Observation | None:
    state = move.state
    if health.cannot_heal:
        move.end(Trigger.BAD, f"{_capital(health.cannot_heal)}.")
    elif health.all_healthy:
        move.next_step()
        # The deadline is one of progress: it starts again with each step that got done.
        move.state = replace(move.state, deadline_at=move.now + state.progress_deadline)
        return replace(seen, remaining=None)
    elif _late(move):
        move.end(Trigger.BAD, f"Not healthy within {state.progress_deadline_seconds} s: {health.sentence}.")
    else:
        seconds = HEALTH_POLL_SECONDS
        if state.deadline_at is not None:
            seconds = max(1, min(seconds, int((state.deadline_at - move.now).total_seconds()) + 1))
        move.wait(
            f"{_position(state)}: {_lower(state.steps[state.step].title)}; {health.sentence}.",
            seconds=seconds,
        )
    return None


def _paused(move: Move, seen: Observation, facts: Facts) -> Observation | None:
    if move.state.pause_requested:
        move.hold()
        return None
    move.take(Trigger.RESUME, "Resumed.")
    move.state = replace(move.state, paused_because="")
    move.stand_up()
    return Observation()


def _verifying(move: Move, seen: Observation, facts: Facts) -> Observation | None:
    health = seen.health
    state = move.state
    if health is None:
        move.do(Command.OBSERVE, "Watching health.")
        return None
    if bad := health.cannot_heal or health.degraded:
        move.end(Trigger.BAD, f"Not healthy while it was watched: {bad}.")
        return None
    bake_until = state.bake_until or move.now
    if health.all_healthy:
        # A later dip (an autoscaler adds a pod) has the whole deadline again, counted from the last good look.
        move.state = replace(state, deadline_at=move.now + state.progress_deadline)
        if move.now >= bake_until:
            move.take(Trigger.PROVED, f"{_capital(health.sentence)}.")
            return None
        left = max(1, int((bake_until - move.now).total_seconds()) + 1)
        move.wait(f"Bake: healthy, watched until {bake_until:%H:%M:%S} UTC.", seconds=min(left, 15))
    elif _late(move):
        move.end(Trigger.BAD, f"Did not come back to health: {health.sentence}.")
    else:
        move.wait(f"Bake: {health.sentence}.", seconds=HEALTH_POLL_SECONDS)
    return None


_PHASE_RULES = {
    Phase.PENDING: _queued,
    Phase.WAITING: _queued,
    Phase.PROGRESSING: _progressing,
    Phase.PAUSED: _paused,
    Phase.VERIFYING: _verifying,
}
assert set(_PHASE_RULES) > QUEUED  # noqa: S101  a phase without a rule is a programming error, found at import


def _adopt(move: Move, plan: PlanFacts) -> None:
    before = move.state.plan_digest
    if before and plan.digest != before:
        body = {"before": before, "after": plan.digest, "sentence": plan.sentence}
        move.events.append(EngineEvent("plan-changed", body))
    elif plan.digest != before:
        move.events.append(EngineEvent("planned", {"digest": plan.digest, "sentence": plan.sentence}))
    move.state = replace(move.state, plan_digest=plan.digest, steps=plan.steps, plan_wanted=False)


def _late(move: Move) -> bool:
    return move.state.deadline_at is not None and move.now >= move.state.deadline_at


def _position(state: RolloutState) -> str:
    return f"Step {state.step} of {len(state.steps) - 1}"


def _refusals(plan: PlanFacts) -> str:
    more = len(plan.refusals) - 1
    others = f" (and {more} more)" if more else ""
    return full_stop(f"The plan cannot be applied: {plan.refusals[0]}{others}")


def _held(held: tuple[GateAnswer, ...]) -> str:
    parts = []
    for gate in held:
        who = f"; {gate.unblocked_by} can lift it" if gate.unblocked_by else ""
        parts.append(_capital(f"{gate.sentence}{who}"))
    return f"Waiting: {'. '.join(parts)}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
