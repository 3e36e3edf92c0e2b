"""A stretch of time as an axis: where its labels stand, and where the wall clock is changed. The zone is the host's."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from math import ceil
from typing import NamedTuple

from automate.instants import local

_STEPS = (1, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720, 1440, 2880, 10080, 20160, 43200)  # minutes
_DAY = 1440
_LABEL = 7  # columns for "02:00" and a gap


class Tick(NamedTuple):
    """A label at an instant (epoch seconds): a time of day, or at midnight the date."""

    at: float
    label: str


def ticks(start: float, end: float, room: int) -> list[Tick]:
    """Return as many marks as fit into `room` columns, at whole minutes, hours or days of the wall clock."""
    minutes = (end - start) / 60
    step = next((step for step in _STEPS if minutes / step <= max(1, room // _LABEL)), _STEPS[-1])
    return [Tick(at, _label(shown)) for at, shown in _marks(start, end, min(step, 60)) if _is_at(shown, step)]


def clock_changes(start: float, end: float) -> list[Tick]:
    """Instants in (start, end) at which the wall clock is changed, with how: `the clock goes from 02:00 to 03:00`."""
    found = []
    hours = [start + 3600 * number for number in range(ceil((end - start) / 3600))] + [end - 1]
    for early, late in pairwise(hours):
        if _offset(early) != _offset(late):
            found.append(_change(early, late))
    return found


def clock(instant: float, *, day: bool = False) -> str:
    """Format as `02:00`, with seconds if there are any, and after the date if `day`."""
    at = local(instant)
    return f"{at:%Y-%m-%d %H:%M}" if day else f"{at:%H:%M:%S}".removesuffix(":00")


def _marks(start: float, end: float, minutes: int) -> Iterator[tuple[float, datetime]]:
    """Yield every instant at which the minutes of the hour are a multiple of `minutes`."""
    at = start
    while at < end:
        shown = local(at)
        past = shown.minute % minutes * 60 + shown.second + shown.microsecond / 1e6
        if past == 0:
            yield at, shown
        at += minutes * 60 - past


def _is_at(shown: datetime, step: int) -> bool:
    if step <= _DAY:
        return (shown.hour * 60 + shown.minute) % step == 0
    return (shown.hour, shown.minute) == (0, 0) and shown.toordinal() % (step // _DAY) == 0


def _label(shown: datetime) -> str:
    return f"{shown:%m-%d}" if (shown.hour, shown.minute) == (0, 0) else f"{shown:%H:%M}"


def _offset(instant: float) -> timedelta:
    return local(instant).utcoffset() or timedelta()


def _change(early: float, late: float) -> Tick:
    before = _offset(early)
    while late - early > 1:
        middle = (early + late) // 2
        early, late = (middle, late) if _offset(middle) == before else (early, middle)
    at = float(ceil(early)) if _offset(float(ceil(early))) != before else late
    shown = f"{local(at) - (_offset(at) - before):%H:%M}"
    way = "from" if _offset(at) > before else "back from"
    return Tick(at, f"the clock goes {way} {shown} to {clock(at)}")
