"""A daemon whose state is removed, whose disk is full, whose lock files are unusable."""

import os
import signal
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Lines, PidOf, Records, RunCli, Start, Until, WriteTask


def seconds(dues):
    return [datetime.fromisoformat(due).timestamp() for due in dues]


def in_a_row(dues):
    """Every second is there once."""
    numbers = seconds(dues)
    return numbers == [numbers[0] + step for step in range(len(numbers))]


def test_a_state_that_is_removed_is_made_anew_and_no_due_time_is_lost(
    serve: Start, every_second: WriteTask, lines: Lines, until: Until, instance: Path, records: Records
) -> None:
    every_second("x")
    serve()
    until(lambda: len(lines("x")) >= 2)
    remove_state(instance)
    before = len(lines("x"))
    until(lambda: len(lines("x")) >= before + 3)
    until(lambda: len(records("x")) >= before + 3)
    assert in_a_row(lines("x"))
    assert in_a_row(record["due"] for record in records("x"))


def test_what_falls_due_right_after_the_state_was_removed_runs(
    serve: Start, once: WriteTask, events: Records, until: Until, instance: Path, records: Records
) -> None:
    once("x", "true")
    serve()
    until(lambda: events("added", task="x"))
    remove_state(instance)
    until(lambda: records("x"))
    assert [record["outcome"] for record in records("x")] == ["success"]


def remove_state(instance):
    for path in (instance / ".automate").glob("state.db*"):
        path.unlink()


def test_runs_under_way_and_waiting_survive_a_state_that_is_removed(
    serve: Start, once: WriteTask, events: Records, until: Until, instance: Path, records: Records
) -> None:
    once("a", locks=["disk"])
    once("b", "true", locks=["disk"])
    serve()
    until(lambda: events("started", task="a") and events("queued", task="b"))
    remove_state(instance)
    os.utime(instance / "tasks.d" / "a.yaml")
    until(lambda: events("restored"))
    (instance / "go").touch()
    until(lambda: len(records()) == 2)
    assert {(record["task"], record["outcome"]) for record in records()} == {("a", "success"), ("b", "success")}


def test_one_lock_file_that_cannot_be_opened_hinders_one_task_only(
    serve: Start, every_second: WriteTask, lines: Lines, until: Until, instance: Path, records: Records
) -> None:
    locks = instance / ".automate" / "locks" / "task"
    locks.mkdir(parents=True)
    (locks / "bad").symlink_to("/nowhere")
    every_second("bad", overlap="skip")
    every_second("good", overlap="skip")
    serve()
    until(lambda: len(lines("good")) >= 2 and records("bad"))
    assert records("bad")[0]["outcome"] == "error"
    assert "cannot lock" in records("bad")[0]["reason"]


def test_a_group_that_does_not_exist_is_told_and_tasks_run(
    serve: Start, every_second: WriteTask, lines: Lines, until: Until, instance: Path, events: Records
) -> None:
    (instance / "automate.yaml").write_text("group: nosuchgroup\n")
    every_second("x")
    serve()
    until(lambda: len(lines("x")) >= 2)
    assert "no such group" in events("error")[0]["message"]


def test_tasks_go_on_while_their_directory_cannot_be_read(
    serve: Start, every_second: WriteTask, lines: Lines, until: Until, instance: Path, events: Records
) -> None:
    every_second("x")
    serve()
    until(lambda: lines("x"))
    (instance / "tasks.d").rename(instance / "away")
    (instance / "tasks.d").touch()
    until(lambda: events("error"))
    before = len(lines("x"))
    until(lambda: len(lines("x")) >= before + 3)
    assert "not a directory" in events("error")[0]["message"]


@pytest.fixture
def small_disk(instance: Path) -> Iterator[Path]:
    """The instance's state and log on a file system of their own."""
    where = instance / ".automate"
    where.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=600k,mode=755", "automate-test", where], check=True)
    yield where
    subprocess.run(["umount", "--lazy", where], check=True)


def fill(where: Path) -> None:
    """Until there is no room for another byte."""
    descriptor = os.open(where / "filler", os.O_WRONLY | os.O_CREAT)
    try:
        for size in (4096, 1):
            while True:
                try:
                    os.write(descriptor, b"x" * size)
                except OSError:
                    break
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("missed", ["all"] if os.geteuid() == 0 else [])
def test_a_full_disk_is_waited_out_and_all_is_on_record(  # noqa: PLR0913, PLR0917 - fixtures
    serve: Start,
    every_second: WriteTask,
    until: Until,
    events: Records,
    records: Records,
    run_cli: RunCli,
    lines: Lines,
    small_disk: Path,
    missed: Any,
) -> None:
    """Who is due meanwhile starts later, or is on record; each second is accounted for once."""
    every_second("x", missed=missed)
    daemon = serve()
    until(lambda: len(records("x")) >= 2)
    fill(small_disk)
    until(lambda: events("error"))
    (small_disk / "filler").unlink()
    before = len(records("x"))
    until(lambda: len(records("x")) >= before + 4)
    daemon.send_signal(signal.SIGTERM)
    daemon.wait(20)
    until(lambda: run_cli("list") and each_second_once(records("x")))  # what still ran is put on record by who looks
    ran = lines("x")
    assert len(ran) == len(set(ran))


@pytest.mark.parametrize("timeout", ["4s"] if os.geteuid() == 0 else [])
def test_on_a_full_disk_what_runs_is_ended_in_its_time(  # noqa: PLR0913, PLR0917 - fixtures
    serve: Start,
    every_second: WriteTask,
    once: WriteTask,
    events: Records,
    until: Until,
    shim_pid: PidOf,
    small_disk: Path,
    timeout: Any,
) -> None:
    once("long", "sleep 60", timeout=timeout)
    every_second("x")
    serve()
    pid = shim_pid("long")
    fill(small_disk)
    until(lambda: events("error"))
    until(lambda: not os.path.exists(f"/proc/{pid}/exe"))


def each_second_once(records):
    covered = sorted(second for record in records for second in due_seconds(record))
    return covered == [covered[0] + step for step in range(len(covered))]


def due_seconds(record):
    last = datetime.fromisoformat(record["due"]).timestamp()
    return [last - step for step in range(record["count"])]


@pytest.mark.parametrize("timeout", ["6s"] if os.geteuid() == 0 else [])
def test_a_full_disk_lets_no_task_run_longer_than_it_may(
    serve: Start, task: WriteTask, until: Until, instance: Path, small_disk: Path, timeout: Any
) -> None:
    command = "trap 'touch told; exit 1' TERM; touch begun; while :; do sleep 0.1; done"
    task("x", command, schedule="every second", timeout=timeout)
    serve()
    until((instance / "begun").exists)
    fill(small_disk)
    until((instance / "told").exists)
