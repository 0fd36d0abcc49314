from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from apps.clusters.access import access_cluster
from apps.clusters.services import capacity_of, check_cluster
from apps.core import scopes
from apps.dashboard.door import OrganizationPage
from apps.dashboard.pictures.cluster import capacity_picture, cluster_lines, cluster_picture
from apps.organizations.access import Right, decide


class ClusterList(OrganizationPage):
    place = "clusters"

    def get(self, request: HttpRequest, organization: str) -> HttpResponse:
        page, lines = cluster_lines(self.actor, page=request.GET.get("page", "1"))
        part = self.part == "clusters"
        template = "dashboard/cluster/_list.html" if part else "dashboard/clusters.html"
        may = decide(self.actor, Right.CONFIGURE)
        return self.page(template, {"page": page, "lines": lines, "may": may})


class ClusterPage(OrganizationPage):
    place = "clusters"

    def get(self, request: HttpRequest, organization: str, cluster: str) -> HttpResponse:
        return self.show(cluster, part=request.GET.get("part") == "cluster")

    def show(self, slug: str, *, part: bool, **more: Any) -> HttpResponse:
        row = access_cluster(self.actor, slug)
        picture = cluster_picture(self.actor, row, page=self.request.GET.get("page", "1"))
        part = part and self.alone
        template = "dashboard/cluster/_whole.html" if part else "dashboard/cluster.html"
        may = decide(self.actor, Right.CONFIGURE)
        return self.page(template, {"cluster": row, "picture": picture, "may": may, **more})


class ClusterCheck(ClusterPage):
    """Asks the cluster now; no transaction is open meanwhile."""

    opens_scope = False
    http_method_names = ("post",)

    def post(self, request: HttpRequest, organization: str, cluster: str) -> HttpResponse:
        with scopes.organization(self.actor.organization_id):
            row = access_cluster(self.actor, cluster)
        check_cluster(self.actor.organization_id, row.id)
        if not self.alone:
            return redirect("cluster", organization, cluster)
        with scopes.organization(self.actor.organization_id):
            answer = self.show(cluster, part=True)
        answer["HX-Trigger"] = "slipway:cluster-checked"
        return answer


class ClusterCapacity(ClusterPage):
    """Fetched by the page once it stands: a cluster that is slow to answer holds up nothing else. No transaction is
    open meanwhile."""

    opens_scope = False
    http_method_names = ("get",)

    def get(self, request: HttpRequest, organization: str, cluster: str) -> HttpResponse:
        with scopes.organization(self.actor.organization_id):
            row = access_cluster(self.actor, cluster)
        shown = capacity_picture(capacity_of(self.actor.organization_id, row.id))
        if self.alone:
            return self.page("dashboard/cluster/_capacity.html", {"cluster": row, "shown": shown})
        with scopes.organization(self.actor.organization_id):
            return self.show(cluster, part=False, shown=shown)
