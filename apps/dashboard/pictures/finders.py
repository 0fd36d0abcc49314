"""One finder for each kind of thing. Conditions on names that the database could not answer by an index are asked of
tables that stay small (environments, clusters, members), and never of more than `_SMALL` rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.urls import NoReverseMatch, reverse

from apps.applications.access import applications_of
from apps.clusters.access import clusters_of
from apps.dashboard.marks import health_mark, phase_mark
from apps.dashboard.pictures.search import Hit, Search, named_by_some, release_ids
from apps.dashboard.pictures.sought import Nearness, nearest
from apps.environments.access import targets_of
from apps.environments.models import Target
from apps.organizations.access import Actor, Right, decide
from apps.organizations.models import Membership
from apps.releases.access import releases_of
from apps.releases.models import Release, ReleaseCommit, ReleaseIssue
from apps.releases.search import releases_of_application, releases_saying
from apps.rollouts.access import rollouts_of
from apps.rollouts.models import Rollout

_SMALL = 500
_SUBJECTS = 400  # commits of the found releases, to show the one that was meant


def link(name: str, *arguments: Any) -> str:
    """ "" where this installation has no such page."""
    try:
        return reverse(name, args=arguments)
    except NoReverseMatch:
        return ""


def applications(search: Search) -> list[Hit]:
    slug, whole = search.actor.organization_slug, (1 << len(search.sought.words)) - 1
    ids = [identifier for identifier, matched in search.named if matched in {whole, 0}][: search.most]
    rows = applications_of(search.actor).in_bulk(ids)
    live = _live_by_application(search, ids)
    return [
        Hit(
            f"hit-application-{row.slug}",
            "application",
            "applications",
            row.name,
            reverse("application", args=[slug, row.slug]),
            near if (near := nearest((row.slug, row.name), search.sought)) is not None else Nearness.ALIKE,
            detail=live.get(row.id, "nothing is live yet"),
        )
        for identifier in ids
        if (row := rows.get(identifier))
    ]


def _live_by_application(search: Search, ids: Sequence[UUID]) -> dict[UUID, str]:
    """ "production v0.10.5 · staging v0.10.6": the last in promotion order first."""
    said: dict[UUID, dict[str, str]] = defaultdict(dict)
    targets = targets_of(search.actor).filter(application_id__in=ids, live_version__isnull=False)
    for target in reversed(targets.order_by("environment__position", "id")[: 20 * len(ids)]):
        said[target.application_id].setdefault(target.environment.name, str(target.live_version))
    return {
        key: " · ".join(f"{place} {version}" for place, version in list(places.items())[:3])
        for key, places in said.items()
    }


def releases(search: Search) -> list[Hit]:
    slug, ids = search.actor.organization_slug, release_ids(search)
    rows: dict[UUID, Release] = releases_of(search.actor).only(*_SHOWN_OF_RELEASES).in_bulk(ids)
    told = _what_was_meant(search, ids)
    standing: dict[UUID, list[str]] = defaultdict(list)
    for target in targets_of(search.actor).filter(live_release_id__in=ids):
        if target.live_release_id and target.environment.name not in standing[target.live_release_id]:
            standing[target.live_release_id].append(target.environment.name)
    found = []
    for identifier in ids:
        if (row := rows.get(identifier)) is None:
            continue
        own = nearest((row.version, row.commit_sha, row.branch), search.sought)
        places = standing.get(row.id, [])
        parts = [f"live in {', '.join(places)}" if places else "", row.branch, row.commit_sha[:10]]
        found.append(
            Hit(
                f"hit-release-{row.id}",
                "release",
                "release",
                row.application.name,
                reverse("release", args=[slug, row.application.slug, row.version]),
                Nearness.COMBINED if own is None else own,
                version=row.version,
                detail=" · ".join(part for part in [told.get(row.id, ""), *parts] if part),
                at=row.created_at,
                application=row.application.slug,
            )
        )
    return sorted(found, key=lambda hit: hit.near)


_SHOWN_OF_RELEASES = (
    "version",
    "branch",
    "commit_sha",
    "created_at",
    "application__name",
    "application__slug",
)


def _what_was_meant(search: Search, ids: Iterable[UUID]) -> dict[UUID, str]:
    """The issue or the subject with the words in it; else the newest subject."""
    told: dict[UUID, str] = {}
    text = search.sought.text
    for issue in ReleaseIssue.objects.filter(release_id__in=list(ids)).order_by("issue_key")[:_SUBJECTS]:
        if issue.issue_key.lower().startswith(text):
            told.setdefault(issue.release_id, issue.issue_key)
    first: dict[UUID, str] = {}
    commits = ReleaseCommit.objects.filter(release_id__in=list(ids)).order_by("position")
    for release_id, subject, sha in commits.values_list("release_id", "subject", "sha")[:_SUBJECTS]:
        first.setdefault(release_id, subject)
        if nearest((subject, bytes(sha).hex()), search.sought) is not None:
            told.setdefault(release_id, subject)
    return first | told


def rollouts(search: Search) -> list[Hit]:
    """Ids first, by narrow queries; what is shown of them in one."""
    slug, times = search.actor.organization_slug, _rollout_ids(search)
    ids = sorted(times, key=lambda identifier: times[identifier], reverse=True)
    rows = (
        rollouts_of(search.actor)
        .select_related(None)
        .prefetch_related(None)
        .select_related("application", "environment", "release")
        .only(*_SHOWN_OF_ROLLOUTS)
        .in_bulk(ids[: search.most])
    )
    found = [rows[identifier] for identifier in ids[: search.most] if identifier in rows]
    exact = search.sought.number
    return [
        Hit(
            f"hit-rollout-{row.number}",
            "rollout",
            "rollouts",
            f"{row.number} {row.application.name}",
            reverse("rollout", args=[slug, row.number]),
            Nearness.EXACT if row.number == exact else Nearness.COMBINED,
            version=row.release.version,
            where=row.environment.name,
            detail=row.sentence,
            mark=phase_mark(row.phase, row.kind),
            at=row.created_at,
        )
        for row in sorted(found, key=lambda row: row.number != exact)
    ]


_SHOWN_OF_ROLLOUTS = (
    "number",
    "phase",
    "kind",
    "sentence",
    "created_at",
    "organization_id",
    "application__name",
    "environment__name",
    "release__version",
)
_SOONEST = datetime.max.replace(tzinfo=UTC)


def _rollout_ids(search: Search) -> dict[UUID, datetime]:
    """With the time of each; the one whose number was typed comes before all."""
    every = Rollout.objects.filter(organization_id=search.actor.organization_id)
    found: dict[UUID, datetime] = {}
    if search.sought.number is not None:
        found |= dict.fromkeys(
            every.filter(number=search.sought.number).values_list("id", flat=True), _SOONEST
        )
    for condition in _rollout_conditions(search):
        rows = every.filter(condition).order_by("-created_at").values_list("id", "created_at")
        found |= dict(rows[: search.most]) | found
    return found


def _rollout_conditions(search: Search) -> list[Q]:
    """Each is answered by one index: by target, by application, or by release."""
    sought, actor, most, places = search.sought, search.actor, search.most, _places(search)
    asked = [Q(release_id__in=search.saying)] if search.saying else []
    for ids, bits in places:
        if (rest := sought.left_over(bits)) and (saying := releases_saying(actor, rest, most)):
            asked.append(Q(release_id__in=saying, environment_id__in=ids))
    for application_id, matched in named_by_some(search):
        for ids, bits in [*places, ((), 0)]:
            if bits and not bits & ~matched:
                continue  # the environment is named by no word of its own
            here = Q(environment_id__in=ids) if bits else Q()
            left = sought.left_over(matched | bits)
            if left:
                if releases_there := releases_of_application(actor, application_id, left, most):
                    asked.append(here & Q(release_id__in=releases_there))
            elif bits:
                targets = Target.objects.filter(here, application_id=application_id)
                asked.append(Q(target_id__in=list(targets.values_list("id", flat=True))))
            else:
                asked.append(Q(application_id=application_id))
    return asked


def _places(search: Search) -> list[tuple[tuple[UUID, ...], int]]:
    """Environments by the words that their names hold: ids that share them, and the bits."""
    found: dict[int, list[UUID]] = defaultdict(list)
    for place in search.places:
        if bits := search.sought.bits_in(f"{place.slug} {place.name}"):
            found[bits].append(place.id)
    ordered = sorted(found.items(), key=lambda pair: -pair[0].bit_count())[:2]
    return [(tuple(ids), bits) for bits, ids in ordered]


def environments(search: Search) -> list[Hit]:
    found = []
    for row in search.places:
        near = nearest((row.slug, row.name), search.sought)
        href = link("environment", search.actor.organization_slug, row.slug)
        if near is not None and href:
            detail = "production" if row.production else row.get_delivery_mode_display().lower()
            found.append(
                Hit(
                    f"hit-environment-{row.slug}",
                    "environment",
                    "environments",
                    row.name,
                    href,
                    near,
                    detail=detail,
                )
            )
    return sorted(found, key=lambda hit: hit.near)[: search.most]


def clusters(search: Search) -> list[Hit]:
    found = []
    for row in clusters_of(search.actor).defer("sealed_access", "served_kinds").order_by("slug")[:_SMALL]:
        near = nearest((row.slug, row.name, row.server), search.sought)
        href = link("cluster", search.actor.organization_slug, row.slug)
        if near is not None and href:
            found.append(
                Hit(
                    f"hit-cluster-{row.slug}",
                    "cluster",
                    "clusters",
                    row.name or row.slug,
                    href,
                    near,
                    detail=" · ".join(part for part in (row.server, row.version) if part),
                    mark=health_mark("healthy") if row.reachability == "reachable" else None,
                )
            )
    return sorted(found, key=lambda hit: hit.near)[: search.most]


def people(search: Search) -> list[Hit]:
    """Only for who has a page about people: their settings, or what they did."""
    page = _page_about_people(search.actor)
    if page is None or not search.sought.words:
        return []
    rows = Membership.objects.select_related("user").order_by("user__name", "user__email")
    for word in search.sought.words:  # a person's table is nobody's tenant's: it has no wall to get past
        rows = rows.filter(Q(user__name__icontains=word) | Q(user__email__icontains=word))
    found = []
    for row in rows[: search.most]:
        near = nearest((row.user.name, row.user.email), search.sought)
        found.append(
            Hit(
                f"hit-person-{row.user_id}",
                "person",
                "person",
                str(row.user),
                page(row),
                Nearness.INSIDE if near is None else near,
                detail=f"{row.get_role_display().lower()} · {row.user.email}",
            )
        )
    return sorted(found, key=lambda hit: hit.near)


def _page_about_people(actor: Actor) -> Callable[[Membership], str] | None:
    slug = actor.organization_slug
    if decide(actor, Right.MANAGE_PEOPLE).allowed:
        return lambda row: reverse("settings-person", args=[slug, row.pk])
    if decide(actor, Right.SEE_AUDIT).allowed:
        return lambda row: f"{reverse('audit', args=[slug])}?person={row.user_id}"
    return None
