"""When something may begin, by the clock on a wall. Pure: the zone is handed in, daylight saving comes with it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta, tzinfo

_MINUTE = timedelta(minutes=1)
_LONGEST_GAP = 180  # minutes that a clock was ever put forward by, and some


def next_open(days: Collection[int], opens: int, closes: int, zone: tzinfo, now: datetime) -> datetime | None:
    """None: it is open. Else the next moment, in UTC, at which it opens.

    `days` are weekdays, 0 is Monday; `opens` < `closes` are minutes of the day there, 1440 its end. What the wall's
    clock leaves out in spring opens with the first moment after; what it shows twice in autumn is open twice.
    """
    here = now.astimezone(zone)
    if here.weekday() in days and opens <= here.hour * 60 + here.minute < closes:
        return None
    for ahead in range(9):
        day = here.date() + timedelta(days=ahead)
        if day.weekday() in days:
            for moment in _moments(day, opens, zone):
                if moment > now:
                    return moment
    raise ValueError("There is no day on which it opens.")


def _moments(day: date, minutes: int, zone: tzinfo) -> list[datetime]:
    """When the wall's clock shows it: once, twice, or, where it is left out, the first moment after."""
    wall = datetime.combine(day, time(minutes // 60, minutes % 60))
    seen = sorted({wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)})
    shown = [moment for moment in seen if moment.astimezone(zone).replace(tzinfo=None, fold=0) == wall]
    if shown:
        return shown
    moment = seen[0]
    for _ in range(_LONGEST_GAP):
        if moment.astimezone(zone).replace(tzinfo=None, fold=0) >= wall:
            break
        moment += _MINUTE
    return [moment]
