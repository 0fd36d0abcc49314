"""What is worth knowing before one decides on a plan: plain facts, one sentence each, with the numbers.

Worst first. What is said is in the plan, or in what was applied before; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from apps.dashboard.differences.images import images_in
from apps.dashboard.differences.renames import Rename, base_name
from apps.dashboard.differences.weakening import weaker
from apps.dashboard.marks import Mark
from apps.dashboard.words import count
from slipway.engine.manifests.images import ImageReference
from slipway.engine.plans import Plan, PlannedObject, Verb

_HOLDS_DATA = frozenset({"PersistentVolumeClaim", "PersistentVolume", "Namespace", "StatefulSet"})
_PERMISSIONS = frozenset({"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ServiceAccount"})
_TRAFFIC = frozenset({"Service", "Ingress", "HTTPRoute", "GRPCRoute", "NetworkPolicy", "VirtualService"})
_CLUSTER_WIDE = frozenset(
    {"CustomResourceDefinition", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"}
)
_MOST_NAMED = 3

BAD, CAREFUL, GOOD = "errored", "waiting", "healthy"
_MARKS = {
    BAD: Mark("errored", "look at this"),
    CAREFUL: Mark("waiting", "worth knowing"),
    GOOD: Mark("healthy", "good"),
}


@dataclass(frozen=True, slots=True)
class Fact:
    look: str
    sentence: str

    @property
    def mark(self) -> Mark:
        return _MARKS[self.look]


@dataclass(frozen=True, slots=True)
class Setting:
    """What is known around the plan."""

    first_here: bool = False
    environment: str = ""


def facts(plan: Plan, setting: Setting, renamed: Sequence[Rename] = ()) -> tuple[Fact, ...]:
    moved = {rename.before for rename in renamed}
    objects = [item for item in plan.objects if item.key not in moved or item.verb is not Verb.PRUNE]
    found = [
        *_refused(plan),
        *_deleted(objects),
        *_taken_over(objects),
        *_weakened(objects),
        *_configuration(objects, renamed),
        *_reach(objects),
        *_jobs(objects),
        *_images(objects),
        *_unchecked(objects),
        *_way_back(plan, setting),
        *_calm(objects),
    ]
    order = [BAD, CAREFUL, GOOD]
    return tuple(sorted(found, key=lambda fact: order.index(fact.look)))


def _weakened(objects: Iterable[PlannedObject]) -> Iterator[Fact]:
    for item in objects:
        if item.verb in {Verb.CHANGE, Verb.REPLACE}:
            for grave, sentence in weaker(item):
                yield Fact(BAD if grave else CAREFUL, sentence)


def _refused(plan: Plan) -> Iterator[Fact]:
    refused = [item for item in plan.objects if item.verb is Verb.REFUSE]
    if refused:
        yield Fact(
            BAD,
            f"{count(len(refused), 'object')} {_is(refused)} refused, so nothing can be applied: {_names(refused)}.",
        )
    for problem in plan.problems:
        yield Fact(BAD, problem if problem.endswith(".") else f"{problem}.")


def _deleted(objects: Sequence[PlannedObject]) -> Iterator[Fact]:
    gone = [item for item in objects if item.verb is Verb.PRUNE]
    if gone:
        data = [item for item in gone if item.key.kind in _HOLDS_DATA]
        warning = f" {_names(data)} may hold data." if data else ""
        yield Fact(BAD, f"{count(len(gone), 'object')} {_is(gone)} deleted: {_names(gone)}.{warning}")
    anew = [item for item in objects if item.verb is Verb.REPLACE]
    if anew:
        yield Fact(
            BAD,
            f"{count(len(anew), 'object')} {_is(anew)} deleted and made anew, not changed in place: {_names(anew)}.",
        )


def _taken_over(objects: Sequence[PlannedObject]) -> Iterator[Fact]:
    fields: dict[str, int] = {}
    where: dict[str, list[PlannedObject]] = {}
    for item in objects:
        for _, manager in item.taken_over:
            fields[manager] = fields.get(manager, 0) + 1
            if item not in where.setdefault(manager, []):
                where[manager].append(item)
    for manager, number in sorted(fields.items()):
        what = f"{count(number, 'field')} {'is' if number == 1 else 'are'} taken over from {manager}"
        yield Fact(CAREFUL, f"{what}: {_names(where[manager])}.")


def _configuration(objects: Sequence[PlannedObject], renamed: Sequence[Rename]) -> Iterator[Fact]:
    known = {rename.after for rename in renamed}
    for kind, words in (("Secret", "; values are never shown"), ("ConfigMap", "")):
        touched = [
            item
            for item in objects
            if item.key.kind == kind
            and not item.key.group
            and (item.verb in {Verb.CHANGE, Verb.REPLACE} or item.key in known)
        ]
        if touched:
            names = _listed([base_name(item.key) if item.key in known else item.key.name for item in touched])
            verb = "changes" if len(touched) == 1 else "change"
            yield Fact(CAREFUL, f"{count(len(touched), kind)} {verb}: {names}{words}.")


def _reach(objects: Sequence[PlannedObject]) -> Iterator[Fact]:
    for kinds, words in (
        (_CLUSTER_WIDE, "for the whole cluster"),
        (_PERMISSIONS, "in what may be done by it"),
        (_TRAFFIC, "in how traffic reaches it"),
    ):
        touched = [
            item
            for item in objects
            if item.key.kind in kinds and item.verb in {Verb.CHANGE, Verb.REPLACE, Verb.CREATE}
        ]
        touched = [item for item in touched if item.verb is not Verb.CREATE or kinds is _CLUSTER_WIDE]
        if touched:
            verb = "changes something" if len(touched) == 1 else "change something"
            yield Fact(CAREFUL, f"{_names(touched)} {verb} {words}.")


def _jobs(objects: Sequence[PlannedObject]) -> Iterator[Fact]:
    jobs = [item for item in objects if item.key.kind == "Job" and item.verb in {Verb.CREATE, Verb.REPLACE}]
    if jobs:
        verb = "runs, and is" if len(jobs) == 1 else "run, and are"
        yield Fact(CAREFUL, f"{count(len(jobs), 'Job')} {verb} not undone by going back: {_names(jobs)}.")


def _images(objects: Sequence[PlannedObject]) -> Iterator[Fact]:
    seen: dict[str, None] = {}
    for item in objects:
        if item.verb not in {Verb.CREATE, Verb.CHANGE, Verb.REPLACE}:
            continue
        for change in item.changes:
            if change.path.endswith(".image") and isinstance(change.after, str):
                seen[change.after] = None
            else:
                seen.update(dict.fromkeys(images_in(change.after)))
    loose = [text for text in seen if not ImageReference.parse(text).pinned]
    if loose:
        noun = "image is" if len(loose) == 1 else "images are"
        yield Fact(
            CAREFUL, f"{len(loose)} {noun} named by a tag alone, which can come to mean something else."
        )


def _unchecked(objects: Sequence[PlannedObject]) -> Iterator[Fact]:
    unchecked = [item for item in objects if not item.checked]
    if unchecked:
        yield Fact(
            CAREFUL,
            f"{count(len(unchecked), 'object')} could not be checked by the server yet: {_names(unchecked)}.",
        )


def _way_back(plan: Plan, setting: Setting) -> Iterator[Fact]:
    if setting.first_here:
        yield Fact(
            CAREFUL, f"This is the first release in {setting.environment}: there is nothing to go back to."
        )
    elif not plan.way_back_label:
        yield Fact(BAD, "There is no release to go back to by itself, should it fail.")


def _calm(objects: Sequence[PlannedObject]) -> Iterator[Fact]:
    """What one would look for and need not."""
    verbs = {item.verb for item in objects}
    kinds = {item.key.kind for item in objects if item.verb.writes}
    absent = [
        words
        for words, there in (
            ("nothing is deleted", bool(verbs & {Verb.PRUNE, Verb.REPLACE})),
            ("no Secret or ConfigMap changes", bool(kinds & {"Secret", "ConfigMap"})),
            ("no Job runs", "Job" in kinds),
        )
        if not there
    ]
    if absent:
        text = ", ".join(absent)
        yield Fact(GOOD, f"{text[:1].upper()}{text[1:]}.")


def _is(items: Sequence[PlannedObject]) -> str:
    return "is" if len(items) == 1 else "are"


def _names(items: Sequence[PlannedObject]) -> str:
    return _listed([item.key.label for item in items])


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - _MOST_NAMED
    if rest > 1:
        return f"{', '.join(names[:_MOST_NAMED])} and {rest} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
