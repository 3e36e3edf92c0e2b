"""Outputs searched for what `warn_on` names: no pattern keeps anybody waiting for long."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import OneRecord, Records, RunCli, Start, Until, WriteTask

FOR_EVER = "(a+)+$"
LONG = "printf 'a%.0s' $(seq 50); echo b"


def test_a_pattern_that_takes_for_ever_is_given_up_and_said_to(outcome: OneRecord) -> None:
    record = outcome(LONG, warn_on=FOR_EVER)
    assert (record["outcome"], record["exit_code"]) == ("warning", 0)
    assert record["error"].startswith("warn_on: the search was given up")


def test_a_failure_is_not_searched(outcome: OneRecord) -> None:
    began = time.monotonic()
    assert outcome(f"{LONG}; exit 1", warn_on=FOR_EVER)["error"].endswith("b")
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [("(disk|tape) full", "warning"), ("disk full", "warning"), ("(disk|tape) empty", "success"), (r"\Zx", "success")],
)
def test_large_outputs_are_searched(outcome: OneRecord, pattern: str, expected: str) -> None:
    assert outcome("seq 300000; echo disk full; seq 300000", warn_on=pattern)["outcome"] == expected


def test_of_an_enormous_output_head_and_tail_are_searched(outcome: OneRecord) -> None:
    command = "echo first; head -c 40000000 /dev/zero; echo last"
    assert outcome(command, warn_on="^first$", output={"max_size": "10 GiB"})["outcome"] == "warning"


def test_what_is_dropped_is_not_searched(outcome: OneRecord) -> None:
    command = "seq 1000; echo disk full; seq 1000"
    assert outcome(command, warn_on="disk full", output={"max_size": "1 kB"})["outcome"] == "success"


def test_a_pattern_that_needs_all_memory_is_given_up(outcome: OneRecord) -> None:
    record = outcome("head -c 12000000 /dev/zero", warn_on=r"(?:(\x00)|x)*y")
    assert record["outcome"] == "warning"
    assert "given up" in record["error"]


def test_an_end_that_nobody_saw_is_searched_by_who_looks_next(
    due: Callable[..., None], task: WriteTask, run_cli: RunCli, records: Records, until: Until, instance: Path
) -> None:
    task("x", "until [ -e go ]; do sleep 0.02; done; echo disk full", warn_on="(disk|tape) full")
    due("x", "leave")
    (instance / "go").touch()
    until(lambda: run_cli("list") and records("x"))
    assert records("x")[0]["outcome"] == "warning"


def test_other_tasks_go_on_meanwhile(task: WriteTask, start: Start, records: Records, until: Until) -> None:
    task("bad", LONG, warn_on=FOR_EVER, schedule="every second")
    task("good", "true", schedule="every second")
    start("serve", stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    until(lambda: len(records("good")) >= 5)


def test_a_fifo_in_place_of_an_output_keeps_nobody_waiting(
    task: WriteTask, run_cli: RunCli, record: OneRecord, instance: Path
) -> None:
    task("x", "true")
    output = instance / ".automate" / "log" / "output" / "x"
    output.mkdir(parents=True)
    os.mkfifo(output / "1.log")
    run_cli("run", "x")
    assert record("x")["outcome"] == "error"
    assert "1.log" in record("x")["error"]
