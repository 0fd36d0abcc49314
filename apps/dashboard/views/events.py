"""A rollout's whole story by pages, and beside it what its cluster tells when it is asked."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.clusters.models import Cluster
from apps.clusters.services import connect
from apps.core import scopes
from apps.dashboard.door import OrganizationPage
from apps.dashboard.pictures.cluster_events import ClusterEventLine, lines_about
from apps.dashboard.pictures.story import A_PAGE, story_of
from apps.dashboard.words import number_in
from apps.live.reading import picture
from apps.rollouts.access import access_rollout
from slipway.ports.clusters import ClusterError

MOST_LINES = 100


class RolloutEvents(OrganizationPage):
    place = "rollouts"

    def get(self, request: HttpRequest, organization: str, number: int) -> HttpResponse:
        rollout = access_rollout(self.actor, number)
        before = number_in(request.GET.get("before"))
        story = story_of(rollout, before=before, most=A_PAGE)
        context = {"rollout": rollout, "story": story, "before": before}
        return self.page("dashboard/rollout_events.html", context)


class ClusterEvents(OrganizationPage):
    """Asked now and kept nowhere. No transaction is open while the cluster is asked."""

    place = "rollouts"
    opens_scope = False

    def get(self, request: HttpRequest, organization: str, number: int) -> HttpResponse:
        with scopes.organization(self.actor.organization_id):
            rollout = access_rollout(self.actor, number)
            row: Cluster = Cluster.objects.get(id=rollout.target.cluster_id)  # whole, with its credentials
        silence = ""
        lines: tuple[ClusterEventLine, ...] = ()
        try:
            told = connect(row).list("", "Event", namespace=rollout.target.namespace)
            lines = lines_about(rollout, told.items)
        except ClusterError as error:
            silence = error.sentence
        context = {
            "rollout": rollout,
            "asked_at": timezone.now(),
            "silence": silence,
            "lines": lines[:MOST_LINES],
            "more": max(0, len(lines) - MOST_LINES),
        }
        template = (
            "dashboard/rollout/_cluster_events.html"
            if self.alone
            else "dashboard/rollout_cluster_events.html"
        )
        with picture(self.actor.organization_id):
            return self.page(template, context)
