"""Plays the broker and its workers in this process: messages are taken in order and carried out one after the other."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apps.core import scopes
from apps.rollouts.models import Rollout


@dataclass(frozen=True, slots=True)
class Message:
    task: str
    arguments: dict[str, Any]
    queue: str | None
    eta: datetime | None


@dataclass
class Driver:
    """A message with a time of its own comes as soon as nothing else is there: as a watch would bring it early."""

    queue: deque[Message] = field(default_factory=deque)
    sent: list[Message] = field(default_factory=list)
    broker_is_away: bool = False

    def take(self, task: str, arguments: dict[str, Any], queue: str | None, eta: datetime | None) -> None:
        if self.broker_is_away:
            raise ConnectionError("no broker")
        message = Message(task, arguments, queue, eta)
        self.sent.append(message)
        self.queue.append(message)

    def step(self) -> bool:
        """Carries out one message. False: there was none."""
        from slipway.celery import app

        if not self.queue:
            return False
        index = next((i for i, message in enumerate(self.queue) if message.eta is None), 0)
        message = self.queue[index]
        del self.queue[index]
        app.tasks[message.task](**message.arguments)
        return True

    def drain(self, most: int = 200) -> int:
        """Everything that is due now. Answers how many."""
        for count in range(most):
            if not any(message.eta is None for message in self.queue):
                return count
            self.step()
        raise AssertionError(f"more than {most} messages: {[message.task for message in self.sent][-20:]}")

    def until(self, done: Callable[[], Any], *, seconds: float = 30.0, what: str = "") -> Any:
        """Works until `done()` answers something true."""
        end = time.monotonic() + seconds
        while True:
            self.drain()
            if found := done():
                return found
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds} s: {what or done}; queue: {list(self.queue)}")
            time.sleep(0.05)
            self.step()


def of(rollout: Rollout) -> Rollout:
    """As it stands in the database now."""
    with scopes.organization(rollout.organization_id):
        found: Rollout = Rollout.objects.select_related(
            "release", "from_release", "target", "environment", "application", "way_back_release", "undoes"
        ).get(id=rollout.id)
        return found
