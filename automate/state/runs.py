"""The open runs: claimed, and not yet on record. And the last record of each task, for `list`."""

import json
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from automate.state.store import State


class NewRun(NamedTuple):
    """What a claim writes. `due` is in epoch seconds, None for a run by hand; `definition` is `task.encode`'s.

    A `pending` run has started nothing yet, a `running` one may have since the boot named; a `decided` one never will:
    its record is all that is missing, and stands in `definition`. `log` is the run log's position before the claim,
    as (inode, size): no record of this run can stand before it.
    """

    task: str
    trigger: str
    definition: bytes
    boot: str
    log: tuple[int, int]
    phase: str = "running"
    due: float | None = None
    by: str | None = None
    args: tuple[str, ...] = ()
    attempt: int = 1
    started: float | None = None


class OpenRun(NamedTuple):
    """A row of `runs`. Instants are epoch seconds; `started` is the first attempt's once a second one was claimed;
    `cpu_seconds` and `max_rss` are those of the attempts before this one; `stop` is why an operator or a limit ended
    it, as JSON."""

    id: int
    task: str
    due: float | None
    trigger: str
    by: str | None
    phase: str
    definition: bytes
    args: tuple[str, ...]
    attempt: int
    not_before: float
    boot: str
    started: float | None
    cpu_seconds: float | None
    max_rss: int | None
    stop: str | None
    log: tuple[int, int]


class LastRun(NamedTuple):
    """How a task's newest record reads, in short; derived from the run log."""

    task: str
    id: int
    outcome: str
    started: float | None
    ended: float
    seconds: float | None


_COLUMNS = (
    "id, task, due, trigger, by, phase, definition, args, attempt, not_before, boot, started, cpu_seconds, max_rss,"
    " stop, log_inode, log_size"
)


def reserve_ids(state: State, count: int) -> int:
    """Take `count` ids, never given before or again, within the caller's transaction; the first is returned."""
    row = state.connection.execute("UPDATE ids SET next = next + ? RETURNING next", (count,)).fetchone()
    return int(row[0]) - count


def claim(state: State, runs: Sequence[NewRun]) -> list[OpenRun]:
    """Write all claims in one transaction. Nothing may start before it returns; when it raises, nothing was claimed."""
    with state.transaction() as connection:
        first = reserve_ids(state, len(runs))
        rows = [_open(run_id, run) for run_id, run in enumerate(runs, first)]
        insert(state, rows)
        del connection
    return rows


def insert(state: State, rows: Iterable[OpenRun]) -> None:
    """Write rows as they are, within the caller's transaction."""
    marks = ", ".join("?" * 17)
    state.connection.executemany(
        f"INSERT INTO runs ({_COLUMNS}) VALUES ({marks})",  # noqa: S608 - a constant
        [(*row[:7], json.dumps(row.args), *row[8:15], *row.log) for row in rows],
    )


def open_runs(state: State, task: str | None = None) -> list[OpenRun]:
    """All, or one task's; oldest first."""
    where, values = ("", ()) if task is None else (" WHERE task = ?", (task,))
    query = f"SELECT {_COLUMNS} FROM runs{where} ORDER BY id"  # noqa: S608 - constants
    return [_row(row) for row in state.read(query, values)]


def open_run(state: State, run_id: int) -> OpenRun | None:
    """None when it ended, or never was."""
    rows = state.read(f"SELECT {_COLUMNS} FROM runs WHERE id = ?", (run_id,))  # noqa: S608 - a constant
    return _row(rows[0]) if rows else None


def next_attempt(state: State, run: OpenRun) -> None:
    """Put down that another attempt is to be made, and what the ones before it used; durable when it returns."""
    with state.transaction() as connection:
        connection.execute(
            "UPDATE runs SET phase = ?, attempt = ?, not_before = ?, boot = ?, started = ?, cpu_seconds = ?,"
            " max_rss = ? WHERE id = ?",
            (run.phase, run.attempt, run.not_before, run.boot, run.started, run.cpu_seconds, run.max_rss, run.id),
        )


def mark_running(state: State, ids: Sequence[int], boot: str) -> None:
    """Put down that these may start from now on, in this boot; durable when it returns."""
    with state.transaction() as connection:
        connection.executemany("UPDATE runs SET phase = 'running', boot = ? WHERE id = ?", [(boot, i) for i in ids])


def ask_to_stop(state: State, run_id: int, stop: str) -> bool:
    """Put down why a run is being ended, before it is; the first who asks stands. False: somebody asked already, or
    the run has ended."""
    with state.transaction() as connection:
        asked = connection.execute("UPDATE runs SET stop = ? WHERE id = ? AND stop IS NULL", (stop, run_id))
        return asked.rowcount == 1


def forget(state: State, ended: Sequence[tuple[int, LastRun]]) -> None:
    """Close runs whose records are in the run log. May be repeated."""
    with state.transaction() as connection:
        connection.executemany("DELETE FROM runs WHERE id = ?", [(run_id,) for run_id, _ in ended])
        remember_last(state, [last for _, last in ended])


def remember_last(state: State, last: Iterable[LastRun]) -> None:
    """Keep the newest record of each task, within the caller's transaction."""
    state.connection.executemany(
        "INSERT INTO last_runs VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (task) DO UPDATE SET id = excluded.id,"
        " outcome = excluded.outcome, started = excluded.started, ended = excluded.ended, seconds = excluded.seconds"
        " WHERE excluded.id >= last_runs.id",
        list(last),
    )


def last_runs(state: State) -> dict[str, LastRun]:
    """Of all tasks that ever had a record."""
    rows = state.read("SELECT task, id, outcome, started, ended, seconds FROM last_runs")
    return {str(row[0]): LastRun(*row) for row in rows}  # type: ignore[arg-type]


def _open(run_id: int, run: NewRun) -> OpenRun:
    return OpenRun(
        id=run_id,
        task=run.task,
        due=run.due,
        trigger=run.trigger,
        by=run.by,
        phase=run.phase,
        definition=run.definition,
        args=run.args,
        attempt=run.attempt,
        not_before=0.0,
        boot=run.boot,
        started=run.started,
        cpu_seconds=None,
        max_rss=None,
        stop=None,
        log=run.log,
    )


def _row(row: tuple[object, ...]) -> OpenRun:
    return OpenRun._make((*row[:7], tuple(json.loads(str(row[7]))), *row[8:15], (row[15], row[16])))
