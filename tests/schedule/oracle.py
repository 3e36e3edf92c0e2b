"""A slow, obvious model of cron(8) (Debian), which shares nothing with automate.schedule but the words.

It wakes at every minute of the wall clock, as cron does, and remembers how far the wall clock had come (`mark`):

- "If the time has moved forwards, those jobs which would have run in the time that was skipped will be run soon after
  the change": all minutes since the mark are looked at.
- "If the time has moved backwards by less than 3 hours, those jobs that fall into the repeated time will not be
  re-run": nothing is looked at until the mark is reached again.
- "Only jobs that run at a particular time (not [...] with '*' in the hour or minute specifier) are affected. Jobs which
  are specified with wildcards are run based on the new time immediately."
- "Clock changes of more than 3 hours are considered to be corrections to the clock, and the new time is used
  immediately."
"""

from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

MINUTE = timedelta(minutes=1)
THREE_HOURS = timedelta(hours=3)
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]


@dataclass(frozen=True)
class Job:
    """What a schedule means on a wall clock that never changes."""

    on: Callable[[date], bool]
    at: Callable[[int, int], bool]
    wild: bool

    def matches(self, wall: datetime) -> bool:
        return self.at(wall.hour, wall.minute) and self.on(wall.date())


def due_times(job: Job, zone: tzinfo, start: datetime, end: datetime) -> list[datetime]:
    """All due times in [start, end), in UTC."""
    return [due for due in _walk(job, zone, start, end) if due >= start]


def _walk(job: Job, zone: tzinfo, start: datetime, end: datetime) -> Iterator[datetime]:
    now = start.replace(second=0, microsecond=0) - timedelta(hours=12)
    mark = _wall(now, zone) - MINUTE
    while now < end:
        wall = _wall(now, zone)
        if wall.second:  # the zone's minutes do not begin with UTC's
            now += timedelta(seconds=60 - wall.second)
            continue
        new_clock = wall - mark > THREE_HOURS + MINUTE or mark + MINUTE - wall > THREE_HOURS
        if new_clock:
            mark = wall - MINUTE
        looked_at = [wall] if job.wild else _minutes(mark, wall)
        if any(job.matches(minute) for minute in looked_at):
            yield now
        mark = max(mark, wall)
        now += MINUTE


def _wall(now: datetime, zone: tzinfo) -> datetime:
    return now.astimezone(zone).replace(tzinfo=None)


def _minutes(after: datetime, until: datetime) -> Iterator[datetime]:
    """The wall clock's minutes in (after, until]."""
    minute = after + MINUTE
    while minute <= until:
        yield minute
        minute += MINUTE


def cron_job(expression: str) -> Job:
    """crontab(5): five fields; and `L` (last day; L5: last friday) and `#` beside."""
    minute, hour, dates, months, weekdays = expression.split()
    minutes, hours = values(minute, 0, 59), values(hour, 0, 23)
    month_numbers = values(months, 1, 12, MONTHS)

    def on(day: date) -> bool:
        if day.month not in month_numbers:
            return False
        by_date = any(_date_matches(item, day) for item in dates.split(","))
        by_weekday = any(_weekday_matches(item, day) for item in weekdays.split(","))
        if dates.startswith("*") or weekdays.startswith("*"):
            return by_date and by_weekday
        return by_date or by_weekday

    return Job(on, lambda h, m: m in minutes and h in hours, minute.startswith("*") or hour.startswith("*"))


def values(field: str, low: int, high: int, names: list[str] | None = None) -> set[int]:
    """What a field's list of ranges with steps stands for."""
    found: set[int] = set()
    for item in field.split(","):
        span, _, step = item.partition("/")
        first, _, last = span.partition("-")
        if span == "*":
            first, last = str(low), str(high)
        found.update(range(_number(first, low, names), _number(last or first, low, names) + 1, int(step or 1)))
    return found


def _number(word: str, low: int, names: list[str] | None) -> int:
    return names.index(word.lower()) + low if names and word.lower() in names else int(word)


def _date_matches(item: str, day: date) -> bool:
    if item == "L":
        return day.day == monthrange(day.year, day.month)[1]
    return day.day in values(item, 1, 31)


def _weekday_matches(item: str, day: date) -> bool:
    weekday = day.isoweekday() % 7
    if item.startswith("L"):
        return weekday == int(item[1:]) % 7 and (day + timedelta(days=7)).month != day.month
    if "#" in item:
        name, _, week = item.partition("#")
        return weekday == _number(name, 0, WEEKDAYS) % 7 and (day.day - 1) // 7 + 1 == int(week)
    return weekday in {value % 7 for value in values(item, 0, 7, WEEKDAYS)}


def changes(zone: tzinfo, first: int = 1970, last: int = 2100) -> list[datetime]:
    """The moments of a zone's offset changes: days by day, then minute by minute."""
    found = []
    day = datetime(first, 1, 2, tzinfo=UTC)
    step = timedelta(days=4)
    while day.year <= last - 1:
        if day.astimezone(zone).utcoffset() != (day + step).astimezone(zone).utcoffset():
            found.append(_first_after(zone, day, day + step))
        day += step
    return found


def _first_after(zone: tzinfo, low: datetime, high: datetime) -> datetime:
    before = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
    return high.replace(microsecond=0)
