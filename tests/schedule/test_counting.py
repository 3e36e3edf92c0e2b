"""Counting due times, against walking them one by one."""

from datetime import UTC, datetime, timedelta
from timeit import repeat
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from automate.errors import ScheduleError
from automate.schedule import Schedule, parse
from automate.schedule.bounds import origin
from automate.schedule.compiler import compiled_text
from automate.schedule.due import LAST
from automate.schedule.zone import Zone
from tests.schedule.dated import between, count
from tests.schedule.test_clock_changes import TwoChangesInADay
from tests.schedule.test_oracle import forwards, parsed
from tests.schedule.texts import cron_texts, moments, thorough, word_texts, written, zones

START = datetime(2026, 1, 5, 3, 17, tzinfo=UTC)
SECOND = timedelta(seconds=1)
intervals = st.sampled_from(
    [
        "every 10 minutes",
        "every 90s",
        "every 7 minutes",
        "every 97s",
        "every 5 hours",
        "every 36 minutes",
        "every 2 days at 02:30",
        "every 3 weeks on sunday at 02:00 and 03:00",
        "2027-03-28 02:30",
        "2027-03-28 01:00Z",
    ]
)
texts = (cron_texts() | word_texts()).map(written) | intervals
spans = st.integers(0, 40) | st.integers(0, 3 * 86400) | st.sampled_from([3600, 86400, 8 * 86400])


def walked(schedule: Schedule, after: datetime, until: datetime) -> list[datetime]:
    return forwards(schedule, after + SECOND, until + SECOND)


@thorough
@given(st.data(), zones, texts, spans)
def test_a_count_is_how_many_are_found_by_walking(data: Any, zone: Any, text: Any, span: Any) -> None:
    schedule = parsed(text, zone)
    after = data.draw(moments(zone)) + timedelta(seconds=data.draw(st.sampled_from([-1, 0, 1, 29])))
    until = after + timedelta(seconds=span)
    assert count(schedule, after, until) == len(walked(schedule, after, until))


@thorough
@given(st.data(), zones, st.lists(texts, min_size=2, max_size=4), spans)
@example(None, "Europe/Berlin", ["every 7 minutes", "every 11 minutes", "0 2 * * *"], 86400)
def test_what_several_texts_share_counts_once(data: Any, zone: Any, several: Any, span: Any) -> None:
    try:
        schedule = parse(several, zone)
    except ScheduleError:
        return
    after = data.draw(moments(zone)) if data else START
    until = after + timedelta(seconds=span)
    assert count(schedule, after, until) == len(walked(schedule, after, until))


@thorough
@given(st.data(), zones, texts)
def test_a_count_is_the_sum_of_its_pieces(data: Any, zone: Any, text: Any) -> None:
    schedule = parsed(text, zone)
    first, middle, last = sorted(data.draw(moments(zone)) for _ in range(3))
    assert count(schedule, first, last) == count(schedule, first, middle) + count(schedule, middle, last)


@thorough
@given(st.data(), zones, texts, st.integers(0, 9), spans)
def test_between_gives_the_newest_in_order(data: Any, zone: Any, text: Any, limit: Any, span: Any) -> None:
    schedule = parsed(text, zone)
    after = data.draw(moments(zone))
    until = after + timedelta(seconds=span)
    expected = walked(schedule, after, until)
    assert between(schedule, after, until, limit) == expected[len(expected) - min(limit, len(expected)) :]


@pytest.mark.parametrize(
    ("texts", "days", "number"),
    [
        (["* * * * *"], 365, 525_600),
        (["*/5 * * * *"], 365, 105_120),
        (["every 90s"], 365, 350_400),
        (["daily at 02:00"], 365, 365),
        (["daily at 02:30"], 365, 365),
        (["*/30 2 * * *"], 365, 730),  # none on the day of the gap, four on that of the repeated hour
        (["0 0 29 2 *"], 3653, 2),
        (["0 9 * * mon#1"], 365, 13),
        (["last day of the month at 23:00"], 365, 12),
        (["every 90s", "* * * * *"], 365, 350_400 + 525_600 - 175_200),
        (["* * * * *", "*/5 * * * *"], 365, 525_600),
        (["at 02:00 and 14:30", "0 2 * * mon"], 365, 730),
        (["every 7 minutes", "every 14 minutes"], 70, 14_400),
        (["2026-02-01 00:00", "2026-02-01 00:00"], 365, 1),
        (["2026-02-01 00:00Z", "2026-02-01 01:00"], 365, 1),
        (["manual"], 365, 0),
        (["@reboot"], 365, 0),
    ],
)
def test_how_many_there_are_in_many_days(texts: list[str], days: int, number: int) -> None:
    assert count(parse(texts, "Europe/Berlin"), START, START + timedelta(days=days)) == number


@pytest.mark.parametrize(
    ("after", "until", "number"),
    [
        ("2026-01-05 00:00", "2026-01-05 00:10", 1),
        ("2026-01-05 00:00", "2026-01-05 00:09:59.999999", 0),
        ("2026-01-04 23:59:59.999999", "2026-01-05 00:00", 1),
        ("2026-01-05 00:10", "2026-01-05 00:10", 0),
        ("2026-01-05 00:20", "2026-01-05 00:10", 0),
    ],
)
def test_after_is_exclusive_and_until_inclusive(after: str, until: str, number: int) -> None:
    schedule = parse(["*/10 * * * *"], "UTC")
    window = datetime.fromisoformat(f"{after}+00:00"), datetime.fromisoformat(f"{until}+00:00")
    assert count(schedule, *window) == number
    assert len(between(schedule, *window, 5)) == number


def test_starting_and_ending_bound_the_count() -> None:
    schedule = parse(["every 10 minutes"], "UTC", starting="2026-01-06", ending="2026-01-06")
    assert count(schedule, START, START + timedelta(days=365)) == 144
    assert len(between(schedule, START, START + timedelta(days=365), 1000)) == 144


@pytest.mark.parametrize("texts", [["30 2 * * *", "0,30 3-5 * * *"], ["*/20 * * * *", "45 4 * * *"], ["0 */2 * * *"]])
def test_counting_agrees_on_a_day_with_two_changes(texts: list[str]) -> None:
    zone = Zone("two", TwoChangesInADay())
    entries = [compiled_text(text, origin(None, zone), "") for text in texts]
    schedule = Schedule(zone, (0, LAST), entries, at_startup=False)
    start = datetime(2026, 5, 31, 22, tzinfo=UTC)
    ends = [start + timedelta(minutes=minutes) for minutes in range(0, 720, 7)]
    assert [count(schedule, start, end) for end in ends] == [len(walked(schedule, start, end)) for end in ends]


def test_what_a_gap_swallowed_of_several_texts_is_one_due_time() -> None:
    spring = datetime(2027, 3, 28, tzinfo=UTC)
    schedule = parse(["30 2 * * *", "at 02:10 and 02:20", "0 3 * * *"], "Europe/Berlin")
    assert count(schedule, spring, spring + timedelta(hours=12)) == 1


@pytest.mark.parametrize(
    ("after", "until", "number"), [("00:59:59", "01:00", 1), ("01:00", "09:00", 0), ("00:00", "00:59:59", 0)]
)
def test_what_a_gap_swallowed_is_due_at_its_end(after: str, until: str, number: int) -> None:
    window = [datetime.fromisoformat(f"2027-03-28 {time}+00:00") for time in (after, until)]
    assert count(parse(["30 2 * * *"], "Europe/Berlin"), *window) == number


@pytest.mark.parametrize("text", ["* * * * *", "*/5 * * * *", "every 90s"])
def test_a_year_is_counted_in_no_time(text: str) -> None:
    schedule = parse([text], "Europe/Berlin")
    seconds = min(repeat(lambda: count(schedule, START, START + timedelta(days=365)), number=20, repeat=5)) / 20
    assert seconds < 0.002  # about 80 µs; walking takes half a second
