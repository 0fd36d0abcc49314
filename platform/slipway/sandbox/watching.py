"""WATCH: changes of one collection as they come, resumable by resourceVersion."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from typing import Any

from slipway.sandbox.errors import ApiError, bad_request
from slipway.sandbox.requests import Target
from slipway.sandbox.selectors import Matches
from slipway.sandbox.store import Change, Gone, GroupKind, Manifest, Store, group_kind
from slipway.sandbox.versions import shown_as

BOOKMARK_SECONDS = 30.0
LONGEST_SECONDS = 3_600.0

Show = Callable[[Manifest], Manifest]


class Watches:
    """One subscription to the store wakes every watch of the kind that changed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[GroupKind, set[asyncio.Event]] = defaultdict(set)
        self._ending = False
        store.subscribe(self._wake)

    def _wake(self, _kind: str, obj: Manifest) -> None:
        for event in self._waiting.get(group_kind(obj), ()):
            event.set()

    def end(self) -> None:
        """Let every watch finish, so that the server can stop."""
        self._ending = True
        for waiting in self._waiting.values():
            for event in waiting:
                event.set()

    async def watch(
        self, target: Target, matches: Matches | None, query: dict[str, str], show: Show
    ) -> AsyncIterator[bytes]:
        store, gk = self._store, target.kind.key
        bookmarks = query.get("allowWatchBookmarks") in ("true", "1")
        initial = query.get("sendInitialEvents") in ("true", "1")
        asked = query.get("resourceVersion", "")
        from_start = asked in ("", "0") or initial
        seconds = min(float(query.get("timeoutSeconds") or LONGEST_SECONDS), LONGEST_SECONDS)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        next_bookmark = loop.time() + BOOKMARK_SECONDS
        position = store.version if from_start else _version(asked)
        changed = asyncio.Event()
        self._waiting[gk].add(changed)
        try:
            if from_start:
                for obj in store.list(gk, target.namespace):
                    if matches is None or matches(obj):
                        yield _line("ADDED", show(shown_as(obj, target.kind, target.version)))
            if initial and bookmarks:
                yield _line("BOOKMARK", _bookmark(target, position, ended=True))
            while not self._ending:
                changed.clear()
                try:
                    changes = store.changes_since(gk, position)
                except Gone as gone:
                    yield _line("ERROR", ApiError(410, "Expired", str(gone)).status())
                    return
                lines = [line for change in changes if (line := _told(change, target, matches, show))]
                position = store.version if not changes else max(changes[-1].version, position)
                if lines:
                    yield b"".join(lines)
                    continue
                wake_at = min(deadline, next_bookmark)
                try:
                    await asyncio.wait_for(changed.wait(), wake_at - loop.time())
                except TimeoutError:
                    if bookmarks:
                        yield _line("BOOKMARK", _bookmark(target, position))
                    next_bookmark = loop.time() + BOOKMARK_SECONDS
                    if loop.time() >= deadline:
                        return
        finally:
            self._waiting[gk].discard(changed)


def _version(text: str) -> int:
    if not text.isdigit():
        raise bad_request(f'Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax')
    return int(text)


def _told(change: Change, target: Target, matches: Matches | None, show: Show) -> bytes:
    """An object that a selector begins or ceases to match comes or goes, whatever really happened to it."""
    obj = change.object
    if target.namespace and obj["metadata"].get("namespace") != target.namespace:
        return b""
    kind: str = change.kind
    if matches is not None:
        before = change.previous is not None and matches(change.previous)
        after = change.kind != "DELETED" and matches(obj)
        if not before and not after:
            return b""
        kind = "MODIFIED" if before and after else "ADDED" if after else "DELETED"
    return _line(kind, show(shown_as(obj, target.kind, target.version)))


def _line(kind: str, obj: Any) -> bytes:
    return json.dumps({"type": kind, "object": obj}, separators=(",", ":")).encode() + b"\n"


def _bookmark(target: Target, version: int, *, ended: bool = False) -> Manifest:
    metadata: dict[str, Any] = {"resourceVersion": str(version), "creationTimestamp": None}
    if ended:
        metadata["annotations"] = {"k8s.io/initial-events-end": "true"}
    return {"kind": target.kind.kind, "apiVersion": target.api_version, "metadata": metadata}
