"""Who asked for it, wrote it or committed it does not approve it; nobody is exempt."""

from __future__ import annotations

import pytest

from apps.approvals.models import Approval
from apps.approvals.separation import excluded_from
from apps.core.problems import Conflict, Forbidden
from apps.rollouts.models import Rollout
from apps.rollouts.selectors import actions_for
from apps.rollouts.services import starting
from tests.approvals.bench import Bench

AUTHORS = "Your commits are in it, and who wrote something does not approve it."


def excluded(bench: Bench, rollout: Rollout) -> tuple[str, ...]:
    with bench.scope():
        return excluded_from(rollout).names


def decisions(bench: Bench) -> int:
    with bench.scope():
        return int(Approval.objects.count())


def test_an_author_does_not_approve_even_as_owner_and_nothing_is_written(bench: Bench) -> None:
    bench.policy(separation="authors")
    rollout = bench.start(bench.release("1.0", "ana"))
    with pytest.raises(Forbidden, match=AUTHORS):
        bench.decide("ana", rollout)
    assert decisions(bench) == 0
    assert bench.gate(rollout)["answer"] == "wait"


def test_a_committer_of_somebody_elses_commit_does_not_approve_it(bench: Bench) -> None:
    bench.policy(separation="authors")
    rollout = bench.start(bench.release("1.0", "dee", committed_by="ana@acme.example"))
    with pytest.raises(Forbidden, match=AUTHORS):
        bench.decide("ana", rollout)
    assert excluded(bench, rollout) == ("Bo", "Ana", "Dee")


def test_where_only_the_requester_is_left_out_an_author_approves(bench: Bench) -> None:
    bench.policy(separation="requester")
    rollout = bench.start(bench.release("1.0", "ana"))
    bench.decide("ana", rollout)
    assert bench.advance(rollout).phase == "progressing"


def test_every_release_since_the_live_one_counts_and_none_before_it(bench: Bench) -> None:
    bench.policy(separation="authors")
    first, _, third = bench.release("1.0", "ana"), bench.release("1.1", "vic"), bench.release("1.2", "dee")
    bench.live(first)
    rollout = bench.start(third)
    assert excluded(bench, rollout) == ("Bo", "Dee", "Vic")
    bench.decide("ana", rollout)
    assert bench.advance(rollout).phase == "progressing"


def test_where_nothing_is_live_everything_that_ever_was_written_comes(bench: Bench) -> None:
    bench.policy(separation="authors")
    bench.release("1.0", "ana")
    rollout = bench.start(bench.release("1.1", "dee"))
    assert excluded(bench, rollout) == ("Bo", "Ana", "Dee")


def test_going_back_brings_no_commit_so_only_who_asks_is_left_out(bench: Bench) -> None:
    bench.policy(separation="authors")
    first, second = bench.release("1.0", "ana"), bench.release("1.1", "ana")
    bench.live(second)
    with bench.scope():
        rollout = starting.start_rollout(bench.by("bo"), bench.target, first).rollout
    assert excluded(bench, bench.advance(rollout)) == ("Bo",)


def test_an_address_that_a_member_verified_is_theirs_and_one_that_they_only_claim_is_not(
    bench: Bench,
) -> None:
    from allauth.account.models import EmailAddress

    bench.policy(separation="authors")
    EmailAddress.objects.create(user=bench.people.ana, email="ana@home.example", verified=True)
    EmailAddress.objects.create(user=bench.people.dee, email="eve@home.example", verified=False)
    rollout = bench.start(bench.release("1.0", "ana@home.example", "eve@home.example"))
    with bench.scope():
        found = excluded_from(rollout)
    assert found.names == ("Bo", "Ana")
    assert found.strangers == ("eve@home.example",)


def test_somebody_of_another_organization_is_nobody_here(bench: Bench) -> None:
    bench.policy(separation="authors")
    rollout = bench.start(bench.release("1.0", "gil@globex.example"))
    assert excluded(bench, rollout) == ("Bo",)


def test_a_release_that_names_no_commits_cannot_be_approved_where_they_must_be_known(bench: Bench) -> None:
    bench.policy(separation="authors", commits_must_be_known=True)
    bench.release("1.0")
    rollout = bench.start(bench.release("1.1", "dee"))
    words = "1.0 names no commits, so nobody can tell whose they are"
    with pytest.raises(Conflict, match=f"It cannot be approved: {words}."):
        bench.decide("ana", rollout)
    assert decisions(bench) == 0
    held = bench.gate(rollout)
    assert (held["answer"], held["sentence"]) == ("wait", words)
    with bench.scope():
        assert actions_for(bench.by("ana"), rollout)["approve"] == words


def test_a_commit_without_an_address_is_not_known_either(bench: Bench) -> None:
    from tests.approvals.bench import MANIFEST
    from tests.people import make_release

    bench.policy(separation="authors", commits_must_be_known=True)
    commit = {"sha": "1" * 40, "message": "Say hello", "author": "Somebody"}
    release = make_release(bench.by("ana"), bench.application, "1.0", MANIFEST, commits=[commit])
    assert bench.gate(bench.start(release))["sentence"] == (
        "a commit of 1.0 names no e-mail address, so nobody can tell whose it is"
    )


def test_the_gate_names_who_may_not_and_who_asked_may_still_reject(bench: Bench) -> None:
    bench.policy(separation="authors")
    rollout = bench.start(bench.release("1.0", "dee"))
    held = bench.gate(rollout)
    assert held["unblocked_by"] == "a releaser, an owner or somebody granted to approve here (not Bo, Dee)"
    assert held["not_by"] == sorted([str(bench.people.bo.pk), str(bench.people.dee.pk)])
    bench.decide("bo", rollout, approved=False)
    assert bench.advance(rollout).phase == "aborted"


def test_production_leaves_authors_out_by_itself_and_other_environments_do_not(bench: Bench) -> None:
    from tests.people import make_environment

    owner = bench.by("ana")
    production = make_environment(owner, "live", [bench.cluster], production=True)
    staging = make_environment(owner, "staging", [bench.cluster])
    assert production.approval_rules["separation"] == "authors"
    assert staging.approval_rules["separation"] == "requester"


def test_an_approval_that_came_before_its_giver_was_left_out_counts_no_more(bench: Bench) -> None:
    bench.policy(separation="authors")
    rollout = bench.start(bench.release("1.0", "dee@home.example"))
    bench.decide("ana", rollout)
    from apps.releases.models import ReleaseCommit

    with bench.scope():
        ReleaseCommit.objects.update(author_email="ana@acme.example")
    assert bench.gate(rollout)["answer"] == "wait"
