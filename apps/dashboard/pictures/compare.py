"""Two releases side by side: manifests as they were rendered, images, configuration, and the commits between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from apps.core.problems import Problem
from apps.dashboard.differences.lines import Run, added, compare_lines, removed
from apps.dashboard.differences.writing import yaml_lines
from apps.dashboard.marks import Mark
from apps.dashboard.pictures.release import Image, images_of
from apps.dashboard.words import count
from apps.environments.models import Environment
from apps.releases.models import Release, ReleaseCommit, ReleaseIssue
from apps.releases.services.documents import read_documents
from apps.rollouts.services.concealing import Conceal
from slipway import wiring
from slipway.engine.diff import normalised
from slipway.engine.objects import Manifest, ObjectKey

MOST_ISSUES = 60
_WORDS = {
    "changed": Mark("progressing", "changed"),
    "added": Mark("healthy", "only in the second"),
    "removed": Mark("failed", "only in the first"),
}


@dataclass(frozen=True, slots=True)
class ObjectDifference:
    id: str
    kind: str
    name: str
    namespace: str
    mark: Mark
    summary: str
    runs: tuple[Run, ...]


@dataclass(frozen=True, slots=True)
class Manifests:
    environment: Environment
    objects: tuple[ObjectDifference, ...]
    same: int
    problem: str  # why one of the two could not be read

    @property
    def sentence(self) -> str:
        if self.problem:
            return self.problem
        if not self.objects:
            return f"No object differs; {count(self.same, 'object')} read the same."
        number = len(self.objects)
        return (
            f"{count(number, 'object')} {'differs' if number == 1 else 'differ'}, {self.same} read the same."
        )


@dataclass(frozen=True, slots=True)
class ImageDifference:
    repository: str
    before: Image | None
    after: Image | None

    @property
    def same(self) -> bool:
        return self.before == self.after


@dataclass(frozen=True, slots=True)
class SettingDifference:
    name: str
    before: Any
    after: Any
    was_there: bool
    is_there: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    before: Release
    after: Release
    sentence: str
    images: tuple[ImageDifference, ...]
    same_images: int
    settings: tuple[SettingDifference, ...]
    issues: tuple[str, ...]
    more_issues: int
    forward: bool  # False: the second is the older one, its commits are taken out


def comparison_of(before: Release, after: Release) -> Comparison:
    images, same = _images(images_of(before), images_of(after))
    forward = after.number >= before.number
    keys = list(
        ReleaseIssue.objects.filter(release__in=_between(before, after))
        .order_by("issue_key")
        .values_list("issue_key", flat=True)
        .distinct()
    )
    return Comparison(
        before=before,
        after=after,
        sentence=_sentence(before, after),
        images=images,
        same_images=same,
        settings=_settings(before.configuration or {}, after.configuration or {}),
        issues=tuple(keys[:MOST_ISSUES]),
        more_issues=max(0, len(keys) - MOST_ISSUES),
        forward=forward,
    )


def commits_between(before: Release, after: Release) -> QuerySet[ReleaseCommit]:
    """Newest first: what the newer of the two has and the older has not, within their line."""
    rows: QuerySet[ReleaseCommit] = ReleaseCommit.objects.filter(release__in=_between(before, after))
    return rows.select_related("release").order_by("-line_position", "position")


def manifests_between(before: Release, after: Release, environment: Environment) -> Manifests:
    """Secret values are digests on both sides, so that one sees that they differ and not what they are."""
    conceal = Conceal.of(before.organization_id)
    try:
        old, new = (_objects(release, environment, conceal) for release in (before, after))
    except Problem as problem:
        return Manifests(environment, (), 0, f"One of them cannot be read here: {problem.sentence}")
    found, same = [], 0
    for key in sorted(set(old) | set(new), key=lambda key: (key.kind, key.namespace, key.name)):
        one, other = old.get(key), new.get(key)
        if one == other:
            same += 1
        else:
            found.append(_difference(key, one, other))
    return Manifests(environment, tuple(found), same, "")


def _objects(release: Release, environment: Environment, conceal: Conceal) -> dict[ObjectKey, Manifest]:
    return {
        ObjectKey.of(document): conceal.object(wiring.redact(normalised(document)))
        for document in read_documents(release, environment)
    }


def _difference(key: ObjectKey, one: Manifest | None, other: Manifest | None) -> ObjectDifference:
    old = list(yaml_lines(one)) if one is not None else []
    new = list(yaml_lines(other)) if other is not None else []
    if one is None:
        state, runs = "added", added(new)
    elif other is None:
        state, runs = "removed", removed(old)
    else:
        state, runs = "changed", compare_lines(old, new)
    gone = sum(1 for run in runs for line in run.lines if line.side == "del")
    come = sum(1 for run in runs for line in run.lines if line.side == "add")
    return ObjectDifference(
        id="object-" + "".join(letter if letter.isalnum() else "-" for letter in str(key)),
        kind=key.kind,
        name=key.name,
        namespace=key.namespace,
        mark=_WORDS[state],
        summary=" ".join(part for part in (f"+{come}" if come else "", f"−{gone}" if gone else "") if part),
        runs=runs,
    )


def _images(old: Sequence[Image], new: Sequence[Image]) -> tuple[tuple[ImageDifference, ...], int]:
    before = {(image.repository, image.role): image for image in old}
    after = {(image.repository, image.role): image for image in new}
    pairs = [
        ImageDifference(key[0], before.get(key), after.get(key)) for key in sorted(set(before) | set(after))
    ]
    different = tuple(pair for pair in pairs if not pair.same)
    return different, len(pairs) - len(different)


def _settings(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[SettingDifference, ...]:
    return tuple(
        SettingDifference(name, old.get(name), new.get(name), name in old, name in new)
        for name in sorted(set(old) | set(new))
        if old.get(name) != new.get(name) or (name in old) != (name in new)
    )


def _between(before: Release, after: Release) -> QuerySet[Release]:
    low, high = sorted((before, after), key=lambda release: release.line_position)
    rows: QuerySet[Release] = Release.objects.filter(
        application_id=before.application_id,
        line=high.line,
        line_position__gt=low.line_position,
        line_position__lte=high.line_position,
    )
    return rows.only("id")


def _sentence(before: Release, after: Release) -> str:
    if before.id == after.id:
        return f"{before.version} is compared with itself."
    between = abs(after.number - before.number)
    direction = "later" if after.number > before.number else "earlier"
    return f"{after.version} is {count(between, 'release')} {direction} than {before.version}."
