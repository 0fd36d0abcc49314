"""From a dry run's answer to a verb. What the server said is taken as it is: no merging of our own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from slipway.engine.diff import FieldChange, changes
from slipway.engine.manifests import PreparedObject
from slipway.engine.manifests.prepare import OWNER
from slipway.engine.objects import (
    Manifest,
    ObjectKey,
    annotations_of,
    is_terminating,
    resource_version_of,
    uid_of,
)
from slipway.engine.plans.plan import PlannedObject, Verb


class DryRunKind(StrEnum):
    ANSWERED = "answered"
    CONFLICT = "conflict"  # others own fields; `answer` is what force would give
    REFUSED = "refused"
    IMMUTABLE = "immutable"
    UNCHECKED = "unchecked"  # its namespace or its kind comes with this very plan


@dataclass(frozen=True, slots=True)
class DryRun:
    kind: DryRunKind
    answer: Manifest | None = None
    owners: tuple[tuple[str, str], ...] = ()  # (manager, field path)
    sentence: str = ""


def classify(
    prepared: PreparedObject,
    live: Manifest | None,
    run: DryRun,
    *,
    manager: str,
    owner: str,
    ignore: Sequence[str] = (),
) -> PlannedObject:
    """`owner` is the self-naming mark that our objects carry for this target."""
    key = prepared.key
    uid = uid_of(live) if live else ""
    version = resource_version_of(live) if live else ""
    if live is not None and (refusal := _not_ours(live, owner, manager)):
        return PlannedObject(key, Verb.REFUSE, uid=uid, refusal=refusal)
    if run.kind is DryRunKind.REFUSED:
        return PlannedObject(key, Verb.REFUSE, uid=uid, refusal=run.sentence)
    notes: tuple[str, ...] = ()
    if live is not None and is_terminating(live):
        notes = ("it is being deleted; it is made anew once that is done",)
        live, uid, version = None, "", ""
    if run.kind is DryRunKind.UNCHECKED:
        return PlannedObject(
            key,
            Verb.CREATE,
            changes(None, prepared.manifest),
            checked=False,
            notes=(*notes, "not checked by the server yet"),
        )
    if run.kind is DryRunKind.IMMUTABLE and prepared.never_prune:
        kept = f"{run.sentence}; making it anew would lose what it holds, so that is a person's to do"
        return PlannedObject(key, Verb.REFUSE, uid=uid, refusal=kept)
    if run.kind is DryRunKind.IMMUTABLE:
        found = changes(live, prepared.manifest, ignore=ignore)
        return PlannedObject(key, Verb.REPLACE, _sent_only(found), uid, version, notes=(run.sentence,))
    found = changes(live, run.answer, ignore=ignore)
    taken = tuple(sorted((path, other) for other, path in run.owners))
    if live is None:
        return PlannedObject(key, Verb.CREATE, changes(None, prepared.manifest), notes=notes)
    verb = Verb.CHANGE if found or taken else Verb.UNCHANGED
    return PlannedObject(key, verb, found, uid, version, taken, notes=notes)


def prunes(
    inventory: Mapping[ObjectKey, bool],
    prepared: Sequence[PreparedObject],
    lives: Mapping[ObjectKey, Manifest | None],
    *,
    owner_prefix: str,
) -> tuple[PlannedObject, ...]:
    """What the release no longer holds. `inventory` maps what stands because of us to "never prune".

    Only where the live object still names itself ours and no controller owns it; deleted last.
    """
    wanted = {item.key for item in prepared}
    planned = []
    for key in sorted(set(inventory) - wanted):
        live = lives.get(key)
        if live is None or is_terminating(live):
            continue
        if annotations_of(live).get(OWNER) != f"{owner_prefix}/{key}":
            continue
        if any(reference.get("controller") for reference in live["metadata"].get("ownerReferences") or ()):
            continue
        never = inventory[key] or annotations_of(live).get("slipway.dev/prune") == "never"
        verb = Verb.KEEP if never else Verb.PRUNE
        notes = ("never deleted without its name typed; it stays",) if never else ()
        planned.append(
            PlannedObject(
                key, verb, uid=uid_of(live), resource_version=resource_version_of(live), notes=notes
            )
        )
    return tuple(planned)


def _not_ours(live: Manifest, owner: str, manager: str) -> str:
    """Why this object is not this target's to change, or ""."""
    mark = annotations_of(live).get(OWNER)
    if mark == owner:
        return ""
    if mark:
        return f"it belongs to another target ({mark.rsplit('/', 3)[0]})"
    entries = live["metadata"].get("managedFields") or ()
    if any(entry.get("manager") == manager for entry in entries):
        return ""
    makers = sorted({str(entry.get("manager")) for entry in entries if not entry.get("subresource")})
    by = f" by {', '.join(makers)}" if makers else ""
    warning = ""
    if annotations_of(live).get("meta.helm.sh/release-name"):
        warning = "; Helm thinks it owns it, and helm uninstall would delete it"
    return f"it exists already, made{by} and not by Slipway{warning}; adopt it or remove it first"


def _sent_only(found: tuple[FieldChange, ...]) -> tuple[FieldChange, ...]:
    """Of a replaced object only what we send counts: the server's defaults come back by themselves."""
    return tuple(change for change in found if change.after is not None)
