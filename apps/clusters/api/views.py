from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.clusters import services
from apps.clusters.access import access_cluster, clusters_of
from apps.clusters.models import Cluster
from apps.core import scopes
from apps.core.api.pages import Order, page
from apps.organizations.access import Right
from apps.organizations.api.door import OrganizationView


class ClusterRequest(serializers.Serializer[Any]):
    slug = serializers.CharField(max_length=60)
    name = serializers.CharField(max_length=120, required=False, default="")
    kubeconfig = serializers.CharField(max_length=300_000, write_only=True)
    kubeconfig_context = serializers.CharField(max_length=200, required=False, default="")


class ClusterList(OrganizationView):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, organization: str) -> Response:
        return Response(
            page(request, clusters_of(self.actor), Order("created_at", "id", descending=False), shape)
        )

    @extend_schema(request=ClusterRequest, responses={201: dict})
    def post(self, request: Request, organization: str) -> Response:
        asked = ClusterRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        values = dict(asked.validated_data)
        context = values.pop("kubeconfig_context")
        return Response(shape(services.add_cluster(self.actor, context=context, **values)), status=201)


class ClusterDetail(OrganizationView):
    @extend_schema(responses={200: dict})
    def get(self, request: Request, organization: str, cluster: str) -> Response:
        return Response(shape(access_cluster(self.actor, cluster)))


class ClusterCheck(OrganizationView):
    opens_scope = False

    @extend_schema(request=None, responses={200: dict})
    def post(self, request: Request, organization: str, cluster: str) -> Response:
        """Asks the cluster now: version, reachability, what it serves."""
        with scopes.organization(self.actor.organization_id):
            row = access_cluster(self.actor, cluster, Right.SEE)
        return Response(shape(services.check_cluster(self.actor.organization_id, row.id)))


def shape(cluster: Cluster) -> dict[str, Any]:
    return {
        **services.server_facts(cluster),
        "name": cluster.name,
        "checked_at": cluster.checked_at,
        "since": cluster.reachability_since,
        "revision": cluster.revision,
    }
