"""Times and durations as people type them for options, in a zone whose clock jumps."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automate.cli.moments import Toward, moment

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 18, 10, 0, 30, tzinfo=BERLIN)  # a wednesday


@pytest.fixture(autouse=True)
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    import time

    time.tzset()


def read(text: str, toward: Toward = "past", now: datetime = NOW) -> str:
    """Return what it means, on Berlin's clock."""
    shown = datetime.fromtimestamp(moment(text, now.timestamp(), toward), BERLIN)
    return shown.replace(tzinfo=None).isoformat(" ", "auto").removesuffix(":00")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("now", "2026-11-18 10:00:30"),
        ("@1764000000", "2025-11-24 17:00"),
        ("@1764000000.5", "2025-11-24 17:00:00.500000"),
        ("1 hour ago", "2026-11-18 09:00:30"),
        ("an hour ago", "2026-11-18 09:00:30"),
        ("10min ago", "2026-11-18 09:50:30"),
        ("-10m", "2026-11-18 09:50:30"),
        ("- 1h 30 min", "2026-11-18 08:30:30"),
        ("+2h", "2026-11-18 12:00:30"),
        ("now + 1 minute", "2026-11-18 10:01:30"),
        ("now-1h", "2026-11-18 09:00:30"),
        ("in 2 hours", "2026-11-18 12:00:30"),
        ("in 1 day, 2 hours and 5 minutes", "2026-11-19 12:05:30"),
        ("3 days from now", "2026-11-21 10:00:30"),
        ("last week", "2026-11-11 10:00:30"),
        ("next month", "2026-12-18 10:00:30"),
        ("2 months ago", "2026-09-18 10:00:30"),
        ("1 year 1 day ago", "2025-11-17 10:00:30"),
        ("today", "2026-11-18 00:00"),
        ("Yesterday", "2026-11-17 00:00"),
        ("tomorrow 10:00", "2026-11-19 10:00"),
        ("10:00 tomorrow", "2026-11-19 10:00"),
        ("yesterday at noon", "2026-11-17 12:00"),
        ("tomorrow, 3 pm", "2026-11-19 15:00"),
        ("last friday", "2026-11-13 00:00"),
        ("last wednesday", "2026-11-11 00:00"),
        ("this wednesday", "2026-11-18 00:00"),
        ("next wednesday", "2026-11-25 00:00"),
        ("next fri 8:00", "2026-11-20 08:00"),
        ("2026-11-21", "2026-11-21 00:00"),
        ("2026-11-21 14:30", "2026-11-21 14:30"),
        ("2026-11-21T14:30:05.25", "2026-11-21 14:30:05.250000"),
        ("2026-11-21 14:30 UTC", "2026-11-21 15:30"),
        ("2026-11-21 14:30 +05:30", "2026-11-21 10:00"),
        ("2026-11-21t14:30:00z", "2026-11-21 15:30"),
        ("2026-11-21 14:30 America/New_York", "2026-11-21 20:30"),
        ("20261121T1430Z", "2026-11-21 15:30"),
        ("2026-W47-6", "2026-11-21 00:00"),
        ("2026/11/21 9am", "2026-11-21 09:00"),
        ("21 nov 2026 at 9", "2026-11-21 09:00"),
        ("Nov 21, 2026", "2026-11-21 00:00"),
    ],
)
def test_a_text_with_one_meaning_is_read_everywhere(text: str, meant: str) -> None:
    assert {read(text, toward) for toward in get_args(Toward)} == {meant}


@pytest.mark.parametrize(
    ("text", "past", "future", "either"),
    [
        ("14:30", "2026-11-17 14:30", "2026-11-18 14:30", "2026-11-18 14:30"),
        ("8:00", "2026-11-18 08:00", "2026-11-19 08:00", "2026-11-18 08:00"),
        ("20:41:01", "2026-11-17 20:41:01", "2026-11-18 20:41:01", "2026-11-18 20:41:01"),
        ("10:00:30", "2026-11-18 10:00:30", "2026-11-19 10:00:30", "2026-11-18 10:00:30"),
        ("noon", "2026-11-17 12:00", "2026-11-18 12:00", "2026-11-18 12:00"),
        ("midnight", "2026-11-18 00:00", "2026-11-19 00:00", "2026-11-18 00:00"),
        ("at 7pm", "2026-11-17 19:00", "2026-11-18 19:00", "2026-11-18 19:00"),
        ("14:30 UTC", "2026-11-17 15:30", "2026-11-18 15:30", "2026-11-18 15:30"),
        ("monday", "2026-11-16 00:00", "2026-11-23 00:00", "2026-11-23 00:00"),
        ("wed", "2026-11-18 00:00", "2026-11-25 00:00", "2026-11-25 00:00"),
        ("wed 12:00", "2026-11-11 12:00", "2026-11-18 12:00", "2026-11-18 12:00"),
        ("friday at 9", "2026-11-13 09:00", "2026-11-20 09:00", "2026-11-20 09:00"),
        ("21 november", "2025-11-21 00:00", "2026-11-21 00:00", "2026-11-21 00:00"),
        ("feb 29", "2024-02-29 00:00", "2028-02-29 00:00", "2028-02-29 00:00"),
    ],
)
def test_a_clock_or_calendar_time_is_the_last_or_the_next(text: str, past: str, future: str, either: str) -> None:
    assert (read(text, "past"), read(text, "future"), read(text, "either")) == (past, future, either)


def test_a_duration_alone_lies_on_the_side_that_the_option_is_about() -> None:
    assert read("1h", "past") == "2026-11-18 09:00:30"
    assert read("90 min", "future") == "2026-11-18 11:30:30"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-03-29 02:30", "2026-03-29 03:00"),  # the clock goes from 2:00 to 3:00
        ("2026-03-29 02:30 Europe/Berlin", "2026-03-29 03:00"),
        ("2026-03-29 03:00", "2026-03-29 03:00"),
        ("2026-10-25 02:30 +01:00", "2026-10-25 02:30"),
    ],
)
def test_a_time_that_the_clock_skips_is_the_end_of_the_gap(text: str, meant: str) -> None:
    assert read(text) == meant


def test_a_time_that_the_clock_repeats_is_the_first() -> None:
    assert moment("2026-10-25 02:30", 0.0) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp()


def test_a_month_without_the_day_ends_earlier() -> None:
    assert read("1 month ago", now=datetime(2026, 3, 31, 12, tzinfo=BERLIN)) == "2026-02-28 12:00"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "expected 2h ago, in 30min, yesterday"),
        ("whenever", "expected 2h ago, in 30min, yesterday"),
        ("ago", "expected 2h ago"),
        ("in 2h ago", "expected 2h ago"),
        ("fryday", "did you mean 'friday'?"),
        ("tomorow 10:00", "did you mean 'tomorrow 10:00'?"),
        ("2 huors ago", "did you mean '2 hours ago'?"),
        ("wenever 10:00", "expected 2h ago"),
        ("10", "a number alone: write 10m, 10h, or a time of day such as 14:30"),
        ("25:00", "no clock shows 25:00; expected 00:00 to 23:59:59"),
        ("13pm", "no clock shows 13pm"),
        ("2026-13-01", "there is no such date as 2026-13-01"),
        ("30 feb", "there is no such date as 2000-02-30"),
        ("10/11/2026", "write the year first: 2026-10-11 or 2026-11-10"),
        ("21.11.2026", "write the year first: 2026-11-21"),
        (
            "14:30 Europe/Berln",
            "unknown time zone Europe/Berln; expected an IANA name such as Europe/Berlin, or +01:00",
        ),
        ("99999999d ago", "expected 2h ago"),
        ("3000 years ago", "expected a time in the years 2 to 9997"),
        ("@999999999999", "expected a time in the years 2 to 9997"),
        ("9" * 400 + "d ago", "expected 2h ago"),
    ],
)
def test_what_has_no_meaning_is_told_what_has(text: str, error: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(error)}"):
        moment(text, NOW.timestamp())


def test_a_duration_that_could_lie_on_both_sides_is_refused_with_both() -> None:
    with pytest.raises(ValueError, match="write '1h ago' or 'in 1h'"):
        moment("1h", NOW.timestamp(), "either")


WORDS = st.sampled_from(
    ["last", "next", "in", "ago", "at", "fri", "monday", "1h", "2 months", "10:00", "3pm", "noon", "utc", "nov", "21"]
)


@given(st.text(max_size=30) | st.lists(WORDS, max_size=5).map(" ".join), st.sampled_from(get_args(Toward)))
def test_any_text_is_a_time_or_a_value_error(text: str, toward: Toward) -> None:
    with suppress(ValueError):
        assert abs(moment(text, NOW.timestamp(), toward)) < 3e11


@given(st.integers(0, 4_000_000_000), st.sampled_from([None, BERLIN, UTC]), st.sampled_from(["T", " "]))
def test_a_written_time_is_read_back(instant: int, zone: ZoneInfo | None, between: str) -> None:
    written = datetime.fromtimestamp(instant, zone or BERLIN).isoformat(between)
    assert moment(written, 0.0) == instant


@given(st.integers(0, 1439), st.integers(0, 2_000_000_000), st.sampled_from(["", "mon ", "thursday "]))
def test_the_last_is_not_later_than_now_and_the_next_is(minute: int, now: int, day: str) -> None:
    text = f"{day}{minute // 60}:{minute % 60:02}"
    last, coming = moment(text, now, "past"), moment(text, now, "future")
    assert last <= now < coming
    assert coming - last <= timedelta(days=7 if day else 1, hours=3).total_seconds()
