from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.clusters.access import access_cluster
from apps.core.api.pages import Order, page
from apps.environments import services
from apps.environments.access import access_environment, environments_of, targets_of
from apps.environments.choices import DeliveryMode, Strategy
from apps.environments.models import Environment, Target
from apps.organizations.access import Right
from apps.organizations.api.door import OrganizationView


class EnvironmentChange(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120, required=False)
    production = serializers.BooleanField(required=False)
    delivery_mode = serializers.ChoiceField(choices=DeliveryMode.choices, required=False)
    approvals_needed = serializers.IntegerField(min_value=0, max_value=20, required=False)
    strategy = serializers.ChoiceField(choices=Strategy.choices, required=False)
    namespace_template = serializers.CharField(max_length=100, required=False)
    allowed_namespaces = serializers.ListField(child=serializers.CharField(max_length=63), required=False)
    allowed_cluster_kinds = serializers.ListField(child=serializers.CharField(max_length=120), required=False)
    progress_deadline_seconds = serializers.IntegerField(min_value=5, max_value=86_400, required=False)
    bake_seconds = serializers.IntegerField(min_value=0, max_value=604_800, required=False)
    wait_for_addresses = serializers.BooleanField(required=False)
    delete_limit = serializers.IntegerField(min_value=0, max_value=100_000, required=False)


class EnvironmentRequest(EnvironmentChange):
    slug = serializers.CharField(max_length=60)
    clusters = serializers.ListField(child=serializers.CharField(max_length=60), min_length=1)


class EnvironmentList(OrganizationView):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, organization: str) -> Response:
        """In promotion order."""
        return Response(
            page(request, environments_of(self.actor), Order("position", descending=False), shape)
        )

    @extend_schema(request=EnvironmentRequest, responses={201: dict})
    def post(self, request: Request, organization: str) -> Response:
        asked = EnvironmentRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        values = dict(asked.validated_data)
        clusters = [access_cluster(self.actor, slug) for slug in values.pop("clusters")]
        return Response(
            shape(services.create_environment(self.actor, clusters=clusters, **values)), status=201
        )


class EnvironmentDetail(OrganizationView):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, organization: str, environment: str) -> Response:
        return _answer(access_environment(self.actor, environment))

    @extend_schema(request=EnvironmentChange, responses={200: dict})
    def patch(self, request: Request, organization: str, environment: str) -> Response:
        asked = EnvironmentChange(data=request.data)
        asked.is_valid(raise_exception=True)
        row = access_environment(self.actor, environment, Right.CONFIGURE)
        return _answer(
            services.change_environment(self.actor, row, seen=self.seen_revision(), **asked.validated_data)
        )


class TargetList(OrganizationView):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, organization: str) -> Response:
        """What is live where, now."""
        rows = targets_of(self.actor)
        if slug := request.query_params.get("application"):
            rows = rows.filter(application__slug=slug)
        if slug := request.query_params.get("environment"):
            rows = rows.filter(environment__slug=slug)
        if release := request.query_params.get("release"):
            rows = rows.filter(live_release_id=UUID(release))
        return Response(page(request, rows, Order("id", descending=False), target_shape))


def shape(environment: Environment) -> dict[str, Any]:
    return {
        "slug": environment.slug,
        "name": environment.name,
        "position": environment.position,
        "production": environment.production,
        "delivery_mode": environment.delivery_mode,
        "approvals_needed": environment.approvals_needed,
        "strategy": environment.strategy,
        "namespace_template": environment.namespace_template,
        "allowed_namespaces": environment.allowed_namespaces,
        "allowed_cluster_kinds": environment.allowed_cluster_kinds,
        "progress_deadline_seconds": environment.progress_deadline_seconds,
        "bake_seconds": environment.bake_seconds,
        "wait_for_addresses": environment.wait_for_addresses,
        "delete_limit": environment.delete_limit,
        "revision": environment.revision,
    }


def target_shape(target: Target) -> dict[str, Any]:
    return {
        "id": target.id,
        "application": target.application.slug,
        "environment": target.environment.slug,
        "cluster": target.cluster.slug,
        "namespace": target.namespace,
        "live": None
        if target.live_release_id is None
        else {
            "release": target.live_release_id,
            "version": target.live_version,
            "number": target.live_number,
            "since": target.live_since,
            "by": target.live_by_label,
            "rollout": target.live_rollout_id,
        },
        "active_rollout": target.active_rollout_id,
        "active_phase": target.active_phase,
        "health": target.health,
        "health_since": target.health_since,
        "needs_person": target.needs_person_sentence or None,
    }


def _answer(environment: Environment) -> Response:
    response = Response(shape(environment))
    response["ETag"] = f'"{environment.revision}"'
    return response
