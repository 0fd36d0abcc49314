"""One object or pod of a rollout: beside its page, or as a page of its own."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from apps.dashboard.door import OrganizationPage
from apps.dashboard.pictures.panels import object_panel, pod_panel
from apps.rollouts.access import access_rollout
from apps.rollouts.models import Rollout
from slipway.engine.objects import ObjectKey


class _Panel(OrganizationPage):
    place = "rollouts"

    def show(self, rollout: Rollout, panel: Any, part: str, title: str) -> HttpResponse:
        context = {
            "rollout": rollout,
            "panel": panel,
            "part": part,
            "title": title,
            "base": reverse("rollout", args=[self.actor.organization_slug, rollout.number]),
        }
        return self.page(part if self.alone else "dashboard/rollout/panel.html", context)


class ObjectPage(_Panel):
    def get(
        self, request: HttpRequest, organization: str, number: int, kind: str, space: str, named: str
    ) -> HttpResponse:
        rollout = access_rollout(self.actor, number)
        key = ObjectKey.parse(f"{kind}/{'' if space == '-' else space}/{named}")
        panel = object_panel(self.actor, rollout, key)
        return self.show(rollout, panel, "dashboard/rollout/panel/_object.html", key.label)


class PodPage(_Panel):
    def get(self, request: HttpRequest, organization: str, number: int, pod: str) -> HttpResponse:
        rollout = access_rollout(self.actor, number)
        panel = pod_panel(self.actor, rollout, pod)
        return self.show(rollout, panel, "dashboard/rollout/panel/_pod.html", panel.name)
