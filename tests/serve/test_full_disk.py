"""A full disk stops neither those who look nor the task that makes room."""

import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from automate import reserve
from automate.paths import of_directory
from automate.state import open_state
from automate.supervisor import open_instance
from tests.conftest import OneRecord, Records, RunCli, Start, Until, WriteTask, read_locks
from tests.serve.conftest import Disk, Mount

pytestmark = pytest.mark.root

KINDS = ["tmpfs", "ext4", *(["xfs"] if shutil.which("mkfs.xfs") else [])]
SHOWING = ["list", "status", "history", "show x", "log x", "next", "why x", "timeline", "audit", "metrics", "check"]


@pytest.fixture(params=KINDS)
def disk(request: pytest.FixtureRequest, mounted: Mount, instance: Path) -> Disk:
    return mounted(request.param, instance / ".automate")


CLEANUP = "set -e; echo freeing; rm .automate/filler; echo done"


def test_a_task_run_by_hand_frees_a_full_disk(disk: Disk, task: WriteTask, run_cli: RunCli, record: OneRecord) -> None:
    task("cleanup", CLEANUP)
    run_cli("list")
    disk.fill()
    done = run_cli("run", "cleanup")
    assert (done.returncode, done.stdout) == (0, "freeing\ndone\n")
    assert record("cleanup")["outcome"] == "success"


def test_runs_on_a_full_disk_are_on_record(disk: Disk, task: WriteTask, run_cli: RunCli, records: Records) -> None:
    task("x", "true")
    run_cli("list")
    disk.fill()
    for _ in range(5):
        assert run_cli("run", "x").returncode == 0
    assert len(records("x")) == 5


def test_a_state_opened_on_a_full_disk_is_locked(disk: Disk, instance: Path) -> None:
    about = of_directory(str(instance))
    open_instance(about).close()
    disk.fill()
    with closing(open_instance(about)) as state:
        assert state.writable
        assert read_locks(about.database) == 1


def test_a_tick_starts_what_frees_a_full_disk(disk: Disk, task: WriteTask, run_cli: RunCli, until: Until) -> None:
    task("cleanup", "rm .automate/filler", schedule="every second")
    run_cli("tick")
    disk.fill()
    until(lambda: run_cli("tick").returncode == 0 and not disk.filler.exists())


def test_a_daemon_starts_what_frees_a_full_disk(
    disk: Disk, serve: Start, every_second: WriteTask, once: WriteTask, until: Until, records: Records, events: Records
) -> None:
    every_second("x")
    serve()
    until(lambda: len(records("x")) >= 2)
    once("cleanup", "rm .automate/filler")
    until(lambda: events("added", task="cleanup"))
    disk.fill()
    until(lambda: records("cleanup"))
    assert records("cleanup")[0]["outcome"] == "success"
    assert not disk.filler.exists()


def test_a_task_can_be_paused_on_a_full_disk(disk: Disk, serve: Start, task: WriteTask, run_cli: RunCli) -> None:
    task("x", "true")
    serve()
    disk.fill()
    assert [run_cli(*words).returncode for words in (("pause", "x"), ("resume", "x"))] == [0, 0]


def test_what_was_given_back_is_set_aside_again(disk: Disk, task: WriteTask, run_cli: RunCli, instance: Path) -> None:
    task("x", "true")
    run_cli("list")
    aside = instance / ".automate" / reserve.NAME
    whole = aside.stat().st_size
    disk.fill()
    run_cli("run", "x")
    assert aside.stat().st_size < whole
    disk.make_room()
    run_cli("list")
    assert aside.stat().st_size == whole


@pytest.mark.parametrize("command", SHOWING)
def test_a_full_disk_with_nothing_set_aside_can_be_looked_at(
    mounted: Mount, instance: Path, task: WriteTask, run_cli: RunCli, command: str
) -> None:
    disk = mounted("tmpfs", instance / ".automate")
    task("x", "echo seen")
    run_cli("run", "x")
    (instance / ".automate" / reserve.NAME).unlink()
    disk.fill()
    done = run_cli(*command.split())
    if command == "status":
        assert done.returncode == 2
        assert f"1 task, none failing, no run can be recorded: {instance}/.automate" in done.stdout
        return
    assert done.returncode == 0, done.stderr
    assert "No space left" not in done.stdout + done.stderr


def test_a_full_disk_is_critical_under_a_daemon_once_nothing_is_set_aside(
    mounted: Mount, instance: Path, task: WriteTask, run_cli: RunCli
) -> None:
    disk = mounted("tmpfs", instance / ".automate")
    task("x", "true")
    with closing(open_state(of_directory(str(instance)))):
        run_cli("run", "x")
        disk.fill()
        assert run_cli("status").returncode == 0
        (instance / ".automate" / reserve.NAME).unlink()
        disk.fill()
        done = run_cli("status")
    assert (done.returncode, f"{instance}/.automate: No space left on device" in done.stdout) == (2, True), done.stdout


def test_what_cannot_be_started_on_a_full_disk_names_it(
    mounted: Mount, instance: Path, task: WriteTask, run_cli: RunCli
) -> None:
    disk = mounted("tmpfs", instance / ".automate")
    task("x", "true")
    run_cli("list")
    (instance / ".automate" / reserve.NAME).unlink()
    disk.fill()
    done = run_cli("run", "x")
    assert done.returncode == 1
    assert done.stderr == (
        f"automate: {instance}/.automate/state.db: No space left on device; nothing can be started or changed until "
        "its file system has free space (df) and inodes (df -i)\n"
    )


def test_a_task_frees_inodes_when_none_are_left(
    mounted: Mount, instance: Path, task: WriteTask, run_cli: RunCli, record: OneRecord
) -> None:
    disk = mounted("inodes", instance / ".automate")
    task("cleanup", "rm .automate/empty.*")
    run_cli("list")
    disk.use_inodes()
    assert run_cli("run", "cleanup").returncode == 0
    assert record("cleanup")["outcome"] == "success"
    run_cli("list")
    assert len([*(instance / ".automate").glob(f"{reserve.NAME}.*")]) == 16


@pytest.mark.parametrize("command", ["list", "show x", "status"])
def test_a_state_that_found_no_room_for_its_tables_can_be_looked_at(
    mounted: Mount, instance: Path, task: WriteTask, run_cli: RunCli, command: str
) -> None:
    disk = mounted("tmpfs", instance / ".automate")
    task("x", "true")
    disk.fill()
    done = run_cli(*command.split())
    assert done.returncode == (2 if command == "status" else 0), done.stderr
    assert (instance / ".automate" / "state.db").stat().st_size == 0


@pytest.fixture
def quota(tmp_path: Path) -> dict[str, str]:
    """What makes of each full disk an exhausted quota."""
    library = tmp_path / "quota.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, Path(__file__).with_name("quota.c")], check=True)
    return {"LD_PRELOAD": str(library)}


def test_an_exhausted_quota_is_a_full_disk(
    mounted: Mount, instance: Path, task: WriteTask, run_cli: RunCli, record: OneRecord, quota: dict[str, str]
) -> None:
    disk = mounted("tmpfs", instance / ".automate")
    task("cleanup", CLEANUP)
    run_cli("list")
    disk.fill()
    assert run_cli("run", "cleanup", env=quota).returncode == 0
    assert record("cleanup")["outcome"] == "success"


def test_an_exhausted_quota_is_named(
    mounted: Mount, instance: Path, task: WriteTask, run_cli: RunCli, quota: dict[str, str]
) -> None:
    disk = mounted("tmpfs", instance / ".automate")
    task("x", "true")
    run_cli("list")
    (instance / ".automate" / reserve.NAME).unlink()
    disk.fill()
    done = run_cli("run", "x", env=quota)
    assert (done.returncode, "Disk quota exceeded" in done.stderr) == (1, True)


@pytest.fixture(params=KINDS)
def log_disk(request: pytest.FixtureRequest, mounted: Mount, instance: Path) -> Disk:
    (instance / ".automate").mkdir()
    return mounted(request.param, instance / ".automate" / "log")


def test_a_short_output_is_kept_on_a_full_log_disk(log_disk: Disk, task: WriteTask, run_cli: RunCli) -> None:
    task("x", "set -e; seq 5000; echo done")
    run_cli("list")
    log_disk.fill()
    done = run_cli("run", "x")
    assert (done.returncode, done.stdout[-5:]) == (0, "done\n")


def test_room_for_an_output_that_was_not_used_is_given_back(
    log_disk: Disk, task: WriteTask, run_cli: RunCli, instance: Path
) -> None:
    task("x", "echo done")
    run_cli("list")
    log_disk.fill()
    assert run_cli("run", "x").returncode == 0
    kept = instance / ".automate" / "log" / "output" / "x" / "1.log"
    assert kept.stat().st_blocks * 512 <= 8192


def test_a_command_sees_that_a_full_log_disk_takes_no_more_output(
    log_disk: Disk, task: WriteTask, run_cli: RunCli, record: OneRecord
) -> None:
    task("x", "set -e; seq 1000000; echo done")
    run_cli("list")
    log_disk.fill()
    assert run_cli("run", "x").returncode != 0
    assert record("x")["outcome"] == "failed"


def test_a_full_log_disk_keeps_no_run_from_its_record(
    mounted: Mount, instance: Path, task: WriteTask, run_cli: RunCli, record: OneRecord
) -> None:
    (instance / ".automate").mkdir()
    disk = mounted("tmpfs", instance / ".automate" / "log")
    task("x", "true")
    run_cli("list")
    disk.fill()
    assert os.path.getsize(disk.filler) > 0
    assert run_cli("run", "x").returncode == 0
    assert record("x")["outcome"] == "success"


WRITER = """
import sys
from automate.paths import of_directory
from automate.state import open_state, schedules
state = open_state(of_directory(sys.argv[1]))
state.read("SELECT * FROM scheduler")
print(flush=True)
input()
with state.transaction():
    schedules.keep(state, "x", "y")
"""


def test_a_disk_that_fills_up_under_an_open_state_kills_no_process(disk: Disk, instance: Path, run_cli: RunCli) -> None:
    """SQLite maps its -shm file: writing to a page that gets no block is SIGBUS."""
    run_cli("list")
    command = [sys.executable, "-c", WRITER, str(instance)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        disk.fill()
        os.truncate(disk.filler, disk.filler.stat().st_size - 16 * 1024)  # for the -wal file alone
        _, errors = writer.communicate(b"\n")
    assert writer.returncode >= 0, errors.decode()
