"""A task directory that vanishes is trouble: only files that go from a directory that is there are removed tasks."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Lines, Records, RunCli, Start, Until, WriteTask

ASKING = [
    "list",
    "status",
    "show x",
    "next",
    "why x",
    "timeline",
    "metrics",
    "check",
    "run x",
    "tick",
    "pause x",
    "new y --command true",
]


@pytest.fixture
def known(task: WriteTask, run_cli: RunCli) -> None:
    """A task that the scheduler knows."""
    task("x", "true", schedule="daily at 02:00")
    assert run_cli("tick").returncode == 0


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize("command", ASKING)
def test_whoever_asks_for_tasks_is_told_that_their_directory_is_gone(
    instance: Path, run_cli: RunCli, command: str
) -> None:
    (instance / "tasks.d").rename(instance / "away")
    done = run_cli(*command.split())
    assert done.returncode != 0
    assert f"{instance}/tasks.d: the task directory is gone; its tasks stay as they were" in done.stdout + done.stderr


def test_a_tick_goes_on_with_the_tasks_of_a_directory_that_is_gone(
    instance: Path, every_second: WriteTask, run_cli: RunCli, until: Until, lines: Lines
) -> None:
    every_second("x")
    run_cli("tick")
    (instance / "tasks.d").rename(instance / "away")
    until(lambda: run_cli("tick").returncode == 1 and lines("x"))


def test_a_daemon_goes_on_with_the_tasks_of_a_directory_that_is_gone(
    instance: Path, serve: Start, every_second: WriteTask, until: Until, events: Records, lines: Lines
) -> None:
    every_second("x")
    serve()
    until(lambda: lines("x"))
    (instance / "tasks.d").rename(instance / "away")
    until(lambda: events("error"))
    before = len(lines("x"))
    until(lambda: len(lines("x")) >= before + 3)
    (instance / "away").rename(instance / "tasks.d")
    every_second("y")
    until(lambda: lines("y"))
    assert "the task directory is gone" in events("error")[0]["message"]
    assert not events("removed")
    assert len(events("added", task="x")) == 1


@pytest.mark.usefixtures("known")
def test_a_directory_made_again_and_empty_removes_its_tasks(instance: Path, run_cli: RunCli) -> None:
    shutil.rmtree(instance / "tasks.d")
    (instance / "tasks.d").mkdir()
    assert run_cli("tick").returncode == 0
    assert run_cli("list", "--json").stdout == "[]\n"


@pytest.mark.usefixtures("known")
def test_files_that_go_from_a_directory_that_is_there_are_removed_tasks(instance: Path, run_cli: RunCli) -> None:
    (instance / "tasks.d" / "x.yaml").unlink()
    assert run_cli("tick").returncode == 0
    (instance / "tasks.d").rmdir()
    assert run_cli("list").returncode == 0


def test_an_instance_that_never_had_the_directory_is_empty(instance: Path, run_cli: RunCli) -> None:
    (instance / "tasks.d").rmdir()
    assert [run_cli(command).returncode for command in ("list", "tick", "list")] == [0, 0, 0]


@pytest.mark.usefixtures("known")
def test_one_directory_of_several_that_vanishes_is_told(instance: Path, run_cli: RunCli) -> None:
    other = instance / "more"
    other.mkdir()
    (other / "z.yaml").write_text("command: 'true'\n")
    (instance / "automate.yaml").write_text(f"task_dirs: [{other}]\n")
    assert run_cli("tick").returncode == 0
    shutil.rmtree(other)
    done = run_cli("list")
    assert (done.returncode, str(other) in done.stderr) == (1, True)


@pytest.mark.usefixtures("known")
def test_a_directory_that_the_settings_name_no_more_takes_its_tasks_along(instance: Path, run_cli: RunCli) -> None:
    other = instance / "more"
    other.mkdir()
    (other / "z.yaml").write_text("command: 'true'\n")
    (instance / "automate.yaml").write_text(f"task_dirs: [{other}]\n")
    run_cli("tick")
    shutil.rmtree(other)
    (instance / "automate.yaml").unlink()
    assert run_cli("tick").returncode == 0


@pytest.fixture
def share(instance: Path, task: WriteTask, run_cli: RunCli) -> Iterator[Callable[[], object]]:
    """A file system with a known task, mounted as tasks.d; what is returned unmounts it."""
    where = instance / "tasks.d"
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "automate-test", where], check=True)
    task("x", "true", schedule="daily at 02:00")
    assert run_cli("tick").returncode == 0
    yield lambda: subprocess.run(["umount", where], check=True)
    subprocess.run(["umount", where], check=False, stderr=subprocess.DEVNULL)


@pytest.mark.root
def test_an_empty_mount_point_removes_no_task(share: Callable[[], object], run_cli: RunCli) -> None:
    share()
    done = run_cli("list")
    assert (done.returncode, "nothing seems to be mounted there" in done.stderr) == (1, True)


@pytest.mark.root
def test_a_mount_point_with_anything_in_it_is_an_empty_directory(
    share: Callable[[], object], instance: Path, run_cli: RunCli
) -> None:
    share()
    (instance / "tasks.d" / ".keep").touch()
    assert run_cli("tick").returncode == 0
    assert run_cli("list", "--json").stdout == "[]\n"
