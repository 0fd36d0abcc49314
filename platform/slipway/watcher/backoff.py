from __future__ import annotations

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class Backoff:
    """0.25 s, 0.5 s, 1 s … 15 s, each shortened by up to a half: a cluster that comes back is not met by all at once."""

    first_seconds: float = 0.25
    most_seconds: float = 15.0
    failures: int = 0
    _random: random.Random = field(default_factory=random.Random)

    def next_seconds(self) -> float:
        whole = min(self.most_seconds, self.first_seconds * 2.0 ** min(self.failures, 30))
        self.failures += 1
        return whole * (1.0 - self._random.random() / 2.0)

    def forget(self) -> None:
        self.failures = 0
