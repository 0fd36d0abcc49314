from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from apps.dashboard.door import OrganizationPage
from apps.dashboard.pictures.logs import pod_of
from apps.organizations.access import Right
from apps.rollouts.access import access_rollout


class PodLog(OrganizationPage):
    """The frame around a pod's output; the output itself comes on a socket of its own (`apps.live.logs`)."""

    place = "rollouts"

    def get(self, request: HttpRequest, organization: str, number: int, pod: str) -> HttpResponse:
        rollout = access_rollout(self.actor, number, Right.READ_LOGS)
        context = {
            "rollout": rollout,
            "pod": pod_of(rollout, pod),
            "container": request.GET.get("container", ""),
            "previous": request.GET.get("previous") == "1",
        }
        return self.page("dashboard/pod_log.html", context)
