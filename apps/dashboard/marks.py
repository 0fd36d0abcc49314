"""State = icon + word + colour, never colour alone. The one place that says which state looks how."""

from __future__ import annotations

from dataclasses import dataclass

from slipway.engine.phases import Kind, Phase


@dataclass(frozen=True, slots=True)
class Mark:
    look: str  # the icon's id and the colour's class
    word: str


UNKNOWN = Mark("unknown", "unknown")

_PHASES = {
    Phase.PENDING: Mark("waiting", "waiting"),
    Phase.WAITING: Mark("waiting", "waiting"),
    Phase.PROGRESSING: Mark("progressing", "progressing"),
    Phase.PAUSED: Mark("paused", "paused"),
    Phase.VERIFYING: Mark("progressing", "bake"),
    Phase.SUCCEEDED: Mark("healthy", "healthy"),
    Phase.FAILED: Mark("failed", "failed"),
    Phase.ERRORED: Mark("errored", "errored"),
    Phase.ABORTED: Mark("aborted", "aborted"),
    Phase.SUPERSEDED: Mark("superseded", "superseded"),
}

_HEALTH = {
    "healthy": Mark("healthy", "healthy"),
    "suspended": Mark("paused", "suspended"),
    "progressing": Mark("progressing", "progressing"),
    "missing": Mark("errored", "missing"),
    "degraded": Mark("failed", "degraded"),
}


def phase_mark(phase: str, kind: str = Kind.FORWARD) -> Mark:
    if phase == Phase.SUCCEEDED and kind == Kind.ROLLBACK:
        return Mark("rolled-back", "rolled back")
    return _PHASES.get(Phase(phase), UNKNOWN)


def health_mark(word: str) -> Mark:
    return _HEALTH.get(word, UNKNOWN)
