"""What differs between two plans of one rollout: for whoever looked at the first and is asked about the second."""

from __future__ import annotations

from dataclasses import dataclass, replace

from apps.dashboard.words import count
from slipway.engine.diff import FieldChange
from slipway.engine.objects import ObjectKey
from slipway.engine.plans import Plan, PlannedObject, Verb


@dataclass(frozen=True, slots=True)
class Between:
    sentences: tuple[str, ...]  # what differs apart from objects
    objects: tuple[
        PlannedObject, ...
    ]  # each with what differs alone: before is what the first plan would have made

    @property
    def sentence(self) -> str:
        if not self.objects and not self.sentences:
            return "Nothing that is applied differs."
        if not self.objects:
            return " ".join(self.sentences)
        number = len(self.objects)
        verb = "differs" if number == 1 else "differ"
        return " ".join((f"{count(number, 'object')} {verb} from it.", *self.sentences))


def between(seen: Plan, now: Plan) -> Between:
    old = {item.key: item for item in seen.objects}
    new = {item.key: item for item in now.objects}
    pairs = (_one(key, old.get(key), new.get(key)) for key in sorted(set(old) | set(new), key=str))
    return Between(tuple(_rest(seen, now)), tuple(item for item in pairs if item is not None))


def _rest(seen: Plan, now: Plan) -> list[str]:
    said = []
    if seen.way_back_digest != now.way_back_digest:
        back, instead = seen.way_back_label or "nothing", now.way_back_label or "nothing"
        said.append(f"If it fails it goes back to {instead}, not to {back}.")
    if seen.step_titles != now.step_titles:
        said.append(f"The steps are now: {', '.join(now.step_titles) or 'none'}.")
    if seen.release_digest != now.release_digest:
        said.append("It is of another release's content.")
    said += [f"New: {problem}" for problem in now.problems if problem not in seen.problems]
    said += [f"Settled: {problem}" for problem in seen.problems if problem not in now.problems]
    return said


def _one(key: ObjectKey, seen: PlannedObject | None, now: PlannedObject | None) -> PlannedObject | None:
    if now is None:
        return PlannedObject(key, Verb.UNCHANGED, notes=("No longer part of the plan.",))
    if seen is None:
        return replace(now, notes=("New in this plan.", *now.notes))
    fields = _fields(seen, now)
    same_verb = seen.verb is now.verb
    if same_verb and not fields and seen.taken_over == now.taken_over and seen.refusal == now.refusal:
        return _made_anew(seen, now)
    notes = (
        [] if same_verb else [f"It was {_WORDS[seen.verb]} in the plan before and is {_WORDS[now.verb]} now."]
    )
    notes += [
        f"No longer takes {path} over." for path, _ in seen.taken_over if path not in dict(now.taken_over)
    ]
    taken = tuple(pair for pair in now.taken_over if pair not in seen.taken_over)
    return replace(now, changes=fields, taken_over=taken, notes=tuple(notes))


def _made_anew(seen: PlannedObject, now: PlannedObject) -> PlannedObject | None:
    """The digest names the very object: one that somebody deleted and made again is another."""
    if now.verb is Verb.UNCHANGED or seen.uid == now.uid:
        return None
    note = "Somebody deleted it and made it again since."
    return replace(now, changes=(), taken_over=(), notes=(note,))


def _fields(seen: PlannedObject, now: PlannedObject) -> tuple[FieldChange, ...]:
    """Field by field: from what the first plan would have made to what the second makes."""
    old = {change.path: change for change in seen.changes}
    new = {change.path: change for change in now.changes}
    found = []
    for path in sorted(set(old) | set(new)):
        was, becomes = old.get(path), new.get(path)
        if was == becomes:
            continue
        # Without a change in one of the plans the field stays what that plan found.
        before = was.after if was else becomes.before if becomes else None
        after = becomes.after if becomes else was.before if was else None
        if before == after and was and becomes:
            before, after = becomes.before, becomes.after  # what stands there moved, the end is the same
        found.append(FieldChange(path, before, after))
    return tuple(found)


_WORDS = {
    Verb.CREATE: "created",
    Verb.CHANGE: "changed",
    Verb.REPLACE: "replaced",
    Verb.UNCHANGED: "left as it is",
    Verb.PRUNE: "deleted",
    Verb.KEEP: "kept",
    Verb.REFUSE: "refused",
}
