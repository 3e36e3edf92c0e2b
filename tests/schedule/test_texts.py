"""Which texts are accepted, what they mean, and what is said of the others."""

import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automate.errors import ScheduleError
from automate.schedule import doubts, load, parse
from tests.schedule.dated import first_after, next_after, previous_before
from tests.schedule.texts import thorough

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)  # a saturday


def first_due(text: str, zone: str = "UTC", **bounds: Any) -> Any:
    due = next_after(parse([text], zone, **bounds), NOW)
    return due and f"{due:%Y-%m-%d %H:%M:%S}".removesuffix(":00")


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("*/15 * * * *", "2026-11-21 09:15"),
        ("0 9 * * mon-fri", "2026-11-23 09:00"),
        ("0 9 * * MON-Fri", "2026-11-23 09:00"),
        ("0\t18  L * *", "2026-11-30 18:00"),
        ("0 9 * * mon#1", "2026-12-07 09:00"),
        ("0 9 * * 7", "2026-11-22 09:00"),
        ("0 9 * * L5", "2026-11-27 09:00"),
        ("0 0 29 2 *", "2028-02-29 00:00"),
        ("0 0 29 2 mon", "2027-02-01 00:00"),
        ("0 0 13 * fri", "2026-11-27 00:00"),
        ("0 0 */2 * mon", "2026-11-23 00:00"),
        ("0 0 13 * 0-6", "2026-11-22 00:00"),
        ("@hourly", "2026-11-21 10:00"),
        ("@midnight", "2026-11-22 00:00"),
        ("@weekly", "2026-11-22 00:00"),
        ("@monthly", "2026-12-01 00:00"),
        ("@annually", "2027-01-01 00:00"),
        ("@Yearly", "2027-01-01 00:00"),
        ("daily at 02:00", "2026-11-22 02:00"),
        ("Daily at 2:00", "2026-11-22 02:00"),
        ("every day at 02:00", "2026-11-22 02:00"),
        ("at 02:00 and 14:30", "2026-11-21 14:30"),
        ("at 02:00, 10:00, and 14:30", "2026-11-21 10:00"),
        ("at noon and midnight", "2026-11-21 12:00"),
        ("daily at 23:59:30", "2026-11-21 23:59:30"),
        ("weekdays at 9:00", "2026-11-23 09:00"),
        ("weekends at 9:30", "2026-11-21 09:30"),
        ("mon, thu at 18:30", "2026-11-23 18:30"),
        ("every thursday at 18:30", "2026-11-26 18:30"),
        ("wed to fri at 18:30", "2026-11-25 18:30"),
        ("monthly on the 1st at 04:00", "2026-12-01 04:00"),
        ("monthly on the 1st and 25th at 04:00", "2026-11-25 04:00"),
        ("monthly on the 31st at 04:00", "2026-12-31 04:00"),
        ("first day of the month at 04:00", "2026-12-01 04:00"),
        ("yearly on 1 jan and 1 jul at 00:00", "2027-01-01 00:00"),
        ("every two weeks on monday at 09:00", "2026-11-23 09:00"),
        ("last day of the month at 23:00", "2026-11-30 23:00"),
        ("first monday of the month at 09:00", "2026-12-07 09:00"),
        ("last friday of the month at 09:00", "2026-11-27 09:00"),
        ("yearly on 1 jan at 00:00", "2027-01-01 00:00"),
        ("yearly on december 24th at 00:00", "2026-12-24 00:00"),
        ("on the 1st of jan and jul at 03:00", "2027-01-01 03:00"),
        ("hourly", "2026-11-21 10:00"),
        ("every hour", "2026-11-21 10:00"),
        ("every hour at :05", "2026-11-21 09:05"),
        ("every 15 minutes", "2026-11-21 09:15"),
        ("every 90s", "2026-11-21 09:01:30"),
        ("every 1h30m", "2026-11-21 10:30"),
        ("every 2 hours", "2026-11-21 10:00"),
        ("every 7 hours", "2026-11-21 15:00"),
        ("every 2 weeks on monday at 09:00", "2026-11-23 09:00"),
        ("every 3 days at 04:00", "2026-11-24 04:00"),
        ("2027-01-01 00:00", "2027-01-01 00:00"),
        ("2027-01-01T00:00:30", "2027-01-01 00:00:30"),
        ("2027-01-01 00:00+01:00", "2026-12-31 23:00"),
        ("2020-01-01 00:00", None),
        ("manual", None),
        ("@reboot", None),
    ],
)
def test_the_first_due_time_of_a_text(text: str, due: str | None) -> None:
    assert first_due(text) == due


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("02:00", "daily at 02:00"),
        ("2:00", "daily at 02:00"),
        ("12:00, 18:00", "daily at 12:00 and 18:00"),
        ("daily", "daily at 00:00"),
        ("every day", "daily at 00:00"),
        ("daily 02:00", "daily at 02:00"),
        ("noon", "daily at 12:00"),
        ("midnight", "daily at 00:00"),
        ("3am", "daily at 03:00"),
        ("3 a.m.", "daily at 03:00"),
        ("12am", "daily at 00:00"),
        ("12:30 am", "daily at 00:30"),
        ("12pm", "daily at 12:00"),
        ("at 7:30pm", "daily at 19:30"),
        ("at 9, 14 and 18:30", "daily at 09:00, 14:00 and 18:30"),
        ("every day at 3am", "daily at 03:00"),
        ("every day, 9am", "daily at 09:00"),
        ("mondays at 9", "every monday at 09:00"),
        ("weekdays at 9", "weekdays at 09:00"),
        ("sun 2:00", "every sunday at 02:00"),
        ("sunday 4am", "every sunday at 04:00"),
        ("monday 09:00", "every monday at 09:00"),
        ("every sunday 02:30", "every sunday at 02:30"),
        ("at 02:00 on mondays", "every monday at 02:00"),
        ("9am every weekday", "weekdays at 09:00"),
        ("every 15th at 12:00", "monthly on the 15th at 12:00"),
        ("monthly", "monthly on the 1st at 00:00"),
        ("monthly at 04:00", "monthly on the 1st at 04:00"),
        ("every month", "monthly on the 1st at 00:00"),
        ("quarterly", "on the 1st of jan, apr, jul and oct at 00:00"),
        ("quarterly at 6am", "on the 1st of jan, apr, jul and oct at 06:00"),
        ("semiannually", "on the 1st of jan and jul at 00:00"),
        ("yearly", "yearly on 1 jan at 00:00"),
        ("5m", "every 5 minutes"),
        ("90s", "every 90 seconds"),
        ("2 hours", "every 2 hours"),
        ("14h", "every 14 hours"),
        ("1h30m", "every 90 minutes"),
        ("1d", "daily at 00:00"),
        ("@every 5m", "every 5 minutes"),
        ("@every 1h30m", "every 90 minutes"),
        ("every 5 hours from 00:00 each day", "every 5 hours from 00:00 each day"),
        ("every 7 minutes from :03 each hour", "every 7 minutes from :03 each hour"),
        ("Mon..Fri 10:00", "weekdays at 10:00"),
        ("Mon..Fri", "weekdays at 00:00"),
        ("Monday,Wednesday..Friday *-*-* 9:00:00", "mon, wed, thu, fri at 09:00"),
        ("*-*-* 02:00", "daily at 02:00"),
        ("*-*-01 04:00", "monthly on the 1st at 04:00"),
        ("*-*-1,15 04:00", "monthly on the 1st and 15th at 04:00"),
        ("*-12-24", "yearly on 24 dec at 00:00"),
        ("*-*~01 23:00", "last day of the month at 23:00"),
        ("*:0/15", "every 15 minutes"),
        ("*:05", "every hour at :05"),
    ],
)
def test_what_is_typed_with_one_meaning_is_shown_in_the_standard_form(typed: str, meant: str) -> None:
    schedule = parse([typed], "UTC")
    assert schedule.describe() == meant
    again = parse([meant], "UTC")
    assert next_after(schedule, NOW) == next_after(again, NOW)
    assert again.describe() == meant


@pytest.mark.parametrize(
    ("text", "same", "doubt"),
    [
        ("*/60 * * * *", "0 * * * *", "`*/60` is minute 0 only; write `0` or `every 60 minutes`"),
        ("*/90 * * * *", "0 * * * *", "`*/90` is minute 0 only; write `0` or `every 90 minutes`"),
        ("0 */24 * * *", "0 0 * * *", "`*/24` is hour 0 only; write `0` or `every 24 hours`"),
        ("0 0 */31 * *", "0 0 1 * *", "`*/31` is day of month 1 only; write `every 31 days`"),
        ("0 0 1 */12 *", "0 0 1 1 *", "`*/12` is jan only; write `1`"),
        ("0 0 * * */7", "0 0 * * 0", "`*/7` is sun only"),
        ("5-5 * * * *", "5 * * * *", "`5-5` is minute 5 only; write `5`"),
        ("5-10/20 * * * *", "5 * * * *", "`5-10/20` is minute 5 only; write `5` or `every 20 minutes`"),
        ("0 0-0 * * *", "0 0 * * *", "`0-0` is hour 0 only; write `0`"),
        ("*,5 * * * *", "* * * * *", "`*,5` is every minute; write `*`"),
        ("5,* * * * *", "* * * * *", "`5,*` is every minute; write `*`"),
        ("0 0 */100,1-7 * MON", "0 0 * * mon#1", None),
        ("0 000 * * *", "0 0 * * *", None),
    ],
)
def test_what_cron_takes_is_taken_and_doubted(text: str, same: str, doubt: str | None) -> None:
    assert doubts([text]) == ([] if doubt is None else [doubt])
    due = other = NOW
    for _ in range(50):
        due, other = first_after(parse([text], "UTC"), due), first_after(parse([same], "UTC"), other)
        assert due == other


@pytest.mark.parametrize(
    "text",
    [
        "0 2 * * *",
        "*/15 9-17 * * mon-fri",
        "daily at 02:00",
        "@daily",
        "@reboot",
        "@Reboot ",
        "manual",
        "H H * * *",
        "5m",
    ],
)
def test_what_is_usual_is_not_doubted(text: str) -> None:
    assert doubts([text]) == []


@pytest.mark.parametrize("text", ["0 0 H(29-31) 2 *", "0 0 29 H(2-2) *"])
def test_h_chooses_a_leap_day_for_every_task_where_no_other_day_comes(text: str) -> None:
    days = {next_after(parse([text], "UTC", seed=str(task)), NOW) for task in range(200)}
    assert days == {datetime(2028, 2, 29, tzinfo=UTC)}


@pytest.mark.parametrize("text", ["0 0 H(1-31) 2 *", "0 0 H(29-31) * *", "0 0 31 H *", "0 0 H(1-31) H *"])
def test_h_chooses_only_days_that_come_each_year(text: str) -> None:
    for task in range(200):
        due = next_after(parse([text], "UTC", seed=str(task)), datetime(2026, 12, 31, tzinfo=UTC))
        assert due is not None
        assert due.year == 2027


@pytest.mark.parametrize(
    ("text", "column", "hint"),
    [
        ("0 0 31 2 *", 4, "never comes"),
        ("0 0 30,31 feb *", 4, "never comes"),
        ("*/10 * * * * *", 0, "`every 10 seconds`"),
        ("0 2 * * * root", 0, "`0 2 * * *` without `root`, and `user: root`"),
        ("0 0 1 1 * 2027 *", 0, "expected five"),
        ("* * * *", 0, "expected five"),
        ("R 2 * * *", 0, "write `H`"),
        ("R(0-30) 2 * * *", 0, "write `H`"),
        ("* * * * root", 8, "expected a value such as"),
        ("5/15 * * * *", 0, "write `5-59/15`"),
        ("0 22-2 * * *", 2, "write `22-23,0-2`"),
        ("0 0 * * fri-mon", 8, "write `fri-sat,sun-mon`"),
        ("0 0 * * sat-sun", 8, "write `sat,sun`"),
        ("0 2 * * *\n0 3 * * *", 9, "U+000A"),
        ("0 2 * *\u00a0*", 7, "U+00A0"),
        ("5.5 * * * *", 0, "cannot read `5.5`"),
        ("5; * * * *", 0, "cannot read `5;`"),
        ("** * * * *", 0, "cannot read `**`"),
        ("1,,3 * * * *", 2, "each comma"),
        ("60 * * * *", 0, "expected 0 to 59"),
        ("0 24 * * *", 2, "expected 0 to 23"),
        ("0 0 0 * *", 4, "expected 1 to 31"),
        ("0 0 * 13 *", 6, "expected 1 to 12 or jan to dec"),
        ("0 0 * * 8", 8, "expected 0 to 7 or sun to sat"),
        ("0 0 * * sonntag", 8, "sun,tue"),
        ("*/0 * * * *", 0, "expected 1 or more"),
        ("0 0 ? * 1", 4, "did you mean `0 0 * * 1`?"),
        ("0 0 * * 5L", 8, "write `L5`"),
        ("0 0 * * mon#6", 8, "`#1` to `#5`"),
        ("0 0 * * mon#1,thu", 8, "two schedules"),
        ("0 0 15W * *", 4, "supported"),
        ("\u0665 * * * *", 0, "`\u0665"),
        ("@dayly", 0, "did you mean `@daily`?"),
        ("@EVERY ", 0, "cannot read"),
        ("weekly", 0, "`every monday at 00:00` (as systemd)"),
        ("weekdays", 8, "write `weekdays at 00:00`"),
        ("every tuesday", 13, "write `every tuesday at 00:00`"),
        ("at 13pm", 0, "hours 1 to 12"),
        ("at 24", 0, "00:00 to 23:59"),
        ("at 1500", 3, "2pm"),
        ("Mon *-*-1..7 10:00", 0, "not both"),
        ("*-*~07 10:00", 0, "supported"),
        ("*-*-32 10:00", 0, "expected 1 to 31"),
        ("0 0 29 2 H H", 0, "expected five"),
        ("dayly at 02:00", 0, "did you mean `daily at 02:00`?"),
        ("mon and fryday at 02:00", 8, "did you mean `mon and friday at 02:00`?"),
        ("every 15 minuts", 9, "did you mean `every 15 minutes`?"),
        ("every 5 months", 0, "monthly on the 1st"),
        ("every 2 days 6 hours", 0, "smaller units"),
        ("every 0 minutes", 0, "not an interval"),
        ("every 30m 1h", 0, "not an interval"),
        ("every 3 days on monday at 09:00", 0, "need weeks"),
        ("daily at 25:00", 0, "00:00 to 23:59"),
        ("fri-mon at 09:00", 0, "name the days"),
        ("monthly on the 32nd at 02:00", 15, "1st to 31st"),
        ("monthly on the 2th at 02:00", 15, "1st to 31st"),
        ("yearly on 30 feb at 02:00", 0, "never comes"),
        ("yearly on 1 jan, 2 feb at 02:00", 0, "several schedules"),
        ("2027-02-30 00:00", 0, "no such date"),
        ("2101-01-01 00:00", 0, "never comes"),
        ("0001-01-01 00:00", 0, "never comes"),
        ("2027-01-01", 10, "`2027-01-01 00:00`"),
        ("every hour at :75", 0, ":00 to :59"),
        ("every 2 hours from 00:00", 0, "in cron"),
        ("banana", 0, "daily at 02:00"),
        ("1e3 * * * *", 0, "cannot read `1e3`"),
        ("0 2 * * * root", 0, "users"),
        ("daily at 02:00\n", 14, "U+000A"),
        ("every 15 minutes between 09:00 and 17:00", 0, "did you mean `*/15 9-17 * * *`?"),
        ("every 30 minutes on weekdays", 0, "did you mean `*/30 * * * mon-fri`?"),
        ("last working day of the month at 09:00", 0, "last friday"),
        ("every half hour", 6, "`every 30 minutes`"),
        ("at ,", 0, "not a list"),
        ("mon,, tue at 02:00", 0, "not a list"),
        ("every 2 weeks on , at 02:00", 0, "not a list"),
        ("last day of , at 02:00", 0, "not a list"),
        ("every 9999999999 hours", 0, "every"),
        ("", 0, "expected"),
    ],
)
def test_what_is_refused_comes_with_its_place_and_a_hint(text: str, column: int, hint: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse([text], "UTC")
    assert hint in str(caught.value)
    assert caught.value.column == column


_PIECES = ["every", "daily", "at", "on", "the", "and", "of", "month", "last", "first", "1st", "31st", "mon", "fri"]
_PIECES += ["02:00", "14:30", "25:00", ",", "-", "2", "15", "90s", "minutes", "weeks", "yearly", "jan", "2027-01-01"]
_PIECES += ["*", "*/5", "1-5", "L", "H", "#", "@daily", "hourly", ":05", "9999999999999", "\u00e9", "?", "\n"]


@thorough
@given(st.lists(st.sampled_from(_PIECES), max_size=9).map(" ".join) | st.text(max_size=30))
def test_any_text_is_read_or_refused_and_nothing_else(text: Any) -> None:
    with suppress(ScheduleError):
        schedule = parse([text], "Europe/Berlin")
        assert load(schedule.dump()) == schedule
        assert schedule.describe()


def test_the_error_names_which_text_is_wrong() -> None:
    with pytest.raises(ScheduleError) as caught:
        parse(["hourly", "0 9 * * mon", "60 * * * *"], "UTC")
    assert caught.value.index == 2


@pytest.mark.parametrize(
    ("arguments", "key", "hint"),
    [
        ({"zone": "Europe/Berlni"}, "timezone", "Europe/Berlin"),
        ({"zone": "/etc/passwd"}, "timezone", "IANA"),
        ({"zone": ""}, "timezone", "IANA"),
        ({"zone": "UTC", "starting": "tomorrow"}, "starting", "2027-01-01"),
        ({"zone": "UTC", "ending": "2027-02-30"}, "ending", "no such date"),
        ({"zone": "UTC", "starting": "2027-01-02", "ending": "2027-01-01"}, "ending", "before"),
    ],
)
def test_a_wrong_zone_or_bound_is_named_by_its_key(arguments: dict[str, Any], key: str, hint: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse(["hourly"], **arguments)
    assert caught.value.key == key
    assert hint in str(caught.value)


@pytest.mark.parametrize("texts", [[], ["manual", "hourly"]])
def test_no_text_and_manual_beside_others_are_refused(texts: list[str]) -> None:
    with pytest.raises(ScheduleError):
        parse(texts, "UTC")


def test_manual_and_reboot_are_never_due() -> None:
    for text, manual, at_startup in (("manual", True, False), ("@reboot", False, True), ("At startup", False, True)):
        schedule = parse([text], "UTC")
        assert (schedule.manual, schedule.at_startup) == (manual, at_startup)
        assert next_after(schedule, NOW) is None
        assert previous_before(schedule, NOW) is None


def test_reboot_goes_together_with_times() -> None:
    schedule = parse(["@reboot", "hourly"], "UTC")
    assert schedule.at_startup
    assert next_after(schedule, NOW) == datetime(2026, 11, 21, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["H 2 * * *", "H H * * *", "H/15 * * * *", "H(0-29) 3 * * *", "H(10-50)/20 * * * *", "0 0 H * H"]
)
def test_h_is_the_same_for_a_seed_and_spread_over_seeds(text: str) -> None:
    assert parse([text], "UTC", seed="host/a") == parse([text], "UTC", seed="host/a")
    assert len({parse([text], "UTC", seed=f"host/{task}") for task in range(200)}) >= 12


def test_two_h_in_one_text_are_independent() -> None:
    firsts = {next_after(parse(["H H * * *"], "UTC", seed=f"host/{task}"), NOW) for task in range(500)}
    assert len(firsts) > 390  # 500 of 1440 drawn at random leave 422


def test_h_stays_in_its_range() -> None:
    minutes = {next_after(parse(["H(0-29) 3 * * *"], "UTC", seed=str(task)), NOW).minute for task in range(500)}
    assert minutes == set(range(30))


def test_h_with_a_step_is_due_at_every_step() -> None:
    schedule = parse(["H/15 * * * *"], "UTC", seed="x")
    first = first_after(schedule, NOW)
    second = first_after(schedule, first)
    assert (second - first).total_seconds() == 900


def test_h_in_the_day_of_month_is_a_day_every_month_has() -> None:
    days = {next_after(parse(["0 0 H * *"], "UTC", seed=str(task)), NOW).day for task in range(500)}
    assert days == set(range(1, 29))


@pytest.mark.parametrize(
    ("text", "starting", "due"),
    [
        ("every 7 hours", "2026-11-21 09:30", "2026-11-21 09:30"),
        ("every 7 hours", "2026-11-20 09:30", "2026-11-21 13:30"),
        ("every 3 days", "2026-11-20 09:30", "2026-11-23 09:30"),
        ("every 3 days at 04:00", "2026-11-20", "2026-11-23 04:00"),
        ("every 2 weeks on monday at 09:00", "2026-11-11", "2026-11-30 09:00"),
        ("every 2 weeks at 09:00", "2026-11-11", "2026-11-25 09:00"),
        ("daily at 09:30", "2027-01-01", "2027-01-01 09:30"),
        ("daily at 09:30", "2027-01-01T10:00:00+01:00", "2027-01-01 09:30"),
        ("daily at 09:30", "2027-01-01T09:30:00Z", "2027-01-01 09:30"),
        ("daily at 09:30", "2027-01-01 09:31", "2027-01-02 09:30"),
    ],
)
def test_intervals_count_from_starting_and_nothing_is_due_before_it(text: str, starting: str, due: str) -> None:
    assert first_due(text, starting=starting) == due


@pytest.mark.parametrize(
    ("ending", "last"),
    [
        ("2026-11-23", "2026-11-23 23:00"),
        ("2026-11-23 12:00", "2026-11-23 12:00"),
        ("2026-11-23 12:00+01:00", "2026-11-23 11:00"),
        ("2026-11-23T11:59:59Z", "2026-11-23 11:00"),
    ],
)
def test_the_last_due_time_is_at_or_before_ending_and_a_date_is_its_whole_day(ending: str, last: str) -> None:
    schedule = parse(["hourly"], "UTC", ending=ending)
    due = previous_before(schedule, datetime(2030, 1, 1, tzinfo=UTC))
    assert due is not None
    assert f"{due:%Y-%m-%d %H:%M}" == last
    assert next_after(schedule, due) is None


@pytest.mark.parametrize(
    ("zone", "minute"), [("Asia/Singapore", 0), ("Asia/Kathmandu", 15), ("Europe/Berlin", 0), ("Asia/Kolkata", 30)]
)
def test_every_hour_is_at_full_hours_of_the_wall_clock(zone: str, minute: int) -> None:
    assert next_after(parse(["every hour"], zone), NOW).minute == minute


@pytest.mark.parametrize(
    "text", ["* * * * *", "every second", "daily at 00:00", "0 0 29 2 *", "every 2 weeks", "0 0 1 1 *"]
)
def test_due_times_are_from_1970_to_2100(text: str) -> None:
    schedule = parse([text], "UTC")
    far, old = datetime(9999, 12, 31, tzinfo=UTC), datetime(1, 1, 1, tzinfo=UTC)
    assert next_after(schedule, far) is None
    assert previous_before(schedule, old) is None
    first, last = next_after(schedule, old), previous_before(schedule, far)
    assert first is not None
    assert last is not None
    assert first.year in (1970, 1972)
    assert last.year in (2096, 2100)
    assert next_after(schedule, last) is None
    assert previous_before(schedule, first) is None


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_bounds_may_lie_far_outside(zone: str) -> None:
    schedule = parse(["hourly"], zone, starting="0001-01-01", ending="9999-12-31")
    assert schedule == parse(["hourly"], zone)
    assert next_after(parse(["hourly"], zone, starting="9999-12-31T23:59Z"), NOW) is None
    assert next_after(parse(["hourly"], zone, starting="9999-12-31"), NOW) is None
    assert next_after(parse(["hourly"], zone, ending="0001-01-01"), NOW) is None


# What users of cron, systemd, Kubernetes, EventBridge, Airflow and of no scheduler write, with what is suggested.
MEANT = {
    "every tuesday": "every tuesday at 00:00",
    "every tuesdya": "every tuesday at 00:00",
    "sundays": "sundays at 00:00",
    "first of the month": "1st of the month at 00:00",
    "2027-01-01": "2027-01-01 00:00",
    "hourl": "hourly",
    "every 5 minuts": "every 5 minutes",
    "evry 2 huors": "every 2 hours",
    "@dayly": "@daily",
    "@every_minute": "every minute",
    "@noon": "noon",
    "on boot": "@reboot",
    "never": "manual",
    "nightly": "daily at 02:00",
    "twice a day": "daily at 02:00 and 14:30",
    "once per week": "every monday at 02:00",
    "every half hour": "every 30 minutes",
    "every 1.5 hours": "every 90 minutes",
    "hourly at 5": "every hour at :05",
    "daily at 02.30": "daily at 02:30",
    "at 7 in the morning": "at 7am",
    "every 2 weeks monday": "every 2 weeks on monday at 00:00",
    "1,15 at 02:00": "monthly on the 1st and 15th at 02:00",
    "monthly on 1 at 02:00": "monthly on the 1st at 02:00",
    "every 2 hours on weekdays": "0 */2 * * mon-fri",
    "every 15 minutes from 8 to 18": "*/15 8-18 * * *",
    "rate(5 minutes)": "every 5 minutes",
    "cron(0 2 * * ? *)": "0 2 * * *",
    "PT15M": "every 15m",
    "FREQ=WEEKLY;BYDAY=MO": "@weekly",
}


@pytest.mark.parametrize("text", MEANT)
def test_what_is_close_in_meaning_or_spelling_is_suggested(text: str) -> None:
    with pytest.raises(ScheduleError, match=rf"(?:did you mean|write) `{re.escape(MEANT[text])}`"):
        parse([text], "UTC")


@pytest.mark.parametrize(
    "text",
    [
        *MEANT, "weekly", "biweekly", "tomorrow 10:00", "yearly", "every 5 months", "monthly on the 32nd at 02:00",
        "last weekday of the month at 9", "0 2 * * * *", "*/10 * * * * *", "0 0 * * fri-mon", "every 2 days 6 hours",
        "every 3 days on monday at 09:00", "fri-mon at 09:00", "5/15 * * * *", "quarterly at 25:00",
    ],
)  # fmt: skip
def test_a_suggested_schedule_is_accepted_as_it_stands(text: str) -> None:
    try:
        parse([text], "UTC")
    except ScheduleError as error:
        for suggested in re.findall(r"(?:did you mean|write|or) `([^`]+)`", str(error)):
            if " " in suggested or suggested.isalpha():  # else a part of a schedule
                parse([suggested], "UTC")


@pytest.mark.parametrize("text", ["friday evening", "qqq", "daily at 25:00", "every", "", "retry"])
def test_nothing_is_suggested_that_is_not_close(text: str) -> None:
    with pytest.raises(ScheduleError) as error:
        parse([text], "UTC")
    assert "did you mean" not in str(error.value)
