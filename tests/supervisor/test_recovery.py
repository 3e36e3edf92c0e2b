"""What is left when the supervisor, the shim or both were killed. (At every single step: tests/crash.)"""

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import Lines, OneRecord, PidOf, Records, RunCli, Start, Until, WriteTask, scaled


@pytest.fixture
def orphan(start: Start, shim_pid: PidOf) -> PidOf:
    """`orphan("x")` starts it, waits until it runs and kills the supervisor; the shim's PID."""

    def begin(name: str) -> int:
        running = start("run", name)
        pid = shim_pid(name)
        running.kill()
        running.wait()
        return pid

    return begin


def test_run_goes_on_without_its_supervisor_and_is_recorded(
    task: WriteTask, orphan: PidOf, run_cli: RunCli, record: OneRecord, until: Until, instance: Path, records: Records
) -> None:
    task("x", "echo one; until [ -e go ]; do sleep 0.02; done; echo two; exit 3")
    orphan("x")
    assert "running" in run_cli("list").stdout
    (instance / "go").touch()
    until(records)
    assert (record()["outcome"], record()["exit_code"], record()["error"]) == ("failed", 3, "one\ntwo")


def test_run_that_ended_unwatched_is_recorded_at_the_next_look(
    task: WriteTask, orphan: PidOf, run_cli: RunCli, record: OneRecord, until: Until, instance: Path
) -> None:
    task("x", "until [ -e go ]; do sleep 0.02; done; exit 4")
    orphan("x")
    (instance / "go").touch()
    (status,) = (instance / ".automate" / "open").iterdir()
    until(lambda: "exited 4" in status.read_text())
    run_cli("list")
    assert (record()["outcome"], record()["exit_code"]) == ("failed", 4)


def test_running_is_still_busy_when_only_the_supervisor_died(task: WriteTask, orphan: PidOf, run_cli: RunCli) -> None:
    task("x", "sleep 60")
    orphan("x")
    answer = run_cli("run", "x")
    assert answer.returncode == 75
    assert "still running: #1" in answer.stderr


def test_warn_on_stderr_is_known_of_an_adopted_run(
    task: WriteTask, orphan: PidOf, run_cli: RunCli, records: Records, record: OneRecord, until: Until, instance: Path
) -> None:
    task("x", "echo oops >&2; until [ -e go ]; do sleep 0.02; done", warn_on="stderr")
    orphan("x")
    run_cli("list")
    (instance / "go").touch()
    until(records)
    assert record()["outcome"] == "warning"


def test_nothing_on_stderr_is_known_of_an_adopted_run(
    task: WriteTask, orphan: PidOf, run_cli: RunCli, records: Records, record: OneRecord, until: Until, instance: Path
) -> None:
    task("x", "echo fine; until [ -e go ]; do sleep 0.02; done", warn_on="stderr")
    orphan("x")
    run_cli("list")
    (instance / "go").touch()
    until(records)
    assert record()["outcome"] == "success"


def test_all_killed_is_lost(
    task: WriteTask, orphan: PidOf, kill_whole_run: Callable[[str], None], run_cli: RunCli, record: OneRecord
) -> None:
    task("x", "sleep 60")
    orphan("x")
    kill_whole_run("x")
    run_cli("list")
    assert (record()["outcome"], record()["cause"], record()["exit_code"]) == ("lost", "watcher_died", None)
    assert "its end was not seen" in record()["reason"]


def test_shim_and_command_killed_under_a_living_supervisor_is_lost(
    task: WriteTask, start: Start, kill_whole_run: Callable[[str], None], record: OneRecord
) -> None:
    task("x", "sleep 60")
    running = start("run", "x")
    kill_whole_run("x")
    assert running.wait(60) == 1
    assert record()["outcome"] == "lost"


def test_command_that_outlives_its_shim_is_still_running(
    task: WriteTask, start: Start, shim_pid: PidOf, run_cli: RunCli, records: Records, until: Until, instance: Path
) -> None:
    task("x", "touch began; until [ -e go ]; do sleep 0.02; done")
    running = start("run", "x")
    until((instance / "began").exists)
    os.kill(shim_pid("x"), signal.SIGKILL)
    assert run_cli("run", "x").returncode == 75
    assert [each["outcome"] for each in records()] == ["skipped"]
    (instance / "go").touch()
    running.wait(60)
    assert [each["outcome"] for each in records()] == ["skipped", "lost"]


def test_command_that_outlives_shim_and_supervisor_is_still_running(
    task: WriteTask, orphan: PidOf, run_cli: RunCli, records: Records, until: Until, instance: Path
) -> None:
    task("x", "touch began; until [ -e go ]; do sleep 0.02; done")
    pid = orphan("x")
    until((instance / "began").exists)
    os.kill(pid, signal.SIGKILL)
    assert run_cli("run", "x").returncode == 75
    (instance / "go").touch()
    until(lambda: [each["outcome"] for each in records()] == ["skipped", "lost"])


def test_timeout_holds_for_what_outlives_shim_and_supervisor(
    task: WriteTask, orphan: PidOf, run_cli: RunCli, records: Records, record: OneRecord, until: Until, instance: Path
) -> None:
    task("x", "touch began; sleep 60", timeout=f"{scaled(0.5)}s")
    pid = orphan("x")
    until((instance / "began").exists)
    os.kill(pid, signal.SIGKILL)
    run_cli("list")
    until(records)
    assert record()["outcome"] == "timeout"


def test_stop_ends_what_outlives_shim_and_supervisor(
    task: WriteTask,
    orphan: PidOf,
    run_cli: RunCli,
    record: OneRecord,
    until: Until,
    instance: Path,
    processes: Callable[[], list[int]],
) -> None:
    task("x", "touch began; sleep 60")
    pid = orphan("x")
    until((instance / "began").exists)
    os.kill(pid, signal.SIGKILL)
    assert run_cli("stop", "x").returncode == 0
    assert record()["outcome"] == "stopped"
    until(lambda: processes() == [])


def test_lost_run_is_tried_again(
    task: WriteTask,
    orphan: PidOf,
    kill_whole_run: Callable[[str], None],
    run_cli: RunCli,
    records: Records,
    record: OneRecord,
    until: Until,
) -> None:
    task("x", "[ $AUTOMATE_ATTEMPT = 2 ] || sleep 60", retries={"attempts": 1, "delay": "1ms"})
    orphan("x")
    kill_whole_run("x")
    run_cli("list")
    until(records)
    assert (record()["outcome"], record()["attempts"]) == ("success", 2)


@pytest.fixture
def waits(instance: Path) -> Callable[[], bool]:
    """Whether a run waits, for its next attempt say; it takes a millisecond to ask."""

    def look() -> bool:
        try:
            with closing(sqlite3.connect(f"file:{instance}/.automate/state.db?mode=ro", uri=True)) as state:
                return state.execute("SELECT 1 FROM runs WHERE phase = 'pending'").fetchone() is not None
        except sqlite3.OperationalError:  # it is not there yet
            return False

    return look


def test_retry_wait_survives_its_supervisor(
    task: WriteTask, start: Start, run_cli: RunCli, records: Records, until: Until, lines: Lines,
    waits: Callable[[], bool],
) -> None:  # fmt: skip
    task("x", "echo $AUTOMATE_ATTEMPT >>seen; [ $AUTOMATE_ATTEMPT = 2 ]", retries={"attempts": 3, "delay": "2s"})
    running = start("run", "x")
    until(waits)
    running.kill()
    running.wait()
    run_cli("list")
    (record,) = until(records)
    assert (record["outcome"], record["attempts"], lines("seen")) == ("success", 2, ["1", "2"])


def test_a_look_leaks_no_descriptor_into_what_it_starts(
    task: WriteTask, start: Start, instance: Path, until: Until, lines: Lines, waits: Callable[[], bool]
) -> None:
    task("x", "ls /proc/self/fd >>seen; false", retries={"attempts": 1, "delay": "2s"})
    running = start("run", "x")
    until(waits)
    running.kill()
    running.wait()
    with open(instance / "tasks.d" / "x.yaml") as leaked:
        start("list", pass_fds=(leaked.fileno(),)).wait()
    until(lambda: len(lines("seen")) == 8)
    assert lines("seen") == ["0", "1", "2", "3"] * 2


def test_status_file_says_what_the_shim_said(task: WriteTask, orphan: PidOf, instance: Path) -> None:
    task("x", "sleep 60")
    pid = orphan("x")
    (path,) = (instance / ".automate" / "open").iterdir()
    assert path.name == "1.1.x"
    assert f"\nstarted {pid} " in path.read_text()


def test_nothing_is_left_over_of_a_run_on_record(task: WriteTask, run_cli: RunCli, instance: Path) -> None:
    task("x", "echo 1 >$AUTOMATE_SUMMARY; exit 3", retries={"attempts": 2, "delay": "1ms"})
    run_cli("run", "x")
    state = instance / ".automate"
    assert [*(state / "open").iterdir(), *(state / "summaries").iterdir()] == []


def test_what_one_process_may_not_write_the_next_records(
    task: WriteTask,
    start: Start,
    run_cli: RunCli,
    records: Records,
    processes: Callable[[], list[int]],
    until: Until,
    instance: Path,
) -> None:
    task("x", "true")
    run_cli("run", "x")
    log = instance / ".automate" / "log" / "runs.jsonl"
    log.write_bytes(log.read_bytes() * 1000)
    limited = start("run", "x", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000)))
    assert "File too large" in limited.communicate()[1]
    until(lambda: not processes())
    assert run_cli("run", "x").returncode == 0
    assert [record["id"] for record in records()][-2:] == [2, 3]


def test_a_limit_that_keeps_the_state_from_being_written_is_named(
    task: WriteTask, start: Start, run_cli: RunCli
) -> None:
    task("x", "true")
    run_cli("list")
    limited = start("run", "x", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)))
    assert "state.db: File too large" in limited.communicate()[1]


CONTAINER = ["unshare", "-pf", "--mount-proc", "--kill-child", "sh", "-c"]
BESIDE_A_STRANGER = """
echo $(($3 - 1)) >/proc/sys/kernel/ns_last_pid
setsid sh -c 'sleep 60 & :'
"$0" -m automate -C "$1" list
"$0" -m automate -C "$1" stop "$2"
kill -0 $(($3 + 1))
"""


@pytest.mark.root
def test_a_group_of_the_same_number_in_a_new_container_is_not_taken_for_the_command(
    task: WriteTask, orphan: PidOf, leader_pid: PidOf, kill_whole_run: Callable[[str], None], instance: Path,
    record: OneRecord,
) -> None:  # fmt: skip
    task("x", "sleep 60")
    orphan("x")
    number = leader_pid("x")
    kill_whole_run("x")
    command = [*CONTAINER, BESIDE_A_STRANGER, sys.executable, str(instance), "x", str(number)]
    beside = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert beside.returncode == 0, beside.stderr  # the stranger lives
    assert (record()["outcome"], record()["cause"]) == ("lost", "reboot")


@pytest.mark.root
def test_a_run_of_another_container_goes_on_and_is_not_stopped(
    task: WriteTask, orphan: PidOf, run_cli: RunCli, instance: Path, until: Until, records: Records
) -> None:
    task("x", "until [ -e go ]; do sleep 0.02; done")
    orphan("x")
    command = [*CONTAINER, '"$0" -m automate -C "$1" stop x', sys.executable, str(instance)]
    stopping = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (stopping.returncode, stopping.stderr.count("another container")) == (1, 1)
    assert "running" in run_cli("list").stdout
    (instance / "go").touch()
    until(records)
    assert [each["outcome"] for each in records()] == ["success"]
