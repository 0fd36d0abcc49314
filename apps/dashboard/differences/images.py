"""An image that moves on, in the few characters that tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from slipway.engine.diff import FieldChange
from slipway.engine.manifests.images import ImageReference
from slipway.engine.plans import PlannedObject

_SHORT = 12


def image_changes(changes: Iterable[FieldChange]) -> Iterator[FieldChange]:
    for change in changes:
        if (
            change.path.endswith(".image")
            and isinstance(change.before, str)
            and isinstance(change.after, str)
        ):
            yield change


def image_move(before: str, after: str) -> str:
    """ "v0.10.5 → v0.10.6"; with the repository where it is another one."""
    old, new = ImageReference.parse(before), ImageReference.parse(after)
    if old.repository != new.repository:
        return f"{_named(old)} → {_named(new)}"
    if old.tag != new.tag:
        return f"{_which(old)} → {_which(new)}"
    one, other = (image.digest.removeprefix("sha256:")[:_SHORT] or "no digest" for image in (old, new))
    return f"{new.tag + ' ' if new.tag else ''}{one} → {other}"


def image_moves(objects: Iterable[PlannedObject]) -> list[tuple[str, int]]:
    """The moves of a whole plan, each with how many containers make it, most first."""
    found: Counter[str] = Counter()
    for item in objects:
        found.update(image_move(change.before, change.after) for change in image_changes(item.changes))
    return found.most_common()


def images_in(value: Any) -> Iterator[str]:
    """Every image that a value names, wherever its containers stand."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "image" and isinstance(inner, str):
                yield inner
            else:
                yield from images_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from images_in(inner)


def _named(image: ImageReference) -> str:
    return f"{image.repository.rpartition('/')[2]}:{_which(image)}"


def _which(image: ImageReference) -> str:
    return image.tag or image.digest.removeprefix("sha256:")[:_SHORT] or "latest"
