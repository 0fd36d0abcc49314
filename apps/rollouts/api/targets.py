from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.applications.access import access_application
from apps.clusters.access import access_cluster
from apps.core.api.pages import Order, page
from apps.core.api.queries import Moment, PageQuery, read_query
from apps.core.api.schema import PageOf
from apps.environments.access import access_environment, targets_of
from apps.environments.models import Target
from apps.environments.services import override_images
from apps.organizations.access import Right
from apps.organizations.api.door import OrganizationView
from apps.rollouts.access import access_rollout, access_target
from apps.rollouts.api.actions import WhyRequest
from apps.rollouts.api.shapes import RolloutShape, rollout_shape
from apps.rollouts.history import Standing, stood_at
from apps.rollouts.models import TargetRelease
from apps.rollouts.services import steering

MOST_HISTORY = 50


class TargetQuery(PageQuery):
    application = serializers.CharField(required=False, max_length=60)
    environment = serializers.CharField(required=False, max_length=60)
    cluster = serializers.CharField(required=False, max_length=60)
    release = serializers.UUIDField(required=False, help_text="Where this release is live now.")
    at = Moment(required=False, help_text="What was live at that instant instead of what is live now.")


class OverridesRequest(serializers.Serializer[Any]):
    image_overrides = serializers.DictField(child=serializers.CharField(max_length=600))


class LiveShape(TypedDict):
    release: UUID
    version: str
    number: int
    since: datetime
    by: str
    rollout: UUID | None


class TargetShape(TypedDict):
    id: UUID
    application: str
    environment: str
    cluster: str
    namespace: str
    live: LiveShape | None
    active_rollout: UUID | None
    active_phase: str | None
    health: str
    health_since: datetime | None
    needs_person: str | None


class StretchShape(TypedDict):
    release: UUID | None
    version: str | None
    since: datetime
    until: datetime | None
    by: str
    rollout: UUID | None


class TargetDetailShape(TargetShape):
    image_overrides: dict[str, str]
    history: list[StretchShape]


class TargetList(OrganizationView):
    @extend_schema(parameters=[TargetQuery], responses=PageOf(TargetShape))
    def get(self, request: Request, organization: str) -> Response:
        """What is live where: now, or `at` an instant (then without phase, health and marks, which are of now)."""
        query = read_query(TargetQuery, request)
        rows = targets_of(self.actor)
        if slug := query.get("application"):
            rows = rows.filter(application_id=access_application(self.actor, slug).id)
        if slug := query.get("environment"):
            rows = rows.filter(environment_id=access_environment(self.actor, slug).id)
        if slug := query.get("cluster"):
            rows = rows.filter(cluster_id=access_cluster(self.actor, slug).id)
        if release := query.get("release"):
            rows = rows.filter(live_release_id=release)
        found = page(query, rows, Order("id", descending=False), target_shape)
        if at := query.get("at"):
            _turn_back(found["items"], at)
        return Response(found)


class TargetDetail(OrganizationView):
    @extend_schema(responses=TargetDetailShape)
    def get(self, request: Request, organization: str, target: UUID) -> Response:
        return Response(detail(access_target(self.actor, target)))

    @extend_schema(request=OverridesRequest, responses=TargetDetailShape)
    def patch(self, request: Request, organization: str, target: UUID) -> Response:
        """Images by digest in place of what releases name, for the rollouts that begin from now on."""
        asked = OverridesRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        row = access_target(self.actor, target, Right.CONFIGURE)
        return Response(detail(override_images(self.actor, row, asked.validated_data["image_overrides"])))


class TargetReapply(OrganizationView):
    @extend_schema(request=WhyRequest, responses={201: RolloutShape})
    def post(self, request: Request, organization: str, target: UUID) -> Response:
        """The release that is live, applied once more."""
        asked = WhyRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        started = steering.reapply(self.actor, target, why=asked.validated_data["why"])
        return Response(rollout_shape(access_rollout(self.actor, started.id)), status=201)


class TargetLiftMark(OrganizationView):
    @extend_schema(request=WhyRequest, responses=TargetShape)
    def post(self, request: Request, organization: str, target: UUID) -> Response:
        """“Needs a person” is over: policies may start rollouts here again."""
        asked = WhyRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        return Response(target_shape(steering.lift_mark(self.actor, target, why=asked.validated_data["why"])))


def target_shape(target: Target) -> TargetShape:
    return {
        "id": target.id,
        "application": target.application.slug,
        "environment": target.environment.slug,
        "cluster": target.cluster.slug,
        "namespace": target.namespace,
        "live": _live(target),
        "active_rollout": target.active_rollout_id,
        "active_phase": target.active_phase,
        "health": target.health,
        "health_since": target.health_since,
        "needs_person": target.needs_person_sentence or None,
    }


def _live(target: Target) -> LiveShape | None:
    if target.live_release_id is None or target.live_since is None:
        return None
    return {
        "release": target.live_release_id,
        "version": target.live_version or "",
        "number": target.live_number or 0,
        "since": target.live_since,
        "by": target.live_by_label or "",
        "rollout": target.live_rollout_id,
    }


def detail(target: Target) -> TargetDetailShape:
    stretches = TargetRelease.objects.filter(
        organization_id=target.organization_id, target_id=target.id, voided_at__isnull=True
    ).order_by("-valid_from")[:MOST_HISTORY]
    return {
        **target_shape(target),
        "image_overrides": target.image_overrides,
        "history": [
            {
                "release": stretch.release_id,
                "version": stretch.version,
                "since": stretch.valid_from,
                "until": stretch.valid_to,
                "by": stretch.by_label,
                "rollout": stretch.rollout_id,
            }
            for stretch in stretches
        ],
    }


def _turn_back(shapes: list[TargetShape], at: datetime) -> None:
    then = stood_at([shape["id"] for shape in shapes], at)
    for shape in shapes:
        standing: Standing | None = then.get(shape["id"])
        shape["live"] = (
            None
            if standing is None
            else {
                "release": standing.release_id,
                "version": standing.version,
                "number": standing.number,
                "since": standing.since,
                "by": standing.by,
                "rollout": standing.rollout_id,
            }
        )
        shape["active_rollout"] = shape["active_phase"] = shape["health_since"] = shape["needs_person"] = None
        shape["health"] = "unknown"
