"""Schedules in effect, each with its start and the instant up to which it was decided."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import inf
from typing import Any, NamedTuple, TypeVar

from automate.state.store import State, check_instants

Made = TypeVar("Made")


class Span(NamedTuple):
    """A schedule that was in force from after `since` up to `until`, inclusive."""

    task: str
    compiled: str
    since: float
    until: float


class Scheduled(NamedTuple):
    """A task as the scheduler last understood it. Instants are epoch seconds.

    `definition` is `task.encode`'s, `compiled` the schedule's dump and `exceptions` that of `except` (empty: none), of
    the last file without a fault; `stale` says that the file has one now. The schedule is in force since `since`: it is
    due after that instant, never before. Every due time up to `until`, inclusive, has been decided. `wake` is when the
    task is to be looked at next: the next due time plus `delay` (the jitter's), None when there is none. Where it is
    `deferred`, due times before that are known to be refused, and will be on record together. `at_startup` is
    @reboot's.
    """

    task: str
    definition: bytes
    compiled: str
    exceptions: str
    since: float
    until: float
    delay: float
    wake: float | None
    at_startup: bool
    stale: bool
    deferred: bool = False

    def span(self, until: float) -> Span:
        """Return the span of a schedule that ends."""
        return Span(self.task, self.compiled, self.since, until)


SEEN = "files"  # under this name the fingerprint of the task files is kept that the schedules were made from
ZONES = "zones"  # and under this one the time zones that they follow
_CONTINUED = "continued"
_COLUMNS = ", ".join(Scheduled._fields)
_PAST = "SELECT task, compiled, since, until FROM past_schedules"


def all_scheduled(state: State) -> dict[str, Scheduled]:
    return {row.task: row for row in _rows(state, "")}


def scheduled(state: State, task: str) -> Scheduled | None:
    """Return the task's row; None if no scheduler knows it."""
    return next(iter(_rows(state, " WHERE task = ?", (task,))), None)


def awake(state: State, now: float, most: int = -1) -> list[Scheduled]:
    """Return the rows whose time has come, earliest first, all or `most`; the cost grows with what is due."""
    return _rows(state, " WHERE wake <= ? ORDER BY wake LIMIT ?", (now, most))


def overdue(state: State, now: float, patience: float = 90.0) -> frozenset[str]:
    """Return the tasks with a due time that is not handled for that many seconds; cron ticks once a minute."""
    rows = state.read("SELECT task FROM schedules WHERE wake <= ?", (now - patience,))
    return frozenset(str(task) for (task,) in rows)


def deferred(state: State) -> list[Scheduled]:
    """Return the rows whose due times share a record, written later than they are due."""
    return _rows(state, " WHERE deferred ORDER BY task")


def ahead_of_clock(state: State, limit: float) -> list[Scheduled]:
    """Return the rows that are decided beyond `limit`, because the clock was set back."""
    return _rows(state, " WHERE until > ?", (limit,))


def of_startup(state: State) -> list[Scheduled]:
    """Return the rows that are due when the machine has started."""
    return _rows(state, " WHERE at_startup ORDER BY task")


def next_wake(state: State, after: float = -inf) -> float | None:
    """Return the earliest instant later than `after` at which something is due."""
    value = state.read("SELECT min(wake) FROM schedules WHERE wake > ?", (after,))[0][0]
    return float(value) if isinstance(value, (int, float)) else None


def count_waking(state: State, first: float, last: float) -> int:
    """Count the tasks that are due to start between the instants, both inclusive."""
    return int(str(state.read("SELECT count(*) FROM schedules WHERE wake BETWEEN ? AND ?", (first, last))[0][0]))


def waking(state: State, first: float, last: float, most: int) -> list[Scheduled]:
    """Return the rows of `count_waking`, earliest first, at most `most`."""
    return _rows(state, " WHERE wake BETWEEN ? AND ? ORDER BY wake LIMIT ?", (first, last, most))


def are_as_read(state: State, rows: Iterable[Scheduled]) -> bool:
    """Return whether none of these tasks was changed since it was read; within the caller's transaction.

    A change is a decision, a removal, or a request to look at it earlier.
    """
    query = "SELECT 1 FROM schedules WHERE task = ? AND until = ? AND wake IS ?"
    return all(state.read(query, (row.task, row.until, row.wake)) for row in rows)


def is_defined_as(state: State, row: Scheduled) -> bool:
    """Return whether the task's definition is as it was read; within the caller's transaction."""
    query = "SELECT 1 FROM schedules WHERE task = ? AND definition = ? AND exceptions = ?"
    return bool(state.read(query, (row.task, row.definition, row.exceptions)))


def put(state: State, rows: Iterable[Scheduled]) -> None:
    """Write them, in place of what was kept of these tasks, within the caller's transaction."""
    marks = ", ".join("?" * len(Scheduled._fields))
    state.connection.executemany(f"INSERT OR REPLACE INTO schedules ({_COLUMNS}) VALUES ({marks})", list(rows))  # noqa: S608


def advance(state: State, read: Scheduled, until: float, wake: float | None, *, deferred: bool = False) -> bool:
    """Decide a task's due times up to `until`, within the caller's transaction.

    Return False if another process decided them since it was `read`: then nothing of it may be started.
    """
    values = (until, wake, deferred, read.task, read.until)
    query = "UPDATE schedules SET until = ?, wake = ?, deferred = ? WHERE task = ? AND until = ?"
    return state.connection.execute(query, values).rowcount == 1


def undefer(state: State, task: str | None, now: float) -> bool:
    """End the deferral of a task (None: of all), within the caller's transaction; return whether there was one."""
    query = "UPDATE schedules SET wake = min(wake, ?) WHERE deferred"
    one, values = ("", (now,)) if task is None else (" AND task = ?", (now, task))
    return state.connection.execute(query + one, values).rowcount > 0


def begin_again(state: State, rows: Iterable[Scheduled], now: float) -> None:
    """Make rows due again from now on, also at times already decided, within the caller's transaction.

    The clock was far ahead.
    """
    again = list(rows)
    retire(state, [row.span(row.until) for row in again])
    values = [(now, row.task) for row in again]
    state.connection.executemany("UPDATE schedules SET since = ? WHERE task = ?", values)


def retire(state: State, spans: Sequence[Span]) -> None:
    """Put down that these were in force, within the caller's transaction; `audit` needs it."""
    state.connection.executemany("INSERT INTO past_schedules VALUES (?, ?, ?, ?)", spans)


def remove(state: State, tasks: Iterable[str]) -> None:
    """Within the caller's transaction."""
    names = [(task,) for task in tasks]
    state.connection.executemany("DELETE FROM schedules WHERE task = ?", names)
    state.connection.executemany("DELETE FROM follows WHERE task = ?", names)


def spans(state: State) -> list[Span]:
    """Return all schedules with the times in which they were in effect, oldest first.

    Those in effect now end where they were decided up to.
    """
    query = f"{_PAST} UNION ALL SELECT task, compiled, since, until FROM schedules ORDER BY since, task"  # noqa: S608
    return state.rows(_span, query)


def past_spans(state: State, task: str) -> list[Span]:
    """Return one task's ended schedules, oldest first."""
    return state.rows(_span, f"{_PAST} WHERE task = ? ORDER BY since", (task,))


def past_tasks(state: State) -> set[str]:
    """Return the tasks with ended schedules."""
    return {str(row[0]) for row in state.read("SELECT DISTINCT task FROM past_schedules")}


def ended_later(state: State, now: float) -> dict[str, float]:
    """Return, by task, up to when ended schedules were decided, if later than `now`: the clock was set back."""
    query = "SELECT task, max(until) FROM past_schedules WHERE until > ? GROUP BY task"
    return {str(task): float(str(until)) for task, until in state.read(query, (now,))}


def set_followed(state: State, followed: Mapping[str, Iterable[tuple[str, str]]]) -> None:
    """Store the (task, outcome) pairs of each task's `after`, within the caller's transaction."""
    state.connection.executemany("DELETE FROM follows WHERE task = ?", [(task,) for task in followed])
    pairs = [(task, other, outcome) for task, others in followed.items() for other, outcome in others]
    state.connection.executemany("INSERT INTO follows VALUES (?, ?, ?)", pairs)


def followers(state: State, ended: str) -> list[tuple[Scheduled, str]]:
    """Return the tasks whose `after` names `ended`, each with the outcome it waits for."""
    columns = ", ".join(f"schedules.{field}" for field in Scheduled._fields)
    query = f"SELECT {columns}, outcome FROM follows JOIN schedules USING (task) WHERE follows = ? ORDER BY task"  # noqa: S608
    return state.rows(_follower, query, (ended,))


def recall(state: State, about: str) -> str | None:
    """Return the value that was stored under this name."""
    rows = state.read("SELECT value FROM scheduler WHERE about = ?", (about,))
    return str(rows[0][0]) if rows else None


def recall_json(state: State, about: str, make: Callable[[Any], Made]) -> Made | None:
    """Return what `make` makes of the JSON that was kept under this name; None where nothing was."""
    query = "SELECT value FROM scheduler WHERE about = ? AND value <> ''"
    return next(iter(state.rows(lambda row: make(json.loads(row[0])), query, (about,))), None)


def recall_dict(state: State, about: str) -> dict[str, Any]:
    """Return the JSON object that was kept under this name; an empty one where nothing was."""
    return recall_json(state, about, lambda value: {**value}) or {}


def keep(state: State, about: str, value: str) -> None:
    """Within the caller's transaction."""
    state.connection.execute("INSERT OR REPLACE INTO scheduler VALUES (?, ?)", (about, value))


def rename(state: State, old: str, new: str) -> None:
    """Let what is known of a task be known of its new name, within the caller's transaction.

    The schedule of the old name ends where it was decided up to, and that of the new one begins there: see `continued`.
    """
    if (row := scheduled(state, old)) is not None:
        retire(state, [row.span(row.until)])
        remove(state, [old])
        keep(state, _CONTINUED, json.dumps({**continued(state), new: row.until}))
    columns = "since, until, by, reason"
    query = f"INSERT INTO past_pauses (task, {columns}) SELECT ?, {columns} FROM past_pauses WHERE task = ?"  # noqa: S608
    state.connection.execute(query, (new, old))
    for table in ("pauses", "last_runs", "durations"):
        state.connection.execute(f"UPDATE OR REPLACE {table} SET task = ? WHERE task = ?", (new, old))  # noqa: S608


def continued(state: State) -> dict[str, float]:
    """Return up to when renamed tasks were decided under their old names; those that were not read yet."""
    return recall_dict(state, _CONTINUED)


def keep_continued(state: State, names: Mapping[str, float]) -> None:
    """Replace the stored ones, within the caller's transaction."""
    keep(state, _CONTINUED, json.dumps(names))


def _rows(state: State, condition: str, values: tuple[object, ...] = ()) -> list[Scheduled]:
    query = f"SELECT {_COLUMNS} FROM schedules{condition}"  # noqa: S608 - constants
    return state.rows(_row, query, values)


def _span(row: tuple[object, ...]) -> Span:
    span = Span._make(row)
    check_instants(span.since, span.until)
    return span


def _row(row: Iterable[object]) -> Scheduled:
    scheduled = Scheduled._make(row)
    check_instants(scheduled.since, scheduled.until, scheduled.delay, scheduled.wake)
    return scheduled._replace(
        at_startup=bool(scheduled.at_startup), stale=bool(scheduled.stale), deferred=bool(scheduled.deferred)
    )


def _follower(row: tuple[object, ...]) -> tuple[Scheduled, str]:
    *columns, outcome = row
    return _row(columns), str(outcome)
