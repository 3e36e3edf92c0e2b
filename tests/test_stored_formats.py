"""Files as each format was ever written are read for ever: tests/data/FORMAT holds a run log, a state and status files.

`without-causes` is of the version whose records had no `cause`; `0.1.0` has a record of every outcome and every cause.
"""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import get_args

import jsonschema
import pytest

from automate import instants, run
from automate.cli.json_objects import of_pause
from automate.outcomes import CAUSES, Outcome
from automate.paths import Instance, of_directory
from automate.process import status
from automate.runlog import Reader
from automate.state import State, last_runs, pauses, runs, schedules
from automate.state.opening import open_state
from automate.supervisor import held_runs, open_instance
from automate.supervisor.attempt import task_of
from automate.supervisor.run_files import parse_head
from tests.conftest import RunCli

DATA = Path(__file__).parent / "data"
FORMATS = sorted(path.name for path in DATA.iterdir())

each_format = pytest.mark.parametrize("form", FORMATS)
lines_of_today = (DATA / "0.1.0" / "runs.jsonl").read_text().splitlines()


@pytest.fixture
def stored(instance: Path, form: str) -> Instance:
    """An instance whose run log, state and status files are of that format."""
    found = of_directory(str(instance))
    for directory in (found.log, found.locks):
        Path(directory).mkdir(parents=True)
    shutil.copy(DATA / form / "runs.jsonl", found.run_log)
    shutil.copytree(DATA / form / "open", found.open_runs)
    with closing(sqlite3.connect(found.database)) as database:
        database.executescript((DATA / form / "state.sql").read_text())
    return found


@pytest.fixture
def state(stored: Instance) -> Iterator[State]:
    with closing(open_state(stored)) as opened:
        yield opened


@each_format
def test_every_line_is_a_record(stored: Instance, form: str) -> None:
    reader = Reader(stored)
    number = len((DATA / form / "runs.jsonl").read_text().splitlines())
    assert (len([*reader.entries()]), reader.passed_over) == (number, {})


@pytest.mark.parametrize("line", lines_of_today, ids=lambda line: "{task}-{outcome}".format(**json.loads(line)))
def test_every_record_fits_its_schema(line: str) -> None:
    jsonschema.Draft202012Validator(run.schema()).validate(json.loads(line))


@pytest.mark.parametrize(
    "change", [{"cause": "no such cause"}, {"outcome": "won"}, {"id": "1"}, {"pause": {"by": "ann"}}, {"runs": [1.5]}]
)
def test_other_records_do_not_fit_the_schema(change: dict[str, object]) -> None:
    validator = jsonschema.Draft202012Validator(run.schema())
    assert not validator.is_valid(json.loads(lines_of_today[0]) | change)


@pytest.mark.parametrize(("field", "words"), [("cause", CAUSES), ("outcome", get_args(Outcome))])
def test_the_stored_log_has_every_word(field: str, words: tuple[str, ...]) -> None:
    assert {json.loads(line)[field] for line in lines_of_today} - {None} == {*words}


def test_what_ran_to_its_end_has_no_cause_and_all_else_has_one() -> None:
    records = [json.loads(line) for line in lines_of_today]
    assert all((each["cause"] is None) == (each["outcome"] in {"success", "warning", "failed"}) for each in records)


@each_format
def test_open_runs_are_read_with_their_tasks(state: State) -> None:
    found = {run.id: run for run in runs.open_runs(state)}
    assert {id_: (run.task, run.phase) for id_, run in found.items() if run.phase != "unrecorded"} == {
        3: ("queued", "running"), 4: ("retries", "running"), 5: ("running", "running"), 6: ("skipping", "running"),
        7: ("queued", "pending"),
    }  # fmt: skip
    assert task_of(found[4]).retries.attempts == 3
    assert (found[5].stop.by, found[5].stop.cause) == ("ann", "operator")


@each_format
def test_a_run_whose_record_stood_in_place_of_its_definition_is_read(stored: Instance) -> None:
    """Versions of the database up to 4 had no column of its own for it."""
    refused = run.Record(
        id=7, task="queued", outcome="skipped", trigger="schedule", ended=instants.stamp(1.8e9), host="db1"
    )
    with closing(sqlite3.connect(stored.database)) as database, database:
        database.execute("UPDATE runs SET phase = 'decided', definition = ? WHERE id = 7", (refused.line(),))
    with closing(open_state(stored)) as state:
        found = runs.open_run(state, 7)
        assert found is not None
        assert found.record == refused
        assert held_runs.examine(stored, found) == refused


@each_format
def test_schedules_and_pauses_are_read(state: State) -> None:
    assert len(schedules.all_scheduled(state)) == 6
    held = {name: of_pause(pause) for name, pause in pauses.pauses(state, 1800014500.0).items()}
    assert [(each["task"], each["by"], each["reason"]) for each in held.values()] == [
        ("all_", "ann", None), ("paused", "ann", "new disks")
    ]  # fmt: skip


@each_format
def test_status_files_tell_their_runs(stored: Instance) -> None:
    found = [parse_head(status.read(str(path)).head) for path in sorted(Path(stored.open_runs).iterdir())]
    assert [(head.run.id, head.run.task, head.run.phase) for head in found if head is not None] == [
        (3, "queued", "running"), (4, "retries", "running"), (5, "running", "running"), (6, "skipping", "running")
    ]  # fmt: skip


@each_format
def test_a_state_that_was_lost_is_made_anew_from_log_and_status_files(stored: Instance) -> None:
    Path(stored.database).unlink()
    with closing(open_instance(stored)) as state:
        assert {run.id for run in runs.open_runs(state)} == {3, 4, 5, 6} - {
            json.loads(line)["id"] for line in Path(stored.run_log).read_text().splitlines()
        }
        assert "ok" in last_runs.last_runs(state)


@each_format
@pytest.mark.parametrize("verb", ["history -n 0", "history -n 0 --csv", "timeline", "audit"])
@pytest.mark.usefixtures("stored")
def test_commands_read_the_log(run_cli: RunCli, verb: str) -> None:
    done = run_cli(*verb.split())
    assert done.returncode == 0, done.stderr


@each_format
def test_why_tells_the_reason_on_record(stored: Instance, run_cli: RunCli) -> None:
    Path(stored.database).unlink()
    found = {told["task"]: told["told"][-1] for told in json.loads(run_cli("why", "old", "paused", "--json").stdout)}
    assert {name: (told["fate"], told["reason"]) for name, told in found.items()} == {
        name: ("not_run", told["record"]["reason"]) for name, told in found.items()
    }


@pytest.mark.usefixtures("stored")
@pytest.mark.parametrize("form", ["0.1.0"])
def test_history_finds_a_cause(run_cli: RunCli) -> None:
    done = run_cli("history", "--cause", "paused,lock", "--jsonl")
    assert {json.loads(line)["cause"] for line in done.stdout.splitlines()} == {"paused", "lock"}
