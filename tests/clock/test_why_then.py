"""`why`, under the clock of the daemon: what the night of a clock change did."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.clock.conftest import Clock
from tests.conftest import RunCli, Until, WriteTask

BERLIN = {"timezone": "Europe/Berlin", "schedule": "daily at 02:30"}


@pytest.fixture
def why(run_cli: RunCli, library: Path, instance: Path) -> Callable[..., Any]:
    """`why("--at", "2027-03-28 02:30")`: the answer of the program under that clock."""
    preload = {"LD_PRELOAD": str(library), "AUTOMATE_TEST_CLOCK": str(instance / "clock")}

    def ask(*arguments: str) -> Any:
        result = run_cli("why", "x", *arguments, "--json", env=preload)
        assert result.returncode == 0, result.stderr
        [found] = json.loads(result.stdout)
        return found

    return ask


def test_what_fell_into_the_gap_ran_after_it_and_is_found_by_the_time_that_never_was(
    clock: Clock,
    serve: Callable[[], subprocess.Popen[str]],
    task: WriteTask,
    until: Until,
    dues: Callable[..., list[str]],
    why: Callable[..., Any],
) -> None:
    clock.set("2027-03-28 00:59:57")
    task("x", "true", **BERLIN)
    serve()
    until(lambda: dues("x"))
    until(lambda: not why("--at", "2027-03-28 02:30")["told"][0]["run"])
    found = why("--at", "2027-03-28 02:30")
    assert (found["is_due"], found["told"][0]["fate"], found["told"][0]["due"]) == (
        True, "ran", "2027-03-28T03:00:00+02:00"
    )  # fmt: skip
    assert found["told"][0]["note"].startswith("moved from 02:30")
    assert found["next_due"]["due"] == "2027-03-29T02:30:00+02:00"
    assert found["scheduler"]["serving"] is True


def test_nights_while_nobody_looked_are_missed_with_the_gap(
    clock: Clock,
    serve: Callable[[], subprocess.Popen[str]],
    task: WriteTask,
    until: Until,
    dues: Callable[..., list[str]],
    why: Callable[..., Any],
) -> None:
    clock.set("2027-10-29 12:00:00")
    task("x", "true", **BERLIN)
    serve()
    clock.set("2027-10-31 12:00:00")
    until(lambda: dues("x"))
    missed = why("--at", "2027-10-30 02:30")["told"][0]
    assert (missed["fate"], missed["decided"]) == ("not_run", "missed")
    assert missed["gap"]["since"].startswith("2027-10-29T14:00:")
    assert missed["gap"]["until"].startswith("2027-10-31T13:00:")
    caught_up = why("--at", "2027-10-31 02:30")["told"][0]
    assert (caught_up["fate"], caught_up["record"]["trigger"]) == ("ran", "catch-up")
    assert caught_up["note"] == "first of two 02:30"
