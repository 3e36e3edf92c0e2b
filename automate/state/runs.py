"""The open runs: claimed, and not yet on record. And the last record of each task, for `list`."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from automate.outcomes import Cause, Trigger
from automate.state.last_runs import LastRun, remember_last
from automate.state.store import State, check_instants

if TYPE_CHECKING:
    from automate.run import Record


Phase = Literal["pending", "running", "unrecorded"]


class Stop(NamedTuple):
    """A stop of a run from outside: its outcome, time `at` (epoch seconds), author and reason.

    `run` is the run that replaces it.
    """

    outcome: Literal["timeout", "stopped"]
    at: float
    by: str | None = None
    reason: str | None = None
    cause: Cause = "operator"
    run: int | None = None


class OpenRun(NamedTuple):
    """A row of `runs`. Instants are epoch seconds; `due` is None for a run by hand.

    A `pending` run has started nothing yet; a `running` one may have, where `boot` says (`host.pid_space`); an
    `unrecorded` one never will: only its `record`, which no other run has, is still to be written. `definition` is
    `task.encode`'s. `args` are further arguments of the command. `started` is the first attempt's once a second one
    was claimed; `cpu_seconds` and `max_rss` are those of the attempts before this one. `stop` is None or a Stop.
    `log` is the run log's position before the claim (runlog.position): no record of this run can stand before it.
    """

    id: int
    task: str
    due: float | None
    trigger: Trigger
    by: str | None
    phase: Phase
    definition: bytes
    args: tuple[str, ...]
    attempt: int = 1
    not_before: float = 0.0
    boot: str = ""
    started: float | None = None
    cpu_seconds: float | None = None
    max_rss: int | None = None
    stop: Stop | None = None
    log: tuple[int, int] = (0, 0)
    record: "Record | None" = None


_FIRST = "first_run"
MOST_ATTEMPTS, MOST_IDS = 10**9, 10**15
# An operator's word stands; the task's own limit is over once the attempt is.
_STOP = "UPDATE runs SET stop = ? WHERE id = ? AND (stop IS NULL OR json_extract(stop, '$.outcome') = 'timeout')"
_NEXT_ATTEMPT = """
    UPDATE runs SET phase = 'pending', attempt = ?, not_before = ?, started = ?, cpu_seconds = ?, max_rss = ?,
    stop = NULL WHERE id = ? AND (stop IS NULL OR json_extract(stop, '$.outcome') = 'timeout')
"""

_COLUMNS = (
    "id", "task", "due", "trigger", "by", "phase", "definition", "args", "attempt", "not_before", "boot", "started",
    "cpu_seconds", "max_rss", "stop", "log_file", "log_size", "record",
)  # fmt: skip
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM runs"  # noqa: S608 - constants
_INSERT = f"INSERT INTO runs VALUES ({', '.join(f':{column}' for column in _COLUMNS)})"  # noqa: S608 - constants


def reserve_ids(state: State, count: int) -> int:
    """Take `count` ids, never given before or again, within the caller's transaction; the first is returned."""
    first: int = state.rows(_next_id, "SELECT max(next) FROM ids")[0]
    state.connection.execute("UPDATE ids SET next = ?", (first + count,))
    return first


def _next_id(row: tuple[Any, ...]) -> int:
    if row[0] is None or not 0 < row[0] < MOST_IDS:
        raise ValueError(f"{row[0]} is not the next id")
    return int(row[0])


def reserve_beyond(state: State, ids: Iterable[int]) -> None:
    """Give only ids beyond these from now on, within the caller's transaction."""
    state.connection.execute("UPDATE ids SET next = max(next, ?)", (max(ids, default=0) + 1,))


def note_first(state: State, run_id: int) -> None:
    """Store which run was claimed first of all, within the caller's transaction; ids before it were never used.

    If there are records already, it is no longer known.
    """
    query = "INSERT OR IGNORE INTO scheduler SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM last_runs)"
    state.connection.execute(query, (_FIRST, str(run_id)))


def first_claimed(state: State) -> int:
    """Return the id of the first run that was ever claimed, or an earlier one."""
    rows = state.rows(lambda row: int(row[0]), "SELECT value FROM scheduler WHERE about = ?", (_FIRST,))
    return rows[0] if rows else 1


def insert(state: State, rows: Iterable[OpenRun]) -> None:
    """Write rows as they are, within the caller's transaction."""
    state.connection.executemany(_INSERT, [_values(row) for row in rows])


def overwrite(state: State, rows: Sequence[OpenRun]) -> None:
    """Write rows in the place of those that have their ids, within the caller's transaction."""
    state.connection.executemany("DELETE FROM runs WHERE id = ?", [(row.id,) for row in rows])
    insert(state, rows)


def open_runs(state: State, task: str | None = None) -> list[OpenRun]:
    """Return all open runs, or one task's; oldest first."""
    where, values = ("", ()) if task is None else (" WHERE task = ?", (task,))
    return state.rows(_row, f"{_SELECT}{where} ORDER BY id", values)


def under_way(state: State, task: str | None = None) -> list[OpenRun]:
    """Return the runs that have started and not ended, also between two attempts; all, or one task's; oldest first."""
    return [run for run in open_runs(state, task) if run.phase == "running" or run.attempt > 1]


def open_run(state: State, run_id: int) -> OpenRun | None:
    """Return an open run; None if it ended or never existed."""
    rows = state.rows(_row, f"{_SELECT} WHERE id = ?", (run_id,))
    return rows[0] if rows else None


def stop_of(state: State, run_id: int) -> Stop | None:
    """Return who wants an open run to end, and why; None if there is no request."""
    query = "SELECT stop FROM runs WHERE id = ? AND stop IS NOT NULL"
    return next(iter(state.rows(lambda row: _stop(row[0]), query, (run_id,))), None)


def next_attempt(state: State, run: OpenRun) -> bool:
    """Store that another attempt follows, and what the ones before it used, durably.

    Return False, with nothing written, if an operator has asked to stop the run.
    """
    values = (run.attempt, run.not_before, run.started, run.cpu_seconds, run.max_rss, run.id)
    with state.transaction() as connection:
        return connection.execute(_NEXT_ATTEMPT, values).rowcount == 1


def count_open(state: State) -> int:
    return int(str(state.read("SELECT count(*) FROM runs")[0][0]))


def count_running(state: State) -> int:
    """Count the runs that take one of the places of running ones."""
    return int(str(state.read("SELECT count(*) FROM runs WHERE phase = 'running'")[0][0]))


def mark_running(state: State, ids: Sequence[int], boot: str, limit: int | None = None) -> set[int]:
    """Store, durably, that these may start from now on, in this boot.

    Return their ids, without those that an operator has asked to stop, and those beyond `limit` running ones in all,
    which are not changed.
    """
    query = "UPDATE runs SET phase = 'running', boot = ? WHERE id = ? AND stop IS NULL"
    values = [(boot, run_id) for run_id in ids]
    if limit is not None:
        query += " AND (SELECT count(*) FROM runs WHERE phase = 'running') < ?"
        values = [(*pair, limit) for pair in values]  # type: ignore[misc]
    with state.transaction() as connection:
        return {pair[1] for pair in values if connection.execute(query, pair).rowcount}


def put_back(state: State, ids: Iterable[int]) -> None:
    """Put down, within the caller's transaction, that these could not be started and wait again."""
    state.connection.executemany("UPDATE runs SET phase = 'pending' WHERE id = ?", [(run_id,) for run_id in ids])


def ask_to_stop(state: State, run_id: int, stop: Stop) -> bool:
    """Store, durably, why a run is to be ended, before it is.

    The first reason stays, but an operator's replaces a limit's. Return False if there is one already, or the run has
    ended.
    """
    with state.transaction() as connection:
        return connection.execute(_STOP, (_stop_text(stop), run_id)).rowcount == 1


def replace(state: State, run_id: int, stop: Stop) -> None:
    """Store the stop as `ask_to_stop`, within the caller's transaction: another run of the task replaces this one."""
    state.connection.execute(_STOP, (_stop_text(stop), run_id))


def forget(state: State, ended: Sequence[LastRun]) -> set[int]:
    """Close runs whose records are in the run log, within the caller's transaction.

    Return the ids of those that were open until now: the others were closed before.
    """
    closed = {
        last.id for last in ended if state.connection.execute("DELETE FROM runs WHERE id = ?", (last.id,)).rowcount
    }
    remember_last(state, ended)
    return closed


def _row(row: tuple[Any, ...]) -> OpenRun:
    import json

    columns = dict(zip(_COLUMNS, row, strict=True))
    record = columns.pop("record")
    columns["args"] = tuple(json.loads(columns["args"]))
    columns["stop"] = None if columns["stop"] is None else _stop(columns["stop"])
    columns["log"] = columns.pop("log_file"), columns.pop("log_size")
    run = OpenRun(**columns)
    return checked(_with_record(run, record) if run.phase == "unrecorded" else run)


def checked(run: OpenRun) -> OpenRun:
    """Return a row as a claim may have written it; ValueError for any other, TypeError where a type is wrong."""
    check_instants(run.due, run.not_before, run.started, run.cpu_seconds)
    texts = (run.task, run.trigger, run.phase, run.boot, run.by or "", *run.args)
    numbers = (run.id, run.attempt, run.max_rss or 0, *run.log)
    is_typed = all(isinstance(text, str) for text in texts) and all(isinstance(number, int) for number in numbers)
    if not is_typed or not isinstance(run.definition, bytes):
        raise TypeError(f"run #{run.id}")
    is_claimed = run.trigger in get_args(Trigger) and run.phase in get_args(Phase)
    if not is_claimed or not 0 < run.id < MOST_IDS or not 0 < run.attempt <= MOST_ATTEMPTS:
        raise ValueError(f"run #{run.id}")
    return run


def _with_record(run: OpenRun, record: object) -> OpenRun:
    from automate.run import read_record

    if isinstance(record, bytes):
        return run._replace(record=read_record(record))
    # Written by a version that had the record in the place of the definition.
    return run._replace(definition=b"{}", record=read_record(run.definition))


def _values(run: OpenRun) -> dict[str, object]:
    import json

    log_file, log_size = run.log
    return run._asdict() | {
        "args": json.dumps(run.args),
        "stop": _stop_text(run.stop),
        "log_file": log_file,
        "log_size": log_size,
        "record": None if run.record is None else run.record.line(),
    }


def _stop(text: str) -> Stop:
    import json

    stop = Stop(**json.loads(text))
    check_instants(float(stop.at))
    return stop


def _stop_text(stop: Stop | None) -> str | None:
    import json

    return None if stop is None else json.dumps(stop._asdict())
