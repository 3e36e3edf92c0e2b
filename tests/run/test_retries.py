"""Attempts after the first."""

from typing import Any

import pytest

from tests.conftest import Lines, OneRecord, RunCli, Start, Until, WriteTask

COUNT = "echo $AUTOMATE_ATTEMPT >>seen; "


def test_failure_is_tried_again_as_often_as_said(outcome: OneRecord, lines: Lines) -> None:
    record = outcome(COUNT + "exit 3", retries={"attempts": 2, "delay": "1ms"})
    assert (record["outcome"], record["exit_code"], record["attempts"]) == ("failed", 3, 3)
    assert lines("seen") == ["1", "2", "3"]


def test_success_ends_the_attempts(outcome: OneRecord, lines: Lines) -> None:
    record = outcome(COUNT + "[ $AUTOMATE_ATTEMPT = 2 ]", retries={"attempts": 5, "delay": "1ms"})
    assert (record["outcome"], record["attempts"], lines("seen")) == ("success", 2, ["1", "2"])


def test_attempts_are_one_record_with_one_id(outcome: OneRecord, run_cli: RunCli) -> None:
    outcome("false", retries={"attempts": 3, "delay": "1ms"})
    assert run_cli("history", "--jsonl").stdout.count("\n") == 1


def test_the_record_says_where_in_the_output_each_further_attempt_begins(outcome: OneRecord) -> None:
    record = outcome("[ $AUTOMATE_ATTEMPT = 2 ] || { echo four; false; }", retries={"attempts": 3, "delay": "1ms"})
    assert (record["attempts"], record["attempts_at"]) == (2, [5])
    assert record["output_bytes"] == 5


def test_the_record_of_a_single_attempt_has_no_places(outcome: OneRecord) -> None:
    assert "attempts_at" not in outcome("echo out")


def test_record_spans_all_attempts(outcome: OneRecord) -> None:
    assert outcome("false", retries={"attempts": 2, "delay": "100ms", "backoff": 1})["seconds"] > 0.2


def test_processor_time_of_all_attempts_is_added(outcome: OneRecord, lines: Lines) -> None:
    """As the shell of each attempt itself tells it (times(1): its own line, then its children's)."""
    work = "i=0; while [ $i -lt 50000 ]; do i=$((i+1)); done; times >>seen; false"
    record = outcome(work, retries={"attempts": 2, "delay": "1ms"})
    own = [float(word.partition("m")[2].rstrip("s")) for line in lines("seen") for word in line.split()]
    assert len(own) == 3 * 4
    assert record["cpu_seconds"] >= sum(own) - 0.01


@pytest.mark.parametrize(("code", "attempts"), [(3, 2), (4, 1)])
def test_only_the_exit_statuses_said_are_tried_again(outcome: OneRecord, code: int, attempts: int) -> None:
    assert outcome(f"exit {code}", retries={"attempts": 1, "delay": "1ms", "on_exit": [3]})["attempts"] == attempts


@pytest.mark.parametrize("keys", [{"exit_codes": {"warning": [3]}}, {"exit_codes": {"skipped": [3]}}])
def test_what_is_no_failure_is_not_tried_again(outcome: OneRecord, keys: dict[str, Any]) -> None:
    assert outcome("exit 3", retries={"attempts": 1, "delay": "1ms"}, **keys)["attempts"] == 1


def test_timeout_is_of_each_attempt_and_tried_again(outcome: OneRecord, lines: Lines) -> None:
    record = outcome(COUNT + "sleep 60", timeout="100ms", retries={"attempts": 1, "delay": "1ms"})
    assert (record["outcome"], record["attempts"], lines("seen")) == ("timeout", 2, ["1", "2"])


def test_what_cannot_start_is_tried_again(outcome: OneRecord) -> None:
    assert outcome("true", cwd="/no/such/directory", retries={"attempts": 1, "delay": "1ms"})["attempts"] == 2


def test_output_of_all_attempts_is_shown_and_kept(task: WriteTask, run_cli: RunCli) -> None:
    task("x", "[ $AUTOMATE_ATTEMPT = 1 ] || echo $AUTOMATE_ATTEMPT; false", retries={"attempts": 2, "delay": "1ms"})
    assert run_cli("run", "x").stdout == "2\n3\n"
    assert run_cli("log", "x").stdout == "2\n3\n"


def test_summary_is_the_last_attempts(outcome: OneRecord) -> None:
    command = "[ $AUTOMATE_ATTEMPT = 2 ] || { echo first >$AUTOMATE_SUMMARY; exit 1; }"
    assert outcome(command, retries={"attempts": 1, "delay": "1ms"})["summary"] is None


def test_stderr_of_an_earlier_attempt_is_no_warning(outcome: OneRecord) -> None:
    command = "[ $AUTOMATE_ATTEMPT = 2 ] || { echo oops >&2; exit 1; }"
    assert outcome(command, warn_on="stderr", retries={"attempts": 1, "delay": "1ms"})["outcome"] == "success"


def test_locks_are_held_between_attempts(task: WriteTask, start: Start, run_cli: RunCli, until: Until) -> None:
    task("x", "false", retries={"attempts": 1, "delay": "1h"})
    start("run", "x")
    until(lambda: '"pending"' in run_cli("list", "--json").stdout)
    assert run_cli("run", "x").returncode == 75
