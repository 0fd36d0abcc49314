"""Work queues as controllers have them: an object is queued once, looked at soon, and again after its own time."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence

from slipway.sandbox.controllers.control import Controller
from slipway.sandbox.store import Key, Manifest, StaleVersion, Store

log = logging.getLogger(__name__)

_FIRST_WAIT = 0.05
_LONGEST_WAIT = 30.0
_Item = tuple[Controller, Key]


class Queue:
    def __init__(self, store: Store, controllers: Sequence[Controller]) -> None:
        self._store = store
        self._controllers = tuple(controllers)
        self._waiting: deque[_Item] = deque()
        self._queued: set[tuple[str, Key]] = set()
        self._timers: dict[tuple[str, Key], asyncio.TimerHandle] = {}
        self._failures: dict[tuple[str, Key], int] = {}
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled. Whatever is in the store at the start is looked at once."""
        unsubscribe = self._store.subscribe(self._follow)
        try:
            for gk in self._store.kinds():
                for obj in self._store.list(gk):
                    self._follow("ADDED", obj)
            while True:
                while self._waiting:
                    controller, key = self._waiting.popleft()
                    self._queued.discard((controller.name, key))
                    self._reconcile(controller, key)
                    await asyncio.sleep(0)  # the API answers between two of them
                self._wake.clear()
                await self._wake.wait()
        finally:
            unsubscribe()
            for timer in self._timers.values():
                timer.cancel()

    def _follow(self, change: str, obj: Manifest) -> None:
        for controller in self._controllers:
            try:
                keys = tuple(controller.concerns(change, obj))
            except Exception:
                log.exception("%s does not understand %s", controller.name, obj["metadata"].get("name"))
                continue
            for key in keys:
                self.add(controller, key)

    def add(self, controller: Controller, key: Key) -> None:
        mark = (controller.name, key)
        if mark not in self._queued:
            self._queued.add(mark)
            self._waiting.append((controller, key))
            self._wake.set()

    def _reconcile(self, controller: Controller, key: Key) -> None:
        mark = (controller.name, key)
        if timer := self._timers.pop(mark, None):
            timer.cancel()
        try:
            again = controller.reconcile(*key)
        except StaleVersion:
            again = _FIRST_WAIT
        except Exception:
            count = self._failures[mark] = self._failures.get(mark, 0) + 1
            again = min(_FIRST_WAIT * 2**count, _LONGEST_WAIT)
            log.exception("%s failed on %s/%s; again in %.1f s", controller.name, *key, again)
        else:
            self._failures.pop(mark, None)
        if again is not None:
            loop = asyncio.get_running_loop()
            self._timers[mark] = loop.call_later(max(again, 0.0), self.add, controller, key)
