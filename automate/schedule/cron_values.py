"""The values of cron's fields, as croniter reads them, and the pattern that they make.

croniter needs some tens of microseconds for a field, and ten thousand expressions are made of few different ones: each
is read once.
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from functools import lru_cache, reduce

from automate.schedule.cron import plain
from automate.schedule.days import (
    EVERY_DATE,
    EVERY_MONTH,
    EVERY_WEEKDAY,
    LAST_DATE,
    LAST_WEEK,
    Calendar,
    day_number,
    nth_bit,
    weekday_bits,
)
from automate.schedule.due import Pattern
from automate.schedule.fault import ScheduleError

_ALL = ((1 << 60) - 1, (1 << 24) - 1, EVERY_DATE, EVERY_MONTH, EVERY_WEEKDAY)
_WEEKDAYS = 4  # the place of that field
_NEW_YEAR = day_number(date(2025, 1, 1))


def pattern(expression: str) -> Pattern:
    """Return the pattern of an expression that `cron.expand` returned; ScheduleError when it is never due."""
    fields = expression.split()
    minutes, hours, dates, months, weekdays = [_bits(place, field) for place, field in enumerate(fields)]
    days = _calendar(dates, months, weekdays, both=fields[2].startswith("*") or fields[4].startswith("*"))
    if not _comes(days):
        raise ScheduleError(f"`{' '.join(fields[2:4])}`: that date never comes", expression.index(fields[2]))
    wild = fields[0].startswith("*") or fields[1].startswith("*")
    return Pattern(wild=wild, hours=hours, minutes=minutes, second=0, days=days)


def _calendar(dates: int, months: int, weekdays: int, *, both: bool) -> Calendar:
    """Drop a day field that matches nothing more: `0 0 13 * 0-6` is every day, since either may match (crontab(5))."""
    if not both and (dates | LAST_DATE == EVERY_DATE | LAST_DATE or weekdays == EVERY_WEEKDAY):
        return Calendar(EVERY_DATE, months, EVERY_WEEKDAY, both=True)
    return Calendar(dates, months, weekdays, both)


def comes_each_year(expression: str) -> bool:
    """Return whether an expression that `cron.expand` returned is due in a year without a 29th of february."""
    with suppress(ScheduleError):
        day = pattern(expression).days.next_day(_NEW_YEAR)
        return day is not None and day < _NEW_YEAR + 365
    return False


@lru_cache(maxsize=1024)
def _comes(days: Calendar) -> bool:
    return days.next_day(0) is not None


@lru_cache(maxsize=1024)
def _bits(place: int, field: str) -> int:
    """Return the values of one field; croniter reads each by itself, so a field is read once."""
    from croniter import CroniterError, croniter

    own = ",".join(plain(item, place) for item in field.split(","))
    expression = " ".join([*"*" * place, own, *"*" * (len(_ALL) - 1 - place)])
    try:
        expanded, nth = croniter.expand(expression)
    except CroniterError as error:
        raise ScheduleError(f"`{field}`: {error}") from None
    values = expanded[place]
    if values == ["*"]:
        return _ALL[place]
    if place != _WEEKDAYS:
        return _united(LAST_DATE if value == "l" else 1 << int(value) for value in values)
    if not nth:
        return weekday_bits(_united(1 << int(value) for value in values))
    return _united(nth_bit(day, LAST_WEEK if week == "l" else int(week) - 1) for day in nth for week in nth[day])


def _united(bits: Iterable[int]) -> int:
    return reduce(int.__or__, bits, 0)
