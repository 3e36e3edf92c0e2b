"""How runs that end by themselves are called, and what `automate run` then exits with."""

import os
import pwd
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import OneRecord, Records, RunCli, Start, Until, WriteTask

BASH = {"shell": "/bin/bash"}


@pytest.mark.parametrize(
    ("command", "keys", "expected", "exit_code"),
    [
        ("true", {}, "success", 0),
        ("exit 3", {}, "failed", 3),
        ("exit 255", {}, "failed", 255),
        ("exit 1", {"exit_codes": {"warning": [1]}}, "warning", 1),
        ("exit 24", {"exit_codes": {"success": [0, 24]}}, "success", 24),
        ("exit 0", {"exit_codes": {"success": [24]}}, "failed", 0),
        ("exit 7", {"exit_codes": {"skipped": [7]}}, "skipped", 7),
        ("echo oops >&2", {"warn_on": "stderr"}, "warning", 0),
        ("echo fine", {"warn_on": "stderr"}, "success", 0),
        ("echo oops >&2; exit 4", {"warn_on": "stderr"}, "failed", 4),
        ("echo WARNING: low", {"warn_on": "^WARN"}, "warning", 0),
        ("echo no WARNING", {"warn_on": "^WARN"}, "success", 0),
        ("true", {"warn_on": "^$"}, "success", 0),
        ("echo größer", {"warn_on": "gr[öo]ßer"}, "warning", 0),
        ("echo größer", {"warn_on": r"gr\u00f6ß"}, "warning", 0),
        (r"printf '\377\n bad'", {"warn_on": "(?u)bad"}, "warning", 0),
        ("no-such-program-anywhere", {}, "failed", 127),
        ("kill -9 $$", {}, "failed", 137),
    ],
)
def test_outcome_by_what_the_command_said(
    outcome: OneRecord, command: str, keys: dict[str, Any], expected: str, exit_code: int
) -> None:
    record = outcome(command, **keys)
    assert (record["outcome"], record["exit_code"]) == (expected, exit_code)


def test_signal_that_ended_a_command_is_named(outcome: OneRecord) -> None:
    assert outcome("kill -USR1 $$")["signal"] == "USR1"


@pytest.mark.parametrize(("number", "name"), [(9, "KILL"), (15, "TERM")])
def test_what_a_command_does_to_its_group_is_its_own_end(outcome: OneRecord, number: int, name: str) -> None:
    record = outcome(f"kill -{number} 0")
    assert (record["outcome"], record["signal"]) == ("failed", name)


def test_a_trap_that_ends_the_group_of_its_shell_ends_what_it_started(
    outcome: OneRecord, processes: Callable[[], list[int]]
) -> None:
    record = outcome("trap 'trap - TERM; kill -- -$$' EXIT; sleep 60 &", **BASH)
    assert (record["outcome"], record["signal"]) == ("failed", "TERM")
    assert processes() == []


def test_a_condition_may_kill_its_group(ended: OneRecord) -> None:
    record = ended("true", condition="kill -9 0")
    assert (record["outcome"], record["cause"]) == ("skipped", "condition")
    assert "137" in record["reason"]


@pytest.mark.parametrize(
    ("command", "keys", "cause", "says"),
    [
        ("true", {"user": "no-such-user"}, "no_such_user", "no such user: no-such-user"),
        ("true", {"group": "no-such-group"}, "no_such_group", "no such group: no-such-group"),
        ("true", {"cwd": "/no/such/directory"}, "no_directory", "no such directory: /no/such/directory"),
        ("true", {"cwd": "/etc/passwd"}, "no_directory", "/etc/passwd"),
        ("true", {"shell": "/no/such/shell"}, "no_program", "no such program: /no/such/shell"),
        ("true", {"shell": "/etc/passwd"}, "not_executable", "not executable: /etc/passwd"),
        ("true", {"env_file": "/no/such/secrets"}, "env_file", "/no/such/secrets"),
        (["no-such-program-anywhere"], {}, "no_program", "no such program on PATH: no-such-program-anywhere"),
        (["/no/such/program"], {}, "no_program", "no such program: /no/such/program"),
        (["/etc/passwd"], {}, "not_executable", "not executable: /etc/passwd"),
        (["/tmp"], {}, "not_executable", "not executable: /tmp"),
    ],
)
def test_what_cannot_be_started_is_an_error_with_its_reason(
    outcome: OneRecord, command: str | list[str], keys: dict[str, Any], cause: str, says: str
) -> None:
    record = outcome(command, **keys)
    assert (record["outcome"], record["cause"]) == ("error", cause)
    assert says in record["error"]
    assert record["started"] is record["exit_code"] is record["seconds"] is None


def test_exit_status_is_the_commands_own(task: WriteTask, run_cli: RunCli) -> None:
    task("x", "exit 42")
    assert run_cli("run", "x").returncode == 42


def test_exit_status_of_one_that_a_signal_ended_is_the_shells(task: WriteTask, run_cli: RunCli) -> None:
    task("x", "kill -TERM $$")
    assert run_cli("run", "x").returncode == 143


def test_exit_status_of_one_that_cannot_start_is_1(task: WriteTask, run_cli: RunCli) -> None:
    task("x", "true", user="no-such-user")
    assert run_cli("run", "x").returncode == 1


def test_exit_status_of_one_that_timed_out_is_124(task: WriteTask, run_cli: RunCli) -> None:
    task("x", "sleep 60", timeout="50ms")
    assert run_cli("run", "x").returncode == 124


def test_exit_status_of_several_is_0_when_none_went_wrong(task: WriteTask, run_cli: RunCli) -> None:
    task("fine", "true")
    task("warned", "exit 1", exit_codes={"warning": [1]})
    assert run_cli("run", "*").returncode == 0


def test_exit_status_of_several_is_1_when_one_failed(task: WriteTask, run_cli: RunCli) -> None:
    task("fine", "true")
    task("bad", "exit 42")
    assert run_cli("run", "*").returncode == 1


def test_unknown_task_is_4_and_nothing_runs(task: WriteTask, run_cli: RunCli, records: Records) -> None:
    task("fine", "true")
    assert run_cli("run", "fine", "nothing-like-it").returncode == 4
    assert records() == []


def test_never_by_hand_is_77_and_on_no_record(task: WriteTask, run_cli: RunCli, records: Records) -> None:
    task("x", "true", manual="never")
    answer = run_cli("run", "x")
    assert (answer.returncode, records()) == (77, [])
    assert "manual: never" in answer.stderr


def test_disabled_and_only_when_enabled_is_77(task: WriteTask, run_cli: RunCli) -> None:
    task("x", "true", manual="when-enabled", enabled=False)
    assert run_cli("run", "x").returncode == 77


def test_disabled_runs_by_hand(outcome: OneRecord) -> None:
    assert outcome("true", enabled=False)["outcome"] == "success"


def test_broken_file_is_78_when_named(task: WriteTask, run_cli: RunCli) -> None:
    task("x", "true", timeout="often")
    answer = run_cli("run", "x")
    assert answer.returncode == 78
    assert "timeout" in answer.stderr


def test_broken_file_does_not_hinder_other_tasks(task: WriteTask, run_cli: RunCli, record: OneRecord) -> None:
    task("broken", "true", timeout="often")
    task("fine", "true")
    assert run_cli("run", "*").returncode == 0
    assert record()["task"] == "fine"


def test_broken_settings_are_78_and_nothing_runs(
    instance: Path, task: WriteTask, run_cli: RunCli, records: Records
) -> None:
    (instance / "automate.yaml").write_text("defaults: 7\n")
    task("x", "true")
    assert run_cli("run", "x").returncode == 78
    assert records() == []


def test_cpu_time_is_on_record(outcome: OneRecord) -> None:
    record = outcome("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done")
    assert 0.01 < record["cpu_seconds"] <= record["seconds"] + 0.1


def test_cpu_time_of_a_command_beneath_the_shell_counts(outcome: OneRecord) -> None:
    assert outcome(["sh", "-c", "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"])["cpu_seconds"] > 0.01


def test_record_says_who_and_where(outcome: OneRecord) -> None:
    record = outcome("true")
    name = pwd.getpwuid(os.geteuid()).pw_name
    assert (record["user"], record["by"], record["host"]) == (name, name, os.uname().nodename)
    assert (record["trigger"], record["due"], record["attempts"], record["count"]) == ("manual", None, 1, 1)


def test_end_of_the_output_is_the_error(outcome: OneRecord) -> None:
    assert outcome("echo first; echo last >&2; false")["error"] == "first\nlast"


def test_success_has_no_error(outcome: OneRecord) -> None:
    assert outcome("echo fine")["error"] is None


def test_the_same_file_changed_while_it_runs_changes_nothing(
    task: WriteTask, start: Start, record: OneRecord, until: Until, instance: Path
) -> None:
    path = task("x", "touch began; until [ -e go ]; do sleep 0.01; done; exit 3", exit_codes={"warning": [3]})
    running = start("run", "x")
    until((instance / "began").exists)
    path.unlink()
    (instance / "go").touch()
    assert running.wait(60) == 3
    assert record()["outcome"] == "warning"
