"""A directory of state or log that is removed under a daemon is made again at once: nothing is lost or run twice."""

import shutil
from datetime import datetime
from pathlib import Path

import pytest

from tests.conftest import Lines, OneRecord, PidOf, Records, RunCli, Start, Until, WriteTask

EACH = ["open", "locks", "locks/task", "summaries", "calls", "log", "log/output", "edits", "."]


@pytest.mark.parametrize("directory", EACH)
def test_tasks_go_on_when_a_directory_is_removed(  # noqa: PLR0913, PLR0917 - fixtures
    instance: Path,
    serve: Start,
    every_second: WriteTask,
    events: Records,
    until: Until,
    lines: Lines,
    records: Records,
    directory: str,
) -> None:
    every_second("x", overlap="skip")
    serve()
    until(lambda: len(records("x")) >= 2)
    shutil.rmtree(instance / ".automate" / directory, ignore_errors=True)
    before = len(lines("x"))
    until(lambda: len(lines("x")) >= before + 4)
    seconds = [datetime.fromisoformat(line).timestamp() for line in lines("x")]
    assert seconds == [seconds[0] + step for step in range(len(seconds))]
    assert {record["outcome"] for record in records()} == {"success"}
    assert not events("error")


@pytest.mark.parametrize("directory", ["open", "locks", "summaries", "calls", "log", "log/output"])
def test_a_run_under_way_ends_as_it_does_when_a_directory_is_removed(  # noqa: PLR0913, PLR0917 - fixtures
    instance: Path,
    serve: Start,
    every_second: WriteTask,
    shim_pid: PidOf,
    run_cli: RunCli,
    until: Until,
    records: Records,
    directory: str,
) -> None:
    every_second("x", command="[ -e go ] && exit; until [ -e go ]; do sleep 0.1; done; exit 3", overlap="skip")
    serve()
    shim_pid("x")
    shutil.rmtree(instance / ".automate" / directory)
    run_cli("list")
    (instance / "go").touch()
    until(lambda: any(record["outcome"] == "success" for record in records()))
    assert [(record["id"], record["exit_code"]) for record in records() if record["exit_code"]] == [(1, 3)]
    ids = [record["id"] for record in records()]
    assert len(ids) == len(set(ids))


def test_a_daemon_whose_place_is_removed_takes_it_again(
    instance: Path, serve: Start, every_second: WriteTask, until: Until, run_cli: RunCli
) -> None:
    every_second("x")
    serve()
    shutil.rmtree(instance / ".automate" / "locks")
    until((instance / ".automate" / "locks" / "serve").exists)
    assert run_cli("serve").returncode == 75


def test_a_run_by_hand_survives_the_removal_of_its_files(
    instance: Path, start: Start, task: WriteTask, shim_pid: PidOf, record: OneRecord
) -> None:
    task("x", "until [ -e go ]; do sleep 0.1; done; exit 3")
    process = start("run", "x")
    shim_pid("x")
    shutil.rmtree(instance / ".automate" / "open")
    (instance / "go").touch()
    assert process.wait(20) == 3
    assert record("x")["outcome"] == "failed"
