"""Many at once: one run of a task at a time, ids given once, state and log that agree."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Lines, OneRecord, PidOf, Records, RunCli, Start, Until, WriteTask

MANY = 12


@pytest.fixture
def all_at_once(start: Start) -> Callable[[list[list[str]]], list[int]]:
    """`all_at_once([["run", "x"], ...])` starts them all before it waits for any; their exit statuses."""

    def run(commands: list[list[str]]) -> list[int]:
        begun = [start(*words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for words in commands]
        return [process.wait(60) for process in begun]

    return run


def test_of_many_runs_of_one_task_one_runs_and_the_others_are_busy(
    task: WriteTask, start: Start, records: Records, until: Until, instance: Path, lines: Lines
) -> None:
    task("x", "echo ran >>seen; until [ -e go ]; do sleep 0.02; done")
    begun = [start("run", "x", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) for _ in range(MANY)]
    until(lambda: len(records()) == MANY - 1)
    (instance / "go").touch()
    assert sorted(process.wait(60) for process in begun) == [0] + [75] * (MANY - 1)
    assert lines("seen") == ["ran"]
    found = records()
    assert sorted(record["outcome"] for record in found) == ["skipped"] * (MANY - 1) + ["success"]
    assert {record["cause"] for record in found if record["outcome"] == "skipped"} <= {"overlap", "lock"}
    assert {record["id"] for record in found} == set(range(1, MANY + 1))


def test_of_many_tasks_all_run(
    task: WriteTask,
    all_at_once: Callable[[list[list[str]]], list[int]],
    records: Records,
    run_cli: RunCli,
    instance: Path,
) -> None:
    for number in range(MANY):
        task(f"x{number}", "echo $AUTOMATE_RUN")
    assert all_at_once([["run", f"x{number}"] for number in range(MANY)]) == [0] * MANY
    found = records()
    assert {record["id"] for record in found} == set(range(1, MANY + 1))
    assert {record["task"] for record in found} == {f"x{number}" for number in range(MANY)}
    for record in found:
        assert (instance / ".automate" / "log" / record["output"]).read_text() == f"{record['id']}\n"
    listed = json.loads(run_cli("list", "--json").stdout)
    assert {task["last_run"]["id"] for task in listed} == {record["id"] for record in found}


def test_many_short_runs_of_one_task_never_overlap(
    task: WriteTask, all_at_once: Callable[[list[list[str]]], list[int]], records: Records, lines: Lines
) -> None:
    task("x", "mkdir alone || echo overlap >>seen; rmdir alone")
    statuses = all_at_once([["run", "x"]] * MANY)
    assert lines("seen") == []
    assert sorted(statuses) == sorted(75 if record["outcome"] == "skipped" else 0 for record in records())


def test_lock_that_somebody_else_holds_makes_it_busy_with_the_lock_named(
    task: WriteTask, run_cli: RunCli, record: OneRecord, instance: Path
) -> None:
    task("x", "true")
    directory = instance / ".automate" / "locks" / "task"
    directory.mkdir(parents=True)
    with subprocess.Popen(
        ["flock", directory / "x", "sh", "-c", "echo held; read go"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        answer = run_cli("run", "x")
        holder.communicate("go\n")
    assert answer.returncode == 75
    assert (record()["cause"], record()["lock"]) == ("lock", "task/x")
    assert run_cli("run", "x").returncode == 0


def test_tasks_that_share_a_lock_do_not_run_together(
    task: WriteTask, start: Start, run_cli: RunCli, records: Records, shim_pid: PidOf
) -> None:
    task("x", "sleep 60", locks=["db", "net"])
    task("y", "true", locks=["net"])
    task("z", "true", locks=["other"])
    start("run", "x")
    shim_pid("x")
    assert run_cli("run", "y").returncode == 75
    assert run_cli("run", "z").returncode == 0
    assert (records("y")[0]["cause"], records("y")[0]["lock"]) == ("lock", "shared/net")


def test_refused_run_holds_none_of_its_locks(task: WriteTask, start: Start, run_cli: RunCli, shim_pid: PidOf) -> None:
    task("x", "sleep 60", locks=["net"])
    task("y", "true", locks=["db", "net"])
    task("z", "true", locks=["db"])
    start("run", "x")
    shim_pid("x")
    assert run_cli("run", "y", "z").returncode == 75
    assert run_cli("run", "z").returncode == 0


def test_lock_ends_with_the_command_and_not_with_what_it_left_behind(task: WriteTask, run_cli: RunCli) -> None:
    task("x", "sleep 60 &")
    assert run_cli("run", "x").returncode == 0
    assert run_cli("run", "x").returncode == 0


def test_looking_while_runs_end_changes_nothing(
    task: WriteTask, all_at_once: Callable[[list[list[str]]], list[int]], records: Records
) -> None:
    task("x", "true")
    task("y", "sleep 0.2")
    assert set(all_at_once([["run", "x"], ["run", "y"], *[["list"]] * 6, ["history"]])) == {0}
    assert sorted(record["task"] for record in records()) == ["x", "y"]
