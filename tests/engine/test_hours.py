"""Business hours by the clock on the wall, in spring and in autumn too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.engine.hours import next_open

BERLIN = ZoneInfo("Europe/Berlin")
WEEKDAYS = (0, 1, 2, 3, 4)
SUNDAY = (6,)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "opens", "closes", "now", "expected"),
    [
        (WEEKDAYS, 540, 1020, "2026-11-24 08:00", None),  # Tuesday 09:00 in Berlin
        (WEEKDAYS, 540, 1020, "2026-11-24 07:59:59", "2026-11-24 08:00"),
        (WEEKDAYS, 540, 1020, "2026-11-24 15:59:59", None),
        (WEEKDAYS, 540, 1020, "2026-11-24 16:00", "2026-11-25 08:00"),  # 17:00 is closed
        (WEEKDAYS, 540, 1020, "2026-11-27 16:00", "2026-11-30 08:00"),  # over the weekend
        (WEEKDAYS, 540, 1020, "2026-03-27 16:00", "2026-03-30 07:00"),  # and over the change to summer
        (WEEKDAYS, 540, 1020, "2026-10-23 15:00", "2026-10-26 08:00"),  # and over the one back
        ((0,), 0, 1440, "2026-11-23 23:00", "2026-11-29 23:00"),  # all of Monday; it ended this moment
        ((0,), 0, 1440, "2026-11-23 22:59:59", None),
        # 02:30 is left out on 29 March: it opens when the clock jumps from 02:00 to 03:00.
        (SUNDAY, 150, 300, "2026-03-29 00:59:59", "2026-03-29 01:00"),
        (SUNDAY, 150, 300, "2026-03-29 01:00", None),
        # 02:30 is shown twice on 25 October, and in between the clock is back at 02:00.
        (SUNDAY, 150, 300, "2026-10-25 00:00", "2026-10-25 00:30"),
        (SUNDAY, 150, 300, "2026-10-25 00:59", None),
        (SUNDAY, 150, 300, "2026-10-25 01:00", "2026-10-25 01:30"),
        (SUNDAY, 150, 300, "2026-10-25 01:30", None),
    ],
)
def test_it_is_open_or_says_when_next(
    days: tuple[int, ...], opens: int, closes: int, now: str, expected: str | None
) -> None:
    found = next_open(days, opens, closes, BERLIN, at(now))
    assert found == (at(expected) if expected else None)


@given(
    days=st.sets(st.integers(0, 6), min_size=1),
    hours=st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda pair: pair[0] < pair[1]),
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]),
    now=st.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001 - hypothesis adds no zone
)
def test_what_it_names_is_later_and_open_and_the_minute_before_is_not(
    days: set[int], hours: tuple[int, int], zone: str, now: datetime
) -> None:
    place, moment = ZoneInfo(zone), now.replace(tzinfo=UTC)
    found = next_open(days, *hours, place, moment)
    if found is None:
        return
    assert moment < found <= moment + timedelta(days=8, hours=3)
    if found.astimezone(place).weekday() not in days or hours[1] - hours[0] < 60:
        return  # hours that lie wholly in what the clock left out
    assert next_open(days, *hours, place, found) is None
    before = found - timedelta(minutes=1)
    if before > moment:
        assert next_open(days, *hours, place, before) == found


def test_no_day_at_all_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no day"):
        next_open((), 0, 1440, BERLIN, at("2026-11-24 08:00"))
