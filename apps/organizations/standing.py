"""What a membership holds beside its role: teams and grants, read in the one query that reads the membership."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject

from apps.organizations.models import Grant, Membership, TeamMember


@dataclass(frozen=True, slots=True)
class HeldTeam:
    id: UUID
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class HeldGrant:
    """`environment_id` None: everywhere; `application_id` None: for every application; `team` "": one's own."""

    right: str
    environment_id: UUID | None
    application_id: UUID | None
    team: str = ""


def with_standing(rows: QuerySet[Membership]) -> QuerySet[Membership]:
    """In the organization's scope, or in that of the person whose memberships they are."""
    membered = TeamMember.objects.filter(membership_id=OuterRef("pk"))
    teams = membered.values(
        held=JSONObject(id="team_id", slug="team__slug", name="team__name"),
    )
    through = TeamMember.objects.filter(membership_id=OuterRef(OuterRef("pk"))).values("team_id")
    grants = (
        Grant.objects.filter(Q(membership_id=OuterRef("pk")) | Q(team_id__in=through))
        .annotate(team_name=F("team__name"))
        .values(
            held=JSONObject(
                right="right",
                environment="environment_id",
                application="application_id",
                team="team_name",
            )
        )
    )
    return rows.annotate(held_teams=ArraySubquery(teams), held_grants=ArraySubquery(grants))


def teams_of(membership: Any) -> frozenset[HeldTeam]:
    return frozenset(HeldTeam(UUID(team["id"]), team["slug"], team["name"]) for team in membership.held_teams)


def grants_of(membership: Any) -> frozenset[HeldGrant]:
    return frozenset(
        HeldGrant(
            right=held["right"],
            environment_id=_id(held["environment"]),
            application_id=_id(held["application"]),
            team=held["team"] or "",
        )
        for held in membership.held_grants
    )


def _id(text: str | None) -> UUID | None:
    return UUID(text) if text else None
