"""`automate run`: --detach, --dry-run, --json, and what it says."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.conftest import OneRecord, PidOf, Records, RunCli, Start, Until, WriteTask


def test_detached_run_returns_at_once_and_is_recorded(
    task: WriteTask, run_cli: RunCli, records: Records, record: OneRecord, until: Until, instance: Path
) -> None:
    task("x", "until [ -e go ]; do sleep 0.02; done; exit 3")
    answer = run_cli("run", "--detach", "x")
    assert (answer.returncode, answer.stdout, records()) == (0, "", [])
    assert f"x #1: started; automate -C {instance} log -f x" in answer.stderr
    (instance / "go").touch()
    until(records)
    assert (record()["outcome"], record()["exit_code"]) == ("failed", 3)


def test_the_supervisor_of_a_detached_run_imports_nothing_of_its_user(
    task: WriteTask, run_cli: RunCli, processes: Callable[[], list[int]], until: Until
) -> None:
    task("x", "sleep 60")
    run_cli("run", "--detach", "x")

    def words() -> Any:
        return [Path("/proc", str(pid), "cmdline").read_bytes().split(b"\0") for pid in processes()]

    supervisor = until(lambda: next((each for each in words() if b"automate.supervisor" in each), None))
    assert b"-I" in supervisor


def test_detached_run_holds_no_pipe_of_the_caller_open(task: WriteTask, run_cli: RunCli, instance: Path) -> None:
    """run_cli reads both pipes to their ends."""
    task("x", "until [ -e go ]; do sleep 0.02; done")
    run_cli("run", "--detach", "x", timeout=10)
    (instance / "go").touch()


def test_detached_run_is_tried_again(
    task: WriteTask, run_cli: RunCli, records: Records, record: OneRecord, until: Until
) -> None:
    task("x", "[ $AUTOMATE_ATTEMPT = 3 ]", retries={"attempts": 3, "delay": "20ms"})
    run_cli("run", "--detach", "x")
    until(records)
    assert (record()["outcome"], record()["attempts"]) == ("success", 3)


def test_detached_run_that_cannot_start_says_so(task: WriteTask, run_cli: RunCli, record: OneRecord) -> None:
    task("x", "true", user="no-such-user")
    answer = run_cli("run", "--detach", "x")
    assert answer.returncode == 1
    assert "no such user" in answer.stderr
    assert record()["outcome"] == "error"


def test_detached_run_that_is_locked_out_is_75(task: WriteTask, start: Start, run_cli: RunCli, shim_pid: PidOf) -> None:
    task("x", "sleep 60")
    start("run", "x")
    shim_pid("x")
    assert run_cli("run", "--detach", "x").returncode == 75


def test_detached_run_as_json_has_no_outcome(task: WriteTask, run_cli: RunCli) -> None:
    task("x", "sleep 60")
    (run,) = json.loads(run_cli("run", "--detach", "--json", "x").stdout)
    assert (run["id"], run["task"], run["outcome"]) == (1, "x", None)


def test_json_is_an_array_of_records_instead_of_the_output(task: WriteTask, run_cli: RunCli, record: OneRecord) -> None:
    task("x", "echo out; exit 3")
    answer = run_cli("run", "--json", "x")
    (printed,) = json.loads(answer.stdout)
    assert {key: value for key, value in printed.items() if key in record()} == record()
    assert answer.returncode == 3


def test_json_lines_of_several_are_a_line_each(task: WriteTask, run_cli: RunCli, records: Records) -> None:
    task("a", "true")
    task("b", "false")
    assert [json.loads(line) for line in run_cli("run", "--jsonl", "*").stdout.splitlines()] == records()


def test_how_it_ended_is_said_unless_quiet(task: WriteTask, run_cli: RunCli) -> None:
    task("x", "exit 3")
    assert "x #1: failed in" in run_cli("run", "x").stderr
    assert run_cli("run", "-q", "x").stderr == ""


def test_dry_run_runs_nothing_and_takes_no_number(
    task: WriteTask, run_cli: RunCli, records: Records, instance: Path
) -> None:
    task("x", "touch ran")
    before = {path for path in instance.rglob("*") if ".automate" not in path.parts}
    answer = run_cli("run", "--dry-run", "x")
    assert (answer.returncode, records()) == (0, [])
    assert "nothing was run" in answer.stderr
    assert {path for path in instance.rglob("*") if ".automate" not in path.parts} == before
    assert run_cli("run", "--jsonl", "x").stdout.startswith('{"v":1,"id":1,')


def test_dry_run_shows_what_would_be_run(task: WriteTask, run_cli: RunCli, instance: Path) -> None:
    task("x", "echo hi", umask="027", env={"OWN": "1"}, locks=["db"])
    (shown,) = json.loads(run_cli("run", "--dry-run", "--json", "x", "--", "a b").stdout)
    assert shown["argv"] == ["/bin/sh", "-c", 'echo hi "$@"', "x", "a b"]
    assert (shown["cwd"], shown["umask"], shown["env"]["OWN"]) == (str(instance), "027", "1")
    assert shown["locks"] == {"task/x": False, "shared/db": False}


def test_dry_run_as_text_can_be_typed_again(task: WriteTask, run_cli: RunCli) -> None:
    task("x", ["printf", "%s", "a b"])
    assert "argv     printf %s 'a b'" in run_cli("run", "--dry-run", "x").stdout


def test_dry_run_shows_a_lock_that_is_held(task: WriteTask, start: Start, run_cli: RunCli, shim_pid: PidOf) -> None:
    task("x", "sleep 60")
    start("run", "x")
    shim_pid("x")
    assert "task/x (held)" in run_cli("run", "--dry-run", "x").stdout


def test_dry_run_of_what_cannot_start_is_1(task: WriteTask, run_cli: RunCli) -> None:
    task("x", "true", cwd="/no/such/directory")
    answer = run_cli("run", "--dry-run", "x")
    assert answer.returncode == 1
    assert "/no/such/directory" in answer.stdout


def test_names_and_globs_mean_each_task_once(task: WriteTask, run_cli: RunCli, records: Records) -> None:
    task("a", "true")
    task("b", "true")
    run_cli("run", "a", "*", "a", "b")
    assert sorted(record["task"] for record in records()) == ["a", "b"]


def test_without_a_name_it_is_a_usage_error(run_cli: RunCli) -> None:
    assert run_cli("run").returncode == 2


def test_closed_standard_streams_do_no_harm(
    task: WriteTask, start: Start, record: OneRecord, records: Records, until: Until
) -> None:
    task("x", "echo out")

    def close() -> None:
        for descriptor in (0, 1, 2):
            os.close(descriptor)

    start("run", "x", preexec_fn=close, stdin=None, stdout=None, stderr=None).wait(60)
    until(records)
    assert (record()["outcome"], record()["output_bytes"]) == ("success", 4)


def test_standard_output_on_a_full_disk_ends_no_task(
    task: WriteTask, start: Start, records: Records, record: OneRecord, until: Until
) -> None:
    task("x", "echo out; sleep 0.2; exit 3")
    with open("/dev/full", "w") as full:
        running = start("run", "x", stdout=full)
        assert "cannot write to standard output" in running.communicate(timeout=60)[1]
    until(records)
    assert record()["exit_code"] == 3
