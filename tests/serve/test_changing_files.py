"""Task files that change under a daemon: in force within a second, however they are written."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from automate.paths import of_directory
from automate.state import schedules
from automate.supervisor import open_instance
from automate.supervisor.admission import MAX_RUNNING
from tests.conftest import Lines, OneRecord, Records, Start, Until, WriteTask


@pytest.fixture
def soon(until: Until) -> Callable[[Callable[[], object]], None]:
    """`soon(condition)`: it comes true long before the daemon would look by itself, which it does after 30 s."""

    def wait(condition: Callable[[], object]) -> None:
        until(condition, within=15)

    return wait


def test_an_added_task_is_in_force(
    serve: Start, every_second: WriteTask, events: Records, soon: Callable[[Callable[[], object]], None]
) -> None:
    serve()
    every_second("x")
    soon(lambda: events("added", task="x"))


def test_an_edited_task_is_in_force(
    serve: Start, task: WriteTask, events: Records, soon: Callable[[Callable[[], object]], None]
) -> None:
    task("x", "true", schedule="0 0 1 1 *")
    serve()
    soon(lambda: events("added", task="x"))
    task("x", "true", schedule="0 0 1 2 *")
    soon(lambda: events("rescheduled", task="x"))


def test_a_removed_task_runs_no_more(
    serve: Start,
    every_second: WriteTask,
    events: Records,
    soon: Callable[[Callable[[], object]], None],
    lines: Lines,
    until: Until,
) -> None:
    path = every_second("x")
    serve()
    until(lambda: lines("x"))
    path.unlink()
    soon(lambda: events("removed", task="x"))
    before = lines("x")
    every_second("y")
    until(lambda: len(lines("y")) >= 2)
    assert lines("x") == before


def test_a_broken_task_goes_on_as_it_was_and_a_mended_one_as_it_is(
    serve: Start,
    every_second: WriteTask,
    events: Records,
    soon: Callable[[Callable[[], object]], None],
    lines: Lines,
    until: Until,
) -> None:
    path = every_second("x")
    good = path.read_text()
    serve()
    until(lambda: lines("x"))
    path.write_text("commando: true\n")
    soon(lambda: events("broken", task="x"))
    before = len(lines("x"))
    until(lambda: len(lines("x")) >= before + 2)
    path.write_text(good)
    soon(lambda: events("mended", task="x"))


def test_a_running_task_is_not_touched(
    serve: Start, once: WriteTask, task: WriteTask, events: Records, until: Until, instance: Path, record: OneRecord
) -> None:
    once("x")
    serve()
    until(lambda: events("started", task="x"))
    task("x", "true", schedule="0 0 1 1 *")
    until(lambda: events("rescheduled", task="x"))
    (instance / "go").touch()
    until(lambda: events("success", task="x"))
    assert record("x")["outcome"] == "success"


def renamed_over(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.swp")
    beside.write_text(text)
    os.replace(beside, path)


def truncated_and_written(path: Path, text: str) -> None:
    with path.open("w") as file:
        for character in text:
            file.write(character)
            file.flush()


def moved_away_and_written_anew(path: Path, text: str) -> None:
    os.replace(path, path.with_name(path.name + "~"))
    path.write_text(text)


def through_a_link(path: Path, text: str) -> None:
    target = path.parent.parent / "elsewhere.yaml"
    target.write_text(text)
    path.unlink()
    path.symlink_to(target)


def moved_in(path: Path, text: str) -> None:
    beside = path.parent.parent / ".automate" / path.name
    beside.write_text(text)
    os.replace(beside, path)


WAYS = [renamed_over, moved_in, truncated_and_written, moved_away_and_written_anew]


@pytest.mark.parametrize("write", WAYS + ([] if os.geteuid() == 0 else [through_a_link]))
def test_editors_write_in_many_ways(
    serve: Start, task: WriteTask, events: Records, soon: Callable[[Callable[[], object]], None], write: Any
) -> None:
    path = task("x", "true", schedule="0 0 1 1 *")
    serve()
    soon(lambda: events("added", task="x"))
    write(path, json.dumps({"command": "true", "schedule": "0 0 1 2 *"}))
    soon(lambda: events("rescheduled", task="x"))


def test_a_directory_that_comes_later_is_seen(
    serve: Start, instance: Path, every_second: WriteTask, events: Records, soon: Callable[[Callable[[], object]], None]
) -> None:
    (instance / "tasks.d").rmdir()
    serve()
    (instance / "tasks.d").mkdir()
    every_second("x")
    soon(lambda: events("added", task="x"))


def test_a_directory_that_is_another_now_is_seen(
    serve: Start, instance: Path, every_second: WriteTask, events: Records, soon: Callable[[Callable[[], object]], None]
) -> None:
    serve()
    (instance / "tasks.d").rename(instance / "old")
    (instance / "tasks.d").mkdir()
    every_second("x")
    soon(lambda: events("added", task="x"))


def test_the_settings_are_seen(
    serve: Start, instance: Path, task: WriteTask, events: Records, soon: Callable[[Callable[[], object]], None]
) -> None:
    task("x", "true", schedule="0 0 1 1 *")
    serve()
    soon(lambda: events("added", task="x"))
    (instance / "automate.yaml").write_text("defaults: {timeout: 1h}\n")
    soon(lambda: events("changed", task="x"))


def test_broken_settings_are_told_and_change_nothing(
    serve: Start,
    instance: Path,
    every_second: WriteTask,
    events: Records,
    soon: Callable[[Callable[[], object]], None],
    lines: Lines,
    until: Until,
) -> None:
    every_second("x")
    serve()
    until(lambda: lines("x"))
    (instance / "automate.yaml").write_text("defaultz: {}\n")
    soon(lambda: events("broken"))
    before = len(lines("x"))
    until(lambda: len(lines("x")) >= before + 2)
    assert not events("removed")


def test_hangup_looks_at_once(serve: Start, events: Records, soon: Callable[[Callable[[], object]], None]) -> None:
    daemon = serve()
    daemon.send_signal(signal.SIGHUP)
    soon(lambda: events("reloading"))
    assert daemon.poll() is None


NAMESPACE = ["unshare", "-Ur", "sh", "-c"]
"""Of its own for users; not to be had everywhere, in a chroot for example."""


def is_to_be_had():
    return subprocess.run([*NAMESPACE, "true"], check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize("namespace", [NAMESPACE] if is_to_be_had() else [])
def test_where_there_is_no_inotify_files_are_looked_at(
    serve: Start, task: WriteTask, events: Records, until: Until, namespace: Any
) -> None:
    """A user namespace in which nobody may have an inotify instance."""
    limited = 'echo 0 >/proc/sys/user/max_inotify_instances; exec "$@"'
    serve(within=[*namespace, limited, "sh"])
    task("x", "true", schedule="0 0 1 1 *")
    until(lambda: events("added", task="x"))


def test_what_another_process_saw_otherwise_is_looked_at_again(
    serve: Start, instance: Path, every_second: WriteTask, lines: Lines, until: Until
) -> None:
    """As a tick does that was slow: it writes into the state what the files said before."""
    every_second("x")
    serve()
    until(lambda: lines("x"))
    state = open_instance(of_directory(str(instance)))
    with state.transaction():
        schedules.remove(state, ["x"])
        schedules.keep(state, schedules.SEEN, "what was there before")
    before = len(lines("x"))
    until(lambda: len(lines("x")) >= before + 2)
    state.close()


def test_settings_that_change_before_they_are_watched_are_in_force(instance: Path, start: Start, until: Until) -> None:
    start("serve", within=[sys.executable, Path(__file__).with_name("changing_late.py")])
    state = open_instance(of_directory(str(instance)))
    until(lambda: schedules.recall(state, MAX_RUNNING) == "3")
    state.close()
