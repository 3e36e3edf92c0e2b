"""A schedule as calendar events of systemd.time(7), where they come at the same times.

Clock changes are another matter: systemd passes over what falls into an hour that does not exist.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import groupby

from automate.schedule import Schedule
from automate.schedule.days import (
    EVERY_DATE,
    EVERY_DAY,
    EVERY_MONTH,
    EVERY_WEEKDAY,
    LAST_DATE,
    Calendar,
    Days,
    Once,
    day_date,
)
from automate.schedule.due import Grid, Part, Pattern
from automate.schedule.phrases import patterns

WEEKDAYS = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_DAY = 86400
_YEARS = 2
_AFTER = 4 * 3600  # seconds; what a gap swallowed, or the clock shows again, comes within this of the change
_MANY = 2000
_WEEK = 0x7F
_LAST_WEEK = 5
_DATES_OF_WEEK = ("01..07", "08..14", "15..21", "22..28", "29..31")
_UTC = " UTC"


def calendar_events(schedule: Schedule, now: float, zone: str) -> list[str] | None:
    """Write OnCalendar= values for what is due after `now`; None where there are none for it.

    `zone` is a time zone's name, empty for the host's. Startup is no calendar event.
    """
    events: list[str] = []
    for part in (part for text in schedule.compiled for part in text.parts):
        said = _of_part(part, f" {zone}" if zone else "")
        if said is None:
            return None
        events += said
    return None if schedule.is_bounded(now) else list(dict.fromkeys(events))


def follows_clock_changes(schedule: Schedule, now: float) -> bool:
    """Return whether a change of the clock within the next years moves or repeats one of its due times."""
    zone = schedule.zone
    days = range(int(now), int(now) + _YEARS * 366 * _DAY, _DAY)
    changes = [day for day in days if zone.offset(day) != zone.offset(day + _DAY)]
    dues = [due for day in changes for due in schedule.between(day, day + _DAY + _AFTER, _MANY)]
    return any(schedule.note(due) for due in dues)


def _of_part(part: Part, zone: str) -> list[str] | None:
    if isinstance(part, Pattern):
        days = _days(part.days)
        return None if days is None else [f"{day} {_time(part)}{zone}" for day in days]
    if isinstance(part, Grid):
        return _of_grid(part)
    return [f"{datetime.fromtimestamp(part.moment, UTC):%Y-%m-%d %H:%M:%S}{_UTC}"]


def _of_grid(part: Grid) -> list[str] | None:
    """Write an interval that fills a day evenly at the times of UTC, which is real time."""
    if _DAY % part.step:
        return None
    times = range(part.anchor % part.step, _DAY, part.step)
    return [f"*-*-* {_time(pattern)}{_UTC}" for pattern in patterns(EVERY_DAY, times) if isinstance(pattern, Pattern)]


def _time(part: Pattern) -> str:
    hours = "*" if part.hours == (1 << 24) - 1 else _listed(part.hours, 24)
    minutes = "*" if part.minutes == (1 << 60) - 1 else _listed(part.minutes, 60)
    return f"{hours}:{minutes}:{part.second:02}"


def _days(days: Days) -> list[str] | None:
    if isinstance(days, Once):
        return [f"{day_date(days.day)}"]
    if not isinstance(days, Calendar):
        return None
    months = "*" if days.months == EVERY_MONTH else _listed(days.months)
    if days.both:
        return _both(days, months)
    return [*_by_date(days.dates, months), *_by_weekday(days.weekdays, "*", months)]


def _both(days: Calendar, months: str) -> list[str] | None:
    if days.weekdays == EVERY_WEEKDAY:
        return _by_date(days.dates, months)
    week = days.weekdays & _WEEK
    if days.dates != EVERY_DATE and any(days.weekdays >> 7 * number & _WEEK != week for number in range(1, _LAST_WEEK)):
        return None
    if days.dates != EVERY_DATE:
        return [f"{_names(week)} {date}" for date in _by_date(days.dates, months)]
    return _by_weekday(days.weekdays, "*", months)


def _by_date(dates: int, months: str) -> list[str]:
    plain = dates & ~LAST_DATE
    listed = [f"*-{months}-{'*' if plain == EVERY_DATE else _listed(plain)}"] if plain else []
    return listed + [f"*-{months}~01"] * bool(dates & LAST_DATE)


def _by_weekday(weekdays: int, dates: str, months: str) -> list[str]:
    """Write weekdays, which have seven bits for each of the five weeks of a month and for its last."""
    weeks = [weekdays >> 7 * number & _WEEK for number in range(_LAST_WEEK + 1)]
    if len(set(weeks[:_LAST_WEEK])) == 1:
        events = [f"{_names(weeks[0])} *-{months}-{dates}"] if weeks[0] else []
        return events + [f"{_names(weeks[-1])} *-{months}~07/1"] * bool(weeks[-1] & ~weeks[0])
    numbered = [f"{_names(week)} *-{months}-{_DATES_OF_WEEK[number]}" for number, week in enumerate(weeks[:-1]) if week]
    return numbered + [f"{_names(weeks[-1])} *-{months}~07/1"] * bool(weeks[-1])


def _names(week: int) -> str:
    return ",".join(name for number, name in enumerate(WEEKDAYS) if week >> number & 1)


def _listed(bits: int, end: int = 0) -> str:
    """Format as `00,15,30..32`; even steps before `end` become `00/15`."""
    values = [value for value in range(bits.bit_length()) if bits >> value & 1]
    step = values[1] - values[0] if len(values) > 2 else 0  # noqa: PLR2004
    if step > 1 and values == [*range(values[0], end, step)]:
        return f"{values[0]:02}/{step}"
    runs = [[value for _, value in group] for _, group in groupby(enumerate(values), lambda pair: pair[1] - pair[0])]
    return ",".join(item for run in runs for item in _run(run))


def _run(values: list[int]) -> Iterable[str]:
    if len(values) > 2:  # noqa: PLR2004
        return [f"{values[0]:02}..{values[-1]:02}"]
    return [f"{value:02}" for value in values]
