"""What the tests of runs share: task files from keyword arguments, the program in the background, what is on record."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

NEEDS_ROOT = ["test_as_root.py"]
collect_ignore = NEEDS_ROOT if os.geteuid() != 0 else []


@pytest.fixture
def task(instance: Path) -> Callable[..., Path]:
    """`task("x", command="true", timeout="1s")` writes tasks.d/x.yaml (JSON is YAML) and returns its path."""

    def write(name: str, command: Any, **keys: Any) -> Path:
        path = instance / "tasks.d" / f"{name}.yaml"
        path.write_text(json.dumps({"command": command, "cwd": str(instance), **keys}))
        return path

    return write


@pytest.fixture
def records(instance: Path) -> Callable[..., list[dict[str, Any]]]:
    """`records()` is the run log; with a name, that task's records."""

    def read(name: str | None = None) -> list[dict[str, Any]]:
        path = instance / ".automate" / "log" / "runs.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [record for record in map(json.loads, lines) if name in (None, record["task"])]

    return read


@pytest.fixture
def record(records: Callable[..., list[dict[str, Any]]]) -> Callable[..., dict[str, Any]]:
    """`record("x")` is the one record there is, of this task if it is named."""

    def read(name: str | None = None) -> dict[str, Any]:
        (only,) = records(name)
        return only

    return read


@pytest.fixture
def outcome(
    task: Callable[..., Path], run_cli: Callable[..., Any], record: Callable[..., dict[str, Any]]
) -> Callable[..., dict[str, Any]]:
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
def ended(
    task: Callable[..., Path], due: Callable[..., None], record: Callable[..., dict[str, Any]]
) -> Callable[..., dict[str, Any]]:
    """`ended("command", condition=...)`: the record of such a task that was due."""

    def end(command: Any, **keys: Any) -> dict[str, Any]:
        task("x", command, **keys)
        due("x")
        return record("x")

    return end


@pytest.fixture
def start(
    instance: Path, environment: dict[str, str], _no_process_stays: None
) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """`start("run", "x")` is the program in the background; its output can be read from pipes."""

    begun = []

    def begin(*arguments: str, **more: Any) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "automate", "-C", str(instance), *arguments],
            **{
                "env": environment,
                "stdin": subprocess.DEVNULL,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                "text": True,
                **more,
            },
        )
        begun.append(process)
        return process

    yield begin
    for process in begun:
        process.kill()
        process.communicate()


@pytest.fixture
def shim_pid(instance: Path, until: Callable[..., Any]) -> Callable[..., int]:
    """`shim_pid("x")` waits until the task has started; the shim's PID, which is its process group's."""

    def said(name: str) -> int | None:
        for path in (instance / ".automate" / "open").glob(f"*.{name}"):
            if found := re.search(r"^started (\d+)$", path.read_text(), re.MULTILINE):
                return int(found[1])
        return None

    return lambda name: int(until(lambda: said(name)))


@pytest.fixture
def lines(instance: Path) -> Callable[[str], list[str]]:
    """`lines("seen")` are those of a file in the instance's directory, none when there is no such file."""

    def read(name: str) -> list[str]:
        path = instance / name
        return path.read_text().splitlines() if path.exists() else []

    return read


@pytest.fixture(autouse=True)
def _no_process_stays(instance: Path) -> Iterator[None]:
    """Ends what a test left running: every process that has the instance's directory in its environment or words."""
    yield
    for pid in _processes_of(instance):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def processes(instance: Path) -> Callable[[], list[int]]:
    """The processes that have the instance's directory in their environment or words: commands, shims, supervisors."""
    return lambda: _processes_of(instance)


def _processes_of(instance: Path) -> list[int]:
    mark = os.fsencode(instance) + b"/"
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            with suppress(OSError):
                about = Path("/proc", entry)
                if mark in (about / "environ").read_bytes() + (about / "cmdline").read_bytes():
                    found.append(int(entry))
    return found
