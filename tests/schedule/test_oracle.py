"""Every due time against the oracle, forwards and backwards, near clock changes of all zones."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from automate.errors import ScheduleError
from automate.schedule import Schedule, load, parse
from tests.schedule.dated import next_after, previous_before
from tests.schedule.oracle import due_times
from tests.schedule.texts import cron_texts, job_of, moments, thorough, word_texts, written, zones

texts = cron_texts() | word_texts()


def parsed(text: str, zone: str) -> Any:
    try:
        return parse([written(text)], zone)
    except ScheduleError as error:
        assume("never comes" not in str(error))
        raise


def forwards(schedule: Schedule, start: datetime, end: datetime) -> list[datetime]:
    found = []
    due = next_after(schedule, start - timedelta(microseconds=1))
    while due is not None and due < end:
        found.append(due)
        due = next_after(schedule, due)
    return found


def backwards(schedule: Schedule, start: datetime, end: datetime) -> list[datetime]:
    found = []
    due = previous_before(schedule, end)
    while due is not None and due >= start:
        found.append(due)
        due = previous_before(schedule, due)
    return found[::-1]


@thorough
@given(st.data(), zones, texts)
def test_due_times_are_the_oracles_in_both_directions(data: Any, zone: Any, text: Any) -> None:
    start = data.draw(moments(zone))
    end = start + timedelta(hours=30)
    schedule = parsed(text, zone)
    expected = due_times(job_of(text), ZoneInfo(zone), start, end)
    assert forwards(schedule, start, end) == expected
    assert backwards(schedule, start, end) == expected


@thorough
@given(st.data(), zones, texts)
def test_no_day_between_two_far_due_times_matches(data: Any, zone: Any, text: Any) -> None:
    start = data.draw(moments(zone))
    schedule = parsed(text, zone)
    job = job_of(text)
    due = next_after(schedule, start)
    low = start.astimezone(ZoneInfo(zone)).date() + timedelta(days=2)
    high = due.astimezone(ZoneInfo(zone)).date() - timedelta(days=2) if due else date(2100, 12, 29)
    assert not any(job.on(low + timedelta(days=day)) for day in range(min((high - low).days + 1, 4000)))
    if due:
        assert due in due_times(job, ZoneInfo(zone), due, due + timedelta(minutes=1))
        assert next_after(schedule, due - timedelta(seconds=1)) == due
        before = previous_before(schedule, due)
        assert before is None or before <= start


@thorough
@given(st.data(), zones, st.lists(texts, min_size=2, max_size=3))
def test_a_list_is_the_union_of_its_schedules(data: Any, zone: Any, several: Any) -> None:
    start = data.draw(moments(zone))
    end = start + timedelta(hours=26)
    assume(all(parsed(text, zone) for text in several))
    union = parse([written(text) for text in several], zone)
    expected = {due for text in several for due in due_times(job_of(text), ZoneInfo(zone), start, end)}
    assert forwards(union, start, end) == sorted(expected)
    assert backwards(union, start, end) == sorted(expected)


@thorough
@given(st.data(), zones, texts, st.integers(0, 999_999))
def test_next_is_strictly_after_and_previous_strictly_before(data: Any, zone: Any, text: Any, fraction: Any) -> None:
    instant = data.draw(moments(zone)) + timedelta(microseconds=fraction)
    schedule = parsed(text, zone)
    later, earlier = next_after(schedule, instant), previous_before(schedule, instant)
    assert later is None or (later > instant)
    assert earlier is None or (earlier < instant)


@thorough
@given(zones, texts)
def test_a_dumped_schedule_is_loaded_equal(zone: Any, text: Any) -> None:
    schedule = parsed(text, zone)
    again = load(schedule.dump())
    assert again == schedule
    assert hash(again) == hash(schedule)
    assert again.describe() == schedule.describe()
