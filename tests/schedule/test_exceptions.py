"""`except`: what each text covers, by the wall clock; what is refused, and how."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automate.errors import DamagedStateError, ScheduleError
from automate.schedule.exception_texts import parse
from automate.schedule.exceptions import load
from tests.schedule.test_stored import modules_after
from tests.schedule.texts import DIFFICULT_ZONES, moments, thorough

CALENDARS = {
    "holidays": ("12-24", "2026-12-31..2027-01-01", "05-01..05-02"),
    "month-end": ("2026-11-30",),
    "shut": ("12-24..01-06", "sun"),
    "none": (),
    "broken": ("12-24", "2026-02-30"),
    "hours": ("22:00-06:00",),
}


def at(local: str) -> float:
    """`2026-12-24 10:00+01:00`."""
    return datetime.fromisoformat(local).timestamp()


def covered(texts: list[str], local: str, zone: str = "Europe/Berlin") -> str | None:
    return parse(texts, zone, CALENDARS).covers(at(local))


@pytest.mark.parametrize(
    ("text", "local", "covers"),
    [
        ("2026-12-24", "2026-12-24 00:00+01:00", True),
        ("2026-12-24", "2026-12-24 23:59:59.999999+01:00", True),
        ("2026-12-24", "2026-12-25 00:00+01:00", False),
        ("2026-12-24", "2026-12-23 23:59:59+01:00", False),
        ("2026-12-24", "2026-12-23 23:00+00:00", True),
        ("2026-12-24", "2027-12-24 12:00+01:00", False),
        ("2026-12-24..2027-01-01", "2027-01-01 23:59+01:00", True),
        ("2026-12-24 .. 2027-01-01", "2027-01-02 00:00+01:00", False),
        ("12-24", "2031-12-24 12:00+01:00", True),
        ("12-24", "2031-12-23 12:00+01:00", False),
        ("12-24..01-06", "2031-01-06 12:00+01:00", True),
        ("12-24..01-06", "2031-01-07 00:00+01:00", False),
        ("12-24..01-06", "2031-12-31 12:00+01:00", True),
        ("02-29", "2028-02-29 12:00+01:00", True),
        ("02-29", "2027-03-01 12:00+01:00", False),
        ("sat", "2026-11-21 00:00+01:00", True),
        ("Saturday", "2026-11-21 00:00+01:00", True),
        ("sat", "2026-11-22 00:00+01:00", False),
        ("mon-fri", "2026-11-20 12:00+01:00", True),
        ("mon - fri", "2026-11-21 12:00+01:00", False),
        ("sat-sun", "2026-11-22 12:00+01:00", True),
        ("weekends", "2026-11-22 12:00+01:00", True),
        ("weekdays", "2026-11-22 12:00+01:00", False),
        ("08:00-17:30", "2026-11-21 08:00+01:00", True),
        ("08:00-17:30", "2026-11-21 17:29:59+01:00", True),
        ("08:00-17:30", "2026-11-21 17:30+01:00", False),
        ("22:00-06:00", "2026-11-21 22:00+01:00", True),
        ("22:00-06:00", "2026-11-21 05:59:59+01:00", True),
        ("22:00-06:00", "2026-11-21 06:00+01:00", False),
        ("22:00-06:00", "2026-11-21 21:59+01:00", False),
        ("22:00-24:00", "2026-11-21 23:59:59+01:00", True),
        ("22:00-24:00", "2026-11-22 00:00+01:00", False),
        ("22:00-00:00", "2026-11-22 00:00+01:00", False),
        ("00:00-24:00", "2026-11-22 12:00+01:00", True),
        ("holidays", "2030-12-24 12:00+01:00", True),
        ("Holidays", "2027-01-01 12:00+01:00", True),
        ("holidays", "2028-01-01 12:00+01:00", False),
        ("month-end", "2026-11-30 12:00+01:00", True),
        ("shut", "2026-11-22 12:00+01:00", True),
        ("none", "2026-11-22 12:00+01:00", False),
    ],
)
def test_what_a_text_covers(text: str, local: str, covers: bool) -> None:
    assert covered([text], local) == (text if covers else None)


@pytest.mark.parametrize(
    ("text", "utc", "covers"),
    [
        ("02:00-03:00", "2027-03-28 00:59:59", False),  # the clock goes from 02:00 to 03:00 at 01:00
        ("02:00-03:00", "2027-03-28 01:00", False),
        ("03:00-04:00", "2027-03-28 01:00", True),
        ("02:30-03:30", "2027-03-28 01:29", True),
        ("02:30-03:30", "2027-03-28 01:30", False),
        ("02:00-03:00", "2027-10-31 00:00", True),  # and back from 03:00 to 02:00 at 01:00
        ("02:00-03:00", "2027-10-31 01:59:59", True),
        ("02:00-03:00", "2027-10-31 02:00", False),
        ("02:30-03:00", "2027-10-31 01:10", False),
        ("02:30-03:00", "2027-10-31 01:30", True),
        ("2027-03-28", "2027-03-27 23:00", True),
        ("2027-03-28", "2027-03-28 21:59:59", True),
        ("2027-03-28", "2027-03-28 22:00", False),
        ("sun", "2027-10-30 22:00", True),
        ("sun", "2027-10-31 22:59:59", True),
        ("sun", "2027-10-31 23:00", False),
    ],
)
def test_what_is_covered_on_days_when_the_clock_changes(text: str, utc: str, covers: bool) -> None:
    assert covered([text], f"{utc}+00:00") == (text if covers else None)


def test_the_first_text_that_covers_it_is_named_as_it_was_written() -> None:
    assert covered(["Sun", "SAT", "12-26"], "2026-12-26 10:00+01:00") == "SAT"


@pytest.mark.parametrize(
    ("texts", "local", "since"),
    [
        (["sat", "sun"], "2026-11-22 15:00+01:00", "2026-11-22 00:00+01:00"),
        (["weekends"], "2026-11-22 15:00+01:00", "2026-11-21 00:00+01:00"),
        (["weekends"], "2026-11-20 15:00+01:00", "2026-11-16 00:00+01:00"),
        (["22:00-06:00"], "2026-11-20 05:00+01:00", "2026-11-19 22:00+01:00"),
        (["22:00-06:00"], "2026-11-20 22:00+01:00", "2026-11-20 22:00+01:00"),
        (["02:00-03:00"], "2027-10-31 02:30+01:00", "2027-10-31 02:00+02:00"),
        (["02:30-03:00"], "2027-10-31 02:10+01:00", "2027-10-31 02:00+01:00"),
        (["03:00-04:00"], "2027-03-28 03:30+02:00", "2027-03-28 03:00+02:00"),
    ],
)
def test_since_when_it_has_been_so(texts: list[str], local: str, since: str) -> None:
    exceptions = parse(texts, "Europe/Berlin", CALENDARS)
    assert exceptions.since(at(local), at("2026-01-01 00:00+00:00")) == at(since)


@pytest.mark.parametrize(
    ("texts", "local", "until"),
    [
        (["sat", "sun"], "2026-11-21 15:00+01:00", "2026-11-22 00:00+01:00"),
        (["weekends"], "2026-11-21 15:00+01:00", "2026-11-23 00:00+01:00"),
        (["weekends"], "2026-11-16 15:00+01:00", "2026-11-21 00:00+01:00"),
        (["22:00-06:00"], "2026-11-20 23:00+01:00", "2026-11-21 06:00+01:00"),
        (["02:00-03:00"], "2027-10-31 02:30+02:00", "2027-10-31 03:00+01:00"),
        (["02:30-03:00"], "2027-10-31 02:40+02:00", "2027-10-31 02:00+01:00"),
        (["01:00-04:00"], "2027-03-28 01:30+01:00", "2027-03-28 04:00+02:00"),
    ],
)
def test_until_when_it_will_be_so(texts: list[str], local: str, until: str) -> None:
    exceptions = parse(texts, "Europe/Berlin", CALENDARS)
    assert exceptions.until(at(local), at("2028-01-01 00:00+00:00")) == at(until)


SOME_TEXTS = st.lists(
    st.sampled_from(["sat", "22:00-06:00", "02:10-02:40", "12-24", "shut", "mon-wed"]), min_size=1, max_size=3
)


@thorough
@given(st.data(), st.sampled_from(DIFFICULT_ZONES), SOME_TEXTS)
def test_the_answer_is_the_same_until_then_and_another_one_from_then_on(data: Any, zone: Any, texts: Any) -> None:
    exceptions = parse(texts, zone, CALENDARS)
    instant = data.draw(moments(zone)).timestamp()
    before = instant + 4 * 86400
    until = exceptions.until(instant, before)
    minutes = int(min(until, before) - instant) // 60
    answers = {exceptions.covers(instant + minute * 60) for minute in range(0, minutes, 7)}
    assert until > instant
    assert answers <= {exceptions.covers(instant)}
    assert exceptions.covers(until - 1) == exceptions.covers(instant)
    if until < before:
        assert exceptions.covers(until) != exceptions.covers(instant)


@thorough
@given(st.data(), st.sampled_from(DIFFICULT_ZONES), SOME_TEXTS)
def test_the_answer_is_the_same_since_then_and_another_one_before(data: Any, zone: Any, texts: Any) -> None:
    exceptions = parse(texts, zone, CALENDARS)
    instant = data.draw(moments(zone)).timestamp()
    after = instant - 4 * 86400
    since = exceptions.since(instant, after)
    start = max(since, after)
    minutes = int(instant - start) // 60
    answers = {exceptions.covers(instant - minute * 60) for minute in range(0, minutes, 7)}
    assert since <= instant
    assert answers <= {exceptions.covers(instant)}
    assert exceptions.covers(start) == exceptions.covers(instant)
    if since > after:
        assert exceptions.covers(since - 1) != exceptions.covers(instant)


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("satt", 0, "cannot read `satt`; did you mean `sat`?"),
        ("holiday", 0, "did you mean `holidays`?"),
        ("xyz", 0, "expected a date (2026-12-24, 12-24), a day of the week (sat), times (22:00-06:00) or the name of"),
        ("", 0, "expected a date"),
        ("sat, sun", 0, "give a list: one text for each"),
        ("fri-mon", 0, "crosses the end of the week; name the days, as a list"),
        ("fri-mo", 4, "`mo` is not a day of the week; did you mean `mon`?"),
        ("2026-02-30", 0, "no such date `2026-02-30`: day is out of range"),
        (" 2026-12-24..2026-12-32", 13, "no such date `2026-12-32`"),
        ("2027-01-01..2026-12-24", 12, "`2026-12-24` is before `2027-01-01`"),
        ("06-31", 0, "no such date `06-31`"),
        ("22-06", 0, "times are such as 22:00-06:00"),
        ("22:00", 0, "give an end too"),
        ("22-06:00", 0, "write times as 22:00-06:00"),
        ("22:00-25:00", 6, "no such time of day `25:00`"),
        ("24:00-06:00", 0, "no such time of day `24:00`"),
        ("06:00-06:00", 0, "end when they begin"),
        ("12-24 to 12-26", 0, "write `..`"),
        ("sat\n", 3, "unexpected character U+000A"),
        ("broken", 0, "calendar `broken`: `2026-02-30`: no such date"),
        ("hours", 0, "calendar `hours`: `22:00-06:00`: cannot read `22:00-06:00`; a calendar has dates"),
    ],
)
def test_what_is_refused_and_where(text: str, column: int, message: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse(["sun", text], "Europe/Berlin", CALENDARS)
    assert message in caught.value.message
    assert (caught.value.key, caught.value.index, caught.value.column) == ("except", 1, column)


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ScheduleError, match="Berlin"):
        parse(["sun"], "Europe/Berlim", {})


def test_calendars_that_are_not_named_are_not_read() -> None:
    assert parse(["sun"], "UTC", CALENDARS) == parse(["sun"], "UTC", {})


def test_a_dump_is_loaded_equal() -> None:
    exceptions = parse(["sun", "12-24..01-06", "22:00-06:00", "2026-11-21", "holidays"], "Europe/Berlin", CALENDARS)
    again = load(exceptions.dump())
    assert again == exceptions
    assert hash(again) == hash(exceptions)
    assert again.covers(at("2030-12-24 12:00+01:00")) == "12-24..01-06"


def test_a_dump_of_another_version_is_refused() -> None:
    with pytest.raises(DamagedStateError):
        load('[999,"UTC",[]]')


def test_exceptions_differ_by_zone_text_and_meaning() -> None:
    first = parse(["holidays"], "UTC", CALENDARS)
    assert first != parse(["holidays"], "Europe/Berlin", CALENDARS)
    assert first != parse(["holidays"], "UTC", {"holidays": ["12-25"]})
    assert first != parse(["sat"], "UTC", {})


def test_exceptions_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        parse(["sat"], "UTC", {}).zone = "Europe/Berlin"  # type: ignore[attr-defined]


def test_loaded_exceptions_need_neither_the_reader_nor_croniter() -> None:
    dump = parse(["sat"], "Europe/Berlin", {}).dump()
    code = f"from automate.schedule.exceptions import load\nassert load({dump!r}).covers(1795219200)"
    assert {"croniter", "automate.schedule.exception_texts"}.isdisjoint(modules_after(code))


def test_utc_is_a_zone_like_any_other() -> None:
    assert parse(["sat"], "UTC", {}).covers(1795219200) == "sat"
