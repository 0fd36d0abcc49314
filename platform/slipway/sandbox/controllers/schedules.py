"""Cron expressions, as far as CronJobs use them. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

_NAMED = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 6))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class Schedule:
    def __init__(self, text: str) -> None:
        """Raises ValueError for what is no schedule."""
        parts = _NAMED.get(text.strip(), text).split()
        if len(parts) != 5:
            raise ValueError(f"a schedule has five fields: {text}")
        self._minutes, self._hours, self._days, self._months, self._weekdays = (
            _field(part, *bounds) for part, bounds in zip(parts, _RANGES, strict=True)
        )
        self._any_day, self._any_weekday = parts[2] == "*", parts[4] == "*"

    def is_due(self, minute: datetime) -> bool:
        if minute.minute not in self._minutes or minute.hour not in self._hours:
            return False
        if minute.month not in self._months:
            return False
        day, weekday = minute.day in self._days, (minute.isoweekday() % 7) in self._weekdays
        # cron's own rule: where both are restricted, either will do
        if not self._any_day and not self._any_weekday:
            return day or weekday
        return day and weekday

    def last_before(self, now: datetime, *, not_before: datetime) -> datetime | None:
        """The newest due minute of (not_before, now]; looks back a day at most."""
        minute = now.replace(second=0, microsecond=0)
        end = max(not_before, now - timedelta(days=1))
        while minute > end:
            if self.is_due(minute):
                return minute
            minute -= timedelta(minutes=1)
        return None


def _field(text: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for part in text.lower().split(","):
        span, _, step = part.partition("/")
        first, dash, last = span.partition("-")
        if span in ("*", "?"):
            start, end = low, high
        else:
            start = _number(first)
            end = _number(last) if dash else (high if step else start)
        if high == 6 and end == 7:  # Sunday by its other number
            found.add(0)
            end = 6
            start = min(start, 6) if dash else 7
        if not (low <= start <= high + 1 and end <= high):
            raise ValueError(f"{text} is out of its range {low}-{high}")
        found.update(range(start, end + 1, int(step or 1)))
    return frozenset(found)


def _number(text: str) -> int:
    for names, first in ((_MONTHS, 1), (_DAYS, 0)):
        if text[:3] in names:
            return names.index(text[:3]) + first
    return int(text)
