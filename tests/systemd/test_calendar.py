"""OnCalendar= of schedules, read by systemd itself."""

import re
import subprocess
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automate.catalog.due import due_after
from automate.schedule import parse
from automate.systemd.calendar import calendar_events, follows_clock_changes

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NOW = NOON.timestamp()
COUNT = 12
TEXTS = [
    "daily at 02:00", "at 02:00:30", "weekdays at 9:00 and 18:30", "mon, thu at 18:30", "sunday at 03:00",
    "monthly on the 1st at 04:00", "monthly on the 29th, 30th and 31st at 04:00", "last day of the month at 23:00",
    "on the 1st and last day of the month at 04:00", "on the 1st of jan, apr, jul and oct at 04:00",
    "first monday of the month at 09:00", "second and fourth tuesday of the month at 09:00",
    "last friday of december at 17:00", "last friday of the month at 17:00",
    "first and last sunday of the month at 01:00",
    "yearly on 24 dec at 18:00", "hourly", "every hour at :05 and :35", "every minute", "every 15 minutes", "every 90s",
    "every 7m 30s", "every 2 hours", "every 90 minutes", "2027-01-01 00:00", "2027-01-01T06:30:00+01:00",
    "0 9 * * mon-fri", "0 4 13 * fri", "0 4 */2 * mon", "*/7 1-3 * * *", "0 18 L * *", "0 9 * * mon#1,wed#3",
    "0 17 * * L5",
    "0 0 29 2 *", "H 2 * * *", "0 0 1-7,15 1-3 *", "0 4 L * 1",
]  # fmt: skip


def elapses(events: Any) -> Any:
    """The first times at which these come, as `systemd-analyze calendar` has them."""
    words = [
        "systemd-analyze",
        "calendar",
        f"--iterations={COUNT}",
        f"--base-time={NOON:%Y-%m-%d %H:%M:%S} UTC",
        *events,
    ]
    said = subprocess.run(words, capture_output=True, text=True, check=True, env={"TZ": "UTC", "PATH": "/usr/bin:/bin"})
    found = re.findall(r"(?:Next elapse|Iter\. #\d+): \w+ (\S+ \S+) UTC", said.stdout)
    return sorted({datetime.fromisoformat(f"{time}+00:00").timestamp() for time in found})[:COUNT]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu"])
def test_systemd_comes_to_the_same_times(text: str, zone: str) -> None:
    schedule = parse([text], zone)
    assert elapses(calendar_events(schedule, NOW, zone)) == [*islice(due_after(schedule, NOW), COUNT)]


field = st.lists(st.integers(0, 6), min_size=1, max_size=3, unique=True).map(
    lambda some: ",".join(map(str, sorted(some)))
)


star = st.just("*")
dates = star | field.map(lambda some: some.replace("0", "28"))
fields = st.tuples(field, field, dates, star | st.just("1-3"), star | field | st.just("*/3"))


@settings(max_examples=15, deadline=None)
@given(fields)
def test_systemd_comes_to_the_times_of_cron_fields(fields: Any) -> None:
    schedule = parse([" ".join(fields)], "UTC")
    assert elapses(calendar_events(schedule, NOW, "")) == [*islice(due_after(schedule, NOW), COUNT)]


def test_several_schedules_are_several_events() -> None:
    schedule = parse(["daily at 02:00", "every 90s"], "UTC")
    assert elapses(calendar_events(schedule, NOW, "")) == [*islice(due_after(schedule, NOW), COUNT)]


@pytest.mark.parametrize("text", ["every 7 hours", "every 2 weeks on monday at 09:00", "every 3 days at 04:00"])
def test_what_has_no_calendar_event_is_none(text: str) -> None:
    assert calendar_events(parse([text], "UTC"), NOW, "") is None


def test_bounds_have_no_calendar_event() -> None:
    assert calendar_events(parse(["daily at 02:00"], "UTC", starting="2027-01-01"), NOW, "") is None
    assert calendar_events(parse(["daily at 02:00"], "UTC", ending="2027-01-01"), NOW, "") is None
    assert calendar_events(parse(["daily at 02:00"], "UTC", starting="2026-01-01"), NOW, "")


def test_the_first_of_them_is_the_next() -> None:
    assert elapses(["*-*-* 12:00:01 UTC"])[0] == NOW + 1


@pytest.mark.parametrize(
    ("text", "zone", "differs"),
    [
        ("30 2 * * *", "Europe/Berlin", True),
        ("*/15 * * * *", "Europe/Berlin", True),
        ("0 12 * * *", "Europe/Berlin", False),
        ("30 2 * * *", "UTC", False),
    ],
)
def test_a_schedule_that_clock_changes_touch_is_known(text: str, zone: str, differs: bool) -> None:
    assert follows_clock_changes(parse([text], zone), NOW) == differs
