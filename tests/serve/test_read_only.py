"""An instance on a read-only file system can be looked at, and nothing else."""

import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import RunCli, WriteTask
from tests.serve.conftest import Mount

pytestmark = pytest.mark.root

SHOWING = [
    "list", "list --json", "status", "history", "show x", "log x", "next", "why x", "timeline", "audit", "metrics",
    "check", "doctor --quiet", "export crontab",
]  # fmt: skip
WRITING = [
    "run x", "tick", "serve", "pause x", "resume", "edit x --set nice=5", "disable x", "new y --command true",
    "remove x --yes",
]  # fmt: skip
SAYS = "Read-only file system"


@pytest.fixture
def read_only(mounted: Mount, instance: Path, task: WriteTask, run_cli: RunCli) -> Iterator[Callable[[], None]]:
    """A whole instance on a file system that is made read-only by what is returned."""
    disk = mounted("tmpfs", instance)
    (instance / "tasks.d").mkdir()
    task("x", "echo seen", schedule="daily at 02:00")
    run_cli("run", "x")
    run_cli("tick")

    def seal() -> None:
        subprocess.run(["mount", "-o", "remount,ro", disk.where], check=True)

    yield seal
    subprocess.run(["mount", "-o", "remount,rw", disk.where], check=True)


@pytest.mark.parametrize("command", SHOWING)
def test_what_only_shows_reads_the_state_as_it_is(read_only: Callable[[], None], run_cli: RunCli, command: str) -> None:
    before = run_cli(*command.split())
    read_only()
    done = run_cli(*command.split())
    if command == "status":
        assert (done.returncode, "no run can be recorded: " in done.stdout, SAYS in done.stdout) == (2, True, True)
    elif not command.startswith("doctor"):
        assert done.returncode == before.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert SAYS not in done.stderr


@pytest.mark.parametrize("command", WRITING)
def test_what_must_write_says_in_one_line_that_the_file_system_is_read_only(
    read_only: Callable[[], None], run_cli: RunCli, command: str
) -> None:
    read_only()
    done = run_cli(*command.split())
    assert done.returncode == 1
    assert (done.stderr.count("\n"), SAYS in done.stderr) == (1, True), done.stderr


def leave_log_behind(instance: Path) -> None:
    """A -wal file with something committed in it, as a machine leaves it that went down; the -shm file is gone."""
    state = instance / ".automate" / "state.db"
    connection = sqlite3.connect(state)
    connection.execute("INSERT INTO scheduler VALUES ('test', '1')")
    connection.commit()
    for suffix in ("", "-wal"):
        shutil.copy(f"{state}{suffix}", f"{state}{suffix}.kept")
    connection.close()
    for suffix in ("", "-wal"):
        (instance / ".automate" / f"state.db{suffix}.kept").rename(f"{state}{suffix}")


def test_what_is_committed_in_the_log_of_the_state_is_read(
    read_only: Callable[[], None], instance: Path, run_cli: RunCli
) -> None:
    leave_log_behind(instance)
    read_only()
    assert (instance / ".automate" / "state.db-wal").stat().st_size > 0
    done = run_cli("list", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert '"x"' in done.stdout


def test_a_read_only_log_is_critical(instance: Path, task: WriteTask, run_cli: RunCli) -> None:
    task("x", "true")
    run_cli("run", "x")
    log = instance / ".automate" / "log"
    subprocess.run(["mount", "--bind", log, log], check=True)
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", log], check=True)
        done = run_cli("status")
    finally:
        subprocess.run(["umount", "--lazy", log], check=True)
    assert (done.returncode, f"no run can be recorded: {log}: {SAYS}" in done.stdout) == (2, True), done.stdout


def test_an_immutable_state_directory_is_the_reason(instance: Path, task: WriteTask, run_cli: RunCli) -> None:
    task("x", "true")
    run_cli("run", "x")
    state = instance / ".automate"
    if subprocess.run(["chattr", "+i", state], check=False).returncode:
        pytest.skip("no attributes on this file system")
    try:
        done = run_cli("run", "x")
    finally:
        subprocess.run(["chattr", "-i", state], check=True)
    assert done.stderr == f"automate: {state}/state.db: unable to open database file: Operation not permitted\n"
