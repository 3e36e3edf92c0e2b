"""Records of a stretch of time: the right ones, and no more is read than that takes."""

from datetime import UTC, datetime
from math import inf
from pathlib import Path

import pytest

from automate.instants import stamp
from automate.paths import Instance
from automate.runlog import Period, Reader
from tests.runlog.run_records import log_of, record

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC).timestamp()
HOUR = 3600


def line(run_id: int, started: float, lasted: float = 1, task: str = "backup") -> bytes:
    return record(run_id, task, started=stamp(started), ended=stamp(started + lasted)).line()


def read(instance: Instance, period: Period, *tasks: str) -> tuple[list[int], int]:
    """The ids found, and how many lines that are no records were met: the log's begin, if it was read so far."""
    reader = Reader(instance)
    return [entry.record.id for entry in reader.entries(tasks=tasks or None, period=period)], reader.passed_over.total()


def long_log(directory: Path, newest: bytes) -> Instance:
    """It begins with a line that is no record, then has some megabytes of last month's, then the newest."""
    old = b"".join(line(number, NOON - 720 * HOUR) for number in range(2, 10_000))
    return log_of(directory, b"no record\n" + old + newest)


@pytest.mark.parametrize("tasks", [(), ("backup",), ("b*",), ("rare",)])
def test_what_is_too_old_is_not_read(tmp_path: Path, tasks: tuple[str, ...]) -> None:
    instance = long_log(tmp_path, line(10_000, NOON) + line(10_001, NOON, task="rare"))
    found, met = read(instance, Period(since=NOON), *tasks)
    assert found == {(): [10_001, 10_000], ("rare",): [10_001]}.get(tasks, [10_000])
    assert met == 0


def test_without_a_beginning_all_is_read(tmp_path: Path) -> None:
    assert read(long_log(tmp_path, line(10_000, NOON)), Period(until=NOON - 1000 * HOUR)) == ([], 1)


def test_older_files_are_left_out_too(tmp_path: Path) -> None:
    instance = long_log(tmp_path, line(10_000, NOON))
    Path(instance.run_log + ".1").write_bytes(b"no record\n")
    assert read(instance, Period(since=NOON)) == ([10_000], 0)


def test_a_clock_that_was_fast_by_less_than_a_day_hides_nothing(tmp_path: Path) -> None:
    slow = b"".join(line(number, NOON - 20 * HOUR) for number in range(2, 10_000))
    instance = log_of(tmp_path, line(1, NOON) + slow)
    assert read(instance, Period(since=NOON)) == ([1], 0)


def test_a_clock_that_was_far_behind_for_a_while_hides_nothing(tmp_path: Path) -> None:
    behind = b"".join(line(number, 0.0) for number in range(2, 1000))
    instance = log_of(tmp_path, line(1, NOON) + behind)
    assert read(instance, Period(since=NOON)) == ([1], 0)


def test_a_long_run_is_of_the_period_in_which_it_started(tmp_path: Path) -> None:
    instance = log_of(tmp_path, line(2, NOON + HOUR) + line(1, NOON - HOUR, 100 * HOUR))
    assert read(instance, Period(until=NOON)) == ([1], 0)


@pytest.mark.parametrize("since", [-inf, inf])
def test_bounds_at_the_ends_of_time(tmp_path: Path, since: float) -> None:
    instance = log_of(tmp_path, line(1, NOON))
    assert read(instance, Period(since=since))[0] == ([1] if since < NOON else [])
    assert read(instance, Period(until=since))[0] == ([] if since < NOON else [1])
