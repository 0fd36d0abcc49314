"""Many changes become few calls: a Deployment of three pods moves some forty times while it rolls."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from slipway.engine.objects import Manifest, ObjectKey, uid_of
from slipway.watcher.kinship import Change

FIRST_SECONDS = 0.02  # a change drags others along; the first is not held up for longer than this
APART_SECONDS = 0.1  # between two calls about one target


@dataclass(slots=True)
class Gathered:
    """What moved on one target since the last call."""

    due: float
    keys: set[ObjectKey] = field(default_factory=set)
    edited: set[ObjectKey] = field(default_factory=set)
    pods: dict[str, Manifest] = field(default_factory=dict)  # uid → as it was told last
    gone: set[str] = field(default_factory=set)

    def add(self, change: Change) -> None:
        self.keys.add(change.key)
        if change.edited:
            self.edited.add(change.key)
        if change.pod is not None:
            self.pods[uid_of(change.pod)] = change.pod
        if change.gone:
            self.pods.pop(change.gone, None)
            self.gone.add(change.gone)


Deliver = Callable[[UUID, Mapping[UUID, Gathered]], None]
"""(cluster, what moved by target)"""


class Gatherer:
    """One thread of the process: streams only put things down here and never wait for the database."""

    def __init__(
        self,
        deliver: Deliver,
        *,
        first_seconds: float = FIRST_SECONDS,
        apart_seconds: float = APART_SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._deliver = deliver
        self._first, self._apart = first_seconds, apart_seconds
        self._now = now
        self._waiting: dict[tuple[UUID, UUID], Gathered] = {}
        self._last: dict[tuple[UUID, UUID], float] = {}
        self._condition = threading.Condition()
        self._ending = False

    def put(self, cluster_id: UUID, changes: Iterable[Change]) -> None:
        with self._condition:
            before = self._next_due()
            for change in changes:
                place = (cluster_id, change.target)
                gathered = self._waiting.get(place)
                if gathered is None:
                    now = self._now()
                    due = max(now + self._first, self._last.get(place, 0.0) + self._apart)
                    gathered = self._waiting[place] = Gathered(due)
                gathered.add(change)
            after = self._next_due()
            if after is not None and (before is None or after < before):
                self._condition.notify()

    def take_due(self) -> dict[UUID, dict[UUID, Gathered]]:
        """By cluster; marks them as called about now."""
        with self._condition:
            now = self._now()
            due = [place for place, gathered in self._waiting.items() if gathered.due <= now]
            found: dict[UUID, dict[UUID, Gathered]] = {}
            for place in due:
                found.setdefault(place[0], {})[place[1]] = self._waiting.pop(place)
                self._last[place] = now
            if len(self._last) > 10_000:
                self._last = {place: at for place, at in self._last.items() if now - at < self._apart}
        return found

    def run(self) -> None:
        """The thread's body; ends after `end`, with nothing left behind."""
        while True:
            with self._condition:
                while not self._ending and (wait := self._wait_seconds()) != 0.0:
                    self._condition.wait(wait)
                if self._ending and not self._waiting:
                    return
                if self._ending:
                    for gathered in self._waiting.values():
                        gathered.due = 0.0
            for cluster_id, moved in self.take_due().items():
                self._deliver(cluster_id, moved)

    def end(self) -> None:
        with self._condition:
            self._ending = True
            self._condition.notify()

    def _next_due(self) -> float | None:
        return min((gathered.due for gathered in self._waiting.values()), default=None)

    def _wait_seconds(self) -> float | None:
        """0: something is due. None: nothing waits."""
        due = self._next_due()
        return None if due is None else max(0.0, due - self._now())
