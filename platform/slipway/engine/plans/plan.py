"""A plan and its digest: what an approval signs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from slipway.engine.diff import FieldChange
from slipway.engine.manifests.digests import canonical
from slipway.engine.objects import ObjectKey


class Verb(StrEnum):
    CREATE = "create"
    CHANGE = "change"
    REPLACE = "replace"  # immutable fields: deleted and made anew
    UNCHANGED = "unchanged"
    PRUNE = "prune"
    KEEP = "keep"  # the release dropped it, but it is never pruned without its name typed
    REFUSE = "refuse"

    @property
    def writes(self) -> bool:
        return self in {Verb.CREATE, Verb.CHANGE, Verb.REPLACE, Verb.PRUNE}


@dataclass(frozen=True, slots=True)
class PlannedObject:
    key: ObjectKey
    verb: Verb
    changes: tuple[FieldChange, ...] = ()
    uid: str = ""
    resource_version: str = ""  # not in the digest: status writes move it all the time
    taken_over: tuple[tuple[str, str], ...] = ()  # (field path, from whom)
    checked: bool = True  # False: the server could not check it yet
    refusal: str = ""
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {
            "key": str(self.key),
            "verb": str(self.verb),
            "changes": [change.to_json() for change in self.changes],
            "uid": self.uid,
            "resource_version": self.resource_version,
            "taken_over": [list(pair) for pair in self.taken_over],
            "checked": self.checked,
            "refusal": self.refusal,
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> PlannedObject:
        return cls(
            key=ObjectKey.parse(value["key"]),
            verb=Verb(value["verb"]),
            changes=tuple(FieldChange.from_json(change) for change in value["changes"]),
            uid=value["uid"],
            resource_version=value["resource_version"],
            taken_over=tuple((path, manager) for path, manager in value["taken_over"]),
            checked=value["checked"],
            refusal=value["refusal"],
            notes=tuple(value["notes"]),
        )


@dataclass(frozen=True, slots=True)
class Plan:
    target: str
    release_digest: str
    way_back_digest: str
    way_back_label: str
    step_titles: tuple[str, ...]
    objects: tuple[PlannedObject, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def digest(self) -> str:
        """Over what the plan changes, never over what merely moves: status, resourceVersion, others' fields."""
        content = [
            self.target,
            self.release_digest,
            self.way_back_digest,
            list(self.step_titles),
            _digest_rows(self.objects),
            sorted(self.problems),
        ]
        return "sha256:" + hashlib.sha256(canonical(content)).hexdigest()

    @property
    def counts(self) -> dict[Verb, int]:
        found = dict.fromkeys(Verb, 0)
        for planned in self.objects:
            found[planned.verb] += 1
        return found

    @property
    def deleted(self) -> int:
        return self.counts[Verb.PRUNE] + self.counts[Verb.REPLACE]

    @property
    def sentence(self) -> str:
        counts = self.counts
        parts = [
            f"{counts[verb]} {word}"
            for verb, word in (
                (Verb.CREATE, "created"),
                (Verb.CHANGE, "changed"),
                (Verb.REPLACE, "replaced"),
                (Verb.PRUNE, "deleted"),
                (Verb.REFUSE, "refused"),
            )
            if counts[verb]
        ]
        if not parts:
            return f"Nothing changes: {counts[Verb.UNCHANGED]} objects are as they should be."
        same = f"; {counts[Verb.UNCHANGED]} unchanged" if counts[Verb.UNCHANGED] else ""
        return f"{', '.join(parts)}{same}."

    @property
    def is_empty(self) -> bool:
        return not any(planned.verb.writes for planned in self.objects)

    def to_json(self) -> dict[str, Any]:
        return {
            "target": self.target,
            "release_digest": self.release_digest,
            "way_back_digest": self.way_back_digest,
            "way_back_label": self.way_back_label,
            "step_titles": list(self.step_titles),
            "objects": [planned.to_json() for planned in self.objects],
            "problems": list(self.problems),
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Plan:
        return cls(
            target=value["target"],
            release_digest=value["release_digest"],
            way_back_digest=value["way_back_digest"],
            way_back_label=value["way_back_label"],
            step_titles=tuple(value["step_titles"]),
            objects=tuple(PlannedObject.from_json(planned) for planned in value["objects"]),
            problems=tuple(value["problems"]),
            notes=tuple(value["notes"]),
        )


def _digest_rows(objects: tuple[PlannedObject, ...]) -> list[list[Any]]:
    rows = [
        [
            str(planned.key),
            planned.uid,
            str(planned.verb),
            [change.to_json() for change in sorted(planned.changes, key=lambda change: change.path)],
            sorted(list(pair) for pair in planned.taken_over),
            planned.refusal,
        ]
        for planned in objects
        if planned.verb is not Verb.UNCHANGED
    ]
    return sorted(rows, key=lambda row: str(row[0]))
