"""Asking and doing: GET says in numbers what will happen, POST does it through the services and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from apps.approvals import overriding
from apps.approvals.services import decide
from apps.core.problems import Invalid, NotFound
from apps.dashboard.door import OrganizationPage
from apps.dashboard.pictures.actions import actions_on, confirmation
from apps.organizations.access import Actor
from apps.releases.access import access_release_by_version
from apps.rollouts.access import access_rollout, access_target
from apps.rollouts.models import Rollout
from apps.rollouts.services import starting, steering


class RolloutAct(OrganizationPage):
    place = "rollouts"

    def get(self, request: HttpRequest, organization: str, number: int, name: str) -> HttpResponse:
        rollout = access_rollout(self.actor, number)
        action = next((action for action in actions_on(self.actor, rollout) if action.name == name), None)
        if action is None:
            raise NotFound(f"That cannot be done any more: the rollout is {rollout.phase}.")
        context = {"rollout": rollout, "action": action, "confirmation": confirmation(rollout, name)}
        return self.page("dashboard/_confirm.html" if self.alone else "dashboard/confirm.html", context)

    def post(self, request: HttpRequest, organization: str, number: int, name: str) -> HttpResponse:
        rollout = access_rollout(self.actor, number)
        if name not in _ACTS:
            raise NotFound("There is no such act.")
        following = _ACTS[name](self.actor, rollout, request.POST)
        address = reverse("rollout", args=[organization, following.number])
        if not self.alone:
            return HttpResponseRedirect(address)
        if following.number != number:
            return HttpResponse(status=204, headers={"HX-Redirect": address})
        return HttpResponse(status=204, headers={"HX-Trigger": "slipway:done"})


def _decide(approved: bool) -> Callable[[Actor, Rollout, Any], Rollout]:
    def act(actor: Actor, rollout: Rollout, form: Any) -> Rollout:
        decide(
            actor,
            rollout.id,
            plan_digest=form.get("plan_digest", ""),
            approved=approved,
            comment=form.get("why", ""),
        )
        return rollout

    return act


def _confirm_deletions(actor: Actor, rollout: Rollout, form: Any) -> Rollout:
    text = form.get("number", "").strip()
    if not text.isdecimal():
        raise Invalid("Type the number of objects that are deleted.", fields={"number": "a number"})
    return steering.confirm_deletions(actor, rollout.id, count=int(text))


def _roll_back(actor: Actor, rollout: Rollout, form: Any) -> Rollout:
    release = access_release_by_version(actor, rollout.application, form.get("release", "") or "?")
    target = access_target(actor, rollout.target_id)
    return starting.roll_back(actor, target, release, why=form.get("why", "")).rollout


def _steer(service: Callable[..., Rollout]) -> Callable[[Actor, Rollout, Any], Rollout]:
    return lambda actor, rollout, form: service(actor, rollout.id, why=form.get("why", ""))


def _break_glass(actor: Actor, rollout: Rollout, form: Any) -> Rollout:
    overriding.break_glass(
        actor,
        rollout.id,
        plan_digest=form.get("plan_digest", ""),
        reason=form.get("why", ""),
        environment=form.get("environment", ""),
    )
    return rollout


def _emergency(actor: Actor, rollout: Rollout, form: Any) -> Rollout:
    overriding.declare_emergency(
        actor, rollout.id, reason=form.get("why", ""), environment=form.get("environment", "")
    )
    return rollout


def _after_review(actor: Actor, rollout: Rollout, form: Any) -> Rollout:
    if form.get("finding") not in {"justified", "not-justified"}:
        raise Invalid("Choose whether it was justified.", fields={"finding": "one of the two"})
    overriding.review_override(
        actor, rollout.id, justified=form["finding"] == "justified", comment=form.get("why", "")
    )
    return rollout


_ACTS: dict[str, Callable[[Actor, Rollout, Any], Rollout]] = {
    "approve": _decide(True),
    "reject": _decide(False),
    "break-glass": _break_glass,
    "emergency": _emergency,
    "after-review": _after_review,
    "confirm-deletions": _confirm_deletions,
    "abort": _steer(steering.abort),
    "stop": _steer(steering.stop_here),
    "pause": _steer(steering.pause),
    "resume": _steer(steering.resume),
    "retry": _steer(steering.retry),
    "roll-back": _roll_back,
}
