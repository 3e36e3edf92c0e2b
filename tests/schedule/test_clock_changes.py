"""cron(8)'s rule at real clock changes, one line for each."""

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Any, NoReturn

import pytest

from automate.schedule import Schedule, dst_day, host_zone, parse, zone
from automate.schedule.bounds import origin
from automate.schedule.compiler import compiled_text
from automate.schedule.due import LAST
from automate.schedule.zone import Zone
from tests.schedule.dated import next_after, previous_before
from tests.schedule.oracle import cron_job, due_times
from tests.schedule.test_oracle import backwards, forwards

SPRING = "Europe/Berlin 2027-03-28"  # 02:00 becomes 03:00, at 01:00 UTC
AUTUMN = "Europe/Berlin 2027-10-31"  # 03:00 becomes 02:00, at 01:00 UTC


def due_on(text: str, where: str) -> list[str]:
    """The due times of a local day and its UTC day, as they read in UTC."""
    zone, day = where.split()
    start = datetime.fromisoformat(f"{day} 00:00+00:00") - timedelta(hours=2)
    schedule = parse([text], zone)
    found = forwards(schedule, start, start + timedelta(hours=12))
    assert backwards(schedule, start, start + timedelta(hours=12)) == found
    return [f"{due:%H:%M}" for due in found]


@pytest.mark.parametrize(
    ("text", "where", "due"),
    [
        ("30 2 * * *", SPRING, ["01:00"]),
        ("daily at 02:30", SPRING, ["01:00"]),
        ("0,15,30,45 2 * * *", SPRING, ["01:00"]),
        ("0 2,3 * * *", SPRING, ["01:00"]),
        ("0 2 * * *", SPRING, ["01:00"]),
        ("59 1 * * *", SPRING, ["00:59"]),
        ("0 3 * * *", SPRING, ["01:00"]),
        ("* 2 * * *", SPRING, []),
        ("*/30 2 * * *", SPRING, []),
        ("0 */2 * * *", SPRING, ["23:00", "02:00", "04:00", "06:00", "08:00"]),
        ("15 * * * *", SPRING, [f"{hour % 24:02}:15" for hour in range(22, 34)]),
        ("every 2 hours", SPRING, ["23:00", "01:00", "03:00", "05:00", "07:00", "09:00"]),
        ("2027-03-28 02:30", SPRING, ["01:00"]),
        ("30 2 * * *", AUTUMN, ["00:30"]),
        ("daily at 02:30", AUTUMN, ["00:30"]),
        ("0 3 * * *", AUTUMN, ["02:00"]),
        ("*/30 2 * * *", AUTUMN, ["00:00", "00:30", "01:00", "01:30"]),
        ("0 */2 * * *", AUTUMN, ["22:00", "00:00", "01:00", "03:00", "05:00", "07:00", "09:00"]),
        ("every 2 hours", AUTUMN, ["23:00", "01:00", "03:00", "05:00", "07:00", "09:00"]),
        ("2027-10-31 02:30", AUTUMN, ["00:30"]),
        ("0 0 * * *", "America/Sao_Paulo 2017-10-15", ["03:00"]),
        ("30 0 * * *", "Asia/Beirut 2022-03-27", ["22:00"]),
        ("0 0 * * *", "Africa/Cairo 2024-04-26", ["22:00"]),
        ("15 2 * * *", "Australia/Lord_Howe 2026-10-03", []),
        ("0 0 * * *", "Africa/Monrovia 1972-01-07", ["00:45"]),
        ("0 12 * * *", "Africa/Monrovia 1972-01-06", []),
    ],
)
def test_due_times_in_utc_on_the_day_of_a_change(text: str, where: Any, due: Any) -> None:
    assert due_on(text, where) == due


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("15 2 * * *", "2026-10-03 14:00", "2026-10-03 15:30"),  # Lord Howe: 02:00 becomes 02:30
        ("15 2 * * *", "2026-10-03 15:30", "2026-10-04 15:15"),
        ("45 1 * * *", "2027-04-03 14:50", "2027-04-04 15:15"),  # 02:00 becomes 01:30: the second 01:45 is none
        ("*/15 * * * *", "2027-04-03 14:45", "2027-04-03 15:00"),
    ],
)
def test_half_hour_changes(text: str, after: str, expected: str) -> None:
    due = next_after(parse([text], "Australia/Lord_Howe"), datetime.fromisoformat(f"{after}+00:00"))
    assert due == datetime.fromisoformat(f"{expected}+00:00")


def test_an_instant_inside_the_second_pass_of_a_repeated_hour() -> None:
    second_pass = datetime(2027, 10, 31, 1, 10, tzinfo=UTC)
    fixed, wild = parse(["20 2 * * *"], "Europe/Berlin"), parse(["*/20 * * * *"], "Europe/Berlin")
    assert next_after(fixed, second_pass) == datetime(2027, 11, 1, 1, 20, tzinfo=UTC)
    assert previous_before(fixed, second_pass) == datetime(2027, 10, 31, 0, 20, tzinfo=UTC)
    assert next_after(wild, second_pass) == datetime(2027, 10, 31, 1, 20, tzinfo=UTC)
    assert previous_before(wild, second_pass) == datetime(2027, 10, 31, 1, tzinfo=UTC)


def test_a_day_that_did_not_exist_has_no_due_time() -> None:
    daily = parse(["0 12 * * *"], "Pacific/Apia")
    noon = datetime(2011, 12, 29, 22, tzinfo=UTC)
    assert next_after(daily, noon) == noon + timedelta(days=1)
    assert next_after(parse(["2011-12-30 12:00"], "Pacific/Apia"), noon - timedelta(days=9)) is None


def test_a_change_of_exactly_three_hours_is_still_a_gap() -> None:
    casey = parse(["30 5 * * *"], "Antarctica/Casey")  # 2018-10-07: 04:00 becomes 07:00
    assert next_after(casey, datetime(2018, 10, 6, 12, tzinfo=UTC)) == datetime(2018, 10, 6, 20, tzinfo=UTC)


def test_what_a_new_clock_repeats_is_due_again() -> None:
    vostok = parse(["30 22 * * *"], "Antarctica/Vostok")  # 1994-01-31: seven hours back, at 17:00 UTC
    start = datetime(1994, 1, 31, tzinfo=UTC)
    assert forwards(vostok, start, start + timedelta(days=1)) == [
        start.replace(hour=15, minute=30),
        start.replace(hour=22, minute=30),
    ]


class TwoChangesInADay(tzinfo):
    """Two hours back at 02:00 UTC, and one forward half an hour later, while times are still being repeated."""

    def fromutc(self, when: datetime) -> datetime:
        since = when.replace(tzinfo=None) - datetime(2026, 6, 1, 2)  # noqa: DTZ001
        hours = 2 if since < timedelta() else 0 if since < timedelta(minutes=30) else 1
        return (when + timedelta(hours=hours)).replace(tzinfo=timezone(timedelta(hours=hours)))

    def utcoffset(self, _when: datetime | None) -> NoReturn:
        raise AssertionError("a zone is asked from UTC")

    dst = tzname = utcoffset


@pytest.mark.parametrize(
    "expression", ["30 2 * * *", "0,30 3-5 * * *", "*/20 * * * *", "45 4 * * *", "15 5 * * *", "0 */2 * * *"]
)
def test_cron_s_rule_holds_for_two_changes_in_one_day(expression: str) -> None:
    zone = Zone("two", TwoChangesInADay())
    schedule = Schedule(zone, (0, LAST), [compiled_text(expression, origin(None, zone), "")], at_startup=False)
    start = datetime(2026, 5, 31, 22, tzinfo=UTC)
    expected = due_times(cron_job(expression), TwoChangesInADay(), start, start + timedelta(hours=12))
    assert forwards(schedule, start, start + timedelta(hours=12)) == expected
    assert backwards(schedule, start, start + timedelta(hours=12)) == expected


@pytest.mark.parametrize(
    ("texts", "due", "note"),
    [
        (["30 2 * * *"], "2027-03-28 01:00", "moved from 02:30: the clock goes from 02:00 to 03:00"),
        (["0 2,3 * * *"], "2027-03-28 01:00", "moved from 02:00: the clock goes from 02:00 to 03:00"),
        (
            ["0-20 2 * * *"],
            "2027-03-28 01:00",
            "moved from 02:00 to 02:20, 21 times: the clock goes from 02:00 to 03:00",
        ),
        (["30 2 * * *"], "2027-10-31 00:30", "first of two 02:30"),
        (["30 2 * * *"], "2027-10-31 01:30", None),
        (["every 30 minutes"], "2027-10-31 01:30", "second of two 02:30 (every 30 minutes follows real time)"),
        (["*/30 * * * *"], "2027-10-31 01:30", "second of two 02:30 (every 30 minutes follows real time)"),
        (["30 2 * * *", "hourly"], "2027-10-31 01:00", "second of two 02:00 (hourly follows real time)"),
        (["30 2 * * *"], "2027-03-29 00:30", None),
        (["0 3 * * *"], "2027-03-28 01:00", None),
        (["0 3 * * *"], "2027-10-31 02:00", None),
    ],
)
def test_a_due_time_is_marked_where_the_clock_changes(texts: list[str], due: str, note: str | None) -> None:
    assert parse(texts, "Europe/Berlin").note(int(datetime.fromisoformat(f"{due}+00:00").timestamp())) == note


@pytest.mark.parametrize(
    ("zone", "day", "change"),
    [
        ("Europe/Berlin", date(2027, 3, 28), "the clock goes from 02:00 to 03:00"),
        ("Europe/Berlin", date(2027, 3, 27), None),
        ("Europe/Berlin", date(2027, 3, 29), None),
        ("Europe/Berlin", date(2027, 10, 31), "the clock goes back from 03:00 to 02:00"),
        ("America/Sao_Paulo", date(2017, 10, 15), "the clock goes from 00:00 to 01:00"),
        ("America/Sao_Paulo", date(2018, 2, 17), "the clock goes back from 00:00 to 23:00"),
        ("Australia/Lord_Howe", date(2026, 10, 4), "the clock goes from 02:00 to 02:30"),
        ("Pacific/Apia", date(2011, 12, 30), "the clock goes from 2011-12-30 00:00 to 2011-12-31 00:00"),
        ("UTC", date(2027, 3, 28), None),
    ],
)
def test_days_on_which_the_clock_changes(zone: str, day: Any, change: str | None) -> None:
    assert dst_day(zone, day) == change


def test_the_hosts_zone_is_the_link_localtime(tmp_path: Path) -> None:
    (tmp_path / "localtime").symlink_to("/usr/share/zoneinfo/Asia/Tokyo")
    (tmp_path / "timezone").write_text("Europe/Paris\n")
    assert host_zone(str(tmp_path)) == "Asia/Tokyo"


def test_the_hosts_zone_is_the_file_timezone_where_localtime_is_no_link(tmp_path: Path) -> None:
    (tmp_path / "localtime").write_bytes(b"TZif")
    (tmp_path / "timezone").write_text("Europe/Paris\n")
    assert host_zone(str(tmp_path)) == "Europe/Paris"


@pytest.mark.parametrize("content", ["", "Nowhere/Land\n", "../../etc/passwd"])
def test_the_hosts_zone_is_utc_where_nothing_says_so(tmp_path: Path, content: str) -> None:
    (tmp_path / "timezone").write_text(content)
    assert host_zone(str(tmp_path)) == "UTC"


def test_a_zone_that_the_host_changes_to_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for name in ("Asia/Tokyo", "Europe/Berlin"):
        monkeypatch.setattr(zone, "host_zone", lambda name=name: name)
        found.append(parse(["daily at 02:00"]).zone_name)
    assert found == ["Asia/Tokyo", "Europe/Berlin"]
