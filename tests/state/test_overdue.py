"""Which tasks have a due time that nobody has decided."""

import time
from pathlib import Path

from automate import paths
from automate.state import open_state
from automate.state.schedules import overdue
from tests.conftest import RunCli, WriteTask


def test_what_was_due_for_long_enough_is_overdue(instance: Path, task: WriteTask, run_cli: RunCli) -> None:
    task("a", "true", schedule="every hour")
    task("manual", "true")
    run_cli("tick")
    state = open_state(paths.of_directory(str(instance)))
    now = time.time()
    ((wake,),) = state.read("SELECT wake FROM schedules WHERE task = 'a'")
    assert isinstance(wake, float)
    assert overdue(state, now) == frozenset()
    assert overdue(state, wake + 89) == frozenset()
    assert overdue(state, wake + 91) == {"a"}
    state.close()
