"""What was applied to a target before a rollout, object by object, as plans show it: Secrets as digests."""

from __future__ import annotations

from collections.abc import Mapping

from apps.rollouts.models import AppliedSet, Rollout
from apps.rollouts.services.concealing import Conceal, shown
from apps.rollouts.services.sources import opened
from slipway.engine.objects import Manifest, ObjectKey

Standing = Mapping[ObjectKey, Manifest]


def standing_before(rollout: Rollout) -> Standing:
    """The set that the release before was applied with; empty for a first release, or one from before Slipway."""
    if rollout.from_release_id is None:
        return {}
    sets = AppliedSet.objects.filter(target_id=rollout.target_id, release_id=rollout.from_release_id)
    if rollout.slot_at is not None:
        sets = sets.filter(made_at__lt=rollout.slot_at)  # the same release may have come back since
    return _manifests(sets.exclude(rollout_id=rollout.id).order_by("-made_at").first(), rollout)


def sent_by(rollout: Rollout) -> Standing:
    """What this rollout sends; empty until it begins."""
    return _manifests(AppliedSet.objects.filter(rollout_id=rollout.id).first(), rollout)


def _manifests(stored: AppliedSet | None, rollout: Rollout) -> Standing:
    if stored is None:
        return {}
    conceal = Conceal.of(rollout.organization_id)
    return {item.key: conceal.object(shown(item).manifest) for item in opened(stored)}
