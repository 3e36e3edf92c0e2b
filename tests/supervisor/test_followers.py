"""`after` where no step of the scheduler has seen the task files as they are."""

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Records, RunCli, Until, WriteTask


@pytest.fixture
def by_hand(task: WriteTask) -> None:
    """`first` and `then`, which follows it; no scheduler has ever looked."""
    task("first", "true")
    task("then", "true", after="first")


def told(records: Records, name: str = "then") -> Any:
    return [(record["outcome"], record["trigger"], record["by"]) for record in records(name)]


@pytest.mark.usefixtures("by_hand")
def test_a_run_by_hand_is_followed_before_any_scheduler_has_looked(
    run_cli: RunCli, records: Records, until: Until
) -> None:
    assert run_cli("run", "first").returncode == 0
    until(lambda: records("then"))
    assert told(records) == [("success", "after", "first #1")]


@pytest.mark.usefixtures("by_hand")
def test_a_detached_run_is_followed_too(run_cli: RunCli, records: Records, until: Until) -> None:
    run_cli("run", "--detach", "first")
    until(lambda: records("then"))
    assert told(records) == [("success", "after", "first #1")]


def test_a_follower_whose_file_is_new_since_the_last_step_is_run(
    run_cli: RunCli, task: WriteTask, records: Records, until: Until
) -> None:
    task("first", "true")
    run_cli("tick")
    task("then", "true", after="first")
    run_cli("run", "first")
    until(lambda: records("then"))
    assert told(records) == [("success", "after", "first #1")]


@pytest.mark.usefixtures("by_hand")
def test_a_follower_whose_file_names_the_task_no_more_is_not_run(
    run_cli: RunCli, task: WriteTask, records: Records
) -> None:
    run_cli("tick")
    task("then", "true")
    run_cli("run", "first")
    run_cli("tick")
    assert told(records) == []


@pytest.mark.usefixtures("by_hand")
def test_a_follower_that_is_broken_now_runs_as_the_scheduler_last_understood_it(
    run_cli: RunCli, instance: Path, records: Records, until: Until
) -> None:
    run_cli("tick")
    (instance / "tasks.d" / "then.yaml").write_text("command: [\n")
    run_cli("run", "first")
    until(lambda: records("then"))
    assert told(records) == [("success", "after", "first #1")]


@pytest.mark.usefixtures("by_hand")
def test_a_new_follower_that_is_disabled_is_on_record(
    run_cli: RunCli, task: WriteTask, records: Records, until: Until
) -> None:
    task("then", "true", after="first", enabled=False)
    run_cli("run", "first")
    until(lambda: records("then"))
    assert [record["reason"] for record in records("then")] == ["disabled"]


@pytest.mark.usefixtures("by_hand")
def test_a_run_by_hand_brings_no_schedule_into_force(
    run_cli: RunCli, task: WriteTask, records: Records, until: Until
) -> None:
    task("x", "true", schedule="every second")
    run_cli("run", "first")
    until(lambda: records("then"))
    run_cli("tick")
    assert told(records, "x") == []
