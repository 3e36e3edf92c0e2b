"""Labels on a stretch of time, on Berlin's wall clock."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from automate.render.axis import clock, clock_changes, ticks

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3600


@pytest.fixture(autouse=True)
def _berlin(host_zone: Callable[[str], None]) -> None:
    host_zone("Europe/Berlin")


def at(year, month, day, hour=0, minute=0, second=0):
    return datetime(year, month, day, hour, minute, second, tzinfo=BERLIN).timestamp()


def labels(start, hours, room):
    return [tick.label for tick in ticks(start, start + hours * HOUR, room)]


@pytest.mark.parametrize(
    ("hours", "room", "expected"),
    [
        (24, 28, ["11-21", "06:00", "12:00", "18:00"]),
        (24, 48, ["11-21", "04:00", "08:00", "12:00", "16:00", "20:00"]),
        (24, 7, ["11-21"]),
        (24, 1, ["11-21"]),
        (1, 30, ["11-21", "00:15", "00:30", "00:45"]),
        (96, 30, ["11-21", "11-22", "11-23", "11-24"]),
        (0.05, 96, ["11-21", "00:01", "00:02"]),
    ],
)
def test_as_many_labels_as_fit(hours: float, room: int, expected: list[str]) -> None:
    assert labels(at(2026, 11, 21), hours, room) == expected


def test_labels_stand_at_full_hours_of_the_wall_clock() -> None:
    start = at(2026, 11, 21, 10, 17)
    assert [((tick.at - start) / 60, tick.label) for tick in ticks(start, start + 6 * HOUR, 21)] == [
        (103, "12:00"), (223, "14:00"), (343, "16:00")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("day", "hours", "expected"),
    [
        ((2027, 3, 28), 23, ["03-28", "04:00", "08:00", "12:00", "16:00", "20:00"]),
        ((2027, 10, 31), 25, ["10-31", "04:00", "08:00", "12:00", "16:00", "20:00"]),
    ],
)
def test_labels_on_days_that_are_no_24_hours(day: tuple[int, int, int], hours: int, expected: list[str]) -> None:
    assert labels(at(*day), hours, 50) == expected


@pytest.mark.parametrize(
    ("day", "hours", "expected"),
    [
        ((2027, 3, 28), 23, [((2027, 3, 28, 3), "the clock goes from 02:00 to 03:00")]),
        ((2026, 11, 21), 24, []),
        ((2027, 3, 28, 1, 30), 0.5, []),
        ((2027, 3, 28, 1, 30), 0.75, [((2027, 3, 28, 3), "the clock goes from 02:00 to 03:00")]),
    ],
)
def test_clock_changes(day: tuple[Any, ...], hours: float, expected: list[tuple[tuple[Any, ...], str]]) -> None:
    start = at(*day)
    assert clock_changes(start, start + hours * HOUR) == [(at(*when), text) for when, text in expected]


def test_the_clock_goes_back() -> None:
    [change] = clock_changes(at(2027, 10, 31), at(2027, 11, 1))
    assert change.label == "the clock goes back from 03:00 to 02:00"
    assert change.at == datetime(2027, 10, 31, 2, fold=1, tzinfo=BERLIN).timestamp()


def test_seconds_are_told_where_there_are_some() -> None:
    assert clock(at(2026, 11, 21, 2)) == "02:00"
    assert clock(at(2026, 11, 21, 2, 0, 5)) == "02:00:05"
    assert clock(at(2026, 11, 21, 2), day=True) == "2026-11-21 02:00"
