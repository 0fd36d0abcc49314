"""The arithmetic of a rolling update and of scaling in its middle, as Kubernetes' own controller does it. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

from slipway.sandbox.store import Manifest, Manifests


def bounds(deployment: Manifest) -> tuple[int, int]:
    """(maxSurge, maxUnavailable) as pods; a surge is rounded up, the unavailable down, and both 0 means one of these."""
    spec = deployment["spec"]
    strategy = spec.get("strategy") or {}
    if strategy.get("type") == "Recreate":
        return 0, 0
    wanted = int(spec.get("replicas", 1))
    rolling = strategy.get("rollingUpdate") or {}
    surge = _pods(rolling.get("maxSurge", "25%"), wanted, up=True)
    unavailable = _pods(rolling.get("maxUnavailable", "25%"), wanted, up=False)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return surge, min(unavailable, wanted)


def _pods(value: int | str, wanted: int, *, up: bool) -> int:
    if isinstance(value, str) and value.endswith("%"):
        share = Fraction(int(value[:-1]) * wanted, 100)
        return math.ceil(share) if up else math.floor(share)
    return int(value)


def new_size(deployment: Manifest, new: Manifest | None, everything: Sequence[Manifest]) -> int:
    """How many pods the new ReplicaSet should have now. `everything` holds all ReplicaSets, the new one included."""
    wanted = int(deployment["spec"].get("replicas", 1))
    has = _size(new) if new else 0
    if has >= wanted:
        return wanted
    surge, _ = bounds(deployment)
    room = wanted + surge - sum(map(_size, everything))
    return has if room <= 0 else has + min(room, wanted - has)


def old_sizes(deployment: Manifest, new: Manifest, old: Manifests) -> list[tuple[Manifest, int]]:
    """The old ReplicaSets that shrink now, and to what: unhealthy pods first, then what availability allows."""
    if not any(map(_size, old)):
        return []
    wanted = int(deployment["spec"].get("replicas", 1))
    _, unavailable = bounds(deployment)
    least = wanted - unavailable
    total = sum(map(_size, old)) + _size(new)
    room = total - least - (_size(new) - _available(new))
    if room <= 0:
        return []
    sizes = {one["metadata"]["uid"]: _size(one) for one in old}
    taken = 0
    for one in old:
        gone = min(room - taken, max(0, _size(one) - _available(one)))
        sizes[one["metadata"]["uid"]] -= gone
        taken += gone
    spare = sum(map(_available, old)) + _available(new) - least
    for one in old:
        gone = min(max(0, spare), sizes[one["metadata"]["uid"]])
        sizes[one["metadata"]["uid"]] -= gone
        spare -= gone
    return [(one, sizes[one["metadata"]["uid"]]) for one in old if sizes[one["metadata"]["uid"]] < _size(one)]


def proportions(
    deployment: Manifest, new: Manifest | None, old: Manifests, *, desired: str, maximum: str
) -> Iterator[tuple[Manifest, int]]:
    """New sizes after a change of `replicas` that is not a roll-out."""
    wanted = int(deployment["spec"].get("replicas", 1))
    active = [one for one in (*old, *([new] if new else [])) if _size(one) > 0]
    if len(active) <= 1:
        only = active[0] if active else new or (old[-1] if old else None)
        if only is not None:
            yield only, wanted
        return
    if new is not None and _size(new) == wanted == _available(new):
        yield from ((one, 0) for one in old if _size(one) > 0)
        return
    if (deployment["spec"].get("strategy") or {}).get("type") == "Recreate":
        return
    surge, _ = bounds(deployment)
    allowed = wanted + surge if wanted > 0 else 0
    change = allowed - sum(map(_size, active))
    # The biggest ReplicaSets bear the most; among equals the newer one grows, the older one shrinks.
    order = sorted(active, key=lambda one: (_size(one), one["metadata"]["creationTimestamp"]), reverse=True)
    if change < 0:
        order = sorted(active, key=lambda one: (-_size(one), one["metadata"]["creationTimestamp"]))
    sizes: list[int] = []
    added = 0
    for one in order:
        share = _share(deployment, one, allowed, maximum) if change else 0
        left = change - added
        share = min(share, left) if change > 0 else max(share, left)
        sizes.append(_size(one) + share)
        added += share
    if order and change != added:
        sizes[0] = max(0, sizes[0] + change - added)
    yield from zip(order, sizes, strict=True)


def _share(deployment: Manifest, one: Manifest, allowed: int, maximum: str) -> int:
    if int(deployment["spec"].get("replicas", 1)) == 0:
        return -_size(one)
    before = int((one["metadata"].get("annotations") or {}).get(maximum, 0))
    before = before or int((deployment.get("status") or {}).get("replicas", 0))
    if not before:
        return 0
    return round(_size(one) * allowed / before) - _size(one)


def _size(one: Manifest) -> int:
    return int(one["spec"].get("replicas", 1))


def _available(one: Manifest) -> int:
    return int((one.get("status") or {}).get("availableReplicas", 0))
