"""state.db removed or overwritten: it is made anew from the run log and the status files; nothing runs twice."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Lines, OneRecord, PidOf, Records, RunCli, Start, Until, WriteTask


def remove(state: Path) -> None:
    for path in state.glob("state.db*"):
        path.unlink()


def remove_only_the_database(state: Path) -> None:
    (state / "state.db").unlink()


def overwrite(state: Path) -> None:
    with open(state / "state.db", "r+b") as file:
        file.write(os.urandom(40000))


def overwrite_alone(state: Path) -> None:
    overwrite(state)
    for path in state.glob("state.db-*"):
        path.unlink()


@pytest.fixture
def begun(task: WriteTask, start: Start, shim_pid: PidOf) -> subprocess.Popen[str]:
    """`automate run x` of a task that runs until there is a file `go`."""
    task("x", "echo ran >>seen; until [ -e go ]; do sleep 0.02; done; exit 3")
    running = start("run", "x")
    shim_pid("x")
    return running


every_loss = pytest.mark.parametrize("lose", [remove, remove_only_the_database, overwrite, overwrite_alone])


@every_loss
def test_ids_go_on_and_last_runs_are_known(
    task: WriteTask, run_cli: RunCli, instance: Path, lose: Callable[[Path], None]
) -> None:
    task("x", "true")
    run_cli("run", "x")
    run_cli("run", "x")
    lose(instance / ".automate")
    assert json.loads(run_cli("list", "--json").stdout)[0]["last_run"]["id"] == 2
    assert json.loads(run_cli("run", "--jsonl", "x").stdout)["id"] == 3


@every_loss
def test_running_task_is_still_running_and_is_recorded_once(
    begun: subprocess.Popen[str],
    run_cli: RunCli,
    records: Records,
    instance: Path,
    lose: Callable[[Path], None],
    lines: Lines,
) -> None:
    lose(instance / ".automate")
    assert run_cli("run", "x").returncode == 75
    (instance / "go").touch()
    assert begun.wait(60) == 3
    run_cli("list")
    assert [(record["id"], record["outcome"]) for record in records()] == [(2, "skipped"), (1, "failed")]
    assert lines("seen") == ["ran"]


@every_loss
def test_loss_that_nobody_sees_before_the_end_is_harmless(
    begun: subprocess.Popen[str], run_cli: RunCli, record: OneRecord, instance: Path, lose: Callable[[Path], None]
) -> None:
    lose(instance / ".automate")
    (instance / "go").touch()
    assert begun.wait(60) == 3
    assert json.loads(run_cli("list", "--json").stdout)[0]["state"] == "idle"
    assert (record()["outcome"], record()["exit_code"]) == ("failed", 3)


@every_loss
def test_run_that_lost_its_supervisor_too_is_recorded(
    begun: subprocess.Popen[str],
    run_cli: RunCli,
    records: Records,
    instance: Path,
    lose: Callable[[Path], None],
    until: Until,
) -> None:
    begun.kill()
    begun.wait()
    lose(instance / ".automate")
    assert run_cli("run", "x").returncode == 75
    (instance / "go").touch()
    until(lambda: len(records()) == 2)
    assert [(record["id"], record["outcome"]) for record in records()] == [(2, "skipped"), (1, "failed")]


def test_damaged_state_is_kept_aside(task: WriteTask, run_cli: RunCli, instance: Path) -> None:
    task("x", "true")
    run_cli("run", "x")
    overwrite(instance / ".automate")
    assert run_cli("list").returncode == 0
    assert [*(instance / ".automate").glob("state.db.damaged-*")]


def test_many_who_find_the_damage_make_one_new_state(
    task: WriteTask, start: Start, run_cli: RunCli, instance: Path
) -> None:
    task("x", "true")
    run_cli("run", "x")
    overwrite(instance / ".automate")
    begun = [start("list", "--json") for _ in range(8)]
    for process in begun:
        assert json.loads(process.communicate(timeout=60)[0])[0]["last_run"]["id"] == 1
    assert json.loads(run_cli("run", "--jsonl", "x").stdout)["id"] == 2


def test_a_state_directory_removed_between_runs_is_made_again(task: WriteTask, run_cli: RunCli, instance: Path) -> None:
    task("x", "true")
    run_cli("run", "x")
    for path in (instance / ".automate").iterdir():
        if path.name != "log":
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert json.loads(run_cli("run", "--jsonl", "x").stdout)["id"] == 2


def damage(state: Path) -> None:
    """Behind the first page, which the -wal file has a whole copy of, or which is read as it is."""
    for path in state.glob("state.db-*"):
        path.unlink()
    with open(state / "state.db", "r+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(4096)
        file.write(os.urandom(size - 4096))


def test_damage_that_only_writing_finds_is_in_the_way_once(task: WriteTask, run_cli: RunCli, instance: Path) -> None:
    task("x", "true")
    run_cli("run", "x")
    damage(instance / ".automate")
    run_cli("pause", "x")
    assert run_cli("pause", "x").returncode == 0
    assert json.loads(run_cli("run", "--jsonl", "x").stdout)["id"] == 2
