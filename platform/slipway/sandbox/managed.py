"""Who owns which field: managedFields kept over applies and ordinary updates, and conflicts found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from slipway.sandbox.errors import ApiError, Cause
from slipway.sandbox.fieldsets import (
    EMPTY,
    Comparison,
    Path,
    Paths,
    from_fields_v1,
    of_object,
    printed,
    to_fields_v1,
    with_named,
)
from slipway.sandbox.merging import has, merge, remove
from slipway.sandbox.schemas import Type
from slipway.sandbox.store import Manifest, now

# Go structs that are there from the start, not pointers: creating an object does not "add" them.
_STRUCTS = frozenset({"f:spec", "f:status", "f:strategy", "f:updateStrategy", "f:template", "f:jobTemplate"})
_IN_TEMPLATE = frozenset({"f:metadata", "f:spec"})


@dataclass(frozen=True, slots=True)
class Manager:
    name: str
    operation: str  # Apply or Update
    api_version: str
    subresource: str = ""

    def printed(self) -> str:
        text = f'"{self.name}"'
        if self.subresource:
            text += f' with subresource "{self.subresource}"'
        return f"{text} using {self.api_version}" if self.operation == "Update" else text


@dataclass(frozen=True, slots=True)
class Owned:
    paths: Paths
    time: str | None


Owners = dict[Manager, Owned]


def read(obj: Manifest) -> Owners:
    owners: Owners = {}
    for entry in obj["metadata"].get("managedFields") or ():
        manager = Manager(
            entry.get("manager", ""),
            entry.get("operation", ""),
            entry.get("apiVersion", ""),
            entry.get("subresource", ""),
        )
        owners[manager] = Owned(from_fields_v1(entry.get("fieldsV1") or {}), entry.get("time"))
    return owners


def written(owners: Owners) -> list[dict[str, Any]]:
    """Applies first, then updates by time, as servers sort them."""
    entries = []
    order = sorted(owners, key=lambda one: (one.operation, owners[one].time or "", one.name, one.subresource))
    for manager in order:
        owned = owners[manager]
        entry: dict[str, Any] = {
            "manager": manager.name,
            "operation": manager.operation,
            "apiVersion": manager.api_version,
            "time": owned.time,
            "fieldsType": "FieldsV1",
            "fieldsV1": to_fields_v1(owned.paths),
        }
        if manager.subresource:
            entry["subresource"] = manager.subresource
        entries.append(entry)
    return entries


def with_owners(obj: Manifest, owners: Owners) -> Manifest:
    metadata = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
    if owners:
        metadata["managedFields"] = written(owners)
    return {**obj, "metadata": metadata}


def apply(
    live: Manifest | None,
    config: Manifest,
    kind: Type,
    *,
    manager: Manager,
    force: bool,
    ignored: frozenset[str],
) -> tuple[Manifest, Owners]:
    """The merged object, not yet defaulted, and its owners; 409 when others own what it changes.

    `ignored` are top-level fields that this endpoint resets ("status", or "spec" for the status subresource).
    """
    owners = read(live) if live else {}
    if live and not owners:
        # set before anybody kept account: one owner for all of it
        before = Manager("before-first-apply", "Update", manager.api_version)
        everything = Comparison({"metadata": {}}, _bare(live), kind).added
        owners[before] = Owned(_from_the_start(_without(frozenset(everything), ignored)), now())
    base = (
        _bare(live) if live else {"apiVersion": config["apiVersion"], "kind": config["kind"], "metadata": {}}
    )
    last = owners[manager].paths if manager in owners else EMPTY
    mine = _without(of_object(config, kind), ignored)
    merged = merge(base, {key: value for key, value in config.items() if key not in ignored}, kind)
    others = {one: owned for one, owned in owners.items() if one != manager}
    if last:
        merged = _prune(merged, kind, last, mine, others)
    changed = Comparison(base, merged, kind)
    touched = frozenset(changed.added | changed.modified)
    conflicts = {one: hit for one, owned in others.items() if (hit := owned.paths & touched)}
    if conflicts and not force:
        raise _conflict(conflicts)
    kept: Owners = {}
    for one, owned in others.items():
        left = owned.paths - touched - changed.removed
        if left:
            kept[one] = owned if left == owned.paths else replace(owned, paths=left)
    if mine:
        same = manager in owners and owners[manager].paths == mine
        kept[manager] = Owned(mine, owners[manager].time if same else now())
    return merged, kept


def _prune(
    merged: Manifest, kind: Type, last: Paths, mine: Paths, others: Mapping[Manager, Owned]
) -> Manifest:
    """Take out what this manager applied before and no longer says, where nobody else owns it."""
    gone = last - mine
    if not gone:
        return merged
    owned = with_named(mine.union(*(one.paths for one in others.values())), kind)
    return dict(remove(merged, frozenset(path for path in gone - owned if has(merged, path, kind)), kind))


def update(
    live: Manifest | None,
    new: Manifest,
    kind: Type,
    *,
    manager: Manager,
    ignored: frozenset[str] = frozenset(),
) -> Owners:
    """Owners after an ordinary write: what it changed is this manager's now.

    The new object's own managedFields count where they were changed (a JSON patch that hands an entry to
    another manager); an empty list resets them.
    """
    given = new["metadata"].get("managedFields")
    owners = read(new) if given is not None else read(live) if live else {}
    if given is not None and [*given] in ([], [{}]):
        owners = {}
        if live:
            return owners
    if live is not None and not owners:
        return {}  # an account that nobody keeps is not begun by an ordinary write
    before: Manifest = _bare(live) if live else {"metadata": {}}
    changed = Comparison(before, _bare(new), kind)
    touched = _without(frozenset(changed.added | changed.modified), ignored)
    removed = _without(frozenset(changed.removed), ignored)
    if live is None:
        touched = _from_the_start(touched)
    kept: Owners = {}
    for one, owned in owners.items():
        left = owned.paths - removed if one == manager else owned.paths - touched - removed
        if left:
            kept[one] = owned if left == owned.paths else replace(owned, paths=left)
    if touched:
        mine = kept[manager].paths if manager in kept else EMPTY
        both = mine | touched
        if both != mine:
            kept[manager] = Owned(both, now())
    return kept


def _from_the_start(paths: Paths) -> Paths:
    return frozenset(path for path in paths if not _always_there(path))


def _always_there(path: Path) -> bool:
    if path[-1] == "f:containers":
        return True
    if path[-1] in _IN_TEMPLATE:
        return len(path) == 1 or path[-2] in ("f:template", "f:jobTemplate")
    return path[-1] in _STRUCTS


def _bare(obj: Manifest) -> Manifest:
    metadata = {key: value for key, value in obj["metadata"].items() if key != "managedFields"}
    return {**obj, "metadata": metadata}


def _without(paths: Paths, ignored: frozenset[str]) -> Paths:
    if not ignored:
        return paths
    tops = {f"f:{name}" for name in ignored}
    return frozenset(path for path in paths if path[0] not in tops)


def _conflict(conflicts: Mapping[Manager, Paths]) -> ApiError:
    causes: list[Cause] = []
    lines: list[str] = []
    count = sum(len(paths) for paths in conflicts.values())
    for manager in sorted(conflicts, key=lambda one: (one.name, one.subresource)):
        fields = sorted(printed(path) for path in conflicts[manager])
        causes += [Cause("FieldManagerConflict", f"conflict with {manager.printed()}", one) for one in fields]
        if count == 1:
            lines.append(f"conflict with {manager.printed()}: {fields[0]}")
        else:
            lines.append("\n".join([f"conflicts with {manager.printed()}:", *(f"- {one}" for one in fields)]))
    word = "conflict" if count == 1 else "conflicts"
    message = f"Apply failed with {count} {word}: " + "\n".join(lines)
    return ApiError(409, "Conflict", message, causes=causes)
