"""One decision while it is being made: what is taken, what ends, how long until the next look."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from slipway.engine.gates import Answer, GateAnswer
from slipway.engine.phases import Kind, Phase
from slipway.engine.state import Command, Decision, EngineEvent, RolloutState
from slipway.engine.transitions import Trigger, next_phase

HEALTH_POLL_SECONDS = 5  # the fallback; watches wake the rollout earlier
GATE_POLL_SECONDS = 60


@dataclass(slots=True)
class Move:
    """Collects one decision while the rules run."""

    state: RolloutState
    now: datetime
    asked_about: str = ""  # the plan that the gates know
    sentence: str = ""
    command: Command = Command.NONE
    triggers: list[Trigger] = field(default_factory=list)
    events: list[EngineEvent] = field(default_factory=list)
    reasons: tuple[GateAnswer, ...] = ()
    check_again_at: datetime | None = None
    way_back: bool = False
    needs_person: str = ""
    end_reason: str = ""

    def take(self, trigger: Trigger, sentence: str) -> None:
        phase = next_phase(self.state.phase, trigger)
        if phase is not self.state.phase:
            self.events.append(EngineEvent("phase", {"phase": str(phase), "sentence": sentence}))
            self.state = replace(self.state, phase=phase, phase_since=self.now)
        self.triggers.append(trigger)
        self.sentence = sentence
        self.reasons = ()
        if phase.is_terminal:
            self.end_reason = sentence
            self.command = Command.NONE
            self.check_again_at = None

    def end(self, trigger: Trigger, sentence: str, *, undo: bool = True) -> None:
        """Ends the rollout and says what follows: a way back, a call for a person, or nothing.

        Before the first write there is nothing to undo. A rollback that held the slot calls a person even then:
        what it was to undo still stands, and a way back is never taken back by itself.
        """
        ended = self.state
        self.take(trigger, sentence)
        if ended.kind is Kind.ROLLBACK:
            if ended.has_written or ended.phase.is_active:
                self.needs_person = f"The rollback did not succeed. {sentence}"
        elif not ended.has_written:
            return
        elif undo and ended.way_back:
            self.way_back = True
            self.end_reason = f"{sentence} Going back to {ended.way_back}."
        else:
            self.needs_person = sentence

    def wait(self, sentence: str, *, seconds: int) -> None:
        self.sentence = sentence
        self.command = Command.NONE
        self.check_again_at = self.now + timedelta(seconds=seconds)

    def hold(self) -> None:
        """Paused: says why for as long as it lasts."""
        sentence = self.state.paused_because or "Paused; nothing is written until it is resumed."
        self.wait(sentence, seconds=GATE_POLL_SECONDS)
        self.reasons = (
            GateAnswer(
                "pause",
                Answer.WAIT,
                sentence,
                unblocked_by="a person who resumes or aborts it",
                since=self.state.standing_still_since,
            ),
        )

    def pause(self, sentence: str) -> None:
        self.stand_still()
        self.take(Trigger.PAUSE, sentence)
        self.state = replace(self.state, pause_requested=True, paused_because=sentence)
        self.hold()

    def do(self, command: Command, sentence: str) -> None:
        self.sentence = sentence
        self.command = command
        self.check_again_at = self.now + timedelta(seconds=HEALTH_POLL_SECONDS)

    def stand_still(self) -> None:
        if self.state.standing_still_since is None:
            self.state = replace(self.state, standing_still_since=self.now)

    def stand_up(self) -> None:
        """Deadlines go on where they stood."""
        state = self.state
        if state.unreachable_since is not None:
            self.events.append(EngineEvent("cluster-answers", {"since": state.unreachable_since.isoformat()}))
            state = replace(state, unreachable_since=None)
        if state.standing_still_since is not None and state.phase is not Phase.PAUSED:
            stood = self.now - state.standing_still_since
            state = replace(
                state,
                standing_still_since=None,
                deadline_at=state.deadline_at + stood if state.deadline_at else None,
                bake_until=state.bake_until + stood if state.bake_until else None,
            )
        self.state = state

    def next_step(self) -> None:
        done = self.state.steps[self.state.step]
        self.events.append(EngineEvent("step-done", {"step": self.state.step, "title": done.title}))
        self.state = replace(self.state, step=self.state.step + 1, step_since=self.now)

    def decision(self) -> Decision:
        return Decision(
            state=self.state,
            sentence=self.sentence,
            command=self.command,
            triggers=tuple(self.triggers),
            reasons=self.reasons,
            check_again_at=self.check_again_at,
            events=tuple(self.events),
            begins_way_back=self.way_back,
            needs_person=self.needs_person,
            end_reason=self.end_reason,
        )


def full_stop(sentence: str) -> str:
    """Ends with a full stop, whoever wrote it."""
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."
