"""Debian's cron, with nothing but one line that calls `automate tick`."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Records, RunCli, Until, WriteTask
from tests.cron.conftest import Cron


@pytest.mark.parametrize("minutes", ["*"] if os.geteuid() == 0 else [])
def test_a_line_that_calls_tick_each_minute_runs_what_is_due(
    cron: Cron, task: WriteTask, run_cli: RunCli, until: Until, records: Records, instance: Path, minutes: Any
) -> None:
    task("x", "echo $AUTOMATE_TRIGGER", schedule="* * * * *")
    run_cli("tick")  # sees the task; it is due from now on
    cron(f"PATH={os.defpath}\n{minutes} * * * * root {sys.executable} -m automate -C {instance} tick\n")
    until(lambda: records("x"), within=75)
    assert [(record["outcome"], record["trigger"]) for record in records("x")] == [("success", "schedule")]
    assert run_cli("log", "x").stdout == "schedule\n"
