from __future__ import annotations

from datetime import datetime
from typing import Any, TypedDict

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.clusters import services
from apps.clusters.access import access_cluster, clusters_of
from apps.clusters.models import Cluster
from apps.core import scopes
from apps.core.api.pages import Order, page
from apps.core.api.queries import PageQuery, read_query
from apps.core.api.schema import IF_MATCH, PageOf
from apps.organizations.access import Right
from apps.organizations.api.door import OrganizationView, with_etag


class ClusterRequest(serializers.Serializer[Any]):
    slug = serializers.CharField(max_length=60)
    name = serializers.CharField(max_length=120, required=False, default="")
    kubeconfig = serializers.CharField(max_length=300_000, write_only=True)
    kubeconfig_context = serializers.CharField(max_length=200, required=False, default="")


class CredentialsRequest(serializers.Serializer[Any]):
    kubeconfig = serializers.CharField(max_length=300_000, write_only=True)
    kubeconfig_context = serializers.CharField(max_length=200, required=False, default="")


class ClusterShape(TypedDict):
    slug: str
    name: str
    server: str
    version: str
    simulated: bool
    reachability: str
    sentence: str
    since: datetime | None
    checked_at: datetime | None
    revision: int


class ClusterDetailShape(ClusterShape):
    serves: list[str]


class ClusterList(OrganizationView):
    asks_again = frozenset({"POST"})

    @extend_schema(parameters=[PageQuery], responses=PageOf(ClusterShape))
    def get(self, request: Request, organization: str) -> Response:
        query = read_query(PageQuery, request)
        return Response(page(query, clusters_of(self.actor), Order("slug", descending=False), shape))

    @extend_schema(request=ClusterRequest, responses={201: ClusterDetailShape})
    def post(self, request: Request, organization: str) -> Response:
        """The kubeconfig is read and thrown away: kept, encrypted, are the server, its CA and one credential."""
        asked = ClusterRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        values = dict(asked.validated_data)
        context = values.pop("kubeconfig_context")
        made = services.add_cluster(self.actor, context=context, **values)
        return with_etag(detail(made), made.revision, status=201)


class ClusterDetail(OrganizationView):
    asks_again = frozenset({"PATCH"})

    @extend_schema(responses=ClusterDetailShape)
    def get(self, request: Request, organization: str, cluster: str) -> Response:
        row = access_cluster(self.actor, cluster)
        return with_etag(detail(row), row.revision)

    @extend_schema(parameters=[IF_MATCH], request=CredentialsRequest, responses=ClusterDetailShape)
    def patch(self, request: Request, organization: str, cluster: str) -> Response:
        """Other credentials, for the same cluster."""
        asked = CredentialsRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        row = access_cluster(self.actor, cluster, Right.CONFIGURE)
        changed = services.change_credentials(
            self.actor,
            row,
            kubeconfig=asked.validated_data["kubeconfig"],
            context=asked.validated_data["kubeconfig_context"],
            seen=self.seen_revision(),
        )
        return with_etag(detail(changed), changed.revision)


class ClusterCheck(OrganizationView):
    opens_scope = False

    @extend_schema(request=None, responses=ClusterDetailShape)
    def post(self, request: Request, organization: str, cluster: str) -> Response:
        """Asks the cluster now: version, reachability, what it serves. As often as you like."""
        with scopes.organization(self.actor.organization_id):
            row = access_cluster(self.actor, cluster, Right.SEE)
        return Response(detail(services.check_cluster(self.actor.organization_id, row.id)))


def shape(cluster: Cluster) -> ClusterShape:
    return {
        "slug": cluster.slug,
        "name": cluster.name,
        "server": cluster.server,
        "version": cluster.version,
        "simulated": cluster.simulated,
        "reachability": cluster.reachability,
        "sentence": cluster.reachability_sentence,
        "since": cluster.reachability_since,
        "checked_at": cluster.checked_at,
        "revision": cluster.revision,
    }


def detail(cluster: Cluster) -> ClusterDetailShape:
    return {**shape(cluster), "serves": cluster.served_kinds}
