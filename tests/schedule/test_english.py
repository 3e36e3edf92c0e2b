"""What a schedule is called in English, and that our own words are read back as the same schedule."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automate.schedule import Schedule, parse
from tests.schedule.test_oracle import forwards, parsed
from tests.schedule.texts import changes_of, cron_texts, moments, thorough, word_texts, zones

starts = st.none() | st.dates().filter(lambda day: 1971 < day.year < 2099).map(str)
units = st.sampled_from(["s", "seconds", "minutes", "m", "hours", "h", "days", "weeks"])
intervals = st.builds("every {} {}".format, st.integers(1, 200), units)


def same(first: Schedule, second: Schedule, start: datetime) -> bool:
    end = start + timedelta(hours=30)
    return forwards(first, start, end)[:50] == forwards(second, start, end)[:50]


@thorough
@given(st.data(), zones, word_texts())
def test_words_are_read_back_to_the_same_due_times(data: Any, zone: Any, words: Any) -> None:
    schedule = parse([words.text], zone)
    again = parse([schedule.describe()], zone)
    assert again.describe() == schedule.describe()
    assert same(schedule, again, data.draw(moments(zone)))


@thorough
@given(st.data(), zones, intervals, starts)
def test_intervals_are_read_back_to_the_same_due_times(data: Any, zone: Any, text: Any, starting: Any) -> None:
    schedule = parse([text], zone, starting=starting)
    again = parse([schedule.describe()], zone, starting=starting)
    assert again.describe() == schedule.describe()
    assert same(schedule, again, data.draw(moments(zone)))


@thorough
@given(st.data(), zones, cron_texts(), starts)
def test_a_reading_of_cron_is_read_back_to_the_same_due_times(data: Any, zone: Any, text: Any, starting: Any) -> None:
    parsed(text, zone)
    schedule = parse([text], zone, starting=starting)
    again = parse([schedule.describe()], zone, starting=starting)
    assert again.describe() == schedule.describe()
    assert same(schedule, again, data.draw(moments(zone)))
    start = datetime(2027, 1, 1, tzinfo=UTC).timestamp()
    assert again.count(start, start + 400 * 86400) == schedule.count(start, start + 400 * 86400)


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        ("0 2 * * *", "daily at 02:00"),
        ("0,30 2,14 * * *", "daily at 02:00, 02:30, 14:00 and 14:30"),
        ("*/15 * * * *", "every 15 minutes"),
        ("* * * * *", "every minute"),
        ("0 * * * *", "hourly"),
        ("5,35 * * * *", "every hour at :05 and :35"),
        ("0 9 * * 1-5", "weekdays at 09:00"),
        ("0 9 * * 0,6", "weekends at 09:00"),
        ("0 9 * * 7", "every sunday at 09:00"),
        ("30 18 * * thu,mon", "mon, thu at 18:30"),
        ("0 4 1,15 * *", "monthly on the 1st and 15th at 04:00"),
        ("0 18 L * *", "last day of the month at 18:00"),
        ("0 9 * * mon#1", "first monday of the month at 09:00"),
        ("0 9 * * L5", "last friday of the month at 09:00"),
        ("0 0 1 1 *", "yearly on 1 jan at 00:00"),
        ("0 3 1 1,7 *", "on the 1st of jan and jul at 03:00"),
        ("@reboot", "at startup"),
        ("manual", "manual"),
        ("every 3600 seconds", "every hour"),
        ("every 90s", "every 90 seconds"),
        ("every 14 days at 9:00", "every 14 days at 09:00"),
        ("every 2 weeks on mon at 9:00", "every 2 weeks on monday at 09:00"),
        ("2027-01-01 0:00", "2027-01-01 00:00"),
        ("2027-01-01 00:00Z", "2027-01-01 01:00+01:00"),
        ("0 0 13 * fri", "monthly on the 13th or every friday at 00:00"),
        ("0 0 */2 * mon", "every 2 days from the 1st of the month if monday at 00:00"),
        ("0 0 1 * */2", "monthly on the 1st if tue, thu, sat, sun at 00:00"),
        ("0 0 1 * fri#1", "monthly on the 1st or first friday of the month at 00:00"),
        ("*/7 * * * *", "every 7 minutes from :00 each hour"),
        ("0 */2 * * *", "every 2 hours from 00:00 each day"),
        ("0 */5 * * *", "every 5 hours from 00:00 each day"),
        ("15 */9 * * *", "every 9 hours from 00:15 each day"),
        ("*/60 3 * * *", "every 24 hours from 03:00 each day"),
        ("*/7 * * * mon", "every 7 minutes from :00 each hour, every monday"),
        ("0 0 */100,1-7 * mon", "monthly on the 1st-7th if monday at 00:00"),
        ("*/5 9-17 * * mon-fri", "every 5 minutes of the hours 9-17, weekdays"),
        ("0 0 1,L * 5", "monthly on the 1st and last day or every friday at 00:00"),
        ("* 2 * * *", "every minute of the hour 2"),
        ("0 0 * 6 *", "daily in jun at 00:00"),
        ("5,35 */3,7 * * 1-5", "at :05 and :35 of each of the hours 0, 3, 6, 7, 9, 12, 15, 18 and 21, weekdays"),
        ("0-10 1-23 * * *", "daily at :00-:10 of the hours 1-23"),
        ("0 9 * 1,2 mon-fri", "weekdays in jan and feb at 09:00"),
        ("0 9 13 2 fri", "monthly on the 13th or every friday in feb at 09:00"),
        ("0 9 * * mon#1,tue#2,mon#3", "first and third monday and second tuesday of the month at 09:00"),
        ("* * * * mon", "every minute, every monday"),
        ("0 * * 7 *", "hourly, daily in jul"),
    ],
)
def test_the_english_reading(text: str, reading: str) -> None:
    assert parse([text], "Europe/Berlin").describe() == reading


@pytest.mark.parametrize(
    "text", [*(f"*/{step} * * * *" for step in range(2, 61)), *(f"7 */{step} * * *" for step in range(2, 25))]
)
@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Australia/Lord_Howe"])
def test_steps_are_read_back_to_the_same_due_times(text: Any, zone: str) -> None:
    schedule = parse([text], zone)
    again = parse([schedule.describe()], zone)
    for start in changes_of(zone)[-2:] or [datetime(2027, 3, 28, tzinfo=UTC)]:
        assert same(schedule, again, start - timedelta(hours=26))


@pytest.mark.parametrize(
    ("text", "zone", "reading"),
    [
        ("* * * * *", "Africa/Monrovia", "every minute of the wall clock"),  # its minutes were not UTC's until 1972
        ("*/30 * * * *", "Asia/Kathmandu", "every hour at :00 and :30"),  # a quarter of an hour off since 1986
        ("0 */2 * * *", "UTC", "every 2 hours"),
    ],
)
def test_every_is_said_of_cron_only_where_real_time_agrees(text: str, zone: str, reading: str) -> None:
    assert parse([text], zone).describe() == reading
    assert parse([reading], zone).describe() == reading


def test_a_list_is_read_between_semicolons() -> None:
    schedule = parse(["daily at 02:00", "@reboot", "*/15 * * * *"], "UTC")
    assert schedule.describe() == "daily at 02:00; every 15 minutes; at startup"
