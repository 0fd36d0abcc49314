"""What can be followed: one rollout's events, or one organization's activity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

Kind = Literal["rollout", "organization"]


@dataclass(frozen=True, slots=True)
class Stream:
    kind: Kind
    id: UUID
    organization_id: UUID

    @property
    def name(self) -> str:
        """As wake-ups call it."""
        return f"{self.kind}.{self.id}"

    @property
    def label(self) -> str:
        """As frames call it: an organization has one activity, and a socket one organization."""
        return "activity" if self.kind == "organization" else f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Row:
    """One numbered fact, written as the frame that every client of the process gets."""

    number: int
    text: str
    rollout_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """`mark` changes with what a page shows even where no event was written: the sentence."""

    number: int
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Fragments:
    """Pieces of a page by element id, as they are after event `number`."""

    number: int
    html: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Snapshot:
    head: int
    text: str


Rows = Sequence[Row]
Body = dict[str, Any]
