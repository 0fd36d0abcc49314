"""What an environment asks of those who approve, and what it makes of their voices. Pure: a zone is handed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Separation(StrEnum):
    REQUESTER = "requester"  # who asked for it does not approve it
    AUTHORS = "authors"  # nor does whoever wrote or committed what comes with it


@dataclass(frozen=True, slots=True)
class ApprovalRules:
    """Frozen into each rollout at its start. How many approvals there must be stands beside it."""

    separation: Separation = Separation.REQUESTER
    commits_must_be_known: bool = False
    teams: tuple[str, ...] = ()  # one approval from each, by its short name
    teams_in_order: bool = False
    comment_required: bool = False
    expires_hours: int = 0  # 0: an approval holds as long as its plan
    days: tuple[int, ...] = ()  # when approved rollouts may begin: 0 is Monday; none: always
    opens: int = 0  # minutes of the day, in `zone`
    closes: int = 1440
    zone: str = "UTC"
    emergency_approvals: int = 0  # 0: no emergency lane
    review_hours: int = 72  # after which an after-review is late


@dataclass(frozen=True, slots=True)
class Voice:
    """One approval of the plan in force. `teams` are those of whose voice it is, at that moment."""

    label: str
    teams: frozenset[str]
    at: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    counted: tuple[Voice, ...]
    missing: tuple[str, ...]  # teams without a voice, in the policy's order
    next_expiry: datetime | None  # when the first of those counted no longer counts


def tally(rules: ApprovalRules, voices: Sequence[Voice], now: datetime) -> Tally:
    """One voice stands for one team at most, so that two teams are two people.

    Of all ways to assign them the one that leaves the fewest teams out: augmenting paths, team by team.
    """
    lasting = timedelta(hours=rules.expires_hours)
    counted = [voice for voice in voices if not rules.expires_hours or now < voice.at + lasting]
    speaks_for: dict[int, str] = {}

    def place(team: str, seen: set[int]) -> bool:
        for index, voice in enumerate(counted):
            if team in voice.teams and index not in seen:
                seen.add(index)
                if index not in speaks_for or place(speaks_for[index], seen):
                    speaks_for[index] = team
                    return True
        return False

    missing = tuple(team for team in rules.teams if not place(team, set()))
    ends = [voice.at + lasting for voice in counted] if rules.expires_hours else []
    return Tally(tuple(counted), missing, min(ends, default=None))
