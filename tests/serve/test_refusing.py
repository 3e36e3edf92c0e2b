"""What a daemon puts on record together: who ends that is heard at once."""

import json

import pytest


@pytest.fixture
def refused(records, until):
    """`refused("x")`: the task's records, once there are any."""
    return lambda name: until(lambda: records(name))


@pytest.fixture
def deferred(run_cli, until, refused):
    """`deferred("x")`: the task's first refusal is on record, and others are not yet."""

    def wait(name):
        refused(name)
        until(lambda: json.loads(run_cli("audit", "--json").stdout)["deferred"])

    return wait


def test_what_is_paused_is_on_record_once_and_not_each_second(serve, every_second, run_cli, records, until, lines):
    every_second("x")
    every_second("y")
    serve()
    until(lambda: lines("x"))
    run_cli("pause", "x")
    until(lambda: any(record["outcome"] == "skipped" for record in records("x")))
    before = len(lines("y"))
    until(lambda: len(lines("y")) >= before + 3)
    assert [record["count"] for record in records("x") if record["outcome"] == "skipped"] == [1]


def test_what_is_resumed_runs_at_once(serve, every_second, run_cli, records, deferred, until, lines):
    every_second("x")
    run_cli("pause")
    serve()
    deferred("x")
    run_cli("resume")
    until(lambda: lines("x"), within=8)  # and not only when the daemon has slept
    assert {record["outcome"] for record in records("x")[:2]} == {"skipped"}
    assert run_cli("audit").returncode == 0


def test_what_is_enabled_runs_at_once_and_was_disabled_until_then(
    serve, every_second, run_cli, records, deferred, until, lines
):
    every_second("x", enabled=False)
    serve()
    deferred("x")
    run_cli("enable", "x")
    until(lambda: lines("x"), within=8)
    assert {record.get("reason") for record in records("x") if record["outcome"] != "success"} == {"disabled"}
    assert run_cli("audit").returncode == 0


def test_why_and_audit_tell_what_will_be_on_record(serve, every_second, run_cli, refused, until):
    every_second("x", enabled=False)
    serve()
    refused("x")
    until(lambda: " refused; one record for several of them" in run_cli("audit").stderr)
    assert "did not run at" in (said := run_cli("why", "x").stdout)
    assert "disabled; it will be recorded together with others by " in said
