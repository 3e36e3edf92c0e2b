"""Hypothesis strategies: schedule texts with what they mean to the oracle, zones, and times near clock changes."""

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.schedule.oracle import MONTHS, WEEKDAYS, Job, changes, cron_job

# A long search by hand: EXAMPLES=5000 pytest tests/schedule
_EXAMPLES = os.environ.get("EXAMPLES")
thorough = settings(
    max_examples=int(_EXAMPLES or 80),
    derandomize=_EXAMPLES is None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
DIFFICULT_ZONES = [
    "Europe/Berlin",
    "Australia/Lord_Howe",  # half an hour
    "Pacific/Chatham",
    "Pacific/Apia",  # 2011-12-30 did not exist
    "America/Sao_Paulo",  # gaps at midnight
    "Asia/Beirut",
    "Africa/Cairo",
    "America/Havana",
    "Africa/Monrovia",  # 44 and a half minutes in 1972
    "Antarctica/Casey",  # three hours
    "Antarctica/Vostok",  # seven hours, both ways
    "Antarctica/Troll",  # two hours
    "America/Scoresbysund",
    "Africa/Casablanca",
    "Europe/Dublin",
    "Asia/Kathmandu",
    "America/New_York",
    "UTC",
]
zones = st.sampled_from(DIFFICULT_ZONES) | st.sampled_from(sorted(available_timezones()))


@lru_cache(maxsize=1000)
def changes_of(zone: str) -> list[datetime]:
    return changes(ZoneInfo(zone), 1970, 2045)


@st.composite
def moments(draw: st.DrawFn, zone: str) -> datetime:
    """A UTC minute, most often within a day of a change of the zone's clock."""
    known = changes_of(zone)
    if known and draw(st.integers(0, 9)) > 0:
        return draw(st.sampled_from(known)) + timedelta(minutes=draw(st.integers(-1800, 600)))
    days = draw(st.integers(2, 47480))
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=days, minutes=draw(st.integers(0, 1439)))


@st.composite
def _item(draw: st.DrawFn, low: int, high: int, names: list[str] | None = None) -> str:
    def spelled(value: int) -> str:
        return names[value - low] if names and value - low < len(names) and draw(st.booleans()) else str(value)

    first = draw(st.integers(low, high))
    last = draw(st.integers(first, high))
    if draw(st.booleans()):
        return spelled(first)
    span = f"{spelled(first)}-{spelled(last)}"
    return f"{span}/{draw(st.integers(1, last - first + 3))}" if draw(st.booleans()) else span


def _field(low: int, high: int, names: list[str] | None = None) -> st.SearchStrategy[str]:
    star = st.just("*")
    step = st.integers(1, (high - low) // 2).map(lambda step: f"*/{step}") | st.sampled_from(
        ["*/100", "*,5", "*/100,2"]
    )
    some = st.lists(_item(low, high, names), min_size=1, max_size=3).map(",".join)
    return st.one_of(star, step, some)


_often_any = st.just("*")
_dates = _often_any | _field(1, 31) | st.just("L") | st.just("1,L")
_months = st.sampled_from(["*", "*", "*", "1-12", "*/2", "jan-oct"]) | _field(1, 12, MONTHS)
_nth = st.sampled_from(["mon#1", "sun#5", "fri#2,sat#3", "L5", "L0,L7", "7#1"])
_weekdays = _often_any | _field(0, 7, WEEKDAYS) | _nth
_hours = _field(0, 23) | st.sampled_from(["0", "1", "2", "3", "0-3", "1,2,3", "23"])


@st.composite
def cron_texts(draw: st.DrawFn) -> str:
    """Expressions that our strict check accepts, but for dates that never come."""
    return " ".join(draw(field) for field in (_field(0, 59), _hours, _dates, _months, _weekdays))


@dataclass(frozen=True)
class Words:
    """A text of ours and the job it means."""

    text: str
    job: Job


_DAY_PHRASES = {
    "daily": lambda _: True,
    "every day": lambda _: True,
    "weekdays": lambda day: day.weekday() < 5,
    "Weekends": lambda day: day.weekday() >= 5,
    "mon, thu": lambda day: day.weekday() in (0, 3),
    "on tuesday and sunday": lambda day: day.weekday() in (1, 6),
    "monthly on the 1st and 15th": lambda day: day.day in (1, 15),
    "monthly on the 31st": lambda day: day.day == 31,
    "last day of the month": lambda day: (day + timedelta(days=1)).day == 1,
    "first monday of the month": lambda day: day.weekday() == 0 and day.day <= 7,
    "second and last sunday of the month": lambda day: (
        day.weekday() == 6 and (8 <= day.day <= 14 or (day + timedelta(days=7)).month != day.month)
    ),
    "last sunday of mar and oct": lambda day: (
        day.weekday() == 6 and day.month in (3, 10) and (day + timedelta(days=7)).month != day.month
    ),
    "yearly on 1 apr": lambda day: (day.day, day.month) == (1, 4),
    "every 3 days": lambda day: (day - date(1970, 1, 1)).days % 3 == 0,
    "every 2 weeks on sunday": lambda day: day.weekday() == 6 and (day - date(1970, 1, 5)).days // 7 % 2 == 0,
    "every other week on mon and sat": lambda day: (
        day.weekday() in (0, 5) and (day - date(1970, 1, 5)).days // 7 % 2 == 0
    ),
}


@st.composite
def word_texts(draw: st.DrawFn) -> Words:
    """Days and times in words, and `every hour at ...`."""
    if draw(st.integers(0, 4)) == 0:
        minutes = draw(st.lists(st.integers(0, 59), min_size=1, max_size=4))
        text = "every hour at " + ", ".join(f":{minute:02}" for minute in minutes)
        return Words(text, Job(lambda _: True, lambda _, minute: minute in minutes, wild=True))
    phrase = draw(st.sampled_from(sorted(_DAY_PHRASES)))
    hours = st.integers(0, 3) | st.integers(0, 23)
    times = draw(st.lists(st.tuples(hours, st.integers(0, 59) | st.just(30)), min_size=1, max_size=4))
    listed = " and ".join(f"{hour}:{minute:02}" for hour, minute in times)
    job = Job(_DAY_PHRASES[phrase], lambda hour, minute: (hour, minute) in times, wild=False)
    return Words(f"{phrase} at {listed}", job)


def job_of(text: str | Words) -> Job:
    return text.job if isinstance(text, Words) else cron_job(text)


def written(text: str | Words) -> str:
    return text.text if isinstance(text, Words) else text
