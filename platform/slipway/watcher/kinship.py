"""Whose pod is it? The little that is kept of each object in the targets' namespaces: identity, owners, version."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from slipway.engine.objects import Manifest, ObjectKey, owner_uids, resource_version_of, uid_of
from slipway.watcher.interests import Interest

MOST_OBJECTS = 200_000  # some 100 MB; beyond it the rest of the cluster is left to polling
_DEEPEST = 8


@dataclass(slots=True)
class Known:
    key: ObjectKey
    owners: frozenset[str]
    version: str
    content: str  # changes when somebody changes the object, not when a controller writes its status
    root: ObjectKey | None = None  # found once, kept: at a deletion the ancestors may be gone already
    target: UUID | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Something moved below `key`, an object of `target`. `edited`: the object itself, by more than its status."""

    target: UUID
    key: ObjectKey
    edited: bool = False
    pod: Manifest | None = None  # what moved, where it is a pod that was seen whole
    gone: str = ""  # the uid of a pod that is no more


class Kinship:
    """One shard's. Its streams write from threads of their own."""

    def __init__(self, interest: Callable[[], Interest]) -> None:
        self._interest = interest
        self._known: dict[str, Known] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._known)

    def seen(self, live: Manifest, key: ObjectKey, *, gone: bool = False) -> list[Change]:
        """What an event of a watch means. Nothing for an object that concerns no target."""
        with self._lock:
            return self._take(live, key, gone=gone)

    def listed(
        self, items: Iterable[tuple[Manifest, ObjectKey]], *, inside: Callable[[ObjectKey], bool]
    ) -> list[Change]:
        """A whole listing of what `inside` describes: only what differs from what is known counts as a change."""
        changes: list[Change] = []
        with self._lock:
            there: set[str] = set()
            for live, key in items:
                uid = uid_of(live)
                there.add(uid)
                known = self._known.get(uid)
                if known is None or known.version != resource_version_of(live):
                    changes += self._take(live, key)
            missing = [uid for uid, known in self._known.items() if uid not in there and inside(known.key)]
            for uid in missing:
                known = self._known.pop(uid)
                changes += self._change(known, edited=True)
        return changes

    def about(self, uid: str, key: ObjectKey) -> list[Change]:
        """An Event about an object: a change of it, if we know whose it is."""
        with self._lock:
            known = self._known.get(uid)
            if known is not None:
                return self._change(known, edited=False)
            target = self._interest().keys.get(key)
            return [Change(target, key)] if target is not None else []

    def _take(self, live: Manifest, key: ObjectKey, *, gone: bool = False) -> list[Change]:
        uid = uid_of(live)
        before = self._known.get(uid)
        interest = self._interest()
        target = interest.target_of(live, key)
        if target is None and (key.namespace not in interest.namespaces or not (owners := owner_uids(live))):
            self._known.pop(uid, None)
            return []
        now = Known(
            key=key,
            owners=frozenset() if target is not None else owners,
            version=resource_version_of(live),
            content=_content(live),
            root=key if target is not None else before.root if before else None,
            target=target if target is not None else before.target if before else None,
        )
        if gone:
            self._known.pop(uid, None)
        elif before is not None or len(self._known) < MOST_OBJECTS:
            self._known[uid] = now
        edited = target is not None and (gone or before is None or before.content != now.content)
        return self._change(now, edited=edited)

    def _change(self, known: Known, *, edited: bool) -> list[Change]:
        if known.root is None:
            self._find_root(known)
        if known.root is None or known.target is None:
            # Its owner's own event has not come yet; when it does, that one wakes the rollout.
            return []
        return [Change(known.target, known.root, edited=edited and known.root == known.key)]

    def _find_root(self, known: Known) -> None:
        seen: set[str] = set()
        row = list(known.owners)
        for _ in range(_DEEPEST):
            following: list[str] = []
            for uid in row:
                owner = self._known.get(uid)
                if owner is None or uid in seen:
                    continue
                seen.add(uid)
                if owner.root is not None:
                    known.root, known.target = owner.root, owner.target
                    return
                following += owner.owners
            row = following


# Written by controllers, as often as they like.
_NOT_CONTENT = (
    "deployment.kubernetes.io/",
    "autoscaling.alpha.kubernetes.io/",
    "control-plane.alpha.kubernetes.io/",
)
_STATUS_ONLY = frozenset({"Pod", "HorizontalPodAutoscaler", "PersistentVolumeClaim", "Namespace", "Event"})


def _content(live: Manifest) -> str:
    """`generation` counts changes of the spec. Kinds without one have either no status, so that every version is a
    change, or are told by their labels and annotations alone."""
    metadata: Mapping[str, object] = live.get("metadata") or {}
    marks = {
        name: value
        for name, value in sorted(
            {**_mapping(metadata, "labels"), **_mapping(metadata, "annotations")}.items()
        )
        if not name.startswith(_NOT_CONTENT)
    }
    spec = metadata.get("generation") or (
        "" if live.get("kind") in _STATUS_ONLY else metadata.get("resourceVersion", "")
    )
    return f"{spec} {metadata.get('deletionTimestamp', '')} {hash(tuple(marks.items()))}"


def _mapping(metadata: Mapping[str, object], name: str) -> dict[str, str]:
    value = metadata.get(name)
    return dict(value) if isinstance(value, dict) else {}
