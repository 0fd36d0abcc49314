"""A small shell around `decide` and a cluster that does what it likes: what people may rely on, come what may."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from slipway.engine.decide import decide
from slipway.engine.gates import ApprovalFacts, approvals, slot
from slipway.engine.phases import QUEUED, Kind, Phase
from slipway.engine.state import Command, Decision, Facts, Observation, PlanFacts, RolloutState
from slipway.engine.steps import StepKind
from tests.engine import worlds
from tests.engine.building import DEGRADED, HEALTHY, HOPELESS, NOON, STARTING, later

OBJECTS_PER_STEP = 2
ROUNDS = 40


class RolloutLife(RuleBasedStateMachine):
    """One rollout from its request to its end. The shell here is `advance` without rows and without a net."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds = 0
        self.answers = True
        self.slot_free = True
        self.health = STARTING
        self.refuses = False
        self.approved: set[str] = set()
        self.rejected = False
        self.plan_number = 0
        self.written: list[tuple[str, int]] = []
        self.left: dict[int, int] = {}
        self.decision: Decision | None = None
        self.ended_as: RolloutState | None = None

    @initialize(
        steps=worlds.steps,
        needed=st.booleans(),
        way_back=st.sampled_from(["", "v1"]),
        bake=st.sampled_from([0, 20]),
        undoes=st.booleans(),
    )
    def is_asked_for(self, steps, needed: bool, way_back: str, bake: int, undoes: bool) -> None:
        self.steps = steps
        kind = Kind.ROLLBACK if undoes else Kind.FORWARD
        self.state = RolloutState(
            Phase.PENDING, kind, approval_binds=needed and not undoes, way_back=way_back, bake_seconds=bake
        )
        if undoes:  # a way back holds the slot from its first moment on, and is planned there
            self.state = replace(self.state, phase=Phase.PROGRESSING, slot_at=NOON)

    # What the shell does -------------------------------------------------------------------------------------------

    @property
    def now(self):
        return later(self.seconds)

    @property
    def digest(self) -> str:
        return f"sha256:{self.plan_number}"

    def look(self, command: Command) -> Observation:
        if command is Command.NONE:
            if self.state.phase is Phase.PAUSED or self.state.abort_requested_by:
                return Observation()
            if self.state.phase in QUEUED:
                return self.look(Command.PLAN) if self.state.plan_wanted else Observation()
            return self.look(Command.OBSERVE if self.state.step else Command.PLAN)
        if not self.answers:
            return Observation(trouble="no answer in time.")
        if command is Command.PLAN:
            return Observation(plan=PlanFacts(self.digest, "2 changed; 0 unchanged.", self.steps))
        step = self.state.step
        if command is Command.APPLY:
            self.write(step)
            if self.refuses:
                return Observation(step=step, refused="Deployment web was refused")
        return Observation(step=step, remaining=self.left.get(step, 0), health=self.health)

    def write(self, step: int) -> None:
        assert self.state.phase is Phase.PROGRESSING
        assert not self.state.abort_requested_by, "a forward write began after an abort"
        assert self.state.steps[step].kind is not StepKind.CHECK
        if self.state.approval_binds:
            assert self.state.plan_digest in self.approved, "a plan was written that nobody approved"
        assert all(self.left[earlier] == 0 for earlier in range(1, step)), "a step was left out"
        self.state = replace(self.state, first_write_at=self.state.first_write_at or self.now)
        self.written.append((self.state.plan_digest, step))
        if not self.refuses:
            self.left[step] = max(0, self.left[step] - 1)

    def gates(self) -> Facts:
        if self.state.phase not in QUEUED:
            return Facts()
        found = [slot(taken_by="" if self.slot_free else "rollout #1 of v0")]
        if self.state.approval_binds:
            by = ("ben",) if self.state.plan_digest in self.approved else ()
            rejected = ("cleo",) if self.rejected else ()
            found.append(approvals(ApprovalFacts(1, self.state.plan_digest, by, rejected, "a releaser")))
        return Facts(tuple(found))

    @rule()
    def advance(self) -> None:
        command = Command.NONE
        for _ in range(ROUNDS):
            seen = self.look(command)
            before = self.state
            decision = decide(self.state, seen, self.gates(), self.now)
            self.state, self.decision = decision.state, decision
            if before.step == 0 and self.state.step > 0:
                self.left = dict.fromkeys(range(1, len(self.state.steps)), OBJECTS_PER_STEP)
            if before.phase.is_terminal:
                assert self.state == before
            elif decision.ends:
                self.ended_as = self.state
            command = decision.command
            if command is Command.NONE:
                return
        raise AssertionError("one pass does not come to rest")

    # What people and the world do ----------------------------------------------------------------------------------

    @rule(seconds=st.sampled_from([1, 5, 70, 700]))
    def time_passes(self, seconds: int) -> None:
        self.seconds += seconds

    @rule(answers=st.booleans())
    def the_cluster_goes_or_comes(self, answers: bool) -> None:
        self.answers = answers

    @rule(health=st.sampled_from([HEALTHY, STARTING, DEGRADED, HOPELESS]))
    def health_turns(self, health) -> None:
        self.health = health

    @rule(refuses=st.booleans())
    def admission_changes_its_mind(self, refuses: bool) -> None:
        self.refuses = refuses

    @rule(free=st.booleans())
    def the_slot_is_taken_or_freed(self, free: bool) -> None:
        self.slot_free = free

    @precondition(lambda self: self.state.phase in QUEUED)
    @rule()
    def somebody_changes_the_cluster_while_it_waits(self) -> None:
        self.plan_number += 1
        self.state = replace(self.state, plan_wanted=True)

    @rule()
    def somebody_changes_the_cluster_unseen(self) -> None:
        self.plan_number += 1

    @precondition(lambda self: self.state.phase is Phase.WAITING)
    @rule(yes=st.sampled_from([True, True, True, False]))
    def a_person_decides_on_the_plan_in_force(self, yes: bool) -> None:
        if yes:
            self.approved.add(self.state.plan_digest)
        else:
            self.rejected = True

    @precondition(lambda self: self.state.phase is Phase.PROGRESSING)
    @rule()
    def a_person_pauses(self) -> None:
        self.state = replace(self.state, pause_requested=True)

    @precondition(lambda self: self.state.phase is Phase.PAUSED)
    @rule()
    def a_person_resumes(self) -> None:
        self.state = replace(self.state, pause_requested=False)

    @precondition(lambda self: not self.state.phase.is_terminal)
    @rule()
    def a_person_aborts(self) -> None:
        wrote, many = self.state.has_written, len(self.written)
        self.state = replace(self.state, abort_requested_by="ana")
        self.advance()
        assert self.state.phase is Phase.ABORTED
        assert len(self.written) == many
        assert self.decision is not None
        undone = wrote and bool(self.state.way_back) and self.state.kind is not Kind.ROLLBACK
        assert self.decision.begins_way_back is undone

    @precondition(lambda self: not self.state.phase.is_terminal)
    @rule()
    def everything_cooperates_from_here_on(self) -> None:
        self.answers, self.slot_free, self.refuses, self.health = True, True, False, HEALTHY
        self.state = replace(self.state, pause_requested=False)
        for _ in range(2 * len(self.state.steps) + 8):
            if self.state.phase.is_terminal:
                return
            if self.state.phase is Phase.WAITING:
                self.approved.add(self.state.plan_digest)
            self.advance()
            self.seconds += 15
        raise AssertionError(f"still {self.state.phase}: {self.decision and self.decision.sentence}")

    # What holds at every moment ------------------------------------------------------------------------------------

    @invariant()
    def it_can_say_what_it_waits_for(self) -> None:
        decision = self.decision
        if decision is not None and not decision.ends:
            assert decision.sentence
            assert decision.check_again_at is not None

    @invariant()
    def an_end_is_an_end(self) -> None:
        if self.ended_as is not None:
            assert self.state == replace(
                self.ended_as,
                abort_requested_by=self.state.abort_requested_by,
            )

    @invariant()
    def only_a_rollout_in_the_slot_has_a_deadline(self) -> None:
        if self.decision is not None and self.state.phase in QUEUED:
            assert self.state.slot_at is None


TestRolloutLife = RolloutLife.TestCase
