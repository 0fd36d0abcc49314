from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.applications.access import access_application
from apps.core.api.pages import Order, page
from apps.core.api.queries import AfterQuery, PageQuery, read_query
from apps.core.api.schema import PageOf
from apps.core.problems import Invalid, NotFound
from apps.environments.access import access_environment
from apps.environments.models import Target
from apps.organizations.api.door import OrganizationView
from apps.releases.access import access_release_by_version
from apps.rollouts import selectors
from apps.rollouts.access import access_rollout, access_target, rollouts_of
from apps.rollouts.api.finding import find_rollout
from apps.rollouts.api.shapes import (
    EventsShape,
    ExplanationShape,
    PlanShape,
    RolloutDetailShape,
    RolloutShape,
    event_shape,
    plan_shape,
    rollout_shape,
)
from apps.rollouts.choices import KindChoice, PhaseChoice
from apps.rollouts.models import Rollout
from apps.rollouts.services import starting


class RolloutQuery(PageQuery):
    application = serializers.CharField(required=False, max_length=60)
    environment = serializers.CharField(required=False, max_length=60)
    target = serializers.UUIDField(required=False)
    release = serializers.CharField(required=False, max_length=120, help_text="A version.")
    kind = serializers.ChoiceField(choices=KindChoice.choices, required=False)
    phase = serializers.CharField(
        required=False, max_length=120, help_text="One or more, with commas between."
    )

    def validate_phase(self, value: str) -> list[str]:
        phases = [phase.strip() for phase in value.split(",")]
        if unknown := [phase for phase in phases if phase not in PhaseChoice.values]:
            raise serializers.ValidationError(
                f"“{unknown[0]}” is no phase; they are {', '.join(PhaseChoice.values)}."
            )
        return phases


class StartRequest(serializers.Serializer[Any]):
    application = serializers.CharField(max_length=60)
    environment = serializers.CharField(max_length=60)
    cluster = serializers.CharField(max_length=60, required=False, default="", allow_blank=True)
    release = serializers.CharField(max_length=120)
    why = serializers.CharField(required=False, default="", allow_blank=True, max_length=4000)
    rollback = serializers.BooleanField(required=False, default=False)


class RolloutList(OrganizationView):
    @extend_schema(parameters=[RolloutQuery], responses=PageOf(RolloutShape))
    def get(self, request: Request, organization: str) -> Response:
        """Newest first."""
        query = read_query(RolloutQuery, request)
        rows, order = self._filtered(query)
        return Response(page(query, rows, order, rollout_shape))

    @extend_schema(request=StartRequest, responses={201: RolloutShape, 200: RolloutShape})
    def post(self, request: Request, organization: str) -> Response:
        """Puts a release on a target. The same start twice answers the first one (200)."""
        asked = StartRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        application = access_application(self.actor, values["application"])
        target = self._target(application.id, values["environment"], values["cluster"])
        release = access_release_by_version(self.actor, application, values["release"])
        begin = starting.roll_back if values["rollback"] else starting.start_rollout
        started = begin(self.actor, target, release, why=values["why"])
        rollout = access_rollout(self.actor, started.rollout.id)
        return Response(rollout_shape(rollout), status=201 if started.created else 200)

    def _filtered(self, query: dict[str, Any]) -> tuple[QuerySet[Rollout], Order]:
        """With the order that has an index: numbers over the organization, moments within one thing."""
        rows, order = rollouts_of(self.actor).defer("progress", "policy"), Order("number")
        if slug := query.get("application"):
            rows = rows.filter(application_id=access_application(self.actor, slug).id)
            order = Order("created_at", "id")
        if target := query.get("target"):
            rows, order = rows.filter(target_id=target), Order("created_at", "id")
        if slug := query.get("environment"):
            rows = rows.filter(environment_id=access_environment(self.actor, slug).id)
        if version := query.get("release"):
            rows = rows.filter(release__version=version)
        if kind := query.get("kind"):
            rows = rows.filter(kind=kind)
        if phases := query.get("phase"):
            rows = rows.filter(phase__in=phases)
        return rows, order

    def _target(self, application_id: UUID, environment: str, cluster: str) -> Target:
        place = access_environment(self.actor, environment)
        rows = Target.objects.filter(
            organization_id=self.actor.organization_id,
            application_id=application_id,
            environment_id=place.id,
            removed_at__isnull=True,
        )
        if cluster:
            rows = rows.filter(cluster__slug=cluster)
        found = list(rows.values_list("id", flat=True)[:2])
        if not found:
            raise NotFound("There is no such target.")
        if len(found) > 1:
            raise Invalid(
                "This environment has several clusters; say which.", fields={"cluster": "say which"}
            )
        return access_target(self.actor, found[0])


class RolloutDetail(OrganizationView):
    @extend_schema(responses=RolloutDetailShape)
    def get(self, request: Request, organization: str, rollout: str) -> Response:
        """`rollout` is its id or its number."""
        row = find_rollout(self.actor, rollout)
        found = selectors.plan_of(row)
        return Response(
            {
                **rollout_shape(row),
                "steps": selectors.steps_of(row, found[1] if found else None),
                "progress": {part: row.progress.get(part, {}) for part in ("objects", "pods")},
            }
        )


class RolloutPlan(OrganizationView):
    @extend_schema(responses=PlanShape)
    def get(self, request: Request, organization: str, rollout: str) -> Response:
        """The plan in force, object by object. Secret values are digests."""
        found = selectors.plan_of(find_rollout(self.actor, rollout))
        if found is None:
            raise NotFound("It is not planned yet.")
        return Response(plan_shape(*found))


class RolloutExplanation(OrganizationView):
    @extend_schema(responses=ExplanationShape)
    def get(self, request: Request, organization: str, rollout: str) -> Response:
        """What it waits for, since when, what comes next and when, who can unblock it, and what you may do."""
        row = find_rollout(self.actor, rollout)
        return Response({**selectors.explain(row), "actions": selectors.actions_for(self.actor, row)})


class RolloutEvents(OrganizationView):
    @extend_schema(parameters=[AfterQuery], responses=EventsShape)
    def get(self, request: Request, organization: str, rollout: str) -> Response:
        """`after` is the last number you have; at most 500 come at once."""
        query = read_query(AfterQuery, request)
        row = find_rollout(self.actor, rollout)
        events = selectors.events_after(row.id, query["after"])
        return Response(
            {
                "items": [event_shape(event) for event in events],
                "next": events[-1].number if events and events[-1].number < row.event_number else None,
                "head": row.event_number,
            }
        )
