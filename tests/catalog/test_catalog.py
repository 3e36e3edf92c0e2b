"""Tasks by name and glob, broken ones beside them, and whose files they must be."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from automate.catalog import Entry
from automate.catalog.entry import Unskipped
from automate.errors import NoSuchTaskError
from automate.outcomes import Pause
from automate.run import Record
from automate.state import State
from automate.state.last_runs import LastRun, remember_last
from automate.state.runs import OpenRun, insert
from automate.taskfile import BadTaskFile
from tests.catalog.conftest import Look, Write

ROOT = os.geteuid()
WHEN = "2026-11-21T06:00:00+01:00"
NOBODY = 65534


def names(catalog: Any, *patterns: str) -> list[str]:
    return [entry.name for entry in catalog.entries(patterns)]


def is_open(state: State, phase: Any = "running", attempt: int = 1) -> None:
    refused = Record(id=7, task="a", outcome="skipped", trigger="manual", ended=WHEN, host="db1")
    record = refused if phase == "unrecorded" else None
    run = OpenRun(7, "a", None, "manual", None, phase, b"{}", (), attempt, record=record)
    with state.transaction():
        insert(state, [run])


def test_all_tasks_come_by_name(write: Write, look: Look) -> None:
    for name in ("b", "a", "c"):
        write(name, "command: x")
    assert names(look()) == ["a", "b", "c"]


def test_no_tasks_directory_is_no_tasks(look: Look, instance: Path) -> None:
    (instance / "tasks.d").rmdir()
    assert look().entries() == []


def test_names_and_globs_come_as_asked_for_and_once(write: Write, look: Look) -> None:
    for name in ("db-a", "db-b", "web"):
        write(name, "command: x")
    assert names(look(), "web", "db-*", "db-a") == ["web", "db-a", "db-b"]


def test_a_glob_of_characters_is_a_glob(write: Write, look: Look) -> None:
    write("a1", "command: x")
    write("a2", "command: x")
    assert names(look(), "a[2-9]") == ["a2"]


@pytest.mark.parametrize("pattern", ["bakcup", "x*", "", "A"])
def test_a_pattern_that_means_nothing_is_an_error(write: Write, look: Look, pattern: str) -> None:
    write("backup", "command: x")
    with pytest.raises(NoSuchTaskError):
        look().entries(["backup", pattern])


def test_the_error_names_the_nearest_task(write: Write, look: Look) -> None:
    write("backup", "command: x")
    with pytest.raises(NoSuchTaskError, match="did you mean backup"):
        look().task("bakcup")


def test_a_broken_task_stands_beside_the_others_with_its_faults(write: Write, look: Look) -> None:
    write("a", "comand: x")
    write("b", "command: x")
    broken, sound = look().entries()
    assert broken.state == "broken"
    assert {fault.key for fault in broken.faults} == {"comand", "command"}
    assert sound.state == "idle"


def test_a_broken_task_is_asked_for_in_vain(write: Write, look: Look) -> None:
    write("a", "comand: x")
    with pytest.raises(BadTaskFile) as error:
        look().task("a")
    assert len(error.value.faults) == 2


def test_a_file_that_is_no_file_is_broken(look: Look, instance: Path) -> None:
    (instance / "tasks.d" / "a.yaml").mkdir()
    assert look().entries()[0].state == "broken"


def test_a_file_name_that_cannot_name_a_task_is_broken(write: Write, look: Look) -> None:
    write("Big Name", "command: x")
    assert [(entry.name, entry.state) for entry in look().entries()] == [("Big Name.yaml", "broken")]


def test_tasks_to_run_are_definitions_in_the_order_asked_for(write: Write, look: Look) -> None:
    write("a", "command: 'true'")
    write("b", "command: 'false'")
    assert [task.command for task in look().tasks(["b", "a"])] == ["false", "true"]


def test_a_broken_task_that_is_named_stops_the_tasks_to_run(write: Write, look: Look) -> None:
    write("a", "comand: x")
    write("b", "command: x")
    with pytest.raises(BadTaskFile):
        look().tasks(["b", "a"])


def test_a_broken_task_that_a_glob_means_is_left_out_and_told(write: Write, look: Look) -> None:
    write("a", "comand: x")
    write("b", "command: x")
    catalog = look()
    assert [task.name for task in catalog.tasks(["*"])] == ["b"]
    assert [*catalog.broken] == ["a"]


def test_only_broken_tasks_to_run_is_an_error(write: Write, look: Look) -> None:
    write("a", "comand: x")
    with pytest.raises(BadTaskFile):
        look().tasks(["*"])


def test_settings_give_defaults(write: Write, look: Look, settings: Callable[[str], Path]) -> None:
    write("a", "command: x")
    settings("defaults: {timeout: 1h}")
    assert look().task("a").timeout == 3600


def test_broken_settings_stop_the_tasks_to_run(write: Write, look: Look, settings: Callable[[str], Path]) -> None:
    write("a", "command: x")
    settings("default: {timeout: 1h}")
    with pytest.raises(BadTaskFile, match=r"automate\.yaml"):
        look().tasks(["a"])


def test_broken_settings_can_not_be_had(look: Look, settings: Callable[[str], Path]) -> None:
    settings("- 1")
    with pytest.raises(BadTaskFile, match=r"automate\.yaml"):
        look().settings  # noqa: B018 - it raises


def test_with_broken_settings_tasks_are_listed_without_them(
    write: Write, look: Look, settings: Callable[[str], Path]
) -> None:
    write("a", "command: x")
    settings("default: {timeout: 1h}")
    catalog = look()
    assert names(catalog) == ["a"]
    assert catalog.settings_faults


def test_settings_that_are_sound_have_no_faults_also_from_the_cache(
    look: Look, settings: Callable[[str], Path]
) -> None:
    settings("defaults: {timeout: 1h}")
    assert look().settings_faults == ()
    look().entries()
    assert look().settings_faults == ()


def test_settings_that_are_a_dangling_link_are_broken(look: Look, instance: Path) -> None:
    (instance / "automate.yaml").symlink_to("nowhere")
    assert look().settings_faults


def test_settings_add_directories_of_weaker_tasks(
    write: Write, look: Look, settings: Callable[[str], Path], instance: Path
) -> None:
    write("a", "command: strong")
    (instance / "more").mkdir()
    for name in "ab":
        (instance / "more" / f"{name}.yaml").write_text("command: weak")
    settings("task_dirs: [more]")
    assert [look().task(name).command for name in "ab"] == ["strong", "weak"]


def test_an_entry_says_what_its_file_says_in_short(write: Write, look: Look) -> None:
    write(
        "a", "command: x\ndescription: D\ncategory: c\nlabels: [l, m]\nschedule: daily at 02:00\ntimezone: Asia/Tokyo"
    )
    entry = look().entries()[0]
    assert (entry.description, entry.category, entry.labels) == ("D", "c", ("l", "m"))
    assert (entry.schedule, entry.next_due) == ("daily at 02:00", 1795280400.0)


def test_a_disabled_task_is_not_due(write: Write, look: Look) -> None:
    write("a", "command: x\nenabled: false\nschedule: daily at 02:00")
    entry = look().entries()[0]
    assert (entry.state, entry.next_due) == ("disabled", None)


def test_an_entry_has_the_last_run(write: Write, look: Look, state: State) -> None:
    write("a", "command: x")
    last = LastRun("a", 7, "failed", 1.0, 2.0, 1.0)
    with state.transaction():
        remember_last(state, [last])
    assert look().entries()[0].last == last


@pytest.mark.parametrize(
    ("phase", "attempt", "word"),
    [
        ("running", 1, "running"),
        ("running", 2, "running"),
        ("pending", 2, "retrying"),
        ("pending", 1, "queued"),
        ("unrecorded", 1, "idle"),
    ],
)
def test_an_open_run_is_what_a_task_does(
    write: Write, look: Look, state: State, phase: str, attempt: int, word: str
) -> None:
    write("a", "command: x")
    is_open(state, phase, attempt)
    assert look().entries()[0].state == word


def test_a_broken_task_may_still_be_running(write: Write, look: Look, state: State) -> None:
    write("a", "comand: x")
    is_open(state)
    entry = look().entries()[0]
    assert entry.state == "running"
    assert "broken" in entry.words


@pytest.mark.root
def test_files_must_belong_to_the_owner(write: Write, look: Look) -> None:
    file = write("a", "command: x")
    assert look(owner=ROOT).entries()[0].state == "idle"
    os.chown(file, NOBODY, -1)
    assert look(owner=ROOT, state=None).entries()[0].state == "broken"


@pytest.mark.root
def test_settings_must_belong_to_the_owner(look: Look, settings: Callable[[str], Path]) -> None:
    os.chown(settings("defaults: {timeout: 1h}"), NOBODY, -1)
    assert look(owner=ROOT).settings_faults


def test_a_file_given_away_after_it_was_kept_is_not_run(write: Write, look: Look) -> None:
    file = write("a", "command: x")
    look(owner=ROOT).tasks(["a"])
    file.chmod(0o666)
    with pytest.raises(BadTaskFile, match="other users"):
        look(owner=ROOT).tasks(["a"])


@pytest.mark.parametrize(
    ("until", "delay", "unskipped", "next_run"),
    [
        (None, 0.0, None, None),
        (90.0, 0.0, None, 100.0),
        (110.0, 0.0, None, None),
        (110.0, 20.0, None, 100.0),
        (110.0, 0.0, Unskipped(120.0), 120.0),
        (90.0, 0.0, Unskipped(None), None),
    ],
)
def test_the_next_run_is_one_that_starts_when_no_pause_holds(
    until: float | None, delay: float, unskipped: Unskipped | None, next_run: float | None
) -> None:
    pause = Pause(0.0, until, "root", "")
    entry = Entry("a", "/a.yaml", next_due=100.0, delay=delay, pause=pause, unskipped=unskipped)
    assert entry.next_run == next_run
