"""Rows that somebody wrote into `state.db`: told in one line or passed over, never a traceback, and never for ever."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from automate import paths
from automate.errors import DamagedStateError
from automate.process import status
from automate.state import OpenRun, StateError, open_state, read_marks, runs, schedules
from automate.state.opening import open_as_it_is
from automate.supervisor import run_files
from automate.supervisor.attempt import task_of

RunCli = Callable[..., subprocess.CompletedProcess[str]]

DEEP = "printf('%.*c', 100000, '[')"
ROWS = [
    ("schedules", "compiled", "'x'"), ("schedules", "compiled", DEEP), ("schedules", "definition", "x'ff'"),
    ("schedules", "definition", f"CAST({DEEP} AS BLOB)"), ("schedules", "exceptions", "'['"),
    ("schedules", "since", "9e999"), ("schedules", "wake", "-1e300"), ("schedules", "until", "1e300"),
    ("past_schedules", "compiled", "'[1]'"), ("past_schedules", "until", "9e999"), ("pauses", "since", "-9e999"),
    ("pauses", "until", "1e18"), ("last_runs", "ended", "1e300"), ("last_runs", "seconds", "9e999"),
    ("last_runs", "outcome", "char(27)"), ("durations", "recent", "'x 1e999 nan'"), ("scheduler", "value", "'['"),
    ("scheduler", "value", DEEP), ("ids", "next", "-5"), ("ids", "next", "9223372036854775807"),
    ("parsed", "definition", "x'ff'"), ("parsed", "compiled", "'x'"), ("parsed", "next_due", "9e999"),
]  # fmt: skip


def change(instance: Path, table: str, column: str, value: str) -> None:
    with closing(sqlite3.connect(instance / ".automate" / "state.db")) as database:
        database.execute(f"UPDATE {table} SET {column} = {value}")  # noqa: S608 - this test's own
        database.commit()


@pytest.fixture(scope="module")
def used_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance in which everything there is has happened once, with a copy of its state in `kept`."""
    instance = tmp_path_factory.mktemp("used")
    (instance / "tasks.d").mkdir()
    file = instance / "tasks.d" / "a.yaml"
    environment = {"PATH": os.environ["PATH"], "HOME": str(instance), "LC_ALL": "C.UTF-8", "TZ": "Europe/Berlin"}

    def automate(command: str) -> None:
        words = [sys.executable, "-m", "automate", "-C", str(instance), *command.split()]
        subprocess.run(words, check=True, capture_output=True, env=environment)

    file.write_text("command: 'true'\nschedule: hourly\nexcept: sat\n")
    automate("tick")
    automate("run a")
    file.write_text("command: 'true'\nschedule: daily at 02:00\nexcept: sun\n")
    automate("tick")
    automate("pause a")
    automate("list")
    shutil.copytree(instance / ".automate", instance / "kept")
    return instance


@pytest.fixture
def used(used_once: Path) -> Path:
    """The same instance for each test, with its state as it was before the last test damaged it."""
    shutil.rmtree(used_once / ".automate")
    shutil.copytree(used_once / "kept", used_once / ".automate")
    return used_once


@pytest.mark.parametrize(("table", "column", "value"), ROWS)
def test_a_row_that_was_not_written_by_automate_is_no_bug(
    used: Path, run_cli: RunCli, table: str, column: str, value: str
) -> None:
    change(used, table, column, value)
    for command in ("list", "show a", "why a", "audit", "next", "tick", "run a"):
        done = run_cli(*command.split(), dir=used)
        assert "Traceback" not in done.stderr
        assert done.returncode == 0 or done.stderr.count("\n") == 1
    (used / ".automate" / "state.db").unlink()
    assert run_cli("run", "a", dir=used).returncode == 0


def test_a_damaged_row_of_an_open_run_makes_the_state_anew(tmp_path: Path) -> None:
    instance = paths.of_directory(str(tmp_path))
    run = OpenRun(1, "a", None, "manual", None, "pending", b"{}", ())
    with closing(open_state(instance)) as state:
        with state.transaction():
            runs.insert(state, [run])
        change(tmp_path, "runs", "stop", "'x'")
        with pytest.raises(DamagedStateError):
            runs.open_runs(state)
        assert runs.open_runs(state) == []
        assert schedules.all_scheduled(state) == {}
    assert [*(tmp_path / ".automate").glob("state.db.damaged-*")]


def malform(path: Path) -> None:
    """Give the schema a name that is not UTF-8, which SQLite's message repeats."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute("UPDATE sqlite_master SET name = CAST(x'ff85' AS TEXT), sql = 'CREATE'")
        database.commit()


def test_a_malformed_schema_makes_the_state_anew(tmp_path: Path) -> None:
    instance = paths.of_directory(str(tmp_path))
    open_state(instance).close()
    malform(Path(instance.database))
    with pytest.raises(StateError, match="malformed database schema"):
        open_as_it_is(instance)
    with closing(open_state(instance)) as state:
        assert runs.open_runs(state) == []


def test_read_marks_with_a_malformed_schema_are_made_anew(tmp_path: Path) -> None:
    path = str(tmp_path / "read.db")
    assert read_marks.mark_read(path, "/i", "a", 1, 1)
    malform(Path(path))
    assert read_marks.read_up_to(path, "/i") == {}
    assert read_marks.mark_read(path, "/i", "a", 1, 1)
    assert read_marks.read_up_to(path, "/i") == {"a": 1}


def test_a_definition_that_cannot_be_read_fails_when_it_is_started() -> None:
    for definition in (b"\xff", b"[" * 100_000, b"{}"):
        run = OpenRun(1, "a", None, "manual", None, "pending", definition, ())
        assert "exit 78" in task_of(run).command


GOOD: dict[str, Any] = {
    "id": 1, "task": "a", "due": None, "trigger": "manual", "by": None, "phase": "running", "definition": "{}",
    "args": [], "attempt": 1, "not_before": 0.0, "boot": "b", "started": None, "cpu_seconds": None, "max_rss": None,
    "stop": None, "log": [0, 0],
}  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"id": 2**63}, {"id": "1"}, {"id": -1}, {"task": 5}, {"due": 1e300}, {"due": "x"}, {"trigger": "x"},
        {"phase": "over"}, {"definition": None}, {"args": [1]}, {"args": None}, {"attempt": 10**30}, {"boot": 1},
        {"started": []}, {"log": None}, {"log": ["x", 0]}, {"max_rss": "x"}, {"cpu_seconds": "x"}, {"unknown": 1},
    ],
)  # fmt: skip
def test_a_status_file_of_no_claim_is_passed_over(changed: dict[str, Any]) -> None:
    head = {"began": 1.0, "user": None, "run": GOOD | changed}
    assert run_files.parse_head(json.dumps(head).encode()) is None
    assert run_files.parse_head(json.dumps(head | {"run": GOOD}).encode()) is not None


@pytest.mark.parametrize("line", [b"", b"[" * 100_000, b"\xff", b"5", b'{"began": "x"}', b'{"began": NaN, "run": {}}'])
def test_a_status_file_that_is_none_is_passed_over(line: bytes) -> None:
    assert run_files.parse_head(line) is None


def test_the_name_of_a_status_file_has_a_number_that_may_be_an_id() -> None:
    assert status.parse_name(f"{10**30}.1.a") is None
