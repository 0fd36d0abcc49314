"""One line of the feed as somebody would say it: "ana approved boutique v0.10.6 for production: “checked staging”"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from apps.audit.models import Activity
from apps.dashboard.words import count
from slipway.engine.phases import Kind, Phase


@dataclass(frozen=True, slots=True)
class Said:
    who: str  # with the verb, "" where the thing is the subject
    words: str  # after the thing and its version
    names_version: bool = True


_ACTS = {
    "rollout.approve": "approved",
    "rollout.reject": "rejected",
    "rollout.break-glass": "broke the glass for",
    "rollout.emergency": "took the emergency lane with",
    "rollout.after-review": "reviewed what was let through of",
    "rollout.abort": "asked to abort",
    "rollout.stop": "asked to stop",
    "rollout.stop-here": "asked to stop",
    "rollout.pause": "asked to pause",
    "rollout.resume": "asked to resume",
    "rollout.confirm-deletions": "confirmed what is deleted by",
}
_CLUSTERS = {
    "cluster.reachable": "answers",
    "cluster.unreachable": "does not answer",
    "cluster.refused": "refuses our credentials",
}
_PLAIN = {
    Phase.SUCCEEDED: "is healthy on {place}",
    Phase.PROGRESSING: "is going to {place}",
    Phase.VERIFYING: "is in place on {place} and has to stay healthy",
    Phase.WAITING: "waits to go to {place}",
    Phase.PAUSED: "is paused on {place}",
    Phase.FAILED: "failed on {place}",
    Phase.ERRORED: "could not be judged on {place}",
    Phase.ABORTED: "was aborted on {place}",
    Phase.SUPERSEDED: "was superseded before it went to {place}",
}
_BACK = {
    Phase.SUCCEEDED: "was taken back to {version} on {place}",
    Phase.PROGRESSING: "is going back to {version} on {place}",
    Phase.VERIFYING: "is back at {version} on {place} and has to stay healthy",
}
_AGAIN = {
    Phase.SUCCEEDED: "was applied again on {place} and is healthy",
    Phase.PROGRESSING: "is being applied again on {place}",
}
_SAYS_WHY = {Phase.WAITING, Phase.PAUSED, Phase.FAILED, Phase.ERRORED, Phase.ABORTED, Phase.SUPERSEDED}


def said(row: Activity, version: str, place: str) -> Said:
    body: dict[str, Any] = row.body
    if row.kind == "rollout.phase":
        return _phase(row, version, place)
    if row.kind in _ACTS:
        preposition = "for" if row.kind in {"rollout.approve", "rollout.reject"} else "on"
        # What was said with it, as the sentence quotes it.
        _, quote, comment = str(body.get("sentence", "")).partition(": “")
        return Said(f"{row.actor_label} {_ACTS[row.kind]}", f"{preposition} {place}{quote}{comment}")
    if row.kind == "release.created":
        commits = body.get("commits") or 0
        return Said(f"{row.actor_label} released", f"with {count(commits, 'commit')}" if commits else "")
    if row.kind == "target.lift-mark":
        return Said(
            f"{row.actor_label} lifted “needs a person” from", f"in {body.get('environment', '')}", False
        )
    if row.kind in _CLUSTERS:
        return Said("cluster", _CLUSTERS[row.kind])
    noun, _, verb = row.kind.partition(".")
    return Said(f"{row.actor_label} {verb.replace('-', ' ')} the {noun.replace('-', ' ')}", "")


def _phase(row: Activity, version: str, place: str) -> Said:
    phase, kind = Phase(row.phase or Phase.PENDING), str(row.body.get("kind", ""))
    if phase is Phase.PENDING:
        if kind == Kind.ROLLBACK:
            return Said(f"{row.actor_label} asked to take", f"back to {version} on {place}", False)
        verb = "asked to apply again" if kind == Kind.REAPPLY else "asked for"
        return Said(f"{row.actor_label} {verb}", f"on {place}")
    special = _BACK if kind == Kind.ROLLBACK else _AGAIN if kind == Kind.REAPPLY else {}
    words = (special.get(phase) or _PLAIN[phase]).format(version=version, place=place)
    why = _why(str(row.body.get("sentence", ""))) if phase in _SAYS_WHY else ""
    return Said("", f"{words}: {why}" if why else words, not (kind == Kind.ROLLBACK and phase in _BACK))


_SMALL = {"A", "An", "The", "No", "Its", "It", "Every", "Nothing", "Somebody", "Superseded", "Aborted"}


def _why(sentence: str) -> str:
    """ "Waiting: 0 of 1 approvals; a releaser can lift it." without its first word and its full stop."""
    first, colon, rest = sentence.partition(": ")
    text = rest if colon and " " not in first else sentence
    text = text.rstrip(".")
    return text[:1].lower() + text[1:] if text.partition(" ")[0] in _SMALL else text
