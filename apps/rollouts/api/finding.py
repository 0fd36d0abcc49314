from __future__ import annotations

from uuid import UUID

from apps.core.problems import NotFound
from apps.organizations.access import Actor
from apps.rollouts.access import access_rollout
from apps.rollouts.models import Rollout


def find_rollout(actor: Actor, text: str) -> Rollout:
    """By id, or by number as people say it."""
    if text.isdecimal() and len(text) < 10:
        return access_rollout(actor, int(text))
    try:
        return access_rollout(actor, UUID(text))
    except ValueError:
        raise NotFound("There is no such rollout.") from None
