from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from apps.dashboard.door import OrganizationPage
from apps.dashboard.pictures.replay import SPEEDS, past_of, picture_at, replay_of
from apps.dashboard.pushing import ROLLOUT_FRAGMENTS
from apps.rollouts.access import access_rollout


class RolloutAt(OrganizationPage):
    """The rollout's page as it stood after one of its events; to htmx and the slider the fragments alone."""

    place = "rollouts"

    def get(self, request: HttpRequest, organization: str, number: int, at: int) -> HttpResponse:
        rollout = access_rollout(self.actor, number)
        past = past_of(rollout, at)
        picture = picture_at(rollout, organization, past)
        speed = SPEEDS[-1] if request.GET.get("speed") == str(SPEEDS[-1]) else SPEEDS[0]
        context = {
            "picture": picture,
            "rollout": picture.rollout,
            "replay": replay_of(rollout, past, speed=speed),
            "fragments": [f"dashboard/rollout/_{name}.html" for name in ROLLOUT_FRAGMENTS],
        }
        return self.page("dashboard/_replayed.html" if self.alone else "dashboard/replay.html", context)
