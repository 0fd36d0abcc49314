"""Deciding in somebody's place: their right, their teams, until a day; never a way around who is left out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.approvals.delegating import delegate, take_back
from apps.approvals.models import Delegation
from apps.audit.models import Activity, AuditEntry
from apps.core.problems import Conflict, Forbidden, Invalid, NotFound
from apps.rollouts.models import Rollout
from tests.approvals.bench import Bench
from tests.approvals.test_quorum import releaser, teams


def gives(bench: Bench, giver: str, holder: str, **ends: int) -> Delegation:
    actor = bench.by(giver)
    ends_at = timezone.now() + timedelta(**(ends or {"days": 7}))
    with bench.scope():
        return delegate(actor, email=f"{holder}@acme.example", ends_at=ends_at)


def decide_for(bench: Bench, holder: str, giver: str, rollout: Rollout, **more: Any) -> Any:
    return bench.decide(holder, rollout, on_behalf_of=getattr(bench.people, giver).pk, **more)


def test_a_viewer_decides_for_an_owner_and_it_is_shown_as_such(bench: Bench) -> None:
    teams(bench, ops="ana")
    bench.policy(teams=["ops"])
    gives(bench, "ana", "vic")
    rollout = bench.start(bench.release("1.0", "dee"))
    made = decide_for(bench, "vic", "ana", rollout)
    assert (made.by, made.teams) == ("Vic for Ana", ["ops"])
    assert bench.advance(rollout).phase == "progressing"
    with bench.scope():
        line = Activity.objects.get(kind="rollout.approve")
        assert line.body["sentence"] == "Vic for Ana approved the plan."
        assert AuditEntry.objects.get(action="rollout.approve").actor_label == "Vic"


def test_without_a_delegation_after_its_end_or_once_taken_back_nobody_does(bench: Bench) -> None:
    bench.policy()
    rollout = bench.start(bench.release("1.0", "dee"))
    words = "Nobody gave you this voice, or no longer."
    with pytest.raises(Forbidden, match=words):
        decide_for(bench, "vic", "ana", rollout)
    given = gives(bench, "ana", "vic")
    with bench.scope():
        Delegation.objects.update(ends_at=timezone.now())
    with pytest.raises(Forbidden, match=words):
        decide_for(bench, "vic", "ana", rollout)
    again = gives(bench, "ana", "vic")
    vic, ana = bench.by("vic"), bench.by("ana")
    with bench.scope():
        assert Delegation.objects.get(id=given.id).ended_at is not None
        with pytest.raises(Forbidden):
            take_back(vic, again.id)
        with pytest.raises(NotFound):
            take_back(ana, given.id)
        take_back(ana, again.id)
    with pytest.raises(Forbidden, match=words):
        decide_for(bench, "vic", "ana", rollout)


def test_neither_who_holds_it_nor_whose_it_is_may_be_left_out(bench: Bench) -> None:
    releaser(bench, "vic")
    bench.policy(separation="authors")
    gives(bench, "ana", "dee")
    gives(bench, "ana", "vic")
    gives(bench, "bo", "vic")
    rollout = bench.start(bench.release("1.0", "dee"))
    with pytest.raises(Forbidden, match="Your commits are in it"):
        decide_for(bench, "dee", "ana", rollout)
    with pytest.raises(Forbidden, match="Bo may not approve this one, so nobody does in their place"):
        decide_for(bench, "vic", "bo", rollout)
    assert bench.advance(rollout).phase == "waiting"
    decide_for(bench, "vic", "ana", rollout)
    assert bench.advance(rollout).phase == "progressing"


def test_one_person_is_one_decision_and_one_voice_is_one_decision(bench: Bench) -> None:
    releaser(bench, "vic")
    bench.policy(approvals_needed=2)
    gives(bench, "ana", "vic")
    rollout = bench.start(bench.release("1.0", "dee"))
    first = decide_for(bench, "vic", "ana", rollout)
    assert decide_for(bench, "vic", "ana", rollout).id == first.id
    with pytest.raises(Conflict, match="You have decided on this plan already"):
        bench.decide("vic", rollout)
    with pytest.raises(Conflict, match="You have decided on this plan already: Vic for Ana"):
        bench.decide("ana", rollout)
    assert bench.gate(rollout)["sentence"] == "the plan has 1 of 2 approvals"


def test_what_somebody_holds_for_a_third_is_not_passed_on(bench: Bench) -> None:
    bench.policy()
    releaser(bench, "vic")
    gives(bench, "ana", "vic")
    gives(bench, "vic", "olu")
    rollout = bench.start(bench.release("1.0", "dee"))
    with pytest.raises(Forbidden, match="Nobody gave you this voice"):
        decide_for(bench, "olu", "ana", rollout)


def test_a_giver_who_may_no_longer_approve_gives_nothing(bench: Bench) -> None:
    from apps.organizations.models import Membership

    bench.policy()
    releaser(bench, "vic")
    gives(bench, "vic", "olu")
    rollout = bench.start(bench.release("1.0", "dee"))
    with bench.scope():
        Membership.objects.filter(user_id=bench.people.vic.pk).update(role="viewer")
    with pytest.raises(Forbidden):
        decide_for(bench, "olu", "vic", rollout)
    assert bench.advance(rollout).phase == "waiting"


def test_a_voice_is_given_to_another_member_for_a_while_by_somebody_who_has_one(bench: Bench) -> None:
    with pytest.raises(Forbidden):
        gives(bench, "dee", "vic")
    for holder, days, field in (("ana", 7, "email"), ("gil", 7, "email"), ("vic", 91, "ends_at")):
        with pytest.raises(Invalid) as refused:
            gives(bench, "ana", holder, days=days)
        assert set(refused.value.fields) == {field}
    with bench.scope():
        assert not Delegation.objects.exists()
