"""Debian's cron, with nothing but the file that `automate install cron` writes."""

from pathlib import Path

import pytest

from tests.conftest import Records, RunCli, Until, WriteTask
from tests.cron.conftest import Cron


@pytest.mark.root
def test_the_line_that_install_writes_runs_what_is_due(
    cron: Cron, task: WriteTask, run_cli: RunCli, until: Until, records: Records, instance: Path
) -> None:
    task("x", "echo $AUTOMATE_TRIGGER", schedule="* * * * *")
    run_cli("tick")  # sees the task; it is due from now on
    run_cli("install", "cron", "--root", str(instance), "--yes")
    (line,) = (instance / "etc" / "cron.d").iterdir()
    cron(line.read_text())
    until(lambda: records("x"), within=75)
    assert [(record["outcome"], record["trigger"]) for record in records("x")] == [("success", "schedule")]
    assert run_cli("log", "x").stdout == "schedule\n"
