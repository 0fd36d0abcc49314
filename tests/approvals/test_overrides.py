"""Break-glass, the emergency lane, and the after-review that both owe."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.approvals.models import Override
from apps.approvals.overriding import break_glass, declare_emergency, review_override
from apps.audit.models import Activity, AuditEntry
from apps.audit.verifying import verify_chain
from apps.core.problems import Conflict, Forbidden, Invalid, Outdated
from apps.rollouts.models import Rollout
from tests.approvals.bench import Bench
from tests.rollouts.driver import of

WHY = "the shop is down"


def broken(bench: Bench, rollout: Rollout, *, by: str = "ana", **said: str) -> Override:
    actor = bench.by(by)
    values = {"plan_digest": of(rollout).plan_digest, "reason": WHY, "environment": "production", **said}
    with bench.scope():
        return break_glass(actor, rollout.id, **values)


def reviewed(bench: Bench, rollout: Rollout, *, by: str = "bo", comment: str = "right so") -> Override:
    actor = bench.by(by)
    with bench.scope():
        return review_override(actor, rollout.id, justified=True, comment=comment)


def anew(bench: Bench, version: str) -> Rollout:
    """One more that waits, in another application's place."""
    from tests.people import make_application, make_release, target_of

    owner = bench.by("ana")
    application = make_application(owner)
    release = make_release(
        owner, application, version, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n"
    )
    bench.target = target_of(owner, application, bench.production)
    return bench.start(release)


def test_an_owner_lets_it_through_and_everybody_who_may_approve_is_told(bench: Bench) -> None:
    from apps.dashboard.pictures.waiting import waiting_count, waiting_for

    bench.policy(approvals_needed=2, separation="authors")
    rollout = bench.start(bench.release("1.0", "ana"), by="ana")
    broken(bench, rollout)
    assert bench.advance(rollout).phase == "progressing"
    with bench.scope():
        line = Activity.objects.get(kind="rollout.break-glass")
        assert line.body["sentence"] == f"Ana broke the glass: “{WHY}”"
        entry = AuditEntry.objects.get(action="rollout.break-glass")
        assert (entry.actor_label, entry.why) == ("Ana", WHY)
        told = waiting_for(bench.by("bo"))
        assert [(item.mark.word, item.words.split(" · ")[0]) for item in told] == [
            ("after-review", f"Ana broke the glass: “{WHY}”")
        ]
        assert waiting_count(bench.by("bo")) == 1
        assert waiting_count(bench.by("ana")) == 0
        assert waiting_count(bench.by("vic")) == 0
        assert verify_chain().sound


@pytest.mark.parametrize("name", ["bo", "ada", "dee", "vic"])
def test_nobody_but_an_owner_breaks_it(bench: Bench, name: str) -> None:
    bench.policy()
    rollout = bench.start(bench.release("1.0", "dee"))
    with pytest.raises(Forbidden, match="does not let you let a rollout through without its approvals"):
        broken(bench, rollout, by=name)
    assert bench.advance(rollout).phase == "waiting"


def test_without_a_reason_or_with_another_name_typed_nothing_is_broken(bench: Bench) -> None:
    bench.policy()
    rollout = bench.start(bench.release("1.0", "dee"))
    with pytest.raises(Invalid) as refused:
        broken(bench, rollout, reason=" ", environment="staging")
    assert refused.value.fields == {
        "reason": "Say why: everybody who may approve is told.",
        "environment": "Type production to say where.",
    }
    with pytest.raises(Outdated):
        broken(bench, rollout, plan_digest="sha256:another")
    with bench.scope():
        assert not Override.objects.exists()


def test_over_another_plan_it_says_nothing_and_the_same_override_is_signed_anew(bench: Bench) -> None:
    bench.policy()
    rollout = bench.start(bench.release("1.0", "dee"))
    first = broken(bench, rollout)
    bench.drift.append("by-hand")
    with bench.scope():
        Rollout.objects.filter(id=rollout.id).update(plan_wanted=True, planned_at=None)
    row = bench.advance(rollout)
    assert (row.phase, row.plan_digest != first.plan_digest) == ("waiting", True)
    again = broken(bench, rollout)
    assert again.id == first.id
    assert bench.advance(rollout).phase == "progressing"


def test_the_next_one_waits_until_somebody_else_has_looked_at_the_last(bench: Bench) -> None:
    bench.policy()
    rollout = bench.start(bench.release("1.0", "dee"))
    broken(bench, rollout)
    other = anew(bench, "2.0")
    with pytest.raises(Conflict, match=f"Rollout {rollout.number}, which Ana let through, waits for its"):
        broken(bench, other)
    with pytest.raises(Forbidden, match="Somebody else reviews it"):
        reviewed(bench, rollout, by="ana")
    with pytest.raises(Invalid, match="Say what you found"):
        reviewed(bench, rollout, comment=" ")
    done = reviewed(bench, rollout)
    assert (done.justified, done.reviewed_by_label) == (True, "Bo")
    with pytest.raises(Conflict, match="Bo reviewed it already"):
        reviewed(bench, rollout)
    broken(bench, other)
    assert bench.advance(other).phase == "progressing"


def test_the_emergency_lane_has_its_own_number_any_hour_and_an_after_review(bench: Bench) -> None:
    today = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[(timezone.now().weekday() + 2) % 7]
    bench.policy(approvals_needed=3, separation="authors", emergency_approvals=1, days=[today])
    rollout = bench.start(bench.release("1.0", "dee"))
    actor = bench.by("bo")
    with bench.scope():
        declare_emergency(actor, rollout.id, reason="CVE-2026-1", environment="production")
    assert bench.advance(rollout).phase == "waiting"
    with pytest.raises(Forbidden):
        bench.decide("bo", rollout)  # who asked is left out there too
    bench.decide("ana", rollout)
    row = bench.advance(rollout)
    assert (row.phase, row.approvals_needed) == ("progressing", 1)
    assert reviewed(bench, rollout, by="ana").kind == "emergency"


def test_a_late_after_review_closes_the_emergency_lane(bench: Bench) -> None:
    bench.policy(approvals_needed=2, emergency_approvals=1)
    rollout = bench.start(bench.release("1.0", "dee"))
    actor = bench.by("bo")
    with bench.scope():
        declare_emergency(actor, rollout.id, reason="CVE-2026-1", environment="production")
    other = anew(bench, "2.0")
    with bench.scope():
        Override.objects.update(review_due_at=timezone.now() - timedelta(seconds=1))
        with pytest.raises(Conflict, match="waits for its after-review"):
            declare_emergency(actor, other.id, reason="CVE-2026-2", environment="production")


def test_where_there_is_no_lane_nobody_takes_it(bench: Bench) -> None:
    bench.policy(approvals_needed=2)
    rollout = bench.start(bench.release("1.0", "dee"))
    actor = bench.by("bo")
    with bench.scope(), pytest.raises(Conflict, match="production has no emergency lane"):
        declare_emergency(actor, rollout.id, reason="CVE-2026-1", environment="production")


def test_what_went_the_ordinary_way_owes_nothing(bench: Bench) -> None:
    bench.policy()
    rollout = bench.start(bench.release("1.0", "dee"))
    with pytest.raises(Conflict, match="no after-review is owed"):
        reviewed(bench, rollout, by="ana")
