"""Which tasks are paused: since when, until when, by whom and why. What an operator said stays until it is unsaid."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from automate.state.store import State

ALL = ""  # stands for all tasks, also those that come later


class Pause(NamedTuple):
    """From `since` on, in epoch seconds, before `until` (None: until resumed); `by` is who asked for it."""

    since: float
    until: float | None
    by: str
    reason: str


_COLUMNS = "task, since, until, by, reason"
_PAUSE = """
    INSERT INTO pauses VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (task) DO UPDATE SET
    since = iif(lifted OR until <= excluded.since, excluded.since, since),
    until = excluded.until, by = excluded.by, reason = excluded.reason, lifted = 0
"""
_HOLDS = "NOT lifted AND (until IS NULL OR until > ?)"


def pause(state: State, names: Iterable[str], pause: Pause) -> None:
    """Pause these (ALL is one of them, if all are meant), durably. What is paused already stays so since it was, with
    the new end and reason. StateError."""
    with state.transaction() as connection:
        connection.executemany(_PAUSE, [(name, *pause) for name in names])


def resume(state: State, names: Iterable[str], now: float) -> list[str]:
    """End the pauses of these; those that were paused are returned. StateError."""
    query = f"UPDATE pauses SET until = ?, lifted = 1 WHERE task = ? AND {_HOLDS}"  # noqa: S608 - constants
    with state.transaction() as connection:
        return [name for name in names if connection.execute(query, (now, name, now)).rowcount]


def pauses(state: State, now: float) -> dict[str, Pause]:
    """Those in force, by task, in the order of names, ALL first."""
    return _read(state, f" WHERE {_HOLDS}", now)


def pauses_after(state: State, instant: float) -> dict[str, Pause]:
    """Those that were in force at any time after the instant, or are: for due times that nobody has decided yet.

    Of each task only the newest is known.
    """
    return _read(state, " WHERE until IS NULL OR until > ?", instant)


def held_longest(pauses: Mapping[str, Pause], task: str) -> Pause | None:
    """The one that keeps the task from running for longest: its own, or that of all."""
    if not pauses:  # which is so nearly always, and 10,000 tasks are asked
        return None
    found = [pauses[name] for name in (task, ALL) if name in pauses]
    return max(found, key=lambda pause: float("inf") if pause.until is None else pause.until, default=None)


def _read(state: State, condition: str, instant: float) -> dict[str, Pause]:
    rows = state.read(f"SELECT {_COLUMNS} FROM pauses{condition} ORDER BY task", (instant,))  # noqa: S608 - constants
    return {str(row[0]): Pause._make(row[1:]) for row in rows}
