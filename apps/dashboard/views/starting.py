"""Putting a release on targets, and saying that a target no longer needs a person. GET asks, POST does."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.applications.access import access_application
from apps.applications.models import Application
from apps.core.problems import Invalid, Problem
from apps.dashboard.door import OrganizationPage
from apps.dashboard.once import Press, new_key
from apps.dashboard.pictures.start import start_picture
from apps.environments.access import targets_of
from apps.environments.models import Target
from apps.organizations.access import Right, decide
from apps.releases.access import access_release_by_version, releases_of
from apps.releases.models import Release
from apps.rollouts.access import access_target
from apps.rollouts.models import Rollout
from apps.rollouts.services import starting, steering
from slipway.engine.phases import Phase

MOST_RELEASES = 50


class StartRollout(OrganizationPage):
    """`?release=` which one, `?back=1` to go back to it, `?to=` the environment that was pressed on."""

    place = "applications"

    def get(self, request: HttpRequest, organization: str, application: str) -> HttpResponse:
        row = access_application(self.actor, application)
        back, to = bool(request.GET.get("back")), request.GET.get("to", "")
        targets = list(targets_of(self.actor).filter(application_id=row.id))
        releases = self._earlier(row, targets, to) if back else list(self._releases(row)[:MOST_RELEASES])
        release = self._release(row, request.GET.get("release", ""), releases)
        if release is not None and release not in releases:
            releases.append(release)
        context = {
            "application": row,
            "releases": releases,
            "release": release,
            "key": new_key(),
            "back": back,
            "to": to,
            "picture": start_picture(self.actor, release, targets, back=back, environment=to)
            if release
            else None,
        }
        return self.page(
            "dashboard/start/_start.html" if self.alone else "dashboard/start/start.html", context
        )

    def post(self, request: HttpRequest, organization: str, application: str) -> HttpResponse:
        row = access_application(self.actor, application)
        release = access_release_by_version(self.actor, row, request.POST.get("release", ""))
        back, why = bool(request.POST.get("back")), request.POST.get("why", "")[:4000]
        chosen = _identifiers(request.POST.getlist("target"))
        if not chosen:
            raise Invalid("Choose at least one place. Nothing was started.")
        asked = f"start {release.id} {sorted(map(str, chosen))} {back} {why}"
        press = Press(self.actor, request.POST.get("key", ""), asked)
        address = press.before or press.led_to(self._start(row, release, chosen, back=back, why=why))
        return self._go(address)

    def _go(self, address: str) -> HttpResponse:
        if self.alone:
            return HttpResponse(status=204, headers={"HX-Redirect": address})
        return HttpResponseRedirect(address)

    def _start(
        self, application: Application, release: Release, chosen: Collection[UUID], *, back: bool, why: str
    ) -> str:
        """All of them or none: the transaction is the request's."""
        targets: list[Target] = list(
            targets_of(self.actor).filter(application_id=application.id, id__in=chosen)
        )
        if len(targets) != len(chosen):
            raise Invalid("One of these places is gone. Nothing was started; reload the page.")
        numbers = []
        for target in targets:
            try:
                numbers.append(self._begin(target, release, back=back, why=why).number)
            except Problem as problem:
                if len(targets) > 1:
                    problem.sentence = f"{target.environment.name}: {problem.sentence} Nothing was started."
                raise
        slug = self.actor.organization_slug
        if len(numbers) == 1:
            return reverse("rollout", args=[slug, numbers[0]])
        return reverse("application", args=[slug, application.slug])

    def _begin(self, target: Target, release: Release, *, back: bool, why: str) -> Rollout:
        if back:
            return starting.roll_back(self.actor, target, release, why=why).rollout
        if target.live_release_id == release.id:
            return steering.reapply(self.actor, target.id, why=why)
        return starting.start_rollout(self.actor, target, release, why=why).rollout

    def _earlier(self, application: Application, targets: list[Target], to: str) -> list[Release]:
        """What one can go back to, newest first: before all that is live wherever it stood. `to` is one environment."""
        asked = [target for target in targets if not to or target.environment.slug == to]
        succeeded = Rollout.objects.filter(target__in=asked, phase=Phase.SUCCEEDED)
        found = list(
            self._releases(application).filter(id__in=succeeded.values("release_id"))[:MOST_RELEASES]
        )
        live = {target.id: target.live_release_id for target in asked}
        stood = succeeded.filter(release__in=found).values_list("target_id", "release_id").distinct()
        useful = {release for target, release in stood if live[target] != release}
        return sorted(found, key=lambda release: release.id not in useful)

    def _releases(self, application: Application) -> Any:
        rows: Any = releases_of(self.actor).filter(application_id=application.id)
        return rows.defer("sealed_bundle", "configuration", "notes").order_by("-number")

    def _release(self, row: Application, version: str, newest: list[Release]) -> Release | None:
        if version:
            return access_release_by_version(self.actor, row, version)
        return newest[0] if newest else None


class LiftMark(OrganizationPage):
    """ "Needs a person" is over: somebody has looked."""

    place = "applications"

    def get(self, request: HttpRequest, organization: str, target: UUID) -> HttpResponse:
        row = access_target(self.actor, target)
        decision = decide(
            self.actor, Right.STEER, environment_id=row.environment_id, application_id=row.application_id
        )
        context = {"target": row, "why_not": "" if decision.allowed else decision.why}
        return self.page("dashboard/start/_lift.html" if self.alone else "dashboard/start/lift.html", context)

    def post(self, request: HttpRequest, organization: str, target: UUID) -> HttpResponse:
        row = steering.lift_mark(self.actor, target, why=request.POST.get("why", "")[:4000])
        if self.alone:
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        return HttpResponseRedirect(reverse("application", args=[organization, row.application.slug]))


def _identifiers(values: list[str]) -> set[UUID]:
    try:
        return {UUID(value) for value in values}
    except ValueError:
        raise Invalid("One of these places is none. Nothing was started; reload the page.") from None
