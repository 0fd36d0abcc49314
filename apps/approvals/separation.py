"""Who may not decide, whatever their role: who asked for it, and whoever wrote or committed what comes with it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from allauth.account.models import EmailAddress
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, OuterRef, Q, QuerySet

from apps.environments.rules import rules_of
from apps.organizations.access import Actor
from apps.organizations.models import Membership
from apps.releases.models import Release, ReleaseCommit
from apps.rollouts.models import Rollout
from slipway.engine.approving import ApprovalRules, Separation

OWN_COMMITS = "Your commits are in it, and who wrote something does not approve it."
OWN_REQUEST = "Who asked for a rollout does not approve it."
_NAMED = 5  # releases in a sentence; the others are counted


@dataclass(frozen=True, slots=True)
class Excluded:
    """`authors`: id → name, of members. `unknown`: what is missing of the commits, in one sentence; "" when nothing."""

    requester: UUID | None
    requester_label: str
    authors: dict[UUID, str]
    unknown: str
    strangers: tuple[str, ...] = ()  # addresses of commits that belong to nobody here

    @property
    def ids(self) -> frozenset[UUID]:
        return frozenset(self.authors) | ({self.requester} if self.requester else frozenset())

    @property
    def names(self) -> tuple[str, ...]:
        others = sorted(name for person, name in self.authors.items() if person != self.requester)
        return (*([self.requester_label] if self.requester else []), *others)

    def why_not(self, person: UUID) -> str:
        if person == self.requester:
            return OWN_REQUEST
        return OWN_COMMITS if person in self.authors else ""


def rules_for(rollout: Rollout) -> ApprovalRules:
    """Those it began with: a policy that is changed later holds for what starts later."""
    return rules_of(rollout.policy.get("approval_rules") or {})


def excluded_from(rollout: Rollout) -> Excluded:
    """By the commits between what is live on the target, as the plan in force saw it, and the release."""
    # A policy has no hand to approve with, so there is nobody to leave out.
    requester = None if rollout.automatic else rollout.requested_by_id
    rules = rules_for(rollout)
    if rules.separation is not Separation.AUTHORS:
        return Excluded(requester, rollout.requested_by_label, {}, "")
    releases = releases_that_come(rollout)
    addresses = _addresses(releases)
    found = _people(addresses)
    return Excluded(
        requester,
        rollout.requested_by_label,
        {person: name for person, name, _ in found},
        _missing(releases) if rules.commits_must_be_known else "",
        tuple(sorted(addresses - {address for *_, address in found})),
    )


def why_not_approve(actor: Actor, rollout: Rollout) -> str:
    """Registered with rollouts, so that every face greys its button with the same words."""
    excluded = excluded_from(rollout)
    return excluded.why_not(actor.user_id) or excluded.unknown


def releases_that_come(rollout: Rollout) -> QuerySet[Release]:
    """All of the line up to the release and after what is live. Going back brings nothing that was not there before;
    where nothing is live everything comes."""
    rows: QuerySet[Release] = Release.objects.filter(
        application_id=rollout.application_id,
        line=rollout.release.line,
        line_position__lte=rollout.release.line_position,
    )
    live = rollout.from_release
    if live is not None and live.line == rollout.release.line:
        rows = rows.filter(line_position__gt=live.line_position)
    return rows


def _addresses(releases: QuerySet[Release]) -> frozenset[str]:
    pairs = (
        ReleaseCommit.objects.filter(release__in=releases.values("id"))
        .order_by()
        .values_list("author_email", "committer__email")
        .distinct()
    )
    return frozenset(address.lower() for pair in pairs for address in pair if address)


def _people(addresses: Collection[str]) -> list[tuple[UUID, str, str]]:
    """Members behind these addresses: the one they sign in with, and every other that they have verified."""
    if not addresses:
        return []
    verified = EmailAddress.objects.filter(
        user_id=OuterRef("user_id"), verified=True, email__in=addresses
    ).values("email")
    members = (
        Membership.objects.select_related("user")
        .annotate(verified=ArraySubquery(verified))
        .filter(Q(user__email__in=addresses) | Q(verified__len__gt=0))
    )
    return [
        (member.user_id, str(member.user), address)
        for member in members
        for address in sorted({member.user.email, *member.verified} & set(addresses))
    ]


def _missing(releases: QuerySet[Release]) -> str:
    """Every commit since the release before is for the caller to report; what cannot be told from it is said."""
    silent = list(
        releases.annotate(reported=Count("commits"))
        .filter(reported=0)
        .order_by("line_position")
        .values_list("version", flat=True)
    )
    if silent:
        more = f" and {len(silent) - _NAMED} more" if len(silent) > _NAMED else ""
        names = f"{', '.join(silent[:_NAMED])}{more}"
        verb = "names" if len(silent) == 1 else "name"
        return f"{names} {verb} no commits, so nobody can tell whose they are"
    nameless = list(
        releases.filter(Q(commits__author_email="") | Q(commits__committer__email=""))
        .order_by("line_position")
        .values_list("version", flat=True)
        .distinct()
    )
    if nameless:
        return f"a commit of {nameless[0]} names no e-mail address, so nobody can tell whose it is"
    return ""
