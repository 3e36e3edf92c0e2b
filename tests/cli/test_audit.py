"""`automate audit`: every due time has its one record, or is listed."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from automate import paths, task
from automate.instants import stamp
from automate.operate.audit import audit
from automate.run import Record
from automate.runlog import append
from automate.schedule import parse
from automate.state import OpenRun, State, runs, schedules
from automate.state.schedules import Scheduled
from automate.supervisor import open_instance

if TYPE_CHECKING:
    import subprocess

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]
HOURLY = parse(["0 * * * *"], "UTC").dump()
MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC).timestamp()


def at(hour: float) -> float:
    """Of the tests' day, in epoch seconds."""
    return MIDNIGHT + hour * 3600


def when(hour: float) -> str:
    """The same, as it stands in a record."""
    return stamp(at(hour))


def record(run_id: int, hour: float | None, name: str = "backup", **fields: Any) -> Record:
    due = None if hour is None else when(hour)
    known: dict[str, Any] = {"outcome": "success", "trigger": "schedule", "due": due, "ended": when((hour or 0) + 0.1)}
    return Record(id=run_id, task=name, host="db1", **(known | fields))


def scheduled(name: str = "backup", since: float = 0, until: float = 4.5, dump: str = HOURLY) -> Scheduled:
    definition = task.encode(task.Task(name=name, file="", command="true"))
    return Scheduled(name, definition, dump, "", at(since), at(until), 0.0, None, False, False)  # noqa: FBT003


@pytest.fixture
def write(instance: Path) -> Callable[..., None]:
    """Puts records into the instance's log."""
    return lambda *records: append(paths.of_directory(str(instance)), records)


@pytest.fixture
def kept(instance: Path) -> Callable[..., None]:
    """Puts down what is in force."""

    def keep(*rows: Scheduled) -> None:
        with changing(instance) as state:
            schedules.put(state, rows)

    return keep


@contextmanager
def changing(instance: Path) -> Iterator[State]:
    with closing(open_instance(paths.of_directory(str(instance)))) as state, state.transaction():
        yield state


def test_nothing_is_known(run_cli: RunCli) -> None:
    done = run_cli("audit")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr.startswith("0 tasks from ")


def test_each_has_its_record(run_cli: RunCli, write: Callable[..., None], kept: Callable[..., None]) -> None:
    kept(scheduled())
    write(record(1, 1), record(2, 2, trigger="catch-up"), record(3, 3), record(4, 4))
    done = run_cli("audit", "--until", "2026-11-21T04:30Z")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == (
        "4 due times of 1 task from 2026-11-21 01:00:00 +01:00 to 2026-11-21 05:29:59 +01:00: each has one record\n"
    )


def test_what_is_wrong_is_listed(run_cli: RunCli, write: Callable[..., None], kept: Callable[..., None]) -> None:
    kept(scheduled(), scheduled("report"))
    write(record(1, 1), record(2, 1), record(3, 1.5), record(4, 2))
    write(record(5, 4, name="report", count=4, first_due=when(1)))
    done = run_cli("audit")
    assert done.returncode == 1
    assert [re.split("  +", line) for line in done.stdout.splitlines()] == [
        ["TASK", "DUE", "WRONG"],
        ["backup", "2026-11-21 02:00:00 +01:00", "2 records: #1, #2"],
        ["backup", "2026-11-21 02:30:00 +01:00", "recorded but never due: #3"],
        ["backup", "2026-11-21 04:00:00 +01:00 to 2026-11-21 05:00:00 +01:00 (2)", "no record"],
    ]
    assert done.stderr.endswith(": 4 discrepancies\n")


def test_as_json(run_cli: RunCli, write: Callable[..., None], kept: Callable[..., None]) -> None:
    kept(scheduled())
    write(record(1, 1))
    found = json.loads(run_cli("audit", "--json", "--quiet").stdout)
    assert (found["due_times"], found["tasks"], found["earliest_record"]) == (4, 1, None)
    assert found["wrong"] == [
        {
            "task": "backup",
            "due": "2026-11-21T05:00:00+01:00",
            "first_due": "2026-11-21T03:00:00+01:00",
            "count": 3,
            "fault": "no_record",
            "what": "no record",
            "runs": [],
        }
    ]


def test_runs_that_are_not_of_the_schedule_do_not_count(
    run_cli: RunCli, write: Callable[..., None], kept: Callable[..., None]
) -> None:
    kept(scheduled(until=1.5))
    write(
        record(1, 1),
        record(2, None, trigger="manual"),
        record(3, 1, trigger="startup"),
        record(4, None, trigger="after"),
    )
    assert run_cli("audit").returncode == 0


def test_only_what_was_due_in_the_window(
    run_cli: RunCli, write: Callable[..., None], kept: Callable[..., None]
) -> None:
    kept(scheduled())
    write(record(1, 1), record(2, 3))
    assert run_cli("audit", "--since", "2026-11-21T03:00Z", "--until", "2026-11-21T04:00Z").returncode == 0
    assert run_cli("audit", "--since", "2026-11-21T02:00Z", "--until", "2026-11-21T04:00Z").returncode == 1
    assert run_cli("audit", "--since", "2026-11-21T03:00Z", "--until", "2026-11-21T04:00:01Z").returncode == 1


def test_what_is_under_way_will_be_on_record(
    instance: Path, write: Callable[..., None], kept: Callable[..., None]
) -> None:
    """One waits for its next attempt; of the other, only the record is missing, and it stands for three due times."""
    kept(scheduled())
    row = scheduled()
    later = record(2, 4, outcome="skipped", count=3, first_due=when(2))
    with changing(instance) as state:
        runs.reserve_ids(state, 10)
        first = OpenRun(1, "backup", at(1), "schedule", None, "pending", row.definition, (), 2, 4e9)
        runs.insert(state, [first, first._replace(id=2, due=at(4), phase="unrecorded", record=later)])
    where = paths.of_directory(str(instance))
    with closing(open_instance(where)) as state:
        found = audit(where, state, None, at(5))
    assert (found.wrong, found.due_times, found.under_way) == ([], 4, 2)
    write(later)
    with closing(open_instance(where)) as state:
        found = audit(where, state, None, at(5))
    assert (found.wrong, found.due_times, found.under_way) == ([], 4, 1)


def test_before_the_log_begins_nothing_is_proved(
    run_cli: RunCli, write: Callable[..., None], kept: Callable[..., None]
) -> None:
    kept(scheduled())
    write(record(3, 2), record(4, 3), record(5, 4))
    done = run_cli("audit")
    assert done.returncode == 0
    assert "nothing can be proved before 2026-11-21 03:06:00 +01:00: older records were rotated away\n" in done.stderr


def test_what_was_in_force_before_an_edit(
    instance: Path, run_cli: RunCli, write: Callable[..., None], kept: Callable[..., None]
) -> None:
    kept(scheduled(since=2.5))
    with changing(instance) as state:
        schedules.retire(state, [scheduled(dump=parse(["every 30 minutes"], "UTC").dump()).span(at(2.5))])
    write(*(record(number, number / 2) for number in range(1, 6)), record(6, 3), record(7, 4))
    assert run_cli("audit").returncode == 0


def test_a_task_that_is_not_known_of_the_whole_time(
    run_cli: RunCli, write: Callable[..., None], kept: Callable[..., None]
) -> None:
    kept(scheduled(), scheduled("report", since=3.5))
    write(*(record(number, number) for number in range(1, 5)), record(5, 4, name="report"), record(6, 1, name="report"))
    done = run_cli("audit", "--since", "2026-11-21T01:00Z")
    assert done.returncode == 0, done.stdout
    assert "known for part of this period only: report;" in done.stderr


def test_of_many_tasks_that_are_not_known_of_the_whole_time_some_are_named(
    run_cli: RunCli, kept: Callable[..., None]
) -> None:
    kept(*(scheduled(name, since=4.5) for name in "abcde"))
    said = run_cli("audit", "--since", "2026-11-21T01:00Z").stderr
    assert "known for part of this period only: a, b, c and 2 more; --json" in said


def test_lines_that_are_no_records_are_told(instance: Path, run_cli: RunCli, write: Callable[..., None]) -> None:
    write(record(1, 1))
    log = Path(paths.of_directory(str(instance)).run_log)
    log.write_text("what is this\n" + log.read_text())
    assert f"{log}: 1 line ignored: not a record" in run_cli("audit").stderr
