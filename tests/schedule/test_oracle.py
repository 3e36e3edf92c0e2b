"""Every due time against the oracle, forwards and backwards, near clock changes of all zones."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st

from automate.schedule import Schedule, ScheduleError, load, parse
from tests.schedule.oracle import due_times
from tests.schedule.texts import cron_texts, job_of, moments, thorough, word_texts, written, zones

texts = cron_texts() | word_texts()


def parsed(text, zone):
    try:
        return parse([written(text)], zone)
    except ScheduleError as error:
        assume("never comes" not in str(error))
        raise


def forwards(schedule: Schedule, start: datetime, end: datetime) -> list[datetime]:
    found = []
    due = schedule.next_after(start - timedelta(microseconds=1))
    while due is not None and due < end:
        found.append(due)
        due = schedule.next_after(due)
    return found


def backwards(schedule: Schedule, start: datetime, end: datetime) -> list[datetime]:
    found = []
    due = schedule.previous_before(end)
    while due is not None and due >= start:
        found.append(due)
        due = schedule.previous_before(due)
    return found[::-1]


@thorough
@given(st.data(), zones, texts)
def test_due_times_are_the_oracles_in_both_directions(data, zone, text):
    start = data.draw(moments(zone))
    end = start + timedelta(hours=30)
    schedule = parsed(text, zone)
    expected = due_times(job_of(text), ZoneInfo(zone), start, end)
    assert forwards(schedule, start, end) == expected
    assert backwards(schedule, start, end) == expected


@thorough
@given(st.data(), zones, texts)
def test_no_day_between_two_far_due_times_matches(data, zone, text):
    start = data.draw(moments(zone))
    schedule = parsed(text, zone)
    job = job_of(text)
    due = schedule.next_after(start)
    low = start.astimezone(ZoneInfo(zone)).date() + timedelta(days=2)
    high = due.astimezone(ZoneInfo(zone)).date() - timedelta(days=2) if due else date(2100, 12, 29)
    assert not any(job.on(low + timedelta(days=day)) for day in range(min((high - low).days + 1, 4000)))
    if due:
        assert due in due_times(job, ZoneInfo(zone), due, due + timedelta(minutes=1))
        assert schedule.next_after(due - timedelta(seconds=1)) == due
        before = schedule.previous_before(due)
        assert before is None or before <= start


@thorough
@given(st.data(), zones, st.lists(texts, min_size=2, max_size=3))
def test_a_list_is_the_union_of_its_schedules(data, zone, several):
    start = data.draw(moments(zone))
    end = start + timedelta(hours=26)
    assume(all(parsed(text, zone) for text in several))
    union = parse([written(text) for text in several], zone)
    expected = {due for text in several for due in due_times(job_of(text), ZoneInfo(zone), start, end)}
    assert forwards(union, start, end) == sorted(expected)
    assert backwards(union, start, end) == sorted(expected)


@thorough
@given(st.data(), zones, texts, st.integers(0, 999_999))
def test_next_is_strictly_after_and_previous_strictly_before(data, zone, text, fraction):
    instant = data.draw(moments(zone)) + timedelta(microseconds=fraction)
    schedule = parsed(text, zone)
    later, earlier = schedule.next_after(instant), schedule.previous_before(instant)
    assert later is None or (later > instant and later.tzinfo is UTC)
    assert earlier is None or (earlier < instant and earlier.tzinfo is UTC)


@thorough
@given(zones, texts)
def test_a_dumped_schedule_is_loaded_equal(zone, text):
    schedule = parsed(text, zone)
    again = load(schedule.dump())
    assert again == schedule
    assert hash(again) == hash(schedule)
    assert again.describe() == schedule.describe()
