"""What the cluster warned of while a rollout ran, kept with it: it outlives the cluster's own Events, which go after an
hour, and is played back like all else. Bounded, and stable: a count that ticks is no news."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from slipway.engine.health.warnings import ClusterWarning, likeness

MOST_WARNINGS = 60

Kept = dict[str, Any]


def warned(
    before: Mapping[str, Kept], seen: Sequence[ClusterWarning], began: datetime
) -> tuple[dict[str, Kept], dict[str, Kept], list[str]]:
    """All that is kept now, what of it is news, and what is kept no more; by the uid of the Event.

    News is an Event that is new, or whose count has doubled. The first of its likeness `tells`: it is a line of the
    story, the others only count. What was over before the rollout began is not its own.
    """
    kept: dict[str, Kept] = dict(before)
    news: dict[str, Kept] = {}
    told = {likeness(one["reason"], one["message"], one["name"]) for one in kept.values()}
    for warning in seen:
        if _moment(warning.last, began) < began:
            continue
        known = kept.get(warning.uid)
        if known is not None and warning.count < 2 * known["count"]:
            continue
        like = likeness(warning.reason, warning.message, warning.name)
        kept[warning.uid] = news[warning.uid] = {
            "kind": warning.kind,
            "name": warning.name,
            "about": warning.about_uid,
            "reason": warning.reason,
            "message": warning.message,
            "count": warning.count,
            "first": warning.first,
            "last": warning.last,
            "tells": known is None and like not in told,
        }
        told.add(like)
    oldest = sorted(kept, key=lambda uid: (kept[uid]["last"], uid))[: max(0, len(kept) - MOST_WARNINGS)]
    gone = [uid for uid in oldest if uid in before]
    for uid in oldest:
        del kept[uid]
        news.pop(uid, None)
    return kept, news, gone


def _moment(text: str, otherwise: datetime) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return otherwise
    # Servers write whole seconds: what happened within the one in which the rollout began counts as its own.
    return max(moment, otherwise) if abs((otherwise - moment).total_seconds()) < 1 else moment
