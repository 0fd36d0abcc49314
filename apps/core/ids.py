"""UUIDv7 in Python: PostgreSQL has it only from 18 on, and a rollout's id places its events in a partition."""

from __future__ import annotations

import os
import time
from uuid import UUID


def uuid7(*, milliseconds: int | None = None) -> UUID:
    """Time-ordered (RFC 9562). `milliseconds` since the epoch, default now."""
    moment = time.time_ns() // 1_000_000 if milliseconds is None else milliseconds
    random = int.from_bytes(os.urandom(10), "big")
    value = (moment & ((1 << 48) - 1)) << 80
    value |= 0x7 << 76
    value |= ((random >> 68) & 0xFFF) << 64
    value |= 0b10 << 62
    value |= random & ((1 << 62) - 1)
    return UUID(int=value)


def floor_of_month(year: int, month: int) -> UUID:
    """The smallest value that sorts before every UUIDv7 made in or after that UTC month."""
    import calendar

    milliseconds = calendar.timegm((year, month, 1, 0, 0, 0)) * 1000
    return UUID(int=milliseconds << 80)
