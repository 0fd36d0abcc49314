"""`rollouts watch`: to the rollout's end, or until one of the reasons to stop earlier."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass

from slipway.cli.client import Api, Json
from slipway.cli.outcomes import OF_PHASE, Outcome
from slipway.cli.session import remark
from slipway.cli.watching.screen import Bars, JsonLines, Lines, Screen
from slipway.cli.watching.source import Source

_PICTURE_SECONDS = 0.5  # between two looks at the whole, however quickly events come
_BEATS_SECONDS = 10.0  # and one when nothing comes: the sentence can change without an event


@dataclass(frozen=True, slots=True)
class Follow:
    watch: bool
    no_wait: bool = False
    timeout_seconds: float = 0.0  # 0: for ever


def follow(api: Api, rollout: str, wishes: Follow, *, as_json: bool) -> Outcome:
    """Prints the whole story from its first event on; then the outcome, in words on stderr."""
    row = api.get(api.inside("rollouts", rollout))
    screen: Screen = JsonLines() if as_json else Bars() if sys.stdout.isatty() else Lines()
    try:
        row, outcome = _until_done(api, row, screen, wishes)
    finally:
        screen.close()
    if not as_json:
        remark(_closing(row, outcome))
    return outcome


def _until_done(api: Api, row: Json, screen: Screen, wishes: Follow) -> tuple[Json, Outcome]:
    started = looked = time.monotonic()
    screen.picture(row)
    source = Source(api, row["id"], after=0)
    stale = True
    for told in source:
        if told.number:
            screen.event(told)
            stale = True
        now = time.monotonic()
        caught_up = source.after >= row["event_number"]
        if (
            (stale and now - looked >= _PICTURE_SECONDS)
            or now - looked >= _BEATS_SECONDS
            or _ends(told.kind, told.body)
        ):
            looked, stale = now, False
            row = api.get(api.inside("rollouts", row["id"]))
            screen.picture(row)
            caught_up = source.after >= row["event_number"]
        if caught_up and (outcome := _outcome(row, wishes)) is not None:
            return row, outcome
        if wishes.timeout_seconds and now - started > wishes.timeout_seconds:
            return row, Outcome.TIMED_OUT
    raise AssertionError("the source has no end")


def _ends(kind: str, body: object) -> bool:
    return kind == "phase" and isinstance(body, dict) and body.get("phase") in OF_PHASE


def _outcome(row: Json, wishes: Follow) -> Outcome | None:
    """None: it goes on."""
    if row["ended_at"]:
        return OF_PHASE.get(row["phase"], Outcome.ERRORED)
    if wishes.no_wait and row["phase"] in {"waiting", "paused"} and _waits_for_a_person(row):
        return Outcome.WAITS
    return None


def _waits_for_a_person(row: Json) -> bool:
    if row["phase"] == "paused":
        return True
    return any(
        reason["answer"] != "pass" and reason["gate"] in {"approval", "deletions", "needs a person"}
        for reason in row["reasons"]
    )


def _closing(row: Json, outcome: Outcome) -> str:
    what = f"Rollout {row['number']} ({row['application']} {row['release']} to {row['environment']})"
    if outcome is Outcome.TIMED_OUT:
        return f"{what} is still {row['phase']}; it goes on without us."
    if outcome is Outcome.WAITS:
        return f"{what} waits: {row['sentence']}"
    reason = row["end_reason"] or row["sentence"] or ""
    return f"{what} {row['phase']}. {reason}".rstrip()
