"""Whatever stands in a state, in read marks or in kept edits: it is read, passed over, or told in one line."""

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automate import paths
from automate.errors import AutomateError
from automate.operate import versions
from automate.paths import Instance
from automate.state import last_runs, open_state, parsed, pauses, read_marks, runs, schedules, steps
from automate.supervisor.attempt import task_of

DATA = Path(__file__).parents[1] / "data" / "0.1.0" / "state.sql"
NUMBERS = st.integers(-(2**63), 2**63 - 1) | st.floats()
VALUES = (
    st.none() | NUMBERS | st.text(max_size=20) | st.binary(max_size=20) | st.sampled_from(["[" * 9999, "{}", "[1]"])
)
COLUMNS = [
    (table, column)
    for table, columns in {
        "runs": "id task due trigger by phase definition args attempt not_before boot started cpu_seconds max_rss stop",
        "schedules": "task definition compiled exceptions since until delay wake at_startup stale deferred",
        "past_schedules": "task compiled since until",
        "last_runs": "task id outcome started ended seconds",
        "durations": "task recent",
        "follows": "task follows outcome",
        "scheduler": "about value",
        "pauses": "task since until by reason lifted",
        "past_pauses": "task since until by reason",
        "parsed": "name path size enabled description category labels schedule delay next_due context definition",
        "ids": "next",
    }.items()
    for column in columns.split()
]


@pytest.fixture(scope="module")
def loose(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state of which every column takes values of any type."""
    path = tmp_path_factory.mktemp("loose") / "state.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(DATA.read_text().replace("STRICT,", "").replace("STRICT", ""))
    return path


@settings(deadline=None, max_examples=30)
@given(changes=st.lists(st.tuples(st.sampled_from(COLUMNS), VALUES), min_size=1, max_size=3))
def test_a_state_is_read_whatever_its_columns_hold(
    loose: Path, tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[tuple[str, str], object]]
) -> None:
    instance = paths.of_directory(str(tmp_path_factory.mktemp("instance")))
    os.mkdir(instance.state)
    shutil.copy(loose, instance.database)
    with closing(sqlite3.connect(instance.database, isolation_level=None)) as database:
        for (table, column), value in changes:
            with suppress(sqlite3.Error):
                database.execute(f"UPDATE OR IGNORE {table} SET {column} = ?", (value,))  # noqa: S608 - names above
    read_all(instance)


def read_all(instance: Instance) -> None:
    with suppress(AutomateError), closing(open_state(instance)) as state:
        for read in (
            lambda: [task_of(run) for run in runs.open_runs(state)], lambda: last_runs.last_runs(state),
            lambda: runs.under_way(state), lambda: runs.count_running(state), lambda: schedules.all_scheduled(state),
            lambda: schedules.awake(state, 1.8e9), lambda: schedules.spans(state),
            lambda: schedules.past_tasks(state), lambda: steps.last_dues(state), lambda: steps.boots(state),
            lambda: pauses.pauses(state, 1.8e9), lambda: pauses.pauses_after(state, 1.7e9),
            lambda: last_runs.recent_durations(state, ["ok"]), lambda: steps.gaps(state),
            lambda: parsed.read_briefs(state, "x"),
            lambda: steps.known_devices(state),
        ):  # fmt: skip
            with suppress(AutomateError):
                read()


@settings(deadline=None, max_examples=30)
@given(rows=st.lists(st.tuples(VALUES, VALUES), max_size=3))
def test_read_marks_are_numbers_of_tasks_whatever_the_rows_hold(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[object, object]]
) -> None:
    path = str(tmp_path_factory.mktemp("marks") / "read.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("CREATE TABLE read (place INTEGER PRIMARY KEY, instance, task, run, UNIQUE (instance, task))")
        for task, run in rows:
            database.execute("INSERT OR REPLACE INTO read (instance, task, run) VALUES ('/i', ?, ?)", (task, run))
    marks = read_marks.read_up_to(path, "/i")
    assert all(isinstance(task, str) and isinstance(run, int) for task, run in marks.items())
    assert read_marks.mark_read(path, "/i", "a", 5, 9)
    assert read_marks.read_up_to(path, "/i")["a"] >= 5


@settings(deadline=None, max_examples=30)
@given(content=st.binary(max_size=300))
def test_read_marks_with_any_content_are_read_or_made_anew(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("marks") / "read.db"
    path.write_bytes(content)
    read_marks.read_up_to(str(path), "/i")
    read_marks.mark_read(str(path), "/i", "a", 5, 9)
    assert read_marks.read_up_to(str(path), "/i") in ({"a": 5}, {})


NAMES = st.from_regex(r"[0-9]{1,200}\.(yaml|yml|none)", fullmatch=True) | st.sampled_from(["draft-x", "x", ".yaml"])


@settings(deadline=None, max_examples=30)
@given(files=st.dictionaries(NAMES, st.binary(max_size=50) | st.none(), max_size=4))
def test_kept_edits_are_versions_or_an_error(tmp_path_factory: pytest.TempPathFactory, files: dict[str, Any]) -> None:
    instance = paths.of_directory(str(tmp_path_factory.mktemp("instance")))
    directory = Path(instance.edits, "x")
    directory.mkdir(parents=True)
    for name, content in files.items():
        if content is None:
            (directory / name).mkdir()
        else:
            (directory / name).write_bytes(content)
    with suppress(AutomateError):
        kept = versions.versions(instance, "x")
        assert [each.number for each in kept] == sorted((each.number for each in kept), reverse=True)
    assert versions.names(instance) in (["x"], [])
    versions.drafts(instance, "x")
