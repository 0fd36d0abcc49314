"""What an environment asks of approvals: JSON as people write it ↔ the engine's value, every mistake in their words."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from apps.core.problems import Invalid
from slipway.engine.approving import ApprovalRules, Separation

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SLUG = re.compile(r"[a-z0-9]([a-z0-9-]{0,58}[a-z0-9])?")
_TIME = re.compile(r"([01]\d|2[0-4]):([0-5]\d)")
_PREFIX = "approval_rules."


def rules_to_json(rules: ApprovalRules) -> dict[str, Any]:
    """Whole: what is not said is written down too, so that a file shows all there is to set."""
    return {
        "separation": str(rules.separation),
        "commits_must_be_known": rules.commits_must_be_known,
        "teams": list(rules.teams),
        "teams_in_order": rules.teams_in_order,
        "comment_required": rules.comment_required,
        "expires_hours": rules.expires_hours,
        "days": [DAYS[day] for day in rules.days],
        "opens": clock(rules.opens),
        "closes": clock(rules.closes),
        "zone": rules.zone,
        "emergency_approvals": rules.emergency_approvals,
        "review_hours": rules.review_hours,
    }


def rules_of(stored: Mapping[str, Any]) -> ApprovalRules:
    """Of what was checked when it was stored; what an older version did not know has its default."""
    return checked_rules(stored)


def changed_rules(before: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """What was said over what there was, checked and whole."""
    return rules_to_json(checked_rules({**rules_to_json(rules_of(before)), **said}))


def checked_rules(said: Mapping[str, Any]) -> ApprovalRules:
    """Raises Invalid with a sentence for each setting that is wrong."""
    values: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for name, value in said.items():
        read = _READERS.get(name)
        if read is None:
            wrong[_PREFIX + str(name)] = f"There is no rule called “{name}”; there are {', '.join(_READERS)}."
            continue
        try:
            values[name] = read(value)
        except ValueError as error:
            wrong[_PREFIX + name] = str(error)
    rules = ApprovalRules(**values) if not wrong else ApprovalRules()
    if not wrong and rules.days and rules.opens >= rules.closes:
        wrong[f"{_PREFIX}closes"] = f"It closes at {clock(rules.closes)}, which is not after it opens."
    if wrong:
        raise Invalid(
            " ".join(f"{name.removeprefix(_PREFIX)}: {words}" for name, words in wrong.items()), fields=wrong
        )
    return rules


def clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _separation(value: Any) -> Separation:
    try:
        return Separation(value)
    except ValueError:
        raise ValueError(f"One of {', '.join(Separation)}, not “{value}”.") from None


def _yes(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false.")
    return value


def _whole(least: int, most: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise ValueError(f"A whole number from {least:,} to {most:,}.")
        return value

    return read


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise ValueError("A list.")
    return list(dict.fromkeys(str(item) for item in value))


def _teams(value: Any) -> tuple[str, ...]:
    teams = _listed(value)
    if odd := [team for team in teams if not _SLUG.fullmatch(team)]:
        raise ValueError(f"“{odd[0]}” is no short name of a team.")
    if len(teams) > 10:
        raise ValueError("At most 10 teams.")
    return tuple(teams)


def _days(value: Any) -> tuple[int, ...]:
    said = _listed(value)
    days = [day.lower()[:3] for day in said]
    if odd := [text for text, day in zip(said, days, strict=True) if day not in DAYS]:
        raise ValueError(f"“{odd[0]}” is no day; write {', '.join(DAYS)}.")
    return tuple(sorted({DAYS.index(day) for day in days}))


def _time(value: Any) -> int:
    found = _TIME.fullmatch(str(value)) if not isinstance(value, int) else None
    minutes = int(found[1]) * 60 + int(found[2]) if found else 1441
    if minutes > 1440:
        raise ValueError("A time of day in quotes, from “00:00” to “24:00”.")  # YAML reads 9:30 as a number
    return minutes


def _zone(value: Any) -> str:
    try:
        return ZoneInfo(str(value)).key
    except (KeyError, ValueError, OSError):  # unknown; no name at all; a folder of names
        raise ValueError(f"“{value}” is no time zone; write one as Europe/Berlin.") from None


_READERS: dict[str, Callable[[Any], Any]] = {
    "separation": _separation,
    "commits_must_be_known": _yes,
    "teams": _teams,
    "teams_in_order": _yes,
    "comment_required": _yes,
    "expires_hours": _whole(0, 8760),
    "days": _days,
    "opens": _time,
    "closes": _time,
    "zone": _zone,
    "emergency_approvals": _whole(0, 20),
    "review_hours": _whole(1, 8760),
}
