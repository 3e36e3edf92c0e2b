"""What a daemon puts on record together: who ends that is heard at once."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.conftest import Lines, Records, RunCli, Start, Until, WriteTask


@pytest.fixture
def refused(records: Records, until: Until) -> Callable[[str], list[dict[str, Any]]]:
    """`refused("x")`: the task's records, once there are any."""
    return lambda name: until(lambda: records(name))


@pytest.fixture
def deferred(run_cli: RunCli, until: Until, refused: Callable[[str], list[dict[str, Any]]]) -> Callable[[str], None]:
    """`deferred("x")`: the task's first refusal is on record, and others are not yet."""

    def wait(name: str) -> None:
        refused(name)
        until(lambda: json.loads(run_cli("audit", "--json").stdout)["deferred"])

    return wait


def test_what_is_paused_is_on_record_once_and_not_each_second(
    serve: Start, every_second: WriteTask, run_cli: RunCli, records: Records, until: Until, lines: Lines
) -> None:
    every_second("x")
    every_second("y")
    serve()
    until(lambda: lines("x"))
    run_cli("pause", "x")
    until(lambda: any(record["outcome"] == "skipped" for record in records("x")))
    before = len(lines("y"))
    until(lambda: len(lines("y")) >= before + 3)
    assert [record["count"] for record in records("x") if record["outcome"] == "skipped"] == [1]


def test_what_is_resumed_runs_at_once(
    serve: Start,
    every_second: WriteTask,
    run_cli: RunCli,
    records: Records,
    deferred: Callable[[str], None],
    until: Until,
    lines: Lines,
) -> None:
    every_second("x")
    run_cli("pause", "--all")
    serve()
    deferred("x")
    run_cli("resume")
    until(lambda: lines("x"), within=20)  # and not only when the daemon has slept, 30 s later
    assert {record["outcome"] for record in records("x")[:2]} == {"skipped"}
    assert run_cli("audit").returncode == 0


def test_what_is_enabled_runs_at_once_and_was_disabled_until_then(
    serve: Start,
    every_second: WriteTask,
    run_cli: RunCli,
    records: Records,
    deferred: Callable[[str], None],
    until: Until,
    lines: Lines,
) -> None:
    every_second("x", enabled=False)
    serve()
    deferred("x")
    run_cli("enable", "x")
    until(lambda: lines("x"), within=20)
    assert {record.get("reason") for record in records("x") if record["outcome"] != "success"} == {"disabled"}
    assert run_cli("audit").returncode == 0


def test_why_and_audit_tell_what_will_be_on_record(
    serve: Start, every_second: WriteTask, run_cli: RunCli, refused: Callable[[str], list[dict[str, Any]]], until: Until
) -> None:
    every_second("x", enabled=False)
    serve()
    refused("x")
    until(lambda: " refused; one record for several of them" in run_cli("audit").stderr)
    assert "did not run at" in (said := run_cli("why", "x").stdout)
    assert "disabled; it will be recorded together with others by " in said
