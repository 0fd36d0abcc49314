from __future__ import annotations

from typing import Any, TypedDict, cast

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.clusters.access import access_cluster
from apps.core.api.pages import Order, page
from apps.core.api.queries import PageQuery, read_query
from apps.core.api.schema import IF_MATCH, PageOf
from apps.environments import services
from apps.environments.access import access_environment, environments_of
from apps.environments.choices import DeliveryMode, Strategy
from apps.environments.models import Environment
from apps.environments.rules import DAYS, rules_of, rules_to_json
from apps.organizations.access import Right
from apps.organizations.api.door import OrganizationView, with_etag
from slipway.engine.approving import Separation


class ApprovalRulesChange(serializers.Serializer[Any]):
    """For the document alone: what is sent is read by `rules`, whose sentences say more."""

    separation = serializers.ChoiceField(choices=[str(kind) for kind in Separation], required=False)
    commits_must_be_known = serializers.BooleanField(required=False)
    teams = serializers.ListField(child=serializers.CharField(), required=False)
    teams_in_order = serializers.BooleanField(required=False)
    comment_required = serializers.BooleanField(required=False)
    expires_hours = serializers.IntegerField(required=False)
    days = serializers.ListField(child=serializers.ChoiceField(choices=DAYS), required=False)
    opens = serializers.CharField(required=False)
    closes = serializers.CharField(required=False)
    zone = serializers.CharField(required=False)
    emergency_approvals = serializers.IntegerField(required=False)
    review_hours = serializers.IntegerField(required=False)


@extend_schema_field(ApprovalRulesChange)
class RulesField(serializers.DictField):
    """Whatever object; its mistakes are told where the rules are read."""


class ApprovalRulesShape(TypedDict):
    separation: str
    commits_must_be_known: bool
    teams: list[str]
    teams_in_order: bool
    comment_required: bool
    expires_hours: int
    days: list[str]
    opens: str
    closes: str
    zone: str
    emergency_approvals: int
    review_hours: int


class EnvironmentChange(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=120, required=False)
    production = serializers.BooleanField(required=False)
    delivery_mode = serializers.ChoiceField(choices=DeliveryMode.choices, required=False)
    approvals_needed = serializers.IntegerField(min_value=0, max_value=20, required=False)
    approval_rules = RulesField(
        required=False, help_text="Those that are said are changed; what there is to say is in the answer."
    )
    strategy = serializers.ChoiceField(choices=Strategy.choices, required=False)
    namespace_template = serializers.CharField(max_length=100, required=False)
    allowed_namespaces = serializers.ListField(
        child=serializers.CharField(max_length=63), required=False, max_length=200
    )
    allowed_cluster_kinds = serializers.ListField(
        child=serializers.CharField(max_length=120), required=False, max_length=200
    )
    progress_deadline_seconds = serializers.IntegerField(min_value=5, max_value=86_400, required=False)
    bake_seconds = serializers.IntegerField(min_value=0, max_value=604_800, required=False)
    wait_for_addresses = serializers.BooleanField(required=False)
    delete_limit = serializers.IntegerField(min_value=0, max_value=100_000, required=False)


class EnvironmentRequest(EnvironmentChange):
    slug = serializers.CharField(max_length=60)
    clusters = serializers.ListField(child=serializers.CharField(max_length=60), min_length=1, max_length=100)


class MoveRequest(serializers.Serializer[Any]):
    position = serializers.IntegerField(min_value=1, max_value=10_000, help_text="1 is the first.")


class EnvironmentClusterRequest(serializers.Serializer[Any]):
    cluster = serializers.CharField(max_length=60)


class EnvironmentShape(TypedDict):
    slug: str
    name: str
    position: int
    production: bool
    delivery_mode: str
    approvals_needed: int
    approval_rules: ApprovalRulesShape
    strategy: str
    clusters: list[str]
    namespace_template: str
    allowed_namespaces: list[str]
    allowed_cluster_kinds: list[str]
    progress_deadline_seconds: int
    bake_seconds: int
    wait_for_addresses: bool
    delete_limit: int
    revision: int


class EnvironmentList(OrganizationView):
    @extend_schema(parameters=[PageQuery], responses=PageOf(EnvironmentShape))
    def get(self, request: Request, organization: str) -> Response:
        """In promotion order."""
        query = read_query(PageQuery, request)
        rows = environments_of(self.actor).prefetch_related("clusters")
        return Response(page(query, rows, Order("position", descending=False), shape))

    @extend_schema(request=EnvironmentRequest, responses={201: EnvironmentShape})
    def post(self, request: Request, organization: str) -> Response:
        """Placed last in promotion order."""
        asked = EnvironmentRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        values = dict(asked.validated_data)
        clusters = [access_cluster(self.actor, slug) for slug in dict.fromkeys(values.pop("clusters"))]
        made = services.create_environment(self.actor, clusters=clusters, **values)
        return with_etag(shape(made), made.revision, status=201)


class EnvironmentDetail(OrganizationView):
    @extend_schema(responses=EnvironmentShape)
    def get(self, request: Request, organization: str, environment: str) -> Response:
        row = access_environment(self.actor, environment)
        return with_etag(shape(row), row.revision)

    @extend_schema(parameters=[IF_MATCH], request=EnvironmentChange, responses=EnvironmentShape)
    def patch(self, request: Request, organization: str, environment: str) -> Response:
        """Rollouts that run keep the policy they began with."""
        asked = EnvironmentChange(data=request.data)
        asked.is_valid(raise_exception=True)
        row = access_environment(self.actor, environment, Right.CONFIGURE)
        changed = services.change_environment(
            self.actor, row, seen=self.seen_revision(), **asked.validated_data
        )
        return with_etag(shape(changed), changed.revision)


class EnvironmentMove(OrganizationView):
    @extend_schema(request=MoveRequest, responses=EnvironmentShape)
    def post(self, request: Request, organization: str, environment: str) -> Response:
        """To a place in promotion order; the others close up. What runs is not touched."""
        asked = MoveRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        row = access_environment(self.actor, environment, Right.CONFIGURE)
        moved = services.move_environment(self.actor, row, position=asked.validated_data["position"])
        return with_etag(shape(moved), moved.revision)


class EnvironmentClusters(OrganizationView):
    @extend_schema(
        parameters=[IF_MATCH], request=EnvironmentClusterRequest, responses={201: EnvironmentShape}
    )
    def post(self, request: Request, organization: str, environment: str) -> Response:
        """It stands there too from now on: every application gets a target. Nothing starts by itself."""
        asked = EnvironmentClusterRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        row = access_environment(self.actor, environment, Right.CONFIGURE)
        cluster = access_cluster(self.actor, asked.validated_data["cluster"])
        changed = services.add_cluster_to_environment(self.actor, row, cluster, seen=self.seen_revision())
        return with_etag(shape(changed), changed.revision, status=201)


class EnvironmentClusterDetail(OrganizationView):
    @extend_schema(parameters=[IF_MATCH], responses=EnvironmentShape)
    def delete(self, request: Request, organization: str, environment: str, cluster: str) -> Response:
        """Refused while anything is live, moves or waits there. The history stays."""
        row = access_environment(self.actor, environment, Right.CONFIGURE)
        changed = services.remove_cluster_from_environment(
            self.actor, row, access_cluster(self.actor, cluster), seen=self.seen_revision()
        )
        return with_etag(shape(changed), changed.revision)


def shape(environment: Environment) -> EnvironmentShape:
    return {
        "slug": environment.slug,
        "name": environment.name,
        "position": environment.position,
        "production": environment.production,
        "delivery_mode": environment.delivery_mode,
        "approvals_needed": environment.approvals_needed,
        "approval_rules": cast("ApprovalRulesShape", rules_to_json(rules_of(environment.approval_rules))),
        "strategy": environment.strategy,
        "clusters": sorted(cluster.slug for cluster in environment.clusters.all()),
        "namespace_template": environment.namespace_template,
        "allowed_namespaces": environment.allowed_namespaces,
        "allowed_cluster_kinds": environment.allowed_cluster_kinds,
        "progress_deadline_seconds": environment.progress_deadline_seconds,
        "bake_seconds": environment.bake_seconds,
        "wait_for_addresses": environment.wait_for_addresses,
        "delete_limit": environment.delete_limit,
        "revision": environment.revision,
    }
