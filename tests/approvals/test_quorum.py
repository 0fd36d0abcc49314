"""How many, of which teams, in which order, for how long, and when it may begin."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from apps.approvals.models import Approval
from apps.core.problems import Conflict, Invalid
from apps.rollouts.models import Rollout
from slipway.engine.approving import ApprovalRules, Voice, tally
from tests.approvals.bench import Bench
from tests.rollouts.driver import of

NOW = datetime.fromisoformat("2026-11-24T12:00:00+00:00")


def voice(label: str, *teams: str, hours_ago: int = 0) -> Voice:
    return Voice(label, frozenset(teams), NOW - timedelta(hours=hours_ago))


@pytest.mark.parametrize(
    ("teams", "voices", "missing"),
    [
        ((), [voice("ana")], ()),
        (("ops",), [voice("ana")], ("ops",)),
        (("ops",), [voice("ana", "ops")], ()),
        (("ops", "sec"), [voice("ana", "ops", "sec")], ("sec",)),  # one voice stands for one team
        (("ops", "sec"), [voice("ana", "ops", "sec"), voice("bo", "ops")], ()),
        (("ops", "sec"), [voice("bo", "ops"), voice("ana", "ops", "sec")], ()),
        (("ops", "sec", "db"), [voice("a", "ops", "sec"), voice("b", "ops"), voice("c", "sec", "db")], ()),
    ],
)
def test_each_team_has_a_voice_of_its_own(
    teams: tuple[str, ...], voices: list[Voice], missing: tuple[str, ...]
) -> None:
    assert tally(ApprovalRules(teams=teams), voices, NOW).missing == missing


def test_an_approval_counts_until_the_very_moment_it_runs_out() -> None:
    rules = ApprovalRules(expires_hours=2)
    found = tally(rules, [voice("old", hours_ago=2), voice("new", hours_ago=1)], NOW)
    assert [one.label for one in found.counted] == ["new"]
    assert found.next_expiry == NOW + timedelta(hours=1)


def teams(bench: Bench, **members: str) -> None:
    """`ops="ana bo"`."""
    from apps.organizations.models import Membership, Team, TeamMember

    with bench.scope():
        for slug, names in members.items():
            team = Team.objects.create(organization_id=bench.people.acme.id, slug=slug, name=slug)
            for name in names.split():
                membership = Membership.objects.get(user_id=getattr(bench.people, name).pk)
                TeamMember.objects.create(
                    organization_id=bench.people.acme.id, team=team, membership=membership
                )


def releaser(bench: Bench, name: str) -> None:
    from apps.organizations.models import Membership

    with bench.scope():
        Membership.objects.filter(user_id=getattr(bench.people, name).pk).update(role="releaser")


def test_two_teams_are_two_approvals_even_where_one_would_do(bench: Bench) -> None:
    teams(bench, ops="ana vic", sec="ana")
    releaser(bench, "vic")
    bench.policy(approvals_needed=1, teams=["ops", "sec"])
    rollout = bench.start(bench.release("1.0", "dee"))
    bench.decide("ana", rollout)
    assert bench.gate(rollout)["sentence"] == "the plan has 1 of 2 approvals"
    bench.decide("vic", rollout)
    assert bench.advance(rollout).phase == "progressing"


def test_enough_approvals_of_which_none_is_of_the_team_are_not_enough(bench: Bench) -> None:
    teams(bench, sec="vic")
    bench.policy(approvals_needed=1, teams=["sec"])
    rollout = bench.start(bench.release("1.0", "dee"))
    bench.decide("ana", rollout)
    held = bench.gate(rollout)
    assert (held["answer"], held["sentence"]) == ("wait", "no approval of sec yet")


def test_in_order_the_second_team_waits_for_the_first(bench: Bench) -> None:
    teams(bench, sec="vic", ops="ana")
    releaser(bench, "vic")
    bench.policy(teams=["sec", "ops"], teams_in_order=True)
    rollout = bench.start(bench.release("1.0", "dee"))
    with pytest.raises(Conflict, match="First somebody of sec approves it"):
        bench.decide("ana", rollout)
    bench.decide("vic", rollout)
    bench.decide("ana", rollout)
    assert bench.advance(rollout).phase == "progressing"


def test_a_decision_without_a_comment_is_refused_where_one_is_asked_for(bench: Bench) -> None:
    bench.policy(comment_required=True)
    rollout = bench.start(bench.release("1.0", "dee"))
    with pytest.raises(Invalid, match="say what you checked") as refused:
        bench.decide("ana", rollout, comment="  ")
    assert set(refused.value.fields) == {"comment"}
    bench.decide("ana", rollout, comment="read it")
    assert bench.advance(rollout).phase == "progressing"


def aged(bench: Bench, rollout: Rollout, **by: int) -> None:
    with bench.scope():
        approval = Approval.objects.get(rollout_id=rollout.id, expired_at__isnull=True)
        approval.decided_at -= timedelta(**by)
        approval.save()


def test_an_approval_that_ran_out_is_given_again_and_both_are_kept(bench: Bench) -> None:
    bench.policy(approvals_needed=2, expires_hours=4)
    rollout = bench.start(bench.release("1.0", "dee"))
    bench.decide("ana", rollout)
    assert bench.gate(rollout)["sentence"] == "the plan has 1 of 2 approvals"
    aged(bench, rollout, hours=5)
    assert bench.gate(rollout)["sentence"] == "the plan has 0 of 2 approvals"
    bench.decide("ana", rollout)
    assert bench.gate(rollout)["sentence"] == "the plan has 1 of 2 approvals"
    with bench.scope():
        assert Approval.objects.filter(rollout_id=rollout.id).count() == 2


def test_outside_its_hours_an_approved_rollout_waits_and_says_until_when(bench: Bench) -> None:
    tomorrow = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[(timezone.now().weekday() + 2) % 7]
    bench.policy(days=[tomorrow], opens="09:00", closes="17:00", zone="UTC")
    rollout = bench.start(bench.release("1.0", "dee"))
    bench.decide("ana", rollout)
    row = bench.advance(rollout)
    held = bench.gate(rollout, "hours")
    assert (row.phase, held["answer"]) == ("waiting", "wait")
    assert held["sentence"].startswith(f"rollouts begin here {tomorrow} 09:00–17:00 (UTC); next at ")
    assert datetime.fromisoformat(held["asked_again_at"]) > timezone.now()


def test_what_was_decided_on_is_kept_in_numbers_with_the_decision(bench: Bench) -> None:
    bench.policy(approvals_needed=2)
    rollout = bench.start(bench.release("1.0", "dee"))
    kept = bench.decide("ana", rollout).plan_facts
    assert kept["counts"] == {"create": 1}
    assert kept["objects"] == ["create ConfigMap/shop-production/greeting"]
    assert (kept["release"], kept["from"]) == ("1.0", None)


@pytest.mark.parametrize(
    ("rules", "field", "words"),
    [
        ({"separation": "nobody"}, "separation", "One of requester, authors, not “nobody”."),
        ({"expires_hours": -1}, "expires_hours", "A whole number from 0 to 8,760."),
        ({"days": ["someday"]}, "days", "“someday” is no day; write mon, tue, wed, thu, fri, sat, sun."),
        ({"zone": "Berlin"}, "zone", "“Berlin” is no time zone; write one as Europe/Berlin."),
        ({"opens": 570}, "opens", "A time of day in quotes, from “00:00” to “24:00”."),
        (
            {"days": ["mon"], "opens": "10:00", "closes": "09:00"},
            "closes",
            "It closes at 09:00, which is not after it opens.",
        ),
        ({"comment_required": "yes"}, "comment_required", "true or false."),
    ],
)
def test_a_rule_that_cannot_be_is_refused_by_its_name(
    bench: Bench, rules: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(Invalid) as refused:
        bench.policy(**rules)
    assert refused.value.fields == {f"approval_rules.{field}": words}


def test_a_rule_that_nobody_knows_is_named_with_those_there_are(bench: Bench) -> None:
    with pytest.raises(Invalid, match="There is no rule called “quorum”; there are separation, "):
        bench.policy(quorum=2)


def test_a_rollout_that_runs_keeps_the_rules_it_began_with(bench: Bench) -> None:
    from apps.environments.services import change_environment

    bench.policy(separation="requester")
    rollout = bench.start(bench.release("1.0", "ana"))
    with bench.scope():
        change_environment(bench.by("ana"), bench.production, approval_rules={"separation": "authors"})
    bench.decide("ana", rollout)
    assert bench.advance(rollout).phase == "progressing"
    assert of(rollout).policy["approval_rules"]["separation"] == "requester"
