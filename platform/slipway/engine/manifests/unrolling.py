"""From a rolling update to another way of replacing pods, which no server takes in one apply.

`rollingUpdate` stands there by the server's default and is nobody's, so sending none of it takes nothing away (a null
neither), and beside the new type it is refused. What works on every version: own the values that stand there first,
by an apply of what we own already and them, and then apply the new type without them.
"""

from __future__ import annotations

import copy
from typing import Any

from slipway.engine.diff import applied_by, owners
from slipway.engine.objects import Manifest, ObjectKey

_PLACES = {
    ("apps", "Deployment"): ("strategy", "Recreate"),
    ("apps", "StatefulSet"): ("updateStrategy", "OnDelete"),
}
NOTE = "what stands there of its rolling update is taken over first, then removed: two writes"


def drop_null(document: Manifest) -> None:
    """Written by many against the default; it takes nothing away, and a server owns it as a field of ours."""
    if (place := _place(document)) is not None:
        way = _way(document, place[0])
        if way.get("rollingUpdate", ...) is None:
            del way["rollingUpdate"]


def stops_rolling(sent: Manifest, live: Manifest | None) -> bool:
    """Whether what is sent leaves a rolling update whose values stand there."""
    if live is None or (place := _place(sent)) is None:
        return False
    member, other = place
    way, standing = _way(sent, member), _way(live, member)
    return way.get("type") == other and not way.get("rollingUpdate") and bool(standing.get("rollingUpdate"))


def still_rolling(sent: Manifest, live: Manifest) -> Manifest:
    """For the dry run: what is sent, but with the rolling update that stands there."""
    member, _ = _known(sent)
    return {**sent, "spec": {**sent["spec"], member: copy.deepcopy(live["spec"][member])}}


def stopped(answer: Manifest, sent: Manifest) -> Manifest:
    """What the server will have after the second apply, from its answer to the dry run."""
    member, other = _known(sent)
    return {**answer, "spec": {**answer["spec"], member: {"type": other}}}


def owning_first(live: Manifest, manager: str) -> Manifest | None:
    """The first apply, which changes no value; None where it was made already."""
    member, _ = _known(live)
    owned = applied_by(live, manager)
    if _way(owned, member).get("rollingUpdate") == live["spec"][member]["rollingUpdate"]:
        return None
    return {**owned, "spec": {**owned.get("spec", {}), member: copy.deepcopy(live["spec"][member])}}


def kept_by(live: Manifest, manager: str) -> str:
    """Who else owns values of the rolling update, "" when nobody does: then they cannot be removed by us."""
    member, _ = _known(live)
    inside = f"spec.{member}.rollingUpdate"
    others = {
        entry.manager
        for entry in owners(live)
        if (entry.manager != manager or entry.operation != "Apply")
        and any(path == inside or path.startswith(f"{inside}.") for path in entry.paths)
    }
    return ", ".join(sorted(others))


def _place(manifest: Manifest) -> tuple[str, str] | None:
    key = ObjectKey.of(manifest)
    return _PLACES.get((key.group, key.kind))


def _known(manifest: Manifest) -> tuple[str, str]:
    key = ObjectKey.of(manifest)
    return _PLACES[key.group, key.kind]


def _way(manifest: Manifest, member: str) -> dict[str, Any]:
    spec = manifest.get("spec")
    way = spec.get(member) if isinstance(spec, dict) else None
    return way if isinstance(way, dict) else {}
