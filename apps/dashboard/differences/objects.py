"""One planned object as a person reads it: what it was and becomes, field by field, noise folded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.dashboard.differences.folding import fold
from apps.dashboard.differences.images import image_changes, image_move
from apps.dashboard.differences.lines import Run, added, compare_lines, removed
from apps.dashboard.differences.renames import Rename
from apps.dashboard.differences.writing import joined, parent_and_leaf, steps, yaml_lines
from apps.dashboard.marks import Mark
from apps.dashboard.words import capital, count
from slipway.engine.diff import FieldChange, changes, normalised
from slipway.engine.objects import Manifest, ObjectKey
from slipway.engine.plans import PlannedObject, Verb

MOST_FIELDS = 60
_WHOLE = "the whole object"
_DIGEST = "hmac-sha256:"  # how a plan names a Secret's value

MARKS = {
    Verb.REFUSE: Mark("failed", "refused"),
    Verb.PRUNE: Mark("failed", "deleted"),
    Verb.REPLACE: Mark("errored", "replaced"),
    Verb.CHANGE: Mark("progressing", "changed"),
    Verb.CREATE: Mark("healthy", "created"),
    Verb.KEEP: Mark("aborted", "kept"),
    Verb.UNCHANGED: Mark("unknown", "unchanged"),
}

_SENTENCES = {
    Verb.REFUSE: "Nothing is applied while this is refused.",
    Verb.PRUNE: "The release no longer has it; it is deleted last.",
    Verb.REPLACE: "It is deleted and made anew, because what changes cannot be changed in place.",
    Verb.KEEP: "The release no longer has it, and it stays.",
}


@dataclass(frozen=True, slots=True)
class Field:
    head: str  # the path above the lines; "" where it is the one of the field before
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Folded:
    path: str
    why: str
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class ObjectChange:
    id: str  # its anchor on the page
    key: str
    kind: str
    name: str
    namespace: str
    verb: str
    mark: Mark
    summary: str
    sentence: str  # what a verb means that is not plain
    fields: tuple[Field, ...]
    more: int  # fields that are not shown
    folded: tuple[Folded, ...]
    taken_over: tuple[tuple[str, str], ...]  # (field, from whom)
    notes: tuple[str, ...]

    @property
    def opens(self) -> bool:
        return bool(self.fields or self.folded or self.notes or self.taken_over or self.sentence)

    @property
    def size(self) -> int:
        """Lines that it takes on the page."""
        return sum(len(run.lines) for field in self.fields for run in field.runs)


def anchor(key: ObjectKey) -> str:
    return "plan-" + "".join(letter if letter.isalnum() else "-" for letter in str(key))


def object_change(
    item: PlannedObject,
    *,
    rename: Rename | None = None,
    standing: Mapping[ObjectKey, Manifest],
    names: Mapping[str, str],
) -> ObjectChange:
    """`standing` is what was applied last, Secrets as digests; `names` the moved names of versioned configuration."""
    key, verb, found = item.key, item.verb, item.changes
    notes = list(item.notes)
    summary = item.refusal
    if rename is not None:
        verb = Verb.CHANGE
        found = _content(standing.get(rename.before), found[0].after if found else None)
        suffixes = [text.name.rpartition("-")[2] for text in (rename.before, rename.after)]
        notes.insert(
            0, f"A new object under a new name, {suffixes[0]} → {suffixes[1]}, so that pods follow it."
        )
    if verb in {Verb.PRUNE, Verb.KEEP}:
        was = standing.get(key)
        fields: tuple[Field, ...] = (
            (Field(_WHOLE, removed(list(yaml_lines(_lean(masked(was)))))),) if was else ()
        )
        if was is None:
            notes.append("What it holds is not stored here: it was not part of what was applied last.")
        if verb is Verb.KEEP:
            fields = ()
        shown: tuple[FieldChange, ...] = ()
        folded: tuple[tuple[FieldChange, str], ...] = ()
    else:
        if key.kind == "Secret" and not key.group:
            found = tuple(
                FieldChange(change.path, masked(change.before), masked(change.after)) for change in found
            )
        shown, folded = fold(found, names)
        fields = _fields(shown[:MOST_FIELDS])
        summary = summary or _summary(verb, shown, folded)
    if not item.checked and not any("not checked" in note for note in notes):
        notes.append("The server could not check it yet.")
    return ObjectChange(
        id=anchor(key),
        key=str(key),
        kind=key.kind,
        name=rename.base if rename else key.name,
        namespace=key.namespace,
        verb=str(verb),
        mark=MARKS[verb],
        summary=summary,
        sentence=_SENTENCES.get(verb, ""),
        fields=fields,
        more=max(0, len(shown) - MOST_FIELDS),
        folded=tuple(Folded(joined(steps(change.path)), why, runs_of(change)) for change, why in folded),
        taken_over=tuple((joined(steps(path)), manager) for path, manager in item.taken_over),
        notes=tuple(_sentence(note) for note in notes),
    )


def runs_of(change: FieldChange) -> tuple[Run, ...]:
    """One field's lines, each beginning with the field's own name."""
    _, leaf = parent_and_leaf(change.path)
    if not leaf:
        whole = _lean(change.after if change.after is not None else change.before)
        lines = list(yaml_lines(whole))
        return added(lines) if change.before is None else removed(lines)
    before, after = (
        list(_named(leaf, value)) if value is not None else [] for value in (change.before, change.after)
    )
    return compare_lines(before, after)


def _fields(shown: tuple[FieldChange, ...]) -> tuple[Field, ...]:
    found, last = [], None
    for change in shown:
        parent, _ = parent_and_leaf(change.path)
        head = _WHOLE if not change.path else parent
        found.append(Field("" if head == last else head, runs_of(change)))
        last = head
    return tuple(found)


def _named(leaf: str, value: Any) -> list[str]:
    if leaf.startswith("["):
        return list(yaml_lines([value]))
    return list(yaml_lines({leaf: value}))


def _content(before: Manifest | None, after: Manifest | None) -> tuple[FieldChange, ...]:
    """Of the same object under two names."""
    return tuple(
        change
        for change in changes(before, after)
        if change.path != "metadata.name" and not change.path.startswith('metadata.annotations."slipway.dev/')
    )


def _lean(manifest: Any) -> Any:
    """Without what says the same of every object that Slipway applies."""
    if not isinstance(manifest, dict) or "metadata" not in manifest:
        return manifest
    clean = normalised(manifest)
    metadata = clean["metadata"]
    kept = {
        name: value
        for name, value in (metadata.get("annotations") or {}).items()
        if not name.startswith("slipway.dev/")
    }
    metadata.pop("annotations", None)
    if kept:
        metadata["annotations"] = kept
    return clean


def masked(value: Any) -> Any:
    """Equal marks are equal values; more is not told, and more need not be read."""
    if isinstance(value, dict):
        return {name: masked(inner) for name, inner in value.items()}
    if isinstance(value, str) and value.startswith(_DIGEST):
        return f"secret:{value.removeprefix(_DIGEST)[:8]}"
    return value


def _summary(verb: Verb, found: tuple[FieldChange, ...], folded: tuple[tuple[FieldChange, str], ...]) -> str:
    """An image says more than a number of fields, and a reason more than none."""
    if verb not in {Verb.CHANGE, Verb.REPLACE}:
        return ""
    images = list(image_changes(found))
    moves = list(dict.fromkeys(image_move(change.before, change.after) for change in images))
    if len(moves) == 1 and len(moves[0]) < 60:
        rest = len(found) - len(images)
        return moves[0] + (f" · {count(rest, 'field')} more" if rest else "")
    if found:
        return count(len(found), "field")
    return folded[0][1] if folded else "no field"


def _sentence(note: str) -> str:
    text = capital(note)
    return text if text.endswith((".", "!", "?")) else f"{text}."
