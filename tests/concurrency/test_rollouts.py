"""Rivals on one target: PostgreSQL is real, commits are real, the cluster is not asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.utils import timezone

from apps.approvals.models import Approval
from apps.approvals.services import decide
from apps.audit.models import Activity
from apps.audit.verifying import verify_chain
from apps.core import scopes
from apps.core.problems import Conflict, Problem
from apps.rollouts.models import Event, Rollout
from apps.rollouts.services import advancing, leases, looking, planning, starting, steering
from slipway.engine.objects import ObjectKey
from slipway.engine.plans import Plan, PlannedObject, Verb
from slipway.engine.steps import CHECK, Step, StepKind
from tests.concurrency.together import errors, together
from tests.people import (
    People,
    actor,
    make_application,
    make_cluster,
    make_environment,
    make_release,
    target_of,
)
from tests.rollouts.driver import Driver, of

MANIFEST = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: greeting}\ndata: {hello: world}\n"
KEY = ObjectKey("", "ConfigMap", "shop-production", "greeting")


@dataclass
class Scene:
    people: People
    target: Any
    releases: list[Any]
    ana: Any
    bo: Any

    def scope(self) -> Any:
        return scopes.organization(self.people.acme.id)

    def start(self, release: Any, by: Any = None) -> starting.Start:
        with self.scope():
            return starting.start_rollout(by or self.bo, self.target, release)

    def wait_for_approval(self) -> Rollout:
        rollout = self.start(self.releases[0]).rollout
        advancing.advance(rollout.organization_id, rollout.id)
        row = of(rollout)
        assert (row.phase, row.plan_number) == ("waiting", 1)
        return row

    def events_are_gapless(self) -> None:
        with self.scope():
            for rollout in Rollout.objects.all():
                numbers = list(
                    Event.objects.filter(rollout_id=rollout.id)
                    .order_by("number")
                    .values_list("number", flat=True)
                )
                assert numbers == list(range(1, rollout.event_number + 1))
            assert verify_chain().sound


@pytest.fixture
def scene(
    transactional_database: str, people: People, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> Scene:
    """Production wants two approvals; every plan creates one ConfigMap."""
    ana = actor(people.ana, people.acme)
    cluster = make_cluster(ana)
    production = make_environment(ana, "production", [cluster], approvals_needed=2)
    application = make_application(ana, slug="shop")
    releases = [make_release(ana, application, f"1.{number}.0", MANIFEST) for number in range(3)]

    def look(lease: leases.Lease, rollout: Rollout, cluster: Any) -> looking.Seen:
        with scopes.organization(lease.organization_id):
            Rollout.objects.filter(id=lease.rollout_id, fence=lease.fence).update(
                plan_wanted=False, planned_at=None
            )
            version = rollout.release.version
        plan = Plan(
            target=str(rollout.target_id),
            release_digest=version,
            way_back_digest="",
            way_back_label="",
            step_titles=("Check the plan", "Configuration"),
            objects=(PlannedObject(KEY, Verb.CREATE),),
        )
        source: Any = type("Source", (), {"live": None, "live_number": None, "way_back": None})
        steps = (CHECK, Step(StepKind.APPLY, "Configuration", (KEY,)))
        planned = planning.Planned(plan, steps, (), source)
        return looking.Seen(looking.Observation(plan=planned.facts), planned=planned)

    monkeypatch.setattr(looking, "connect", lambda cluster: None)
    monkeypatch.setattr(looking, "_look_at_plan", look)
    held = looking.Seen(looking.Observation(remaining=1, waiting="the test holds it"))
    monkeypatch.setattr(looking, "_apply", lambda *arguments: held)
    monkeypatch.setattr(looking, "_look_at_health", lambda *arguments: held)
    return Scene(
        people, target_of(ana, application, production), releases, ana, actor(people.bo, people.acme)
    )


def test_ten_starts_at_once_make_one_rollout(scene: Scene) -> None:
    answers = together(*[lambda: scene.start(scene.releases[0]) for _ in range(10)])
    assert errors(answers) == []
    assert sum(answer.created for answer in answers) == 1
    assert len({answer.rollout.id for answer in answers}) == 1
    scene.events_are_gapless()


def test_starts_of_different_releases_at_once_leave_one_in_the_queue(scene: Scene) -> None:
    answers = together(*[lambda release=release: scene.start(release) for release in scene.releases * 2])
    assert errors(answers) == []
    with scene.scope():
        phases = sorted(Rollout.objects.values_list("phase", flat=True))
    assert phases.count("pending") == 1
    assert set(phases) == {"pending", "superseded"}
    scene.events_are_gapless()


def test_of_two_workers_at_once_one_has_the_rollout_and_the_other_is_heard(scene: Scene) -> None:
    rollout = scene.start(scene.releases[0]).rollout
    found = together(*[lambda: leases.acquire(rollout.organization_id, rollout.id) for _ in range(6)])
    held = [lease for lease in found if lease is not None]
    assert len(held) == 1
    assert of(rollout).woken
    assert leases.release(held[0]) is True


def test_workers_that_advance_together_plan_once_and_lose_no_event(scene: Scene) -> None:
    rollout = scene.start(scene.releases[0]).rollout
    answers = together(*[lambda: advancing.advance(rollout.organization_id, rollout.id) for _ in range(6)])
    assert errors(answers) == []
    assert of(rollout).plan_number == 1
    assert of(rollout).phase == "waiting"
    scene.events_are_gapless()


def test_two_last_approvals_at_once_both_count_and_it_begins_once(scene: Scene) -> None:
    rollout = scene.wait_for_approval()
    gil = scene.people.gil
    from apps.audit.services import By
    from apps.organizations.choices import Role
    from apps.organizations.services import add_member

    add_member(By("operator", "the tests"), scene.people.acme, gil, Role.RELEASER)
    deciders = [scene.ana, actor(gil, scene.people.acme)]

    def approve(by: Any) -> Any:
        with scene.scope():
            made = decide(by, rollout.id, plan_digest=rollout.plan_digest, approved=True)
        advancing.advance(rollout.organization_id, rollout.id)
        return made

    assert errors(together(*[lambda by=by: approve(by) for by in deciders])) == []
    advancing.advance(rollout.organization_id, rollout.id)
    with scene.scope():
        assert Approval.objects.filter(rollout_id=rollout.id).count() == 2
        begun = Event.objects.filter(rollout_id=rollout.id, kind="phase", body__phase="progressing").count()
    assert begun == 1
    scene.events_are_gapless()


def test_the_same_person_approving_twice_at_once_counts_once(scene: Scene) -> None:
    rollout = scene.wait_for_approval()

    def approve() -> Any:
        with scene.scope():
            return decide(scene.ana, rollout.id, plan_digest=rollout.plan_digest, approved=True)

    answers = together(approve, approve, approve)
    assert errors(answers) == []
    assert len({answer.id for answer in answers}) == 1
    scene.events_are_gapless()


@pytest.mark.parametrize("round_number", range(4))
def test_an_approval_against_an_abort_never_begins_an_aborted_rollout(
    scene: Scene, round_number: int
) -> None:
    rollout = scene.wait_for_approval()
    with scene.scope():
        Rollout.objects.filter(id=rollout.id).update(approvals_needed=1)

    def approve() -> Any:
        with scene.scope():
            made = decide(scene.ana, rollout.id, plan_digest=rollout.plan_digest, approved=True)
        advancing.advance(rollout.organization_id, rollout.id)
        return made

    def abort() -> Any:
        with scene.scope():
            made = steering.abort(scene.bo, rollout.id)
        advancing.advance(rollout.organization_id, rollout.id)
        return made

    answers = together(approve, abort)
    assert all(isinstance(error, Problem) for error in errors(answers))
    assert not isinstance(answers[1], Exception)  # an abort is never refused here
    with scene.scope():
        Rollout.objects.filter(leased_until__lt=timezone.now()).update(leased_until=None)
    advancing.advance(rollout.organization_id, rollout.id)
    row = of(rollout)
    assert row.phase == "aborted"
    assert row.first_write_at is None
    scene.events_are_gapless()


def test_an_approval_against_a_newer_start_ends_in_exactly_one_that_stands(scene: Scene) -> None:
    rollout = scene.wait_for_approval()

    def approve() -> Any:
        with scene.scope():
            return decide(scene.ana, rollout.id, plan_digest=rollout.plan_digest, approved=True)

    answers = together(approve, lambda: scene.start(scene.releases[1]))
    assert all(isinstance(error, Conflict) for error in errors(answers))
    assert of(rollout).phase == "superseded"
    with scene.scope():
        assert Rollout.objects.filter(phase__in=["pending", "waiting"]).count() == 1
    scene.events_are_gapless()


def test_starting_and_advancing_on_one_target_never_lock_each_other_out(scene: Scene) -> None:
    rollout = scene.wait_for_approval()

    def start(index: int) -> Any:
        return [scene.start(scene.releases[(index + turn) % 3]) for turn in range(5)]

    def advance() -> Any:
        with scene.scope():
            ids = list(Rollout.objects.filter(ended_at__isnull=True).values_list("id", flat=True))
        return [advancing.advance(rollout.organization_id, found) for found in ids * 5]

    answers = together(lambda: start(0), lambda: start(1), advance, advance)
    assert errors(answers) == []
    scene.events_are_gapless()


def test_the_feed_tells_who_approved_and_who_aborted(scene: Scene) -> None:
    row = scene.wait_for_approval()
    with scene.scope():
        decide(scene.ana, row.id, plan_digest=row.plan_digest, approved=True, comment="looks right")
    with scene.scope():
        steering.abort(scene.ana, row.id, why="on second thoughts")
    with scene.scope():
        told = list(
            Activity.objects.filter(rollout_id=row.id)
            .exclude(kind="rollout.phase")
            .order_by("number")
            .values_list("kind", "body__sentence", "actor_label")
        )
    assert told == [
        ("rollout.approve", "Ana approved the plan: “looks right”", "Ana"),
        ("rollout.abort", "Ana asked to abort.", "Ana"),
    ]


def test_an_abort_is_heard_after_somebody_asked_to_stop_here(scene: Scene) -> None:
    row = scene.wait_for_approval()
    with scene.scope():
        steering.stop_here(scene.ana, row.id)
    with scene.scope():
        steering.abort(scene.bo, row.id)
    advancing.advance(row.organization_id, row.id)
    assert of(row).abort_requested_by_label == "Bo"
    assert (of(row).phase, of(row).end_reason) == ("aborted", "Aborted by Bo.")
