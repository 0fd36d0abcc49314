"""Rivals over one decision: threads, connections and commits are real; of each pair of outcomes exactly one comes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apps.approvals.models import Approval, Override
from apps.approvals.overriding import break_glass
from apps.audit.verifying import verify_chain
from apps.core.problems import Conflict, Outdated
from apps.rollouts.models import Event, Rollout
from apps.rollouts.services import starting, steering
from tests.approvals.bench import Bench
from tests.approvals.test_overrides import anew
from tests.approvals.test_quorum import releaser
from tests.concurrency.together import errors, together
from tests.rollouts.driver import of

ROUNDS = 4


def approve(bench: Bench, name: str, rollout: Rollout) -> Callable[[], Any]:
    digest = of(rollout).plan_digest
    decider = bench.by(name)

    def act() -> Any:
        with bench.scope():
            from apps.approvals.services import decide

            return decide(decider, rollout.id, plan_digest=digest, approved=True)

    return act


def sound(bench: Bench, rollout: Rollout) -> None:
    """Events are gapless, the chain holds, and it began at most once."""
    with bench.scope():
        events = Event.objects.filter(rollout_id=rollout.id)
        numbers = list(events.order_by("number").values_list("number", flat=True))
        assert numbers == list(range(1, of(rollout).event_number + 1))
        assert events.filter(kind="phase", body__phase="progressing").count() <= 1
        assert verify_chain().sound


def approvals(rollout: Rollout, bench: Bench) -> int:
    with bench.scope():
        return int(Approval.objects.filter(rollout_id=rollout.id, approved=True).count())


def test_two_last_approvals_at_once_both_count_and_it_begins_once(bench: Bench) -> None:
    releaser(bench, "vic")
    bench.policy(approvals_needed=2, separation="authors")
    rollout = bench.start(bench.release("1.0", "dee"))
    advance = lambda: bench.advance(rollout)  # noqa: E731 - one more rival, not a name
    assert errors(together(approve(bench, "ana", rollout), approve(bench, "vic", rollout), advance)) == []
    assert bench.advance(rollout).phase == "progressing"
    assert approvals(rollout, bench) == 2
    sound(bench, rollout)


def test_an_abort_wins_over_an_approval_whoever_comes_first(bench: Bench) -> None:
    bench.policy()
    for number in range(ROUNDS):
        rollout = bench.start(bench.release(f"1.{number}", "dee"))
        actor = bench.by("bo")

        def abort(rollout: Rollout = rollout, actor: Any = actor) -> Any:
            with bench.scope():
                return steering.abort(actor, rollout.id, why="no")

        refused = errors(together(approve(bench, "ana", rollout), abort))
        assert [(type(error), str(error)) for error in refused] in (
            [],
            [(Conflict, "Bo asked to abort it; nothing waits for a decision.")],
        )
        assert approvals(rollout, bench) == 1 - len(refused)
        row = bench.advance(rollout)
        assert (row.phase, row.first_write_at) == ("aborted", None)
        sound(bench, rollout)


def test_a_newer_start_sets_it_aside_and_an_approval_does_not_bring_it_back(bench: Bench) -> None:
    bench.policy()
    rollout = bench.start(bench.release("1.0", "dee"))
    for number in range(1, ROUNDS):
        newer, actor = bench.release(f"1.{number}", "dee"), bench.by("bo")

        def start(newer: Any = newer, actor: Any = actor) -> Any:
            with bench.scope():
                return starting.start_rollout(actor, bench.target, newer)

        decided, started = together(approve(bench, "ana", rollout), start)
        assert started.superseded.id == rollout.id
        if isinstance(decided, Exception):
            assert str(decided) == "The rollout is superseded; nothing waits for a decision."
        assert approvals(rollout, bench) == (0 if isinstance(decided, Exception) else 1)
        assert of(rollout).phase == "superseded"
        sound(bench, rollout)
        rollout = started.rollout
        assert bench.advance(rollout).phase == "waiting"  # nobody approved this one


def test_a_policy_that_changes_meanwhile_changes_nothing_for_what_runs(bench: Bench) -> None:
    from apps.environments.services import change_environment

    bench.policy(approvals_needed=1, separation="requester")
    rollout = bench.start(bench.release("1.0", "ana"))
    owner = bench.by("ana")

    def tighten() -> Any:
        with bench.scope():
            return change_environment(
                owner, bench.production, approvals_needed=3, approval_rules={"separation": "authors"}
            )

    assert errors(together(approve(bench, "ana", rollout), tighten, lambda: bench.advance(rollout))) == []
    row = bench.advance(rollout)
    assert (row.phase, row.approvals_needed) == ("progressing", 1)
    with bench.scope():
        bench.target.environment.refresh_from_db()
        following = starting.start_rollout(bench.by("bo"), bench.target, bench.release("1.1", "ana")).rollout
    assert (following.approvals_needed, following.policy["approval_rules"]["separation"]) == (3, "authors")
    sound(bench, rollout)


def test_a_new_plan_at_the_same_moment_is_never_begun_by_an_approval_of_the_old_one(bench: Bench) -> None:
    bench.policy()
    for number in range(ROUNDS):
        rollout = bench.start(bench.release(f"1.{number}", "dee"))
        old = of(rollout).plan_digest
        act = approve(bench, "ana", rollout)
        bench.drift.append(f"by-hand-{number}")
        with bench.scope():
            Rollout.objects.filter(id=rollout.id).update(plan_wanted=True, planned_at=None)
        decided, _ = together(act, lambda rollout=rollout: bench.advance(rollout))
        assert decided is None or not isinstance(decided, Exception) or isinstance(decided, Outdated)
        with bench.scope():
            Rollout.objects.filter(id=rollout.id).update(plan_wanted=True, planned_at=None)
        row = bench.advance(rollout)
        assert (row.phase, row.plan_digest != old) == ("waiting", True)
        assert "not approved yet" in row.sentence
        sound(bench, rollout)


def test_of_two_who_break_the_glass_on_two_rollouts_at_once_one_does(bench: Bench) -> None:
    bench.policy()
    one = bench.start(bench.release("1.0", "dee"))
    other = anew(bench, "2.0")
    actor = bench.by("ana")

    def smash(rollout: Rollout, digest: str) -> Callable[[], Any]:
        def act() -> Any:
            with bench.scope():
                return break_glass(
                    actor, rollout.id, plan_digest=digest, reason="it burns", environment="production"
                )

        return act

    refused = errors(together(*[smash(row, of(row).plan_digest) for row in (one, other)]))
    assert [type(error) for error in refused] == [Conflict]
    assert "waits for its after-review" in str(refused[0])
    with bench.scope():
        assert Override.objects.count() == 1
    phases = sorted(bench.advance(row).phase for row in (one, other))
    assert phases == ["progressing", "waiting"]
    sound(bench, one)
    sound(bench, other)
