"""How long each task's runs took lately: kept with their ends, found again when the state was lost, bounded."""

import sqlite3
from pathlib import Path
from typing import Any

from automate import paths
from automate.state import last_runs, open_state
from tests.conftest import RunCli, WriteTask


def kept(instance: Path) -> Any:
    state = open_state(paths.of_directory(str(instance)))
    try:
        return last_runs.recent_durations(state)
    finally:
        state.close()


def note(instance: Path, *ran: tuple[str, float]) -> None:
    state = open_state(paths.of_directory(str(instance)))
    with state.transaction():
        last_runs.note_durations(state, ran)
    state.close()


def test_newest_comes_first(instance: Path) -> None:
    note(instance, ("a", 1.0), ("a", 2.5))
    note(instance, ("a", 3.0))
    assert kept(instance) == {"a": [3.0, 2.5, 1.0]}


def test_no_more_are_kept_than_the_most(instance: Path) -> None:
    note(instance, *(("a", float(n)) for n in range(100)))
    assert kept(instance)["a"] == [float(n) for n in range(99, 99 - last_runs.MOST, -1)]


def test_one_that_was_cut_is_not_half_a_number(instance: Path) -> None:
    note(instance, *(("a", 123456789.0) for _ in range(30)))
    assert set(kept(instance)["a"]) == {123456789.0}


def test_only_those_asked_for(instance: Path) -> None:
    note(instance, ("a", 1.0), ("b", 2.0))
    state = open_state(paths.of_directory(str(instance)))
    assert last_runs.recent_durations(state, ["b", "c"]) == {"b": [2.0]}
    state.close()


def test_runs_that_did_their_work_are_kept_and_found_again(instance: Path, task: WriteTask, run_cli: RunCli) -> None:
    task("good", "true")
    task("bad", "false")
    run_cli("run", "good", "bad")
    before = kept(instance)
    assert list(before) == ["good"]
    for path in (instance / ".automate").glob("state.db*"):
        path.unlink()
    run_cli("list")
    assert kept(instance) == before


def test_a_state_of_the_version_before_is_brought_up_to_date(instance: Path, task: WriteTask, run_cli: RunCli) -> None:
    task("x", "true")
    run_cli("run", "x")
    with sqlite3.connect(instance / ".automate" / "state.db") as database:
        database.execute("DROP TABLE durations")
        database.execute("DROP TABLE past_pauses")
        database.execute("ALTER TABLE schedules DROP COLUMN deferred")
        database.execute("ALTER TABLE runs DROP COLUMN record")
        for column in ("written", "timezone", "lines"):
            database.execute(f"ALTER TABLE parsed DROP COLUMN {column}")
        database.execute("PRAGMA user_version = 1")
    database.close()
    assert run_cli("run", "x").returncode == 0
    assert len(kept(instance)["x"]) == 1
