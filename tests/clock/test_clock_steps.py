"""The daemon while its wall clock is set, and in the nights in which Berlin sets its clocks."""

import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.clock.conftest import Clock
from tests.conftest import Lines, Records, Until, WriteTask

BERLIN = {"timezone": "Europe/Berlin", "missed": "once"}


def seconds_covered(records: list[dict[str, Any]]) -> list[int]:
    """Every due time that is on record, as epoch seconds."""
    found: list[int] = []
    for record in records:
        last = datetime.fromisoformat(record["due"]).timestamp()
        first = datetime.fromisoformat(record.get("first_due") or record["due"]).timestamp()
        assert record.get("count", 1) == (last - first) + 1, record
        found += range(int(first), int(last) + 1)
    return found


@pytest.mark.parametrize("seconds", [3600, 2 * 86400])
def test_set_forward_what_was_passed_is_on_record(
    clock: Clock,
    serve: Callable[[], subprocess.Popen[str]],
    task: WriteTask,
    until: Until,
    records: Records,
    dues: Callable[..., list[str]],
    seconds: int,
) -> None:
    task("x", "true", schedule="every second", overlap="allow")
    serve()
    until(lambda: len(dues("x")) >= 2)
    clock.add(seconds)
    until(lambda: dues("x", "missed"))
    before = len(dues("x"))
    until(lambda: len(dues("x")) >= before + 2)
    covered = sorted(seconds_covered(records("x")))
    assert covered == list(range(covered[0], covered[-1] + 1))
    assert len(covered) > seconds


def test_set_back_by_ten_minutes_nothing_is_repeated(
    clock: Clock,
    serve: Callable[[], subprocess.Popen[str]],
    task: WriteTask,
    until: Until,
    records: Records,
    dues: Callable[..., list[str]],
) -> None:
    task("x", "true", schedule="every second", overlap="allow")
    serve()
    until(lambda: len(dues("x")) >= 2)
    clock.add(-600)
    task("new", "true", schedule="every second", overlap="allow")
    until(lambda: len(dues("new")) >= 2)
    ran = dues("x")
    clock.add(600)
    until(lambda: len(dues("x")) >= len(ran) + 2)
    covered = sorted(seconds_covered(records("x")))
    assert covered == list(range(covered[0], covered[-1] + 1))


def test_set_back_by_five_hours_it_goes_on_from_there_on_record(
    clock: Clock,
    serve: Callable[[], subprocess.Popen[str]],
    task: WriteTask,
    until: Until,
    records: Records,
    dues: Callable[..., list[str]],
) -> None:
    task("x", "true", schedule="every second", overlap="allow")
    serve()
    until(lambda: len(dues("x")) >= 2)
    clock.add(-5 * 3600)
    until(lambda: [record for record in records("x") if record["outcome"] == "skipped"])
    before = len(dues("x"))
    until(lambda: len(dues("x")) >= before + 2)
    assert [record["cause"] for record in records("x") if record["outcome"] == "skipped"] == ["clock_set_back"]
    assert len(set(dues("x"))) == len(dues("x"))
    now = f"{datetime.fromtimestamp(clock.now(), UTC):%Y-%m-%d %H:%M:%S}"
    assert dues("x")[-1] <= now


def test_a_retry_that_waits_does_not_wait_for_the_clock_to_come_again(
    clock: Clock, serve: Callable[[], subprocess.Popen[str]], task: WriteTask, until: Until, lines: Lines
) -> None:
    retries = {"attempts": 1, "delay": "2s"}
    task("x", "echo $AUTOMATE_ATTEMPT >>tried; exit 1", schedule="every second", retries=retries)
    serve()
    until(lambda: "1" in lines("tried"))
    clock.add(-600)
    until(lambda: "2" in lines("tried"))


def test_a_timeout_counts_real_time_under_the_next_daemon_too(
    clock: Clock,
    serve: Callable[[], subprocess.Popen[str]],
    task: WriteTask,
    until: Until,
    instance: Path,
    records: Records,
) -> None:
    task("x", "touch begun; until [ -e go ]; do sleep 0.1; done", schedule="every second", timeout="1h")
    daemon = serve()
    until((instance / "begun").exists)
    daemon.kill()
    daemon.wait()
    clock.daemon = None
    clock.add(2 * 86400)
    serve()
    until(lambda: [record for record in records("x") if record["outcome"] == "missed"])
    (instance / "go").touch()
    until(lambda: 1 in {record["id"] for record in records("x")})
    assert [record["outcome"] for record in records("x") if record["id"] == 1] == ["success"]


@pytest.fixture
def night(
    clock: Clock,
    serve: Callable[[], subprocess.Popen[str]],
    task: WriteTask,
    until: Until,
    dues: Callable[..., list[str]],
) -> Callable[[str], None]:
    """`night("2027-03-28")`: the daemon lives through the seconds around each half hour from 00:30 to 02:00 UTC."""

    def live(day: str) -> None:
        clock.set(f"{day} 00:10")
        task("fixed", "true", schedule="30 2 * * *", **BERLIN)
        task("follows", "true", schedule="*/30 * * * *", **BERLIN)
        serve()
        for number, before in enumerate(("00:29:59", "00:59:59", "01:29:59", "01:59:59"), 1):
            clock.set(f"{day} {before}")
            until(lambda number=number: len(dues("follows")) >= number)

    return live


def test_in_the_night_that_lacks_an_hour_a_fixed_time_is_due_right_after_it(
    night: Callable[[str], None], dues: Callable[..., list[str]]
) -> None:
    night("2027-03-28")
    assert dues("fixed") == ["2027-03-28 01:00:00"]
    assert dues("follows") == [f"2027-03-28 {time}:00" for time in ("00:30", "01:00", "01:30", "02:00")]


def test_in_the_night_that_has_an_hour_twice_a_fixed_time_is_due_once(
    night: Callable[[str], None], dues: Callable[..., list[str]]
) -> None:
    night("2027-10-31")
    assert dues("fixed") == ["2027-10-31 00:30:00"]
    assert dues("follows") == [f"2027-10-31 {time}:00" for time in ("00:30", "01:00", "01:30", "02:00")]
