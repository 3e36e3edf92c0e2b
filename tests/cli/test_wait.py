"""`automate wait`: until runs have ended, with their status."""

import json
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import Lines, OneRecord, PidOf, RunCli, Start, Until, WriteTask

GATE = "while [ ! -e gate ]; do sleep 0.05; done"


@pytest.fixture
def open_gate(instance: Path) -> Callable[[], None]:
    """Lets the tasks go on that wait at GATE."""
    return (instance / "gate").touch


def watches(pid: int) -> bool:
    """Whether the process is past its start and watches files."""
    with suppress(FileNotFoundError):  # one that was closed meanwhile
        return any("inotify" in os.readlink(descriptor) for descriptor in Path(f"/proc/{pid}/fd").iterdir())
    return False


def test_it_ends_with_the_run_and_its_status(
    run_cli: RunCli, start: Start, task: WriteTask, shim_pid: PidOf, open_gate: Callable[[], None]
) -> None:
    task("x", f"{GATE}; exit 3")
    run_cli("run", "--detach", "x")
    shim_pid("x")
    waiting = start("wait", "--jsonl", "x")
    open_gate()
    record, said = waiting.communicate(timeout=30)
    assert waiting.returncode == 3
    assert json.loads(record)["exit_code"] == 3
    assert said.startswith("x #1: failed in ")


def test_a_run_that_has_ended_answers_at_once(run_cli: RunCli, task: WriteTask) -> None:
    task("x", "exit 4")
    run_cli("run", "x")
    assert [run_cli("wait", word).returncode for word in ("x", "#1", "1")] == [4, 4, 4]


def test_a_run_that_waits_for_its_next_attempt_is_waited_for(
    run_cli: RunCli, task: WriteTask, until: Until, lines: Lines, record: OneRecord
) -> None:
    task("x", "echo >> tries; exit 3", retries={"attempts": 2, "delay": "1s"})
    run_cli("run", "--detach", "x")
    until(lambda: lines("tries"))
    assert run_cli("wait", "x").returncode == 3
    assert record("x")["attempts"] == len(lines("tries"))


def test_a_run_whose_supervisor_dies_is_waited_for(
    start: Start, task: WriteTask, shim_pid: PidOf, open_gate: Callable[[], None]
) -> None:
    task("x", f"{GATE}; exit 3")
    supervisor = start("run", "x")
    shim_pid("x")
    waiting = start("wait", "x")
    supervisor.kill()
    supervisor.wait()
    open_gate()
    assert waiting.wait(30) == 3


def test_a_timeout_ends_the_wait_and_not_the_run(
    run_cli: RunCli, task: WriteTask, shim_pid: PidOf, open_gate: Callable[[], None]
) -> None:
    task("x", GATE)
    run_cli("run", "--detach", "x")
    shim_pid("x")
    done = run_cli("wait", "x", "--timeout", "10ms")
    assert (done.returncode, done.stderr) == (124, "automate: x #1: still under way after 10ms\n")
    open_gate()
    assert run_cli("wait", "x").returncode == 0


def test_an_interrupted_wait_leaves_the_run(
    run_cli: RunCli, start: Start, task: WriteTask, leader_pid: PidOf, until: Until, open_gate: Callable[[], None]
) -> None:
    task("x", GATE)
    run_cli("run", "--detach", "x")
    leader_pid("x")
    waiting = start("wait", "x")
    until(lambda: watches(waiting.pid))
    waiting.send_signal(signal.SIGINT)
    assert waiting.wait(30) == 130
    open_gate()
    assert run_cli("wait", "x").returncode == 0


def test_a_glob_is_all_that_is_under_way(
    run_cli: RunCli, start: Start, task: WriteTask, shim_pid: PidOf, open_gate: Callable[[], None]
) -> None:
    task("over", "exit 5")
    run_cli("run", "over")
    assert run_cli("wait", "*").stderr == "nothing is under way\n"
    for name in ("x1", "x2"):
        task(name, GATE)
        run_cli("run", "--detach", name)
        shim_pid(name)
    waiting = start("wait", "x*")
    open_gate()
    assert waiting.wait(30) == 0


@pytest.mark.parametrize(("words", "status"), [(["x"], 1), (["y"], 4), (["#7"], 4), (["7"], 4), ([], 2)])
def test_what_cannot_be_waited_for_is_an_error(run_cli: RunCli, task: WriteTask, words: list[str], status: int) -> None:
    task("x", "true")
    assert run_cli("wait", *words).returncode == status
