"""`condition`: a command that decides whether a due time is skipped."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Lines, OneRecord, RunCli, Until, WriteTask

SHELLS = ["dash", "bash", "busybox"]


def test_when_it_is_met_the_command_runs(ended: OneRecord) -> None:
    record = ended("exit 3", condition="true")
    assert (record["outcome"], record["exit_code"]) == ("failed", 3)


def test_when_it_is_not_met_the_due_time_is_skipped(ended: OneRecord, lines: Lines) -> None:
    record = ended("echo ran >>seen", condition="exit 7")
    assert (record["cause"], record["condition_exit"], record["trigger"]) == ("condition", 7, "schedule")
    assert lines("seen") == []


def test_of_what_was_skipped_there_is_no_start_and_no_exit_code(ended: OneRecord) -> None:
    record = ended("true", condition="false")
    assert record["started"] is record["exit_code"] is record["seconds"] is record["error"] is None
    assert record["attempts"] == 0


def test_it_may_be_a_list(ended: OneRecord) -> None:
    assert ended("true", condition=["sh", "-c", 'exit "$#"', "sh", "a b", ""])["condition_exit"] == 2


def test_a_list_command_gets_just_its_own_words(ended: OneRecord, lines: Lines) -> None:
    record = ended(["sh", "-c", 'printf "%s\n" "$@" >seen', "sh", "a b", "*"], condition=["test", "1", "-eq", "1"])
    assert record["outcome"] == "success"
    assert lines("seen") == ["a b", "*"]


def test_its_output_is_the_run_s(ended: OneRecord, run_cli: RunCli) -> None:
    record = ended("echo command", condition="echo asked; echo why >&2")
    assert run_cli("log", f"#{record['id']}").stdout == "asked\nwhy\ncommand\n"


def test_the_output_of_one_that_is_not_met_is_kept(ended: OneRecord, run_cli: RunCli) -> None:
    record = ended("true", condition="echo no mains; false")
    assert run_cli("log", f"#{record['id']}").stdout == "no mains\n"


def test_it_is_asked_where_and_with_what_the_command_runs(ended: OneRecord, instance: Path, lines: Lines) -> None:
    ended("true", condition='echo "$PWD $A $AUTOMATE_TASK $(umask)" >seen', env={"A": "b"}, umask="077")
    assert lines("seen") == [f"{os.path.realpath(instance)} b x 0077"]


def test_it_reads_nothing_of_the_command_s_input(ended: OneRecord, lines: Lines) -> None:
    ended("cat >seen", condition="cat >/dev/null", stdin="whole\n")
    assert lines("seen") == ["whole"]


def test_it_has_none_of_the_shim_s_descriptors(ended: OneRecord) -> None:
    assert ended("true", condition="! ls -l /proc/self/fd | grep -e /open/ -e /locks/")["outcome"] == "success"


def test_it_is_no_failure_and_not_tried_again(ended: OneRecord, lines: Lines) -> None:
    record = ended("true", condition="echo asked >>seen; false", retries={"attempts": 3, "delay": "0s"})
    assert record["outcome"] == "skipped"
    assert lines("seen") == ["asked"]


def test_it_is_asked_once_however_often_the_command_is_tried(ended: OneRecord, lines: Lines) -> None:
    record = ended("false", condition="echo asked >>seen", retries={"attempts": 2, "delay": "0s"})
    assert (record["outcome"], record["attempts"]) == ("failed", 3)
    assert lines("seen") == ["asked"]


def test_its_time_is_the_task_s(ended: OneRecord) -> None:
    record = ended("true", condition="sleep 60", timeout="100ms")
    assert record["outcome"] == "timeout"


def test_one_that_a_signal_ends_is_not_met(ended: OneRecord) -> None:
    assert ended("true", condition="kill -9 $$")["condition_exit"] == 137


def test_a_program_that_is_not_there_is_an_error(ended: OneRecord) -> None:
    record = ended("true", condition=["no-such-program-anywhere"])
    assert record["outcome"] == "error"
    assert "no such program on PATH: no-such-program-anywhere" in record["error"]


def test_by_hand_it_is_not_asked(task: WriteTask, run_cli: RunCli, record: OneRecord) -> None:
    task("x", "true", condition="false")
    assert run_cli("run", "x").returncode == 0
    assert record("x")["outcome"] == "success"


def test_of_a_run_that_was_adopted_it_is_told_all_the_same(
    task: WriteTask, due: Callable[..., None], instance: Path, run_cli: RunCli, until: Until, record: OneRecord
) -> None:
    task("x", "echo ran >>seen", condition="touch asked; until [ -e go ]; do sleep 0.01; done; exit 5")
    due("x", "leave")
    until((instance / "asked").exists)
    run_cli("list")
    (instance / "go").touch()
    until(lambda: run_cli("history", "--jsonl").stdout)
    assert (record("x")["cause"], record("x")["condition_exit"]) == ("condition", 5)


def test_of_a_run_that_ended_unseen_it_is_told_all_the_same(
    task: WriteTask, due: Callable[..., None], instance: Path, run_cli: RunCli, until: Until, record: OneRecord
) -> None:
    task("x", "true", condition="exit 5")
    due("x", "leave")
    until(lambda: any("exited" in path.read_text() for path in (instance / ".automate" / "open").iterdir()))
    run_cli("list")
    assert record("x")["condition_exit"] == 5


def test_it_is_stopped_as_a_command_is(
    task: WriteTask, due: Callable[..., None], instance: Path, run_cli: RunCli, until: Until, record: OneRecord
) -> None:
    task("x", "true", condition="touch asked; sleep 60")
    due("x", "leave")
    until((instance / "asked").exists)
    assert run_cli("stop", "x").returncode == 0
    assert record("x")["outcome"] == "stopped"


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_splits_the_words_alike(shell: str, tmp_path: Path) -> None:
    shim = Path(__file__).parents[2] / "automate" / "process" / "shim.sh"
    gate, status = tmp_path / "gate", tmp_path / "status"
    gate.write_text("go\n")
    words = ["0022", str(tmp_path), "5", "sh", "-c", 'printf "%s|" "$@"', "c 1", "", "printf", "<%s>", "a b", "", "*"]
    program = ["busybox", "sh"] if shell == "busybox" else [shell]
    code = 'exec 3>"$1" 4<"$2"; shift 2; exec "$@"'
    done = subprocess.run(
        ["sh", "-c", code, "sh", status, gate, *program, shim, *words], check=True, capture_output=True, text=True
    )
    assert done.stdout == "|<a b><><*>"
    assert "exited 0" in status.read_text()


def test_it_is_shown_as_it_would_be_typed(task: WriteTask, run_cli: RunCli) -> None:
    task("x", "true", condition=["test", "-e", "/a b"])
    assert "test -e '/a b'" in run_cli("show", "x").stdout
    settings = json.loads(run_cli("show", "x", "--json").stdout)[0]["settings"]
    assert settings["condition"]["value"] == ["test", "-e", "/a b"]
