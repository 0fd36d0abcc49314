"""Everything one looks at before deciding on a plan, and what one may decide."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.approvals.separation import excluded_from
from apps.core.problems import NotFound
from apps.dashboard.differences.between import Between, between
from apps.dashboard.differences.facts import Fact, Setting, facts
from apps.dashboard.differences.objects import ObjectChange
from apps.dashboard.differences.pods import pods_that_start
from apps.dashboard.differences.renames import renames
from apps.dashboard.marks import Mark, phase_mark
from apps.dashboard.pictures.actions import Action, actions_on
from apps.dashboard.pictures.compare import commits_between
from apps.dashboard.pictures.plans import (
    ON_REVIEW_PAGE,
    DecisionLine,
    Entry,
    PlanPicture,
    changes_of,
    decisions_on,
    entries_of,
    plan_picture,
)
from apps.dashboard.pictures.standing import Standing, standing_before
from apps.dashboard.words import count
from apps.environments.models import Environment, Target
from apps.organizations.access import Actor
from apps.releases.models import ReleaseCommit
from apps.rollouts.models import PlanRecord, Rollout
from slipway.engine.phases import Phase
from slipway.engine.plans import Plan, Verb

MOST_COMMITS = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """Which plan is shown and how; as the address says it."""

    plan: str = ""  # a digest; "" is the one in force
    since: str = ""  # the digest of the plan that was looked at before
    page: str = "1"
    verb: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class EnvironmentBefore:
    name: str
    mark: Mark
    sentence: str
    since: datetime | None
    rollout_number: int | None


@dataclass(frozen=True, slots=True)
class Commits:
    number: int
    more: bool  # there are more than were counted
    authors: tuple[str, ...]
    issues: tuple[str, ...]
    first: tuple[ReleaseCommit, ...]
    taken_back: bool  # the release is older than the one that is live

    @property
    def words(self) -> str:
        text = f"{self.number}{'+' if self.more else ''} {'commit' if self.number == 1 else 'commits'}"
        if self.issues:
            text += f", {count(len(self.issues), 'issue')}"
        return f"{text} taken back" if self.taken_back else text


@dataclass(frozen=True, slots=True)
class Changed:
    """The plan in force is another than the one looked at."""

    seen: str
    at: datetime
    difference: Between
    changes: tuple[ObjectChange, ...]


@dataclass(frozen=True, slots=True)
class Review:
    rollout: Rollout
    slug: str
    mark: Mark
    lead: str
    rest: str
    plan: PlanPicture
    in_force: str  # the digest; another than the plan's when that one is no longer
    news: Between | None  # how the plan in force differs from the one that is shown
    changed: Changed | None
    facts: tuple[Fact, ...]
    before: EnvironmentBefore | None
    commits: Commits | None
    decisions: tuple[DecisionLine, ...]
    given: int
    may_not: tuple[str, ...]
    approve: Action | None
    reject: Action | None

    @property
    def decidable(self) -> bool:
        return self.approve is not None or self.reject is not None


def review_of(actor: Actor, rollout: Rollout, asked: Asked) -> Review | None:
    """None while there is no plan. Raises NotFound for a plan that this rollout never had."""
    if not rollout.plan_digest:
        return None
    record = _record(rollout, asked.plan or rollout.plan_digest)
    plan = Plan.from_json(record.body["plan"])
    standing = standing_before(rollout)
    decisions = decisions_on(rollout)
    given = sum(1 for line in decisions if not line.void and line.mark.look == "healthy")
    actions = {action.name: action for action in actions_on(actor, rollout)}
    approve, reject = actions.get("approve"), actions.get("reject")
    lead, rest = _sentences(plan, rollout, standing)
    return Review(
        rollout=rollout,
        slug=actor.organization_slug,
        mark=_mark(rollout, approve),
        lead=lead,
        rest=rest,
        plan=plan_picture(
            plan,
            record,
            rollout,
            page=asked.page,
            verb=asked.verb,
            kind=asked.kind,
            size=ON_REVIEW_PAGE,
            standing=standing,
        ),
        in_force=rollout.plan_digest,
        news=_news(rollout, plan),
        changed=_changed(rollout, asked.since, plan, standing),
        facts=facts(
            plan,
            Setting(first_here=rollout.from_release_id is None, environment=rollout.environment.name),
            renames(plan.objects, standing),
        ),
        before=_before(rollout),
        commits=_commits(rollout),
        decisions=decisions,
        given=given,
        may_not=tuple(_may_not(actor, rollout, approve)),
        approve=approve,
        reject=reject,
    )


def _record(rollout: Rollout, digest: str) -> PlanRecord:
    record: PlanRecord | None = (
        PlanRecord.objects.filter(rollout_id=rollout.id, digest=digest).order_by("-number").first()
    )
    if record is None:
        raise NotFound("This rollout never had such a plan.")
    return record


def _news(rollout: Rollout, shown: Plan) -> Between | None:
    if shown.digest == rollout.plan_digest:
        return None
    return between(shown, Plan.from_json(_record(rollout, rollout.plan_digest).body["plan"]))


def _changed(rollout: Rollout, seen: str, now: Plan, standing: Standing) -> Changed | None:
    if not seen or seen == now.digest:
        return None
    record = _record(rollout, seen)
    difference = between(Plan.from_json(record.body["plan"]), now)
    entries = [Entry(item) for item in difference.objects[:ON_REVIEW_PAGE]]
    return Changed(seen, record.made_at, difference, changes_of(entries, standing, ()))


def _mark(rollout: Rollout, approve: Action | None) -> Mark:
    if rollout.phase != Phase.WAITING:
        return phase_mark(rollout.phase, rollout.kind)
    if approve is not None and approve.why_not.startswith("You approved"):
        return Mark("healthy", "you approved")
    held = any(reason["gate"] == "approval" and reason["answer"] == "wait" for reason in rollout.reasons)
    if held and approve is not None and not approve.why_not:
        return Mark("waiting", "waits for you")
    return Mark("waiting", "waits for others" if held else "waiting")


def _sentences(plan: Plan, rollout: Rollout, standing: Standing) -> tuple[str, str]:
    """What happens, in numbers; what then."""
    counts = Counter(entry.verb for entry in entries_of(plan.objects, standing))
    parts = [
        f"{counts[verb]} {word if counts[verb] == 1 else words}"
        for verb, word, words in (
            (Verb.CHANGE, "changes", "change"),
            (Verb.CREATE, "is created", "are created"),
            (Verb.REPLACE, "is replaced", "are replaced"),
        )
        if counts[verb]
    ]
    if parts:
        number, _, rest = parts[0].partition(" ")
        parts[0] = f"{count(int(number), 'object')} {rest}"
    gone = counts[Verb.PRUNE]
    parts.append(f"{gone} {'is' if gone == 1 else 'are'} deleted" if gone else "none is deleted")
    pods = pods_that_start(plan.objects, standing)
    if pods.restart:
        known = "" if not pods.unknown else "at least "
        parts.append(f"{known}{count(pods.restart, 'pod')} {'restarts' if pods.restart == 1 else 'restart'}")
    if pods.start:
        parts.append(f"{count(pods.start, 'pod')} {'starts' if pods.start == 1 else 'start'}")
    lead = ", ".join(parts) if plan.objects and not plan.is_empty else "nothing changes"
    if rollout.ended_at is not None:
        return f"{lead[:1].upper()}{lead[1:]}.", ""
    back = (
        f"If it fails it goes back to {plan.way_back_label} by itself."
        if plan.way_back_label
        else "There is no earlier release to go back to."
    )
    return f"{lead[:1].upper()}{lead[1:]}.", back


def _before(rollout: Rollout) -> EnvironmentBefore | None:
    """What the environment before this one said of the same release; None where there is none before."""
    place = (
        Environment.objects.filter(
            position__lt=rollout.environment.position,
            id__in=Target.objects.filter(
                application_id=rollout.application_id, removed_at__isnull=True
            ).values("environment_id"),
        )
        .order_by("-position")
        .first()
    )
    if place is None:
        return None
    version = rollout.release.version
    last = (
        Rollout.objects.filter(
            application_id=rollout.application_id, environment_id=place.id, release_id=rollout.release_id
        )
        .order_by("-created_at")
        .first()
    )
    if last is None:
        return EnvironmentBefore(
            place.name, Mark("errored", "never there"), f"{version} was never in {place.name}.", None, None
        )
    mark = phase_mark(last.phase, last.kind)
    if last.phase != Phase.SUCCEEDED:
        words = {"failed": "failed", "errored": "could not be judged", "aborted": "was aborted"}.get(
            last.phase, f"is {mark.word}"
        )
        why = last.end_reason or last.sentence
        return EnvironmentBefore(
            place.name, mark, f"{version} {words} in {place.name}: {why}", last.ended_at, last.number
        )
    live = Target.objects.filter(
        application_id=rollout.application_id, environment_id=place.id, live_release_id=rollout.release_id
    ).first()
    if live is None:
        return EnvironmentBefore(
            place.name,
            Mark("superseded", "no longer there"),
            f"{version} was healthy in {place.name}; something else is live there now.",
            last.ended_at,
            last.number,
        )
    if live.health in {"degraded", "missing", "progressing"}:
        return EnvironmentBefore(
            place.name,
            Mark("failed", live.health),
            f"{version} is {live.health} in {place.name}.",
            None,
            last.number,
        )
    return EnvironmentBefore(
        place.name, mark, f"{version} is live and healthy in {place.name}.", last.ended_at, last.number
    )


def _commits(rollout: Rollout) -> Commits | None:
    if rollout.from_release is None:
        rows = ReleaseCommit.objects.filter(release_id=rollout.release_id).order_by("position")
    else:
        rows = commits_between(rollout.from_release, rollout.release)
    found = list(rows[: MOST_COMMITS + 1])
    if not found:
        return None
    more, found = len(found) > MOST_COMMITS, found[:MOST_COMMITS]
    return Commits(
        number=len(found),
        more=more,
        authors=tuple(dict.fromkeys(commit.author_name for commit in found if commit.author_name)),
        issues=tuple(dict.fromkeys(key for commit in found for key in commit.issue_keys)),
        first=tuple(found[:8]),
        taken_back=bool(rollout.from_release and rollout.from_release.number > rollout.release.number),
    )


def _may_not(actor: Actor, rollout: Rollout, approve: Action | None) -> list[str]:
    said = []
    mine = rollout.requested_by_id == actor.user_id
    if not rollout.automatic and rollout.requested_by_id is not None:
        who = "You" if mine else rollout.requested_by_label
        said.append(f"{who} asked for it, and who asks does not approve.")
    excluded = excluded_from(rollout)
    if authors := [name for person, name in excluded.authors.items() if person != actor.user_id]:
        said.append(f"May not approve: {', '.join(sorted(authors))}: their commits are in it.")
    if actor.user_id in excluded.authors and not mine:
        said.append("Your commits are in it, and who wrote something does not approve it.")
    if excluded.unknown:
        said.append(f"Nobody approves it: {excluded.unknown}.")
    if excluded.strangers:
        said.append(f"Of commits nobody here is known by: {_few(excluded.strangers)}.")
    if approve is not None and approve.why_not and not mine and not approve.why_not.startswith("You"):
        said.append(f"You: {approve.why_not[:1].lower()}{approve.why_not[1:]}")
    return said


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{', '.join(names[:3])}{more}"
