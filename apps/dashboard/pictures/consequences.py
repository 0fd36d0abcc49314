"""What a press will do, in numbers: said before anything happens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.dashboard.words import count
from apps.rollouts.choices import JournalState
from apps.rollouts.models import JournalEntry, Rollout
from slipway.engine.plans import Plan, PlannedObject, Verb


def change_words(plan: Plan | None) -> str:
    if plan is None:
        return "It is not planned yet."
    counts = plan.counts
    words = [
        f"{count(counts[verb], 'object')} {('is' if counts[verb] == 1 else 'are')} {word}"
        for verb, word in ((Verb.CHANGE, "changed"), (Verb.CREATE, "created"), (Verb.REPLACE, "replaced"))
        if counts[verb]
    ]
    deleted = counts[Verb.PRUNE]
    words.append(
        f"{count(deleted, 'object')} {'is' if deleted == 1 else 'are'} deleted"
        if deleted
        else "none is deleted"
    )
    same = counts[Verb.UNCHANGED]
    rest = f"; {same} {'stays as it is' if same == 1 else 'stay as they are'}" if same else ""
    return f"{', '.join(words)}{rest}."


def restart_words(rollout: Rollout, plan: Plan | None) -> str:
    """By the pods that were wanted when this target was last looked at; "" where that is not known. 1 query."""
    live = (
        Rollout.objects.filter(id=rollout.target.live_rollout_id).values_list("progress", flat=True).first()
    )
    number = _restarting(plan, live or {})
    return f"About {count(number, 'pod')} {'restarts' if number == 1 else 'restart'}." if number else ""


def undone_words(rollout: Rollout, plan: Plan | None) -> str:
    """Of what this rollout did; the plan of the way back is made afterwards."""
    counts = plan.counts if plan else {}
    parts = [
        f"{count(number, 'object')} {words}"
        for number, words in (
            (counts.get(Verb.CHANGE, 0) + counts.get(Verb.REPLACE, 0), "it changed"),
            (counts.get(Verb.CREATE, 0), "it created"),
            (counts.get(Verb.PRUNE, 0), "it deleted"),
        )
        if number
    ]
    if not parts:
        return ""
    pods = _restarting(plan, rollout.progress or {})
    restarts = f" About {count(pods, 'pod')} {'restarts' if pods == 1 else 'restart'}." if pods else ""
    return f"This concerns {', '.join(parts)}.{restarts}"


def abort_words(rollout: Rollout, plan: Plan | None, back: str) -> tuple[str, ...]:
    if rollout.first_write_at is None:
        return ("Nothing has been written yet, so nothing has to be taken back.",)
    touched = written_words(rollout, plan)
    if back:
        return (touched, f"They go back to {back}, beginning within 5 s.")
    return (touched, "There is no earlier release to go back to: they stay, and the target needs a person.")


def written_words(rollout: Rollout, plan: Plan | None) -> str:
    """1 query."""
    total = sum(1 for item in plan.objects if item.verb.writes) if plan else 0
    done = JournalEntry.objects.filter(rollout_id=rollout.id, state=JournalState.APPLIED).count()
    pods = sum(
        1 for pod in (rollout.progress or {}).get("pods", {}).values() if pod["new"] and not pod["ending"]
    )
    runs = f"; {count(pods, 'new pod')} {'runs' if pods == 1 else 'run'}" if pods else ""
    return f"{done} of {count(total, 'object')} {'is' if done == 1 else 'are'} written{runs}."


def way_back_words(back: str) -> str:
    return (
        f"If it fails, it goes back to {back} by itself."
        if back
        else "There is no earlier release to go back to."
    )


def _restarting(plan: Plan | None, progress: Mapping[str, Any]) -> int:
    seen = progress.get("objects", {})
    return sum(
        (seen.get(str(item.key)) or {}).get("wanted") or 0
        for item in (plan.objects if plan else ())
        if _restarts(item)
    )


def _restarts(item: PlannedObject) -> bool:
    """Pods are made anew where their template changes, or the workload itself."""
    if item.verb is Verb.REPLACE:
        return True
    return item.verb is Verb.CHANGE and any(
        change.path.startswith("spec.template") for change in item.changes
    )
