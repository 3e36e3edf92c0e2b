"""The parse cache: what is not read again, and what is."""

import os
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from automate.state import State
from automate.state.parsed import read_parsed_settings
from tests.catalog.conftest import Look, Write

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC).timestamp()
ONE, TWO = "description: one\ncommand: x\n", "description: two\ncommand: x\n"


def described(look: Look, **how: Any) -> Any:
    return {entry.name: entry.description for entry in look(**how).entries()}


def overwrite(file: Path, text: str) -> None:
    """In place, with the time of change put back: nothing that is looked at tells."""
    about = file.stat()
    with open(file, "r+") as open_file:
        open_file.write(text)
    os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))


def kept(state: State) -> Any:
    return [name for (name,) in state.read("SELECT name FROM parsed ORDER BY name")]


def test_an_unchanged_file_is_not_read_again(write: Write, look: Look) -> None:
    file = write("a", ONE)
    look().entries()
    overwrite(file, TWO)
    assert described(look) == {"a": "one"}


def test_without_a_state_every_file_is_read(write: Write, look: Look) -> None:
    file = write("a", ONE)
    look(state=None).entries()
    overwrite(file, TWO)
    assert described(look, state=None) == {"a": "two"}


def test_another_time_of_change_is_another_file(write: Write, look: Look) -> None:
    write("a", ONE)
    look().entries()
    write("a", TWO, age=86399)
    assert described(look) == {"a": "two"}


def test_another_size_is_another_file(write: Write, look: Look) -> None:
    write("a", ONE)
    look().entries()
    write("a", ONE.replace("one", "three"))
    assert described(look) == {"a": "three"}


def test_another_inode_is_another_file(write: Write, look: Look) -> None:
    file = write("a", ONE)
    look().entries()
    write("b", TWO).rename(file)
    assert described(look) == {"a": "two"}


def test_a_file_changed_just_now_is_read_at_the_next_look_too(write: Write, look: Look) -> None:
    file = write("a", ONE, age=1)
    look().entries()
    overwrite(file, TWO)
    assert described(look) == {"a": "two"}


def test_a_file_of_the_future_is_never_kept(write: Write, look: Look, state: State) -> None:
    write("a", ONE, age=-3600)
    look().entries()
    assert kept(state) == []


def test_a_file_that_was_new_is_kept_at_the_first_look_after_two_seconds(
    write: Write, look: Look, state: State
) -> None:
    write("a", ONE, age=1)
    look().entries()
    look(now=NOW + 3).entries()
    assert kept(state) == ["a"]


def test_a_removed_task_is_forgotten(write: Write, look: Look, state: State) -> None:
    file = write("a", ONE)
    look().entries()
    file.unlink()
    look().entries()
    assert kept(state) == []


def test_asking_for_one_task_forgets_no_other(write: Write, look: Look, state: State) -> None:
    write("a", ONE)
    write("b", TWO)
    look().entries()
    look().entries(["b"])
    assert kept(state) == ["a", "b"]


def test_a_broken_file_is_not_kept_so_that_a_chmod_mends_it(write: Write, look: Look, state: State) -> None:
    write("a", "comand: x")
    look().entries()
    assert kept(state) == []


def test_a_file_that_broke_is_forgotten(write: Write, look: Look, state: State) -> None:
    write("a", ONE)
    look().entries()
    write("a", "comand: x")
    look().entries()
    assert kept(state) == []


def test_changed_settings_have_every_task_read_again(write: Write, look: Look, settings: Callable[[str], Path]) -> None:
    write("a", "command: x")
    settings("defaults: {category: one}")
    look().entries()
    settings("defaults: {category: another}")
    assert [entry.category for entry in look().entries()] == ["another"]


def test_unchanged_settings_are_not_read_again(
    look: Look, settings: Callable[[str], Path], state: State, instance: Path
) -> None:
    file = settings("task_dirs: [one]")
    look().entries()
    overwrite(file, "task_dirs: [two]")
    assert look().task_dirs[1:] == (str(instance / "one"),)
    assert read_parsed_settings(state, str(file))


def test_settings_changed_just_now_are_read_at_the_next_look_too(
    look: Look, settings: Callable[[str], Path], instance: Path
) -> None:
    file = settings("task_dirs: [one]")
    os.utime(file, (NOW,) * 2)
    look().entries()
    overwrite(file, "task_dirs: [two]")
    assert look().task_dirs[1:] == (str(instance / "two"),)


def test_a_definition_from_the_cache_is_the_one_from_the_file(write: Write, look: Look) -> None:
    write("a", "command: [x, y]\nretries: {attempts: 2, delay: 90s}\noutput: {max_size: 1 MiB}\numask: '027'")
    read = look().task("a")
    cached = look().task("a")
    assert cached == read
    assert type(cached.retries.delay) is type(read.retries.delay)


def test_a_definition_is_taken_from_the_cache(write: Write, look: Look) -> None:
    file = write("a", ONE)
    look().task("a")
    overwrite(file, TWO)
    assert look().task("a").description == "one"


def test_the_next_due_time_is_computed_again_when_it_has_passed(write: Write, look: Look) -> None:
    write("a", "command: x\nschedule: every 15 minutes")
    look().entries()
    later = NOW + 20 * 60
    assert [entry.next_due for entry in look(now=later).entries()] == [NOW + 30 * 60]


def test_the_next_due_time_is_computed_again_when_the_clock_was_set_back(write: Write, look: Look) -> None:
    write("a", "command: x\nschedule: every 15 minutes")
    look().entries()
    earlier = NOW - 50 * 60
    assert [entry.next_due for entry in look(now=earlier).entries()] == [NOW - 45 * 60]


def test_many_passed_due_times_are_kept_when_computed_again(write: Write, look: Look, state: State) -> None:
    for number in range(40):
        write(f"t{number}", "command: x\nschedule: every 15 minutes")
    look().entries()
    later = NOW + 20 * 60
    look(now=later).entries()
    assert state.read("SELECT DISTINCT computed FROM parsed") == [(later,)]


def test_a_state_that_cannot_be_written_is_gone_without(write: Write, look: Look, state: State) -> None:
    write("a", ONE)
    state.connection.execute("PRAGMA query_only = ON")
    assert described(look) == {"a": "one"}


def test_a_state_that_another_writes_to_is_not_waited_for(write: Write, look: Look, state: State) -> None:
    write("a", ONE)
    other = sqlite3.connect(state.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert described(look) == {"a": "one"}
    other.close()
    assert kept(state) == []


def test_a_lost_cache_table_is_gone_without(write: Write, look: Look, state: State) -> None:
    write("a", ONE)
    state.connection.execute("DROP TABLE parsed")
    assert described(look) == {"a": "one"}
