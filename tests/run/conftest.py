"""What the tests of runs share: task files from keyword arguments, the program in the background, what is on record."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import OneRecord, RunCli, WriteTask

NEEDS_ROOT = ["test_as_root.py"]
collect_ignore = NEEDS_ROOT if os.geteuid() != 0 else []


@pytest.fixture
def outcome(task: WriteTask, run_cli: RunCli, record: OneRecord) -> OneRecord:
    """`outcome("exit 3", retries=1)` runs such a task, named x, and returns its record."""

    def run(command: Any, **keys: Any) -> dict[str, Any]:
        task("x", command, **keys)
        run_cli("run", "x")
        return record("x")

    return run


@pytest.fixture
def due(instance: Path, environment: dict[str, str]) -> Callable[..., None]:
    """`due("x")` is the task's due time, now, as the scheduler starts it."""

    def begin(name: str, *leave: str) -> None:
        subprocess.run(
            [sys.executable, Path(__file__).with_name("scheduled.py"), instance, name, *leave],
            check=True,
            env=environment,
            timeout=60,
        )

    return begin


@pytest.fixture
def ended(task: WriteTask, due: Callable[..., None], record: OneRecord) -> OneRecord:
    """`ended("command", condition=...)`: the record of such a task that was due."""

    def end(command: Any, **keys: Any) -> dict[str, Any]:
        task("x", command, **keys)
        due("x")
        return record("x")

    return end


@pytest.fixture(autouse=True)
def _nothing_stays(_no_process_stays: None) -> None:
    """Runs outlive who started them."""
