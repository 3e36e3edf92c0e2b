"""`automate status`, with the real program."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from automate import paths
from automate.run import Record
from automate.runlog import append
from tests.cli.terminal import Terminal
from tests.conftest import PidOf, Until

if TYPE_CHECKING:
    import subprocess

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]
Task = Callable[..., Path]


@pytest.fixture
def status(run_cli: RunCli) -> Callable[..., tuple[int, str]]:
    """`status("-w", "1")`: the exit status, and the first line up to its performance data. Nothing is said."""

    def ask(*arguments: str) -> tuple[int, str]:
        done = run_cli("status", *arguments)
        assert done.stderr == ""
        return done.returncode, done.stdout.splitlines()[0].partition(" | ")[0]

    return ask


def test_all_is_well(status: Callable[..., Any], task: Task, run_cli: RunCli) -> None:
    task("x", "true", schedule="daily at 02:00")
    run_cli("tick")
    assert status() == (0, "AUTOMATE OK - 1 task, none failing")


def test_a_task_fails(status: Callable[..., Any], task: Task, run_cli: RunCli) -> None:
    task("x", "exit 3")
    task("y", "true")
    run_cli("run", "x", "y")
    assert status() == (2, "AUTOMATE CRITICAL - 1 of 2 tasks failing (x)")
    assert status("-w", "0", "-c", "1") == (1, "AUTOMATE WARNING - 1 of 2 tasks failing (x)")
    assert status("y")[0] == 0
    assert status("[y]")[0] == 0


@pytest.fixture
def write(instance: Path, run_cli: RunCli) -> Callable[..., None]:
    """`write("failed", "skipped")`: records of the task x, these outcomes one after another, and no state."""

    def put(*outcomes: Any) -> None:
        ended = "2026-11-21T02:00:00+01:00"
        known: dict[str, Any] = {"task": "x", "trigger": "schedule", "ended": ended, "host": "h"}
        records = [Record(id=number, outcome=each, **known) for number, each in enumerate(outcomes, 1)]
        append(paths.of_directory(str(instance)), records)
        run_cli("list")

    return put


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        (["failed", "skipped", "missed"], 2),
        (["warning", "skipped"], 1),
        (["failed", "success", "skipped"], 0),
        (["failed", "stopped", "skipped"], 0),
        (["skipped"], 0),
    ],
)
def test_a_task_that_failed_and_was_skipped_since_is_failing(
    status: Callable[..., Any], task: Task, write: Callable[..., None], outcomes: list[str], code: int
) -> None:
    task("x", "true")
    write(*outcomes)
    assert status()[0] == code


def test_only_those_with_a_label(status: Callable[..., Any], task: Task, run_cli: RunCli) -> None:
    task("x", "exit 3")
    task("y", "true", labels=["good", "old"])
    run_cli("run", "x", "y")
    assert status("--label", "good", "--label", "old") == (0, "AUTOMATE OK - 1 task, none failing")


def test_a_warning(status: Callable[..., Any], task: Task, run_cli: RunCli) -> None:
    task("x", "exit 3", exit_codes={"warning": [3]})
    run_cli("run", "x")
    assert status() == (1, "AUTOMATE WARNING - 1 task, none failing, 1 with a warning (x)")


def test_nobody_runs_what_is_due(status: Callable[..., Any], task: Task, run_cli: RunCli) -> None:
    task("x", "true", schedule="daily at 02:00")
    assert status() == (2, "AUTOMATE CRITICAL - 1 task, none failing, no scheduler is running")
    run_cli("tick")
    assert status()[0] == 0


def test_nobody_has_looked_for_long(status: Callable[..., Any], task: Task, run_cli: RunCli, until: Until) -> None:
    task("x", "true", schedule="every second")
    run_cli("tick")
    until(lambda: "1 overdue (x)" in status("--overdue", "1s")[1])
    assert "no scheduler is running for " in status("--overdue", "1s")[1]
    assert status("--overdue", "1h")[0] == 0


def test_a_broken_file_without_its_bar(status: Callable[..., Any], run_cli: RunCli, instance: Path) -> None:
    (instance / "tasks.d" / "x.yaml").write_text('"a|b": 1\n')
    assert status() == (2, "AUTOMATE CRITICAL - 1 task, none failing, 1 broken (x)")
    assert run_cli("status").stdout.count("|") == 1


def test_broken_settings(status: Callable[..., Any], task: Task, instance: Path) -> None:
    task("x", "true")
    (instance / "automate.yaml").write_text("nonsense: 1\n")
    code, said = status()
    assert code == 2
    assert "the settings have errors: " in said


def test_a_pause_is_told(status: Callable[..., Any], task: Task, run_cli: RunCli) -> None:
    task("x", "true")
    run_cli("pause", "x")
    assert status() == (0, "AUTOMATE OK - 1 task, none failing, 1 paused")
    assert status("--paused")[0] == 1


def test_a_run_that_takes_too_long(
    status: Callable[..., Any], task: Task, start: Callable[..., Any], shim_pid: PidOf, until: Any
) -> None:
    task("x", "sleep 60")
    start("run", "x")
    shim_pid("x")
    assert status("--long", "1h") == (0, "AUTOMATE OK - 1 task, none failing, 1 running")
    until(lambda: status("--long", "100ms")[0] == 1)


@pytest.mark.parametrize(
    "arguments",
    [["nosuch"], ["--label", "nosuch"], ["--nosuch"], ["-w", "many"], ["-c", "5:1"], ["--overdue", "soon"], ["--long"]],
)
def test_what_cannot_be_found_out_is_unknown_in_one_line(run_cli: RunCli, task: Task, arguments: list[str]) -> None:
    task("x", "true")
    done = run_cli("status", *arguments)
    assert (done.returncode, done.stderr) == (3, "")
    assert done.stdout.startswith("AUTOMATE UNKNOWN - ")
    assert done.stdout.count("\n") == 1


def test_no_tasks_are_unknown(run_cli: RunCli, instance: Path) -> None:
    assert run_cli("status").stdout == f"AUTOMATE UNKNOWN - there are no tasks in {instance}/tasks.d\n"


def test_an_instance_that_is_not_there_is_unknown(run_cli: RunCli, tmp_path: Path) -> None:
    assert run_cli("status", dir=tmp_path / "nosuch").returncode == 3


def test_a_state_that_cannot_be_read_is_unknown(run_cli: RunCli, task: Task, instance: Path) -> None:
    task("x", "true")
    (instance / ".automate").mkdir()
    (instance / ".automate" / "state.db").mkdir()
    done = run_cli("status")
    assert (done.returncode, done.stdout.count("\n")) == (3, 1)
    assert "state.db" in done.stdout


def test_help_is_no_trouble(run_cli: RunCli) -> None:
    assert run_cli("status", "--help").returncode == 0


def test_as_json(run_cli: RunCli, task: Task) -> None:
    task("x", "exit 3", schedule="daily at 02:00")
    run_cli("tick")
    run_cli("run", "x")
    done = run_cli("status", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == found["code"] == 2
    assert (found["status"], found["tasks"], found["scheduler"]["serving"]) == ("CRITICAL", 1, False)
    (problem,) = found["problems"]
    assert (problem["kind"], problem["task"], problem["run"], problem["what"]) == ("failing", "x", 1, "failed")
    assert problem["since"].endswith("+01:00")


def test_unknown_as_json(run_cli: RunCli) -> None:
    found = json.loads(run_cli("status", "--json").stdout)
    assert (found["code"], found["problems"][0]["kind"]) == (3, "status")


def test_who_asks_for_one_task_at_a_terminal_is_led_to_show(
    task: Task, environment: dict[str, str], instance: Path
) -> None:
    task("x", "true")
    terminal = Terminal([sys.executable, "-m", "automate", "-C", str(instance), "status", "x"], environment)
    terminal.wait_for("AUTOMATE OK")
    terminal.wait_for("show x shows the task and its runs")
    terminal.hang_up()
