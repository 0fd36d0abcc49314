"""The ordered steps of a strategy. Strategies are planners: they look at a plan's objects and lay out steps; the
shell that carries them out knows none of them by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from slipway.engine.objects import ObjectKey


class StepKind(StrEnum):
    CHECK = "check"  # recompute the plan; nothing is written if it differs from the approved one
    APPLY = "apply"  # write the step's objects; if it awaits, they must be healthy before the next step
    PRUNE = "prune"  # delete what the release no longer holds


@dataclass(frozen=True, slots=True)
class Step:
    kind: StepKind
    title: str
    keys: tuple[ObjectKey, ...] = ()
    awaits: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": str(self.kind),
            "title": self.title,
            "keys": [str(key) for key in self.keys],
            "awaits": self.awaits,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Step:
        return cls(
            StepKind(value["kind"]),
            value["title"],
            tuple(ObjectKey.parse(key) for key in value["keys"]),
            bool(value["awaits"]),
        )


CHECK = Step(StepKind.CHECK, "Check the plan")
