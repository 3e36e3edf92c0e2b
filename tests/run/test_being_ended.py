"""Runs that are ended from outside: by their timeout, an operator, a key."""

import json
import os
import signal
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from automate import paths
from automate.errors import AutomateError
from automate.operate import by_hand
from automate.state import open_state, runs
from tests.conftest import Lines, OneRecord, PidOf, Records, RunCli, Start, Until, WriteTask, scaled

STUBBORN = (
    "trap '' TERM; (trap '' TERM; echo $$ >began; while :; do sleep 0.05; done) & wait; while :; do sleep 1; done"
)
OUTLIVES = "(trap '' TERM; while :; do sleep 0.05; done) & touch began; wait"


@pytest.fixture
def is_gone(processes: Callable[[], list[int]]) -> Callable[[], bool]:
    """Whether no process of the instance is left."""
    return lambda: not processes()


def test_timeout_tells_the_whole_group_to_end(outcome: OneRecord, lines: Lines) -> None:
    record = outcome(
        "(trap 'echo inner >>seen; exit' TERM; sleep 60 & wait) & sleep 60 & wait", timeout=f"{scaled(0.2)}s"
    )
    assert (record["outcome"], record["exit_code"], record["signal"]) == ("timeout", 143, "TERM")
    assert lines("seen") == ["inner"]


def test_timeout_kills_a_stubborn_group_after_kill_after(
    outcome: OneRecord, is_gone: Callable[[], bool], until: Until
) -> None:
    timeout = scaled(0.15)
    record = outcome(STUBBORN, timeout=f"{timeout}s", kill_after="100ms")
    assert (record["outcome"], record["signal"]) == ("timeout", "KILL")
    assert f"timeout of {timeout:g} s" in record["reason"]
    until(is_gone)


def test_timeout_kills_what_outlives_the_command(outcome: OneRecord, processes: Callable[[], list[int]]) -> None:
    """Its shell ends at once, a child of it ignores TERM: the run is over when nothing of it is left."""
    record = outcome(OUTLIVES, timeout=f"{scaled(0.2)}s", kill_after="200ms")
    assert record["outcome"] == "timeout"
    assert processes() == []


def test_timeout_reaches_a_stopped_process(outcome: OneRecord) -> None:
    assert outcome("kill -STOP $$", timeout="100ms")["signal"] == "TERM"


def test_stop_reaches_a_group_that_is_stopped_with_its_shim(
    task: WriteTask, start: Start, run_cli: RunCli, record: OneRecord, shim_pid: PidOf, leader_pid: PidOf
) -> None:
    task("x", "sleep 60")
    start("run", "x")
    os.killpg(leader_pid("x"), signal.SIGSTOP)
    os.kill(shim_pid("x"), signal.SIGSTOP)
    run_cli("stop", "x")
    assert (record("x")["outcome"], record("x")["cause"], record("x")["signal"]) == ("stopped", "operator", "TERM")


def test_ended_well_after_the_timeout_is_still_a_timeout(outcome: OneRecord) -> None:
    record = outcome("trap 'exit 0' TERM; sleep 60 & wait", timeout=f"{scaled(0.1)}s")
    assert (record["outcome"], record["exit_code"]) == ("timeout", 0)


def test_background_process_of_a_run_that_ended_by_itself_is_left_alone(
    task: WriteTask, run_cli: RunCli, until: Until, instance: Path, lines: Lines
) -> None:
    task("x", "(while [ ! -e go ]; do sleep 0.02; done; echo later >>seen) & true")
    assert run_cli("run", "x").returncode == 0
    (instance / "go").touch()
    until(lambda: lines("seen"))


@pytest.mark.parametrize("word", ["x", "#1", "1", "?", "[x]"])
def test_stop_by_name_number_and_glob(
    task: WriteTask, start: Start, run_cli: RunCli, record: OneRecord, shim_pid: PidOf, word: str
) -> None:
    task("x", "sleep 60")
    running = start("run", "x")
    shim_pid("x")
    assert run_cli("stop", word).returncode == 0
    assert record()["outcome"] == "stopped"
    assert running.wait(60) == 143


def test_stop_says_who_and_why_on_record(
    task: WriteTask, start: Start, run_cli: RunCli, record: OneRecord, shim_pid: PidOf
) -> None:
    task("x", "sleep 60")
    start("run", "x")
    shim_pid("x")
    run_cli("stop", "x", env={"SUDO_USER": "grace"})
    assert record()["reason"] == "automate stop"
    assert record()["by"] == ("grace" if os.geteuid() == 0 else record()["user"])


def test_stop_writes_the_record_as_json(
    task: WriteTask, start: Start, run_cli: RunCli, record: OneRecord, shim_pid: PidOf
) -> None:
    task("x", "sleep 60")
    start("run", "x")
    shim_pid("x")
    assert json.loads(run_cli("stop", "x", "--jsonl").stdout).items() >= record().items()


def test_stop_kills_what_ignores_it(
    task: WriteTask,
    start: Start,
    run_cli: RunCli,
    record: OneRecord,
    until: Until,
    instance: Path,
    processes: Callable[[], list[int]],
) -> None:
    task("x", STUBBORN, kill_after="100ms")
    running = start("run", "x")
    until((instance / "began").exists)
    run_cli("stop", "x")
    assert (record()["outcome"], record()["signal"]) == ("stopped", "KILL")
    running.wait(60)
    until(lambda: processes() == [])


def test_stop_kills_what_outlives_the_command(
    task: WriteTask,
    start: Start,
    run_cli: RunCli,
    record: OneRecord,
    until: Until,
    instance: Path,
    processes: Callable[[], list[int]],
) -> None:
    task("x", OUTLIVES, kill_after="100ms")
    running = start("run", "x")
    until((instance / "began").exists)
    run_cli("stop", "x")
    running.wait(60)
    assert record()["outcome"] == "stopped"
    assert processes() == []


def test_stop_of_a_run_that_nobody_watches(
    task: WriteTask,
    start: Start,
    run_cli: RunCli,
    record: OneRecord,
    shim_pid: PidOf,
    until: Until,
    processes: Callable[[], list[int]],
) -> None:
    task("x", "sleep 60")
    running = start("run", "x")
    shim_pid("x")
    running.kill()
    running.wait()
    assert run_cli("stop", "x").returncode == 0
    assert record()["outcome"] == "stopped"
    until(lambda: processes() == [])


def test_stop_during_a_retry_wait(
    task: WriteTask, start: Start, run_cli: RunCli, record: OneRecord, until: Until, instance: Path
) -> None:
    task("x", "touch tried; exit 3", retries={"attempts": 5, "delay": "1h"})
    running = start("run", "x")
    until((instance / "tried").exists)
    until(lambda: "pending" in run_cli("list", "--json").stdout)
    assert run_cli("stop", "x").returncode == 0
    running.wait(60)
    assert (record()["outcome"], record()["exit_code"], record()["attempts"]) == ("stopped", 3, 1)


def test_stopped_run_is_not_tried_again(
    task: WriteTask, start: Start, run_cli: RunCli, record: OneRecord, shim_pid: PidOf
) -> None:
    task("x", "sleep 60", retries={"attempts": 5, "delay": "1ms"})
    start("run", "x")
    shim_pid("x")
    run_cli("stop", "x")
    assert (record()["outcome"], record()["attempts"]) == ("stopped", 1)


def test_stop_of_what_does_not_run_is_3(task: WriteTask, run_cli: RunCli) -> None:
    task("x", "true")
    assert run_cli("stop", "x").returncode == 3


@pytest.mark.parametrize("word", ["y", "#77", "77", "y*"])
def test_stop_of_what_there_is_not_is_4(task: WriteTask, run_cli: RunCli, word: str) -> None:
    task("x", "true")
    assert run_cli("stop", word).returncode == 4


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_end_it_stops_the_task_and_exits_as_of_that_signal(
    task: WriteTask, start: Start, record: OneRecord, shim_pid: PidOf, number: signal.Signals
) -> None:
    task("x", "sleep 60")
    running = start("run", "x")
    shim_pid("x")
    running.send_signal(number)
    assert running.wait(60) == 128 + number
    assert (record()["outcome"], record()["cause"], record()["signal"]) == ("stopped", "interrupt", "TERM")


def test_second_ctrl_c_kills(task: WriteTask, start: Start, record: OneRecord, until: Until, instance: Path) -> None:
    task("x", STUBBORN, kill_after="1h")
    running = start("run", "x")
    until((instance / "began").exists)
    running.send_signal(signal.SIGINT)
    assert "press Ctrl-C again to kill" in running.stderr.readline()
    running.send_signal(signal.SIGINT)
    assert running.wait(60) == 130
    assert (record()["outcome"], record()["signal"]) == ("stopped", "KILL")


def test_ctrl_c_stops_all_of_several(task: WriteTask, start: Start, records: Records, shim_pid: PidOf) -> None:
    task("x", "sleep 60")
    task("y", "sleep 60")
    running = start("run", "x", "y")
    shim_pid("x")
    shim_pid("y")
    running.send_signal(signal.SIGINT)
    assert running.wait(60) == 130
    assert [record["outcome"] for record in records()] == ["stopped", "stopped"]


def test_ctrl_c_during_a_retry_wait(
    task: WriteTask, start: Start, record: OneRecord, until: Until, run_cli: RunCli, instance: Path
) -> None:
    task("x", "touch tried; exit 3", retries={"attempts": 5, "delay": "1h"})
    running = start("run", "x")
    until((instance / "tried").exists)
    until(lambda: "pending" in run_cli("list", "--json").stdout)
    running.send_signal(signal.SIGINT)
    assert running.wait(60) == 130
    assert record()["outcome"] == "stopped"


@pytest.mark.parametrize(("number", "status"), [(signal.SIGHUP, 129), (signal.SIGTSTP, 148)])
def test_hanging_up_and_ctrl_z_leave_the_task_running_and_it_is_recorded_later(  # noqa: PLR0913, PLR0917 - fixtures
    task: WriteTask,
    start: Start,
    records: Records,
    shim_pid: PidOf,
    until: Until,
    instance: Path,
    number: int,
    status: int,
) -> None:
    task("x", "until [ -e go ]; do sleep 0.02; done; exit 3")
    running = start("run", "x")
    shim_pid("x")
    running.send_signal(number)
    assert running.wait(60) == status
    assert "x #1: continues in the background" in running.stderr.read()
    assert records() == []
    (instance / "go").touch()
    (one,) = until(records)
    assert (one["outcome"], one["exit_code"]) == ("failed", 3)


def test_timeout_holds_although_the_supervisor_was_killed(
    task: WriteTask, start: Start, run_cli: RunCli, record: OneRecord, records: Records, shim_pid: PidOf, until: Until
) -> None:
    task("x", "sleep 60", timeout="700ms")
    running = start("run", "x")
    shim_pid("x")
    running.kill()
    running.wait()
    run_cli("list")
    until(records)
    assert record()["outcome"] == "timeout"
    assert 0.6 < record()["seconds"] < 30


def test_stop_tells_of_a_supervisor_that_is_suspended(
    task: WriteTask, start: Start, shim_pid: PidOf, instance: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task("x", "sleep 60", kill_after="100ms")
    running = start("run", "x")
    shim_pid("x")
    running.send_signal(signal.SIGSTOP)
    monkeypatch.setattr(by_hand, "_UNRECORDED", 0.2)
    place = paths.of_directory(str(instance))
    with closing(open_state(place)) as state, pytest.raises(AutomateError, match="if it is suspended"):
        by_hand.stop(place, state, runs.open_runs(state)[0], "ann", uid=os.geteuid(), tell=lambda _: None)
    running.send_signal(signal.SIGCONT)
    assert running.wait(60) == 143
